//! What is written to Azure DevOps after the judgement: a pull request's status and comment, a ticket for what was let pass.

use runbook_gate::checklist::ChecklistOutcome;
use runbook_gate::devops::AzureDevOpsForge;
use runbook_gate::report::checklist::{ChecklistReport, markdown};

use crate::session::Session;

/// Sets the status of the pull request that is built, and brings the gate's one comment up to date.
///
/// # Errors
/// In words, with the permission that is missing: the report stands whatever becomes of the comment.
pub fn post(session: &Session, forge: &AzureDevOpsForge<'_>, report: &ChecklistReport) -> Result<(), String> {
    let text = session.door.redactor().clean(&markdown(report)).into_owned();
    forge
        .post(report.decision(), &report.verdict(), &text)
        .map_err(|error| format!("the checklist could not be posted: {error}; {}", error.gap().how))
}

/// Opens one work item for the items that were let pass at run time, or finds the one that is there; in words what came of it.
pub fn open_ticket(
    forge: &AzureDevOpsForge<'_>,
    outcome: &ChecklistOutcome,
    service: &str,
    kind: &str,
) -> Option<String> {
    if outcome.let_pass().is_empty() {
        return None;
    }
    Some(match forge.open_ticket(service, outcome, kind) {
        Ok(number) => format!("work item {number} asks to make up for what was let pass"),
        Err(error) => {
            format!("no work item could be opened for what was let pass: {error}; {}", error.gap().how)
        }
    })
}
