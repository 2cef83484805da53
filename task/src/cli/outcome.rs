//! An outcome, printed and written.

use runbook_gate::diagnostic::Severity;
use runbook_gate::gate::Outcome;
use runbook_gate::report::checklist::InGate;
use runbook_gate::report::terminal::{Colour, Layout};
use runbook_gate::report::{Report, ReportContext, html, json, junit, markdown, terminal};

use super::Exit;
use super::arguments::Format;
use crate::files::{FileError, JUNIT, PAGE, REPORT_JSON, ReportFolder, SUMMARY};
use crate::session::Session;

/// What is done with an outcome.
pub struct Publication<'p> {
    /// Where reports go, if anywhere.
    pub folder: Option<&'p ReportFolder>,
    /// Whether `junit.xml` is one of them.
    pub junit: Junit,
    /// The checklist that the page shows.
    pub checklist: &'p InGate,
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
    let written = match publication.folder {
        Some(folder) => write(session, &report, publication.checklist, folder, publication.junit),
        None => Ok(()),
    };
    // Whoever waited for the decision gets it, whatever became of the files.
    if let Some(agent) = session.agent() {
        super::task::tell(agent, outcome, context, publication.folder);
    }
    match publication.format {
        Format::Json => session.door.print_json(&object(session, &report)),
        Format::Human => {
            let layout = Layout { width: crate::door::output_width(), colour: Colour::Ansi };
            session.door.print(&terminal::render(&report, layout));
        }
    }
    if let Err(error) = written {
        let words = format!("the decision is {}, but its report is not whole: {error}", outcome.decision);
        match session.agent() {
            Some(agent) => agent.issue(Severity::Error, &words),
            None => session.door.say(&format!("error: {words}")),
        }
        return Exit::BadInput;
    }
    Exit::of_decision(outcome.decision, context.enforcement)
}

/// Writes the reports into a folder: all of one value.
///
/// # Errors
/// Where one cannot be written.
pub fn write(
    session: &Session,
    report: &Report,
    checklist: &InGate,
    folder: &ReportFolder,
    junit: Junit,
) -> Result<(), FileError> {
    let clean = |text: String| session.door.redactor().clean(&text).into_owned();
    folder.write(REPORT_JSON, &object(session, report))?;
    folder.write(SUMMARY, &clean(markdown::render(report)))?;
    folder.write(PAGE, &clean(html::gate(report, checklist)))?;
    match junit {
        Junit::Written => folder.write(JUNIT, &clean(junit::render(report))),
        Junit::Left => Ok(()),
    }
}

/// The JSON report, without secrets.
fn object(session: &Session, report: &Report) -> String {
    session.door.redactor().clean(&format!("{}\n", json::render(report))).into_owned()
}
