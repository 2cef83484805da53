//! The `checklist` and `waivers` sections to what the checklist judges by.

use super::Checker;
use crate::checklist::{
    AttestedBy, AttestedRule, ChecklistRules, Environments, EvidenceRule, HttpJsonRule, ItemKind, ItemRule,
    PathPatterns, RecordRules, RunbookItem, Waiver, WaiverGiven,
};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::policy::decode::{Field, Placed, Words};
use crate::policy::defaults;
use crate::policy::document::{Attested, Evidence, Item, RequiredWhen};
use crate::policy::node::Text;
use crate::policy::purpose::Part;
use crate::policy::source_spec::CommandSpec;
use crate::registry::{ImageReference, ImageReferenceError};
use crate::{Duration, Finite, SignalName};

impl Checker<'_> {
    /// The runbook's items with the policy's changes, then the policy's own.
    pub(super) fn checklist(&mut self) -> ChecklistRules {
        let mut rules = ChecklistRules::runbook("");
        let owners = self.document.owners.get().into_iter().flatten();
        rules.owners = owners.filter_map(|owner| self.line(&owner.value)).collect();
        for (id, item) in self.document.checklist.get().into_iter().flat_map(|items| &items.0) {
            self.item(id, &item.value, &mut rules);
        }
        for waiver in self.document.waivers.get().into_iter().flatten() {
            let waiver = &waiver.value;
            let item = waiver.item.get().and_then(|item| item.as_str().parse().ok());
            let reason = waiver.reason.get().and_then(|text| self.line(text));
            let approved_by = waiver.approved_by.get().and_then(|text| self.line(text));
            let expires = waiver.expires.get().map(|day| day.text.clone());
            let environments = chosen(&waiver.environments).unwrap_or(Environments::All);
            if let (Some(item), Some(reason), Some(approved_by), Some(expires)) =
                (item, reason, approved_by, expires)
            {
                let given = WaiverGiven::InThePolicy;
                rules.waivers.push(Waiver { item, reason, approved_by, expires, environments, given });
            }
        }
        rules
    }

    fn item(&mut self, id: &Text, item: &Item, rules: &mut ChecklistRules) {
        let runbook = RunbookItem::named(id.as_str());
        if runbook.is_none() {
            self.own_item(id, item);
        }
        for environment in item.environments.get().into_iter().flatten() {
            super::file::known_environment(self.document, &environment.value, &mut self.findings);
        }
        if let (Some([]), Some(span)) = (item.environments.get().map(Vec::as_slice), item.environments.span())
        {
            self.say(
                Diagnostic::new(
                    Code::ItemIncomplete,
                    span,
                    "`environments` lists nothing: the item would concern none",
                )
                .help("list environments, or remove the key for all of them"),
            );
        }
        self.concerned(id, item, runbook);
        let parsed = match id.as_str().parse() {
            Ok(parsed) => parsed,
            Err(error) => {
                let error: crate::checklist::ItemIdError = error;
                self.say(Diagnostic::new(Code::InvalidName, id.span, error.to_string()));
                return;
            }
        };
        let mut rule = runbook.map_or_else(
            || ItemRule {
                id: parsed,
                title: id.text.clone(),
                environments: Environments::All,
                required_when: None,
                kind: ItemKind::Evidence,
                evidence: Vec::new(),
            },
            ItemRule::runbook,
        );
        if let Some(title) = item.title.get().and_then(|title| self.line(title)) {
            rule.title = title;
        }
        if let Some(environments) = chosen(&item.environments) {
            rule.environments = environments;
        }
        if let Some(paths) = self.changed(&item.required_when) {
            rule.required_when = Some(paths);
        }
        if let Some(list) = item.evidence.get() {
            if list.is_empty() {
                self.say(
                    Diagnostic::new(
                        Code::ItemIncomplete,
                        item.evidence.span().unwrap_or(id.span),
                        "`evidence` lists nothing",
                    )
                    .help("name what shows that the item is done, such as `attested`"),
                );
            }
            rule.evidence = self.evidence(list);
        }
        let approvers: Vec<String> =
            item.approvers.get().into_iter().flatten().filter_map(|name| self.line(&name.value)).collect();
        self.kind(item, &mut rule, &approvers, rules);
        approved_by(&mut rule.evidence, &approvers);
        match rules.items.iter_mut().find(|known| known.id == rule.id) {
            Some(known) => *known = rule,
            None => rules.items.push(rule),
        }
    }

    /// What an item of the runbook asks beside its evidence.
    fn kind(&mut self, item: &Item, rule: &mut ItemRule, approvers: &[String], rules: &mut ChecklistRules) {
        let records = item.records.get();
        // A migration's plan for the data stands in a record.
        let mut of_records =
            |text: Option<&Words>| self.within(Part::WayBack, |checker| checker.patterns([text?]));
        let adr = of_records(records.and_then(|records| records.adr.get()));
        let bdr = of_records(records.and_then(|records| records.bdr.get()));
        let adr_when = self.changed(&item.adr_when);
        let bdr_when = self.changed(&item.bdr_when);
        let written = item.migrations.get().into_iter().flatten().map(|placed| &placed.value);
        let migrations = match item.migrations.is_missing() {
            true => None,
            false => self.within(Part::WayBack, |checker| checker.patterns(written)),
        };
        match &mut rule.kind {
            ItemKind::Decisions { adr_when: adr_paths, bdr_when: bdr_paths } => {
                if records.is_some() {
                    // Who names one kind has no records of the other.
                    let none = PathPatterns::none;
                    rules.records = RecordRules::new(adr.unwrap_or_else(none), bdr.unwrap_or_else(none));
                }
                *adr_paths = adr_when;
                *bdr_paths = bdr_when;
            }
            ItemKind::Migrations { paths, approvers: names, min_words } => {
                if let Some(migrations) = migrations {
                    *paths = migrations;
                }
                approvers.clone_into(names);
                if let Some(words) = item.min_words.get() {
                    *min_words = words.0 as usize;
                }
            }
            _ => {}
        }
    }

    /// Refuses keys that say nothing about an item: a check that nobody makes is worse than none.
    fn concerned(&mut self, id: &Text, item: &Item, runbook: Option<RunbookItem>) {
        let decisions = runbook == Some(RunbookItem::DecisionsLinked);
        let migrations = runbook == Some(RunbookItem::MigrationsReviewed);
        let approval = item.evidence.get().map_or_else(
            || {
                runbook == Some(RunbookItem::InfrastructureReviewed)
                    || runbook == Some(RunbookItem::ConfigReviewed)
            },
            |list| asks_approval(list),
        );
        let keys: [(&str, Option<Span>, bool, &str); 6] = [
            ("records", item.records.span(), decisions, "decisions-linked"),
            ("adr_when", item.adr_when.span(), decisions, "decisions-linked"),
            ("bdr_when", item.bdr_when.span(), decisions, "decisions-linked"),
            ("migrations", item.migrations.span(), migrations, "migrations-reviewed"),
            ("min_words", item.min_words.span(), migrations, "migrations-reviewed"),
            (
                "approvers",
                item.approvers.span(),
                migrations || approval,
                "migrations-reviewed` and to items with the evidence `approval",
            ),
        ];
        for (key, span, concerned, owner) in keys {
            if let (Some(span), false) = (span, concerned) {
                let message = format!(
                    "`{key}` says nothing about `{}`: it belongs to `{owner}`",
                    id.text.escape_debug()
                );
                self.say(
                    Diagnostic::new(Code::UnknownKey, span, message).help("remove it, or move it there"),
                );
            }
        }
    }

    fn changed(&mut self, field: &Field<RequiredWhen>) -> Option<PathPatterns> {
        let changed = &field.get()?.changed;
        let written = changed.get()?;
        if written.is_empty() {
            let span = changed.span().unwrap_or_default();
            self.say(
                Diagnostic::new(
                    Code::InvalidPath,
                    span,
                    "`changed` lists no path: the item would never be required",
                )
                .help("list paths such as `infra/**`, or remove the key"),
            );
            return None;
        }
        self.patterns(written.iter().map(|placed| &placed.value))
    }

    /// Path patterns; `None` where one of them is not known or was refused.
    fn patterns<'t>(&mut self, texts: impl IntoIterator<Item = &'t Words>) -> Option<PathPatterns> {
        let mut known = Vec::new();
        let mut whole = true;
        for text in texts {
            match self.pattern(text) {
                Some(pattern) => known.push(pattern),
                None => whole = false,
            }
        }
        if whole { PathPatterns::new(&known).ok() } else { None }
    }

    fn pattern(&mut self, text: &Text) -> Option<String> {
        let known = self.line(text)?;
        match PathPatterns::new([&known]) {
            Ok(_) => Some(known),
            Err(error) => {
                self.say(
                    Diagnostic::new(Code::InvalidPath, text.span, error.to_string())
                        .help("write a path from the repository's root, such as `infra/**` or `**/*.sql`"),
                );
                None
            }
        }
    }

    fn evidence(&mut self, list: &[Placed<Evidence>]) -> Vec<EvidenceRule> {
        list.iter().filter_map(|evidence| self.one_evidence(evidence)).collect()
    }

    fn one_evidence(&mut self, evidence: &Placed<Evidence>) -> Option<EvidenceRule> {
        Some(match &evidence.value {
            Evidence::Tests(tests) => EvidenceRule::Tests {
                files: tests
                    .files
                    .get()
                    .into_iter()
                    .flatten()
                    .filter_map(|file| self.pattern(&file.value))
                    .collect(),
                at_least: tests.at_least.get().map_or(1, |least| u64::from(least.0)),
            },
            Evidence::Approval(approval) => EvidenceRule::Approval {
                by: approval.by.get().into_iter().flatten().filter_map(|by| self.line(&by.value)).collect(),
            },
            Evidence::Attested(attested) => EvidenceRule::Attested(self.attested(attested)),
            Evidence::Artifact(name) => EvidenceRule::Artifact(Some(self.line(name)?)),
            Evidence::Image(name) => {
                EvidenceRule::Image(self.within(Part::WayBack, |checker| checker.image(name))?)
            }
            Evidence::Document(page) => EvidenceRule::Document {
                path: page.path.get().and_then(|path| self.repository_path(path))?,
                section: match page.section.get() {
                    Some(section) => Some(self.line(section)?),
                    None => None,
                },
                min_words: page.min_words.get().map_or(1, |least| least.0 as usize).max(1),
            },
            Evidence::WorkItem(item) => {
                let mut text = |field: &Field<Words>| field.get().and_then(|text| self.line(text));
                let (kind, state, tag) = (text(&item.kind), text(&item.state), text(&item.tag));
                if item.kind.is_missing() && item.state.is_missing() && item.tag.is_missing() {
                    self.say(
                        Diagnostic::new(Code::ItemIncomplete, evidence.span, "`work-item` asks for nothing")
                            .help("write `type`, `state` or `tag`"),
                    );
                }
                EvidenceRule::WorkItem { kind, state, tag }
            }
            Evidence::HttpJson(json) => {
                let address = self.address(&json.url, &json.connection);
                if json.url.is_missing() && json.connection.is_missing() {
                    self.say(
                        Diagnostic::new(Code::SourceReading, evidence.span, "`http-json` has no address")
                            .help("write `url` or `connection`"),
                    );
                }
                let pointer = json.value.get().and_then(|pointer| self.pointer(pointer));
                let (cmp, quantity) = self.comparison(&json.expect)?;
                let threshold = Finite::new(quantity.base())?;
                EvidenceRule::HttpJson(HttpJsonRule { address: address?, pointer: pointer?, cmp, threshold })
            }
            Evidence::Command(command) => {
                let run = self.command_line(command);
                let timeout = self.positive(&command.timeout, defaults::COMMAND_TIMEOUT);
                let signal: SignalName = "evidence".parse().ok()?;
                EvidenceRule::Command(CommandSpec { signal, run, every: Duration::ZERO, timeout, retries: 0 })
            }
            Evidence::Any(any) => {
                if any.is_empty() {
                    self.say(Diagnostic::new(Code::ItemIncomplete, evidence.span, "`any` lists nothing"));
                }
                EvidenceRule::Any(self.evidence(any))
            }
        })
    }

    fn attested(&mut self, attested: &Attested) -> AttestedRule {
        let person = match attested.second_person.get() {
            Some(true) => AttestedBy::SecondPerson,
            Some(false) | None => AttestedBy::Anybody,
        };
        AttestedRule {
            max_age: attested.max_age.get().and_then(|age| self.duration(age)),
            person,
            file: attested.file.get().and_then(|file| self.repository_path(file)),
        }
    }

    /// An image with its tag or digest.
    fn image(&mut self, text: &Text) -> Option<ImageReference> {
        let known = self.line(text)?;
        known.parse().map_err(|error: ImageReferenceError| {
            let message = format!("`{}` is not an image that can be asked for: {error}", known.escape_debug());
            self.say(Diagnostic::new(Code::InvalidImage, text.span, message).help(
                "write registry, repository and tag or digest, such as `contoso.azurecr.io/orders:${BUILD_BUILDNUMBER}`",
            ));
        }).ok()
    }

    /// A path of one file, from the repository's root.
    fn repository_path(&mut self, text: &Text) -> Option<String> {
        let known = self.line(text)?;
        let path = known.trim_start_matches("./");
        let inside = !path.starts_with('/') && !path.split(['/', '\\']).any(|part| part == "..");
        if inside && !path.contains(['*', '?', '\\']) && !path.is_empty() {
            return Some(path.to_owned());
        }
        let message = format!("`{}` is not the path of a file of the repository", known.escape_debug());
        self.say(
            Diagnostic::new(Code::InvalidPath, text.span, message)
                .help("write it from the repository's root, with `/`, such as `docs/rollback.md`"),
        );
        None
    }
}

fn chosen(field: &Field<Vec<Placed<Words>>>) -> Option<Environments> {
    let names = field.get()?;
    Some(Environments::Only(names.iter().map(|name| name.value.text.clone()).collect()))
}

fn asks_approval(list: &[Placed<Evidence>]) -> bool {
    list.iter().any(|evidence| match &evidence.value {
        Evidence::Approval(_) => true,
        Evidence::Any(any) => asks_approval(any),
        _ => false,
    })
}

/// Approvals that name nobody ask for the item's approvers.
fn approved_by(evidence: &mut [EvidenceRule], approvers: &[String]) {
    for rule in evidence {
        match rule {
            EvidenceRule::Approval { by } if by.is_empty() => approvers.clone_into(by),
            EvidenceRule::Any(rules) => approved_by(rules, approvers),
            _ => {}
        }
    }
}
