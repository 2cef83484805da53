//! The follow-up ticket of a rollback: one work item for a run and an environment, found again by its tag.

use serde_json::Value;

use crate::devops::call::{Call, Effect};
use crate::devops::client::Client;
use crate::devops::failure::{DevOpsError, Why};
use crate::devops::permission::Permission;
use crate::devops::work_items::{self, WorkItem, WorkItemChange};
use crate::rollback::{TextIs, Ticket};
use crate::transport::Method;

/// So many work items with the tag are looked at.
const MOST_FOUND: u16 = 20;

/// Whether anything is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trial {
    /// It is.
    ForReal,
    /// The service says whether it would take it, and takes nothing.
    DryRun,
}

/// What became of a ticket. In a dry run it is what would have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filed {
    /// It was made; its number, which a dry run has not.
    Made(Option<u64>),
    /// The one of an earlier try was brought up to date.
    Updated(u64),
}

impl Client<'_> {
    /// Makes the work item of a ticket, or brings the one that an earlier try made up to date. What people have written into
    /// it stays. Where it cannot be looked for, none is made: two for one rollback would have people write into both.
    ///
    /// # Errors
    /// Where it was not made or changed. A second try finds what a first one may have made all the same.
    pub fn file_ticket(&self, ticket: &Ticket, trial: Trial) -> Result<Filed, DevOpsError> {
        let Some(known) = self.ticket_of(&ticket.tag)? else {
            let segments = ["wit", "workitems", &format!("${}", ticket.kind)];
            let asked = format!("a new {}", ticket.kind);
            let call = change(asked, &segments, Method::Post, Effect::Once, &ticket.created(), trial);
            return match trial {
                Trial::ForReal => self.get::<WorkItem>(&call).map(|made| Filed::Made(Some(made.id))),
                Trial::DryRun => self.send(&call).map(|_| Filed::Made(None)),
            };
        };
        let linked: Vec<String> = known.relations.iter().map(|relation| relation.url.clone()).collect();
        let changes = self.page::<WorkItemChange>(&work_items::updates(known.id, 0))?.items;
        let patch = ticket.updated(&linked, text_of(&changes, ticket));
        if patch.as_array().is_some_and(|operations| !operations.is_empty()) {
            let segments = ["wit", "workitems", &known.id.to_string()];
            let asked = format!("a change of work item {}", known.id);
            // A comment or a link that is sent twice stands twice.
            self.send(&change(asked, &segments, Method::Patch, Effect::Once, &patch, trial))?;
        }
        Ok(Filed::Updated(known.id))
    }

    /// The work item of a tag: the oldest, where several have it. One that is found and may not be seen may be it: `None` is said
    /// of what is certain alone, for a second one is made then.
    fn ticket_of(&self, tag: &str) -> Result<Option<WorkItem>, DevOpsError> {
        // A quote would end the text of the query.
        let quoted = tag.replace('\'', "''");
        let wiql = format!(
            "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project AND [System.Tags] CONTAINS '{quoted}' ORDER BY [System.Id]"
        );
        let found = self.query_work_items(&wiql, MOST_FOUND)?;
        if found.is_empty() {
            return Ok(None);
        }
        let items = self.work_items(&found)?;
        let tagged = |item: &WorkItem| item.tags().iter().any(|own| own.eq_ignore_ascii_case(tag));
        let hidden = found.iter().find(|id| !items.iter().any(|item| item.id == **id)).copied();
        match (items.into_iter().filter(tagged).min_by_key(|item| item.id), hidden) {
            (Some(item), _) => Ok(Some(item)),
            (None, None) => Ok(None),
            (None, Some(hidden)) => {
                let asked = format!("work item {hidden}, which seems to be this rollback's");
                let call =
                    Call::get(asked, Permission::ViewWorkItems, &["wit", "workitems", &hidden.to_string()]);
                Err(DevOpsError::of(&call, Why::NotFound { said: Box::default() }))
            }
        }
    }
}

fn change(
    asked: String,
    segments: &[&str],
    method: Method,
    effect: Effect,
    patch: &Value,
    trial: Trial,
) -> Call {
    let call = Call::get(asked, Permission::EditWorkItems, segments).by(method, effect).json_patch(patch);
    match trial {
        Trial::ForReal => call,
        Trial::DryRun => call.with("validateOnly", "true"),
    }
}

/// Whose the text of a work item is, by its changes, oldest first: its maker's as long as nobody else wrote it.
fn text_of(changes: &[WorkItemChange], ticket: &Ticket) -> TextIs {
    let maker = changes.first().map(|first| &first.revised_by);
    let wrote = |change: &&WorkItemChange| change.new_text(ticket.text_field()).is_some();
    let theirs = changes.iter().filter(wrote).any(|change| Some(&change.revised_by) != maker);
    let full = changes.len() >= work_items::UPDATES_OF_A_PAGE;
    // Of changes that were not read anybody could be the writer.
    if !theirs && !full {
        return TextIs::Own;
    }
    let news = ticket.news();
    let told = changes
        .iter()
        .filter_map(|change| change.new_text("System.History"))
        .any(|comment| comment.contains(&format!("{news}<")) || comment.trim_end().ends_with(&news));
    if told { TextIs::TheirsAndTold } else { TextIs::Theirs }
}
