//! The checklist's report as JUnit XML: a case for the verdict and one for each item.

use super::ChecklistReport;
use crate::Duration;
use crate::checklist::{ItemOutcome, ItemStatus, Verdict};
use crate::report::junit::{Case, CaseResult, document};

/// The report as an XML document. What does not concern the deployment is skipped; what is not satisfied, or not known, is a failure.
#[must_use]
pub fn render(report: &ChecklistReport) -> String {
    let mut cases = vec![verdict(report)];
    cases.extend(report.outcome.items.iter().map(item));
    document(&format!("checklist of {}", report.subject()), Duration::ZERO, None, &cases)
}

fn verdict(report: &ChecklistReport) -> Case {
    Case {
        class: "runbook-gate.checklist",
        name: "the checklist is complete".to_owned(),
        result: match report.outcome.verdict {
            Verdict::Complete => CaseResult::Passed,
            Verdict::NotEvaluated => CaseResult::Skipped { why: report.verdict() },
            Verdict::Incomplete => {
                CaseResult::Failure { kind: report.decision().to_string(), message: report.verdict() }
            }
        },
        said: std::iter::once(report.verdict()).chain(report.enforced().map(str::to_owned)).collect(),
    }
}

fn item(item: &ItemOutcome) -> Case {
    let mut said = vec![item.because.clone()];
    said.extend(
        item.needs.iter().map(|need| format!("{}. {}: {}", need.sentence(), need.who.words(), need.how)),
    );
    said.extend(item.evidence.iter().map(|fact| format!("{}: {}", fact.support.as_str(), fact.what)));
    Case {
        class: "runbook-gate.checklist",
        name: format!("{}: {}", item.id.as_str(), item.title),
        result: match item.status {
            ItemStatus::Satisfied | ItemStatus::Waived => CaseResult::Passed,
            ItemStatus::NotApplicable => CaseResult::Skipped { why: item.because.clone() },
            ItemStatus::Unsatisfied | ItemStatus::Unknown => {
                CaseResult::Failure { kind: item.status.as_str().to_owned(), message: item.because.clone() }
            }
        },
        said,
    }
}
