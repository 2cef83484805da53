//! An outcome, printed and written.

use runbook_gate::gate::Outcome;
use runbook_gate::report::terminal::{Colour, Layout};
use runbook_gate::report::{Report, ReportContext, json, junit, markdown, terminal};

use super::arguments::Format;
use super::{Exit, Failure};
use crate::files::{JUNIT, REPORT_JSON, ReportFolder, SUMMARY};
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

/// Writes the reports, prints one, and says how the process ends.
///
/// # Errors
/// Where a report cannot be written.
pub fn publish(
    session: &Session,
    outcome: &Outcome,
    context: &ReportContext,
    publication: &Publication<'_>,
) -> Result<Exit, Failure> {
    let report = Report::of_gate(outcome, context);
    let clean = |text: String| session.door.redactor().clean(&text).into_owned();
    let json = clean(format!("{}\n", json::render(&report)));
    if let Some(folder) = publication.folder {
        folder.write(REPORT_JSON, &json).map_err(Failure::input)?;
        folder.write(SUMMARY, &clean(markdown::render(&report))).map_err(Failure::input)?;
        if publication.junit == Junit::Written {
            folder.write(JUNIT, &clean(junit::render(&report))).map_err(Failure::input)?;
        }
    }
    match publication.format {
        Format::Json => session.door.print_json(&json),
        Format::Human => {
            let layout = Layout { width: crate::door::output_width(), colour: Colour::Ansi };
            session.door.print(&terminal::render(&report, layout));
        }
    }
    Ok(Exit::of_decision(outcome.decision, context.enforcement))
}
