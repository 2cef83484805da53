//! The ids of checklist items, and the `rollback` section.

use super::Checker;
use crate::Secret;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::decode::Field;
use crate::policy::document::{Document, Item, Notice, Webhook};
use crate::policy::node::Text;
use crate::policy::purpose::Part;
use crate::rollback::{self, RollbackRules, TicketRules};
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

    /// What happens on a rollback. Webhooks whose address is not known yet are left out.
    pub(super) fn rollback(&mut self) -> RollbackRules {
        let mut rules = RollbackRules::default();
        let Some(section) = self.document.rollback.get() else { return rules };
        self.enter(Part::WayBack);
        let artifacts = section.artifacts.get().into_iter().flatten();
        rules.artifacts = artifacts.filter_map(|artifact| self.line(&artifact.value)).collect();
        rules.rehearsed_within = section.rehearsed_within.get().and_then(|within| self.duration(within));
        self.enter(Part::Channels);
        for notice in section.notify.get().into_iter().flatten() {
            rules.notify.extend(match &notice.value {
                Notice::PullRequest => Some(rollback::Notice::PullRequest),
                Notice::Teams(webhook) => self.webhook(webhook).map(rollback::Notice::Teams),
                Notice::Slack(webhook) => self.webhook(webhook).map(rollback::Notice::Slack),
            });
        }
        self.enter(Part::Ticket);
        if let Some(ticket) = section.ticket.get() {
            let tags = ticket.tags.get().into_iter().flatten();
            rules.ticket = Some(TicketRules {
                kind: ticket.kind.get().and_then(|kind| self.line(kind)).unwrap_or_else(|| "Bug".to_owned()),
                severity: ticket.severity.get().and_then(|severity| self.line(severity)),
                area: ticket.area.get().and_then(|area| self.line(area)),
                tags: tags.filter_map(|tag| self.line(&tag.value)).collect(),
            });
        }
        rules
    }

    /// The address of a webhook: it opens a channel, so it is a secret, and goes over https alone.
    fn webhook(&mut self, webhook: &Webhook) -> Option<Secret> {
        let text = webhook.url.get()?;
        let secret = self.secret(text)?;
        if is_webhook(secret.reveal()) {
            return Some(secret);
        }
        self.say(
            Diagnostic::new(Code::InvalidUrl, text.span, "this is not the address of a webhook")
                .help("give the variable the whole address, https://…, without user and password"),
        );
        None
    }
}

fn is_webhook(text: &str) -> bool {
    let Ok(url) = text.trim().parse::<url::Url>() else { return false };
    let local = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    (url.scheme() == "https" || (url.scheme() == "http" && local))
        && url.host_str().is_some()
        && url.username().is_empty()
        && url.password().is_none()
}
