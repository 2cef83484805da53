//! An outcome, printed and written.

use runbook_gate::gate::Outcome;
use runbook_gate::report::terminal::{Colour, Layout};
use runbook_gate::report::{Report, ReportContext, json, junit, markdown, terminal};

use super::Exit;
use super::arguments::Format;
use crate::files::{FileError, JUNIT, REPORT_JSON, ReportFolder, SUMMARY};
use crate::session::Session;

/// What is done with an outcome.
pub struct Publication<'p> {
    /// Where reports go, if anywhere.
    pub folder: Option<&'p ReportFolder>,
    /// Whether `junit.xml` is one of them.
    pub junit: Junit,
    /// What is printed.
    pub format: Format,
}

/// Whether a JUnit report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Junit {
    /// It is.
    Written,
    /// It is not.
    Left,
}

impl Junit {
    /// What `--junit` says.
    pub const fn of_flag(given: bool) -> Self {
        if given { Self::Written } else { Self::Left }
    }
}

/// Writes the reports, prints one, and says how the process ends: a report that could not be written is bad input.
pub fn publish(
    session: &Session,
    outcome: &Outcome,
    context: &ReportContext,
    publication: &Publication<'_>,
) -> Exit {
    let report = Report::of_gate(outcome, context);
    let clean = |text: String| session.door.redactor().clean(&text).into_owned();
    let json = clean(format!("{}\n", json::render(&report)));
    let written = match publication.folder {
        Some(folder) => write(folder, &json, &clean(markdown::render(&report)), || match publication.junit {
            Junit::Written => Some(clean(junit::render(&report))),
            Junit::Left => None,
        }),
        None => Ok(()),
    };
    // Whoever waited for the decision gets it, whatever became of the files.
    if let Some(agent) = session.agent() {
        super::task::tell(agent, outcome, context, publication.folder);
    }
    match publication.format {
        Format::Json => session.door.print_json(&json),
        Format::Human => {
            let layout = Layout { width: crate::door::output_width(), colour: Colour::Ansi };
            session.door.print(&terminal::render(&report, layout));
        }
    }
    if let Err(error) = written {
        session.door.say(&format!(
            "error: the decision is {}, but its report is not whole: {error}",
            outcome.decision
        ));
        return Exit::BadInput;
    }
    Exit::of_decision(outcome.decision, context.enforcement)
}

fn write(
    folder: &ReportFolder,
    json: &str,
    summary: &str,
    junit: impl FnOnce() -> Option<String>,
) -> Result<(), FileError> {
    folder.write(REPORT_JSON, json)?;
    folder.write(SUMMARY, summary)?;
    match junit() {
        Some(junit) => folder.write(JUNIT, &junit),
        None => Ok(()),
    }
}
