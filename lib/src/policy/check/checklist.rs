//! The `checklist` and `rollback` sections.

use super::Checker;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::decode::{Field, Placed};
use crate::policy::document::{Document, Evidence, Item, Notice};
use crate::policy::node::Text;
use crate::policy::spelling;

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
    pub(super) fn checklist(&mut self) {
        for (id, item) in self.document.checklist.get().into_iter().flat_map(|items| &items.0) {
            self.item(id, &item.value);
        }
    }

    fn item(&mut self, id: &Text, item: &Item) {
        if !ITEMS.contains(&id.as_str()) {
            self.own_item(id, item);
        }
        for environment in item.environments.get().into_iter().flatten() {
            super::file::known_environment(self.document, &environment.value, &mut self.findings);
        }
        let changed = item.required_when.get().and_then(|when| when.changed.get()).into_iter().flatten();
        let migrations = item.migrations.get().into_iter().flatten();
        let records = item.records.get().into_iter().flat_map(|r| [r.adr.get(), r.bdr.get()]).flatten();
        let approvers = item.approvers.get().into_iter().flatten().map(|placed| &placed.value);
        let words = changed.chain(migrations).map(|placed| &placed.value).chain(records).chain(approvers);
        for text in words.chain(item.title.get()) {
            let _ = self.line(text);
        }
        self.evidence(item.evidence.get().into_iter().flatten());
    }

    fn own_item(&mut self, id: &Text, item: &Item) {
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

    fn evidence<'e>(&mut self, list: impl Iterator<Item = &'e Placed<Evidence>>) {
        for evidence in list {
            match &evidence.value {
                Evidence::Tests(tests) => {
                    for file in tests.files.get().into_iter().flatten() {
                        let _ = self.line(&file.value);
                    }
                    let _ = tests.at_least.get();
                }
                Evidence::Approval(approval) => {
                    for by in approval.by.get().into_iter().flatten() {
                        let _ = self.line(&by.value);
                    }
                }
                Evidence::Attested(attested) => {
                    if let Some(age) = attested.max_age.get() {
                        let _ = self.duration(age);
                    }
                    let _ = attested.file.get().and_then(|file| self.line(file));
                    let _ = attested.second_person.get();
                }
                Evidence::Artifact(name) | Evidence::Image(name) => {
                    let _ = self.line(name);
                }
                Evidence::Document(page) => {
                    let _ = page.min_words.get();
                    for text in [page.path.get(), page.section.get()].into_iter().flatten() {
                        let _ = self.line(text);
                    }
                }
                Evidence::WorkItem(item) => {
                    for text in [item.kind.get(), item.state.get(), item.tag.get()].into_iter().flatten() {
                        let _ = self.line(text);
                    }
                }
                Evidence::HttpJson(json) => {
                    let _ = self.address(&json.url, &json.connection);
                    let _ = json.value.get().and_then(|pointer| self.pointer(pointer));
                    let _ = self.comparison(&json.expect);
                }
                Evidence::Command(command) => {
                    let _ = self.command_line(command);
                }
                Evidence::Any(any) => self.evidence(any.iter()),
            }
        }
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
