//! What the gate writes: a status and one comment on the pull request that is built, a work item for what was let pass.

use crate::checklist::ChecklistOutcome;
use crate::devops::client::Page;
use crate::devops::failure::DevOpsError;
use crate::devops::pull_requests::{NewStatus, StatusState, Thread, ThreadState, threads};
use crate::devops::verdict::environment_word;
use crate::devops::work_items::NewWorkItem;
use crate::gate::Decision;
use crate::report::escape::{one_line, xml};

use super::{AzureDevOpsForge, MARK};

/// The longest comment, in bytes; Azure DevOps takes 150 000 characters.
const LONGEST: usize = 100 * 1024;
/// The longest description of a status, in characters.
const LONGEST_STATUS: usize = 200;

impl AzureDevOpsForge<'_> {
    /// Sets the status of the pull request that is built and brings the gate's one comment up to date. Doing it again changes
    /// that comment and adds none. Nothing is done where no pull request is built.
    ///
    /// # Errors
    /// Where the service did not take it.
    pub fn post(&self, decision: Decision, verdict: &str, report: &str) -> Result<(), DevOpsError> {
        let (Some(number), Some(repository)) = (self.at.pull_request, self.at.repository.as_deref()) else {
            return Ok(());
        };
        let state = if decision == Decision::Proceed { StatusState::Succeeded } else { StatusState::Failed };
        let description: String = verdict.chars().take(LONGEST_STATUS).collect();
        self.client.set_status(
            repository,
            number,
            &NewStatus {
                state,
                description,
                name: format!("checklist-{}", self.at.environment),
                genre: "runbook-gate".to_owned(),
                target_url: self.at.run.as_ref().map(|run| self.at.run_page(run.id)),
            },
        )?;
        let mark = self.mark();
        let text = format!("{mark}\n{}", bounded(report));
        let settled = if decision == Decision::Proceed { ThreadState::Closed } else { ThreadState::Active };
        let known: Page<Thread> = self.client.page(&threads(repository, number))?;
        let own = known.items.iter().find_map(|thread| thread.begun_with(&mark).map(|first| (thread, first)));
        let Some((thread, comment)) = own else {
            return self.client.open_thread(repository, number, &text, settled).map(|_| ());
        };
        if comment.content != text {
            self.client.rewrite_comment(repository, number, thread.id, comment.id, &text)?;
        }
        if thread.status != settled {
            self.client.settle_thread(repository, number, thread.id, settled)?;
        }
        Ok(())
    }

    /// The mark of the comment on one environment's checklist: several may be judged on one pull request.
    fn mark(&self) -> String {
        // As such a word the name cannot end the comment that hides it.
        format!("{MARK}<!-- {} -->", environment_word(&self.at.environment))
    }

    /// Opens a work item for what was let pass in this run, or finds the one that this run opened already; gives its number.
    ///
    /// # Errors
    /// Where it was not made.
    pub fn open_ticket(
        &self,
        service: &str,
        outcome: &ChecklistOutcome,
        kind: &str,
    ) -> Result<u64, DevOpsError> {
        let (passed, environment) = (outcome.let_pass(), &outcome.environment);
        let run = self.at.run.as_ref().map_or(0, |run| run.id);
        let tag = format!("runbook-gate-let-pass-{run}");
        // A run's number is all that varies in it: nothing can be added to the query.
        let wiql = format!("SELECT [System.Id] FROM WorkItems WHERE [System.Tags] CONTAINS '{tag}'");
        if let Some(known) = self.client.query_work_items(&wiql, 1)?.first() {
            return Ok(*known);
        }
        let items: Vec<&str> = passed.iter().map(|(item, _)| item.id.as_str()).collect();
        let lines: Vec<String> =
            passed.iter().map(|(item, why)| format!("<li>{}: {}</li>", item.id, xml(why))).collect();
        let new = NewWorkItem {
            kind: kind.to_owned(),
            fields: vec![
                (
                    "System.Title".to_owned(),
                    one_line(
                        &format!("Make up for {} ({service} in {environment})", items.join(", ")),
                        LONGEST_TITLE,
                    ),
                ),
                (
                    "System.Description".to_owned(),
                    format!(
                        "<p>These items of the pre-deployment checklist were let pass at run time:</p><ul>{}</ul>",
                        lines.concat()
                    ),
                ),
                ("System.Tags".to_owned(), format!("runbook-gate; {tag}")),
            ],
            builds: if run == 0 { Vec::new() } else { vec![run] },
            pages: Vec::new(),
        };
        self.client.create_work_item(&new).map(|made| made.id)
    }
}

/// Titles of work items have at most so many characters.
const LONGEST_TITLE: usize = 255;

fn bounded(text: &str) -> &str {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}
