//! The report as JUnit XML, for a pipeline's test results: a case for the decision and one for each criterion.
//!
//! What is not configured is skipped; everything else that does not speak for the release is a failure. The case of the
//! decision fails unless it is `proceed`, so that a gate that was cut short is never all green.

use std::fmt::Write as _;

use super::escape::xml;
use super::{CriterionRow, Report, Standing};
use crate::gate::{CriterionKind, Decision};
use crate::{Duration, Timestamp};

/// The name of the suite, by which a pipeline can tell these cases from the tests of the build.
pub const SUITE: &str = "runbook-gate";

/// The report as an XML document.
///
/// ```
/// use runbook_gate::gate::Outcome;
/// use runbook_gate::report::{Report, ReportContext, junit};
///
/// let text = junit::render(&Report::of_gate(&Outcome::default(), &ReportContext::default()));
/// assert!(text.contains(r#"tests="1" failures="1""#));
/// ```
#[must_use]
pub fn render(report: &Report) -> String {
    let mut cases = vec![decision(report)];
    cases.extend(report.gate.rows().iter().map(criterion));
    let outcome = &report.outcome;
    let watched = match (outcome.started_at, outcome.decided_at) {
        (Some(start), Some(decided)) => decided.since(start),
        _ => Duration::ZERO,
    };
    document(&report.subject(), watched, outcome.started_at, &cases)
}

/// A document with one suite of these cases.
pub(super) fn document(
    subject: &str,
    length: Duration,
    started: Option<Timestamp>,
    cases: &[Case],
) -> String {
    let failures = cases.iter().filter(|case| matches!(case.result, CaseResult::Failure { .. })).count();
    let skipped = cases.iter().filter(|case| matches!(case.result, CaseResult::Skipped { .. })).count();
    let seconds = length.as_seconds_f64();
    let started = started.map(|t| format!(" timestamp=\"{t}\"")).unwrap_or_default();
    let counts =
        format!("tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\"", cases.len());
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites name=\"{SUITE}\" {counts} time=\"{seconds}\">");
    let _ = writeln!(
        out,
        "  <testsuite name=\"{SUITE}: {}\" {counts} time=\"{seconds}\"{started}>",
        xml(subject)
    );
    for case in cases {
        case.write(&mut out);
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

/// One case.
pub(super) struct Case {
    pub class: &'static str,
    pub name: String,
    pub result: CaseResult,
    /// Lines, not escaped yet.
    pub said: Vec<String>,
}

/// What became of it.
pub(super) enum CaseResult {
    Passed,
    Skipped { why: String },
    Failure { kind: String, message: String },
}

fn decision(report: &Report) -> Case {
    let outcome = &report.outcome;
    let mut said = vec![outcome.reason.clone()];
    said.extend(outcome.also.iter().cloned());
    said.extend(report.enforcement().map(str::to_owned));
    said.push(report.next());
    said.extend(report.gate.notes().iter().map(|note| format!("note: {note}")));
    said.extend(report.incident());
    Case {
        class: "runbook-gate.decision",
        name: match outcome.recovery {
            None => "the decision is proceed".to_owned(),
            Some(_) => "the service has recovered".to_owned(),
        },
        result: match outcome.decision {
            Decision::Proceed => CaseResult::Passed,
            Decision::Hold | Decision::Rollback => {
                CaseResult::Failure { kind: report.title(), message: outcome.reason.clone() }
            }
        },
        said,
    }
}

fn criterion(row: &CriterionRow) -> Case {
    let mut said = vec![row.summary.clone()];
    said.extend(row.caveat.iter().map(|caveat| format!("reservation: {caveat}")));
    said.extend(row.facts.iter().map(|fact| format!("{}: {}", fact.name, fact.text)));
    said.push(row.otherwise.clone());
    Case {
        class: match row.kind {
            CriterionKind::Rollback => "runbook-gate.rollback_when",
            CriterionKind::Verify => "runbook-gate.verify",
        },
        name: row.criterion.clone(),
        result: match row.standing {
            Standing::For | Standing::ForWithCaveat if row.word != row.status.as_str() => {
                CaseResult::Skipped {
                    why: format!("{}: the gate ended before its watch. {}", row.word, row.summary),
                }
            }
            Standing::For | Standing::ForWithCaveat => CaseResult::Passed,
            Standing::Skipped => CaseResult::Skipped { why: format!("not configured. {}", row.summary) },
            Standing::Open | Standing::Against => {
                CaseResult::Failure { kind: row.word.to_owned(), message: row.summary.clone() }
            }
        },
        said,
    }
}

impl Case {
    fn write(&self, out: &mut String) {
        let said: Vec<String> =
            self.said.iter().filter(|text| !text.is_empty()).map(|text| xml(text)).collect();
        let said = said.join("\n");
        let _ = write!(out, "    <testcase classname=\"{}\" name=\"{}\">", self.class, xml(&self.name));
        let _ = match &self.result {
            CaseResult::Passed => write!(out, "<system-out>{said}</system-out>"),
            CaseResult::Skipped { why } => write!(out, "<skipped message=\"{}\"/>", xml(why.trim())),
            CaseResult::Failure { kind, message } => {
                write!(out, "<failure type=\"{}\" message=\"{}\">{said}</failure>", xml(kind), xml(message))
            }
        };
        out.push_str("</testcase>\n");
    }
}
