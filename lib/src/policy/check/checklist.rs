//! The ids of checklist items, and the `rollback` section.

use super::Checker;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::decode::Field;
use crate::policy::document::{Document, Item, Notice};
use crate::policy::node::Text;
use crate::spelling;

/// The runbook's items.
pub(crate) const ITEMS: [&str; 13] = [
    "tests-passing",
    "decisions-linked",
    "artifacts-stored",
    "backups-taken",
    "config-reviewed",
    "change-communicated",
    "rollback-plan",
    "migrations-reviewed",
    "infrastructure-reviewed",
    "pipeline-green",
    "version-confirmed",
    "telemetry-ready",
    "policy-reviewed",
];

/// Refuses the id of an item that is neither the runbook's nor the policy's own.
pub(super) fn known_item(document: &Document, item: &Text, findings: &mut Vec<Diagnostic>) {
    let own =
        document.checklist.get().into_iter().flat_map(|items| items.0.iter().map(|(id, _)| id.as_str()));
    let known: Vec<&str> = ITEMS.into_iter().chain(own).collect();
    if known.contains(&item.as_str()) || matches!(document.checklist, Field::Invalid) {
        return;
    }
    let message = format!("no checklist item has the id `{}`", item.text.escape_debug());
    let found = Diagnostic::new(Code::UnknownItem, item.span, message);
    findings.push(match spelling::nearest(item.as_str(), known.iter().copied()) {
        Some(near) => found.label(format!("did you mean `{near}`?")),
        None => found.help(format!("the items are {}", spelling::listed(known))),
    });
}

impl Checker<'_> {
    /// Refuses an item of the policy's own that lacks what the runbook cannot give it.
    pub(super) fn own_item(&mut self, id: &Text, item: &Item) {
        let lacks = |field_missing: bool, key: &str| field_missing.then(|| format!("`{key}`"));
        let missing: Vec<String> =
            [lacks(item.title.is_missing(), "title"), lacks(item.evidence.is_missing(), "evidence")]
                .into_iter()
                .flatten()
                .collect();
        if missing.is_empty() {
            return;
        }
        let message = format!(
            "`{}` is not an item of the runbook; one of your own needs {}",
            id.text.escape_debug(),
            missing.join(" and ")
        );
        let found = Diagnostic::new(Code::ItemIncomplete, id.span, message);
        self.say(match spelling::nearest(id.as_str(), ITEMS) {
            Some(near) => found.label(format!("did you mean `{near}`?")),
            None => found,
        });
    }

    pub(super) fn rollback(&mut self) {
        let Some(rollback) = self.document.rollback.get() else { return };
        for artifact in rollback.artifacts.get().into_iter().flatten() {
            let _ = self.line(&artifact.value);
        }
        if let Some(within) = rollback.rehearsed_within.get() {
            let _ = self.duration(within);
        }
        for notice in rollback.notify.get().into_iter().flatten() {
            match &notice.value {
                Notice::PullRequest => {}
                Notice::Teams(webhook) | Notice::Slack(webhook) => {
                    let _ = webhook.url.get().and_then(|url| self.secret(url));
                }
            }
        }
        let Some(ticket) = rollback.ticket.get() else { return };
        let texts = [ticket.kind.get(), ticket.severity.get(), ticket.area.get()];
        let tags = ticket.tags.get().into_iter().flatten().map(|tag| &tag.value);
        for text in texts.into_iter().flatten().chain(tags) {
            let _ = self.line(text);
        }
    }
}
