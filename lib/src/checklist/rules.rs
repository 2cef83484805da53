//! What a policy asks of a deployment before it starts: the part of a policy that the checklist judges by.

use crate::checklist::migration::MIN_WORDS;
use crate::checklist::{ItemId, PathPatterns, RecordRules, RunbookItem};
use crate::criterion::Cmp;
use crate::policy::Enforcement;
use crate::policy::source_spec::CommandSpec;
use crate::registry::ImageReference;
use crate::source::place;
use crate::transport::Address;
use crate::{Duration, Finite};

/// The checklist of one environment.
#[derive(Clone, Debug)]
pub struct ChecklistRules {
    /// The environment's name.
    pub environment: String,
    /// How strictly it holds to the verdict. Production always holds.
    pub enforcement: Enforcement,
    /// The policy's file, from the repository's root.
    pub policy_path: String,
    /// Whose approval a change of the policy needs.
    pub owners: Vec<String>,
    /// Where decision records are.
    pub records: RecordRules,
    /// The items, in the order of reports; each id once.
    pub items: Vec<ItemRule>,
    /// The exceptions.
    pub waivers: Vec<Waiver>,
}

/// One item.
#[derive(Clone, Debug)]
pub struct ItemRule {
    /// Its id.
    pub id: ItemId,
    /// Its title.
    pub title: String,
    /// The environments that it concerns.
    pub environments: Environments,
    /// Changed paths that make it required; `None` where it is always required.
    pub required_when: Option<PathPatterns>,
    /// What is asked beside the evidence.
    pub kind: ItemKind,
    /// What must be found, all of it.
    pub evidence: Vec<EvidenceRule>,
}

/// Which environments an item concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Environments {
    /// All of them.
    All,
    /// Production alone.
    Production,
    /// These.
    Only(Vec<String>),
}

/// What an item asks of its own.
#[derive(Clone, Debug)]
pub enum ItemKind {
    /// Its evidence.
    Evidence,
    /// Every change links an accepted decision record.
    Decisions {
        /// Changed paths that need an architecture decision record.
        adr_when: Option<PathPatterns>,
        /// Changed paths that need a business decision record.
        bdr_when: Option<PathPatterns>,
    },
    /// Every change of a migration links a record with a plan for rolling back, and is approved.
    Migrations {
        /// Paths of migrations.
        paths: PathPatterns,
        /// Who must approve; empty for anybody but the author.
        approvers: Vec<String>,
        /// The fewest words of the plan, beyond the record template's.
        min_words: usize,
    },
    /// Changes of the policy and of attestation files are approved by an owner.
    PolicyReviewed,
    /// The run's earlier stages succeeded.
    PipelineGreen,
    /// Required telemetry can be read.
    TelemetryReady,
    /// What serves is what was deployed: known only afterwards.
    VersionConfirmed,
}

/// What must be found for an item.
#[derive(Clone, Debug, PartialEq)]
pub enum EvidenceRule {
    /// Test results.
    Tests {
        /// Patterns of JUnit and TRX files, for a run without a pipeline.
        files: Vec<String>,
        /// The fewest tests that must have passed.
        at_least: u64,
    },
    /// An approval of every change that concerns the item.
    Approval {
        /// Who must have approved; empty for anybody but the author.
        by: Vec<String>,
    },
    /// A person's word.
    Attested(AttestedRule),
    /// An artifact of the run, by its name; `None` for any.
    Artifact(Option<String>),
    /// A container image in its registry.
    Image(ImageReference),
    /// A document that says something.
    Document {
        /// Its path, from the repository's root.
        path: String,
        /// The heading of the section.
        section: Option<String>,
        /// The fewest words.
        min_words: usize,
    },
    /// A linked work item. Every linked one of the type must fit.
    WorkItem {
        /// Its type.
        kind: Option<String>,
        /// Its state.
        state: Option<String>,
        /// A tag of it.
        tag: Option<String>,
    },
    /// A command that exits with 0.
    Command(CommandSpec),
    /// A number in a JSON document.
    HttpJson(HttpJsonRule),
    /// Any one of these.
    Any(Vec<EvidenceRule>),
}

/// A person's word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttestedRule {
    /// How old it may be. It then needs a time: a comment, a vote, a work item.
    pub max_age: Option<Duration>,
    /// Whose word it is.
    pub person: AttestedBy,
    /// A file that says it, beside the usual places.
    pub file: Option<String>,
}

/// Whose word an attestation is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AttestedBy {
    /// Anybody's.
    #[default]
    Anybody,
    /// Another person's than the author's of any change of the deployment.
    SecondPerson,
}

/// A number in a JSON document.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpJsonRule {
    /// Where the document is.
    pub address: Address,
    /// Where the number stands in it (RFC 6901).
    pub pointer: String,
    /// How it is compared.
    pub cmp: Cmp,
    /// With what.
    pub threshold: Finite,
}

/// An exception to one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// The item.
    pub item: ItemId,
    /// Why.
    pub reason: String,
    /// Who approved it.
    pub approved_by: String,
    /// The last day on which it counts, `2026-12-31`, in UTC.
    pub expires: String,
    /// Where it counts.
    pub environments: Environments,
    /// Where it was given.
    pub given: WaiverGiven,
}

/// Where a waiver was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WaiverGiven {
    /// In the policy: it stands on the approval of the change that brought it.
    #[default]
    InThePolicy,
    /// When the checklist was run: it stands on an approval of the run, counts for this run alone, and heads every report.
    AtRunTime,
}

impl Environments {
    /// Whether an environment is among them.
    #[must_use]
    pub fn include(&self, environment: &str) -> bool {
        match self {
            Self::All => true,
            Self::Production => is_production(environment),
            Self::Only(names) => names.iter().any(|name| name == environment),
        }
    }

    /// In words: `production`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::All => "every environment".to_owned(),
            Self::Production => "production".to_owned(),
            Self::Only(names) => names.join(", "),
        }
    }
}

/// Whether an environment is production: `production` or `prod`, whatever the case, also before a `-` or `_`.
///
/// ```
/// use runbook_gate::checklist::is_production;
/// assert!(is_production("production") && is_production("Prod-EU"));
/// assert!(!is_production("preproduction") && !is_production("staging"));
/// ```
#[must_use]
pub fn is_production(environment: &str) -> bool {
    let lower = environment.to_lowercase();
    let first = lower.split(['-', '_', ' ', '.']).next().unwrap_or("");
    matches!(first, "production" | "prod")
}

/// Paths that hold migrations, where the policy does not say.
const MIGRATIONS: [&str; 4] = ["**/migrations/**", "**/Migrations/**", "**/migrate/**", "**/*.sql"];
/// Paths that describe infrastructure.
const INFRASTRUCTURE: [&str; 7] =
    ["infra/**", "infrastructure/**", "terraform/**", "**/*.bicep", "**/*.tf", "**/helm/**", "**/k8s/**"];

impl ChecklistRules {
    /// The runbook's own checklist, with no waiver and no owner.
    ///
    /// ```
    /// use runbook_gate::checklist::ChecklistRules;
    /// let rules = ChecklistRules::runbook("production");
    /// assert_eq!(rules.items.len(), 13);
    /// ```
    #[must_use]
    pub fn runbook(environment: &str) -> Self {
        Self {
            environment: environment.to_owned(),
            enforcement: Enforcement::Enforce,
            policy_path: "runbook.yml".to_owned(),
            owners: Vec::new(),
            records: RecordRules::runbook(),
            items: RunbookItem::ALL.into_iter().map(ItemRule::runbook).collect(),
            waivers: Vec::new(),
        }
    }

    /// Whether an incomplete checklist holds the deployment, whatever the environment's enforcement says.
    #[must_use]
    pub fn always_holds(&self) -> bool {
        is_production(&self.environment)
    }
}

impl ItemRule {
    /// An item of the runbook, as it is where the policy says nothing of it.
    #[must_use]
    pub fn runbook(item: RunbookItem) -> Self {
        let patterns =
            |written: &[&str]| PathPatterns::in_any_case(written).unwrap_or_else(|_| PathPatterns::none());
        let attested = || EvidenceRule::Attested(AttestedRule::default());
        let approval = || EvidenceRule::Approval { by: Vec::new() };
        let document =
            EvidenceRule::Document { path: "docs/rollback.md".to_owned(), section: None, min_words: 1 };
        let (kind, evidence) = match item {
            RunbookItem::TestsPassing => {
                (ItemKind::Evidence, vec![EvidenceRule::Tests { files: Vec::new(), at_least: 1 }])
            }
            RunbookItem::DecisionsLinked => {
                (ItemKind::Decisions { adr_when: None, bdr_when: None }, Vec::new())
            }
            RunbookItem::ArtifactsStored => (ItemKind::Evidence, vec![EvidenceRule::Artifact(None)]),
            RunbookItem::BackupsTaken | RunbookItem::ChangeCommunicated => {
                (ItemKind::Evidence, vec![attested()])
            }
            RunbookItem::ConfigReviewed => {
                (ItemKind::Evidence, vec![EvidenceRule::Any(vec![attested(), approval()])])
            }
            RunbookItem::RollbackPlan => {
                (ItemKind::Evidence, vec![EvidenceRule::Any(vec![document, attested()])])
            }
            RunbookItem::MigrationsReviewed => {
                let paths = patterns(&MIGRATIONS);
                (ItemKind::Migrations { paths, approvers: Vec::new(), min_words: MIN_WORDS }, Vec::new())
            }
            RunbookItem::InfrastructureReviewed => (ItemKind::Evidence, vec![approval()]),
            RunbookItem::PipelineGreen => (ItemKind::PipelineGreen, Vec::new()),
            RunbookItem::PolicyReviewed => (ItemKind::PolicyReviewed, Vec::new()),
            RunbookItem::TelemetryReady => (ItemKind::TelemetryReady, Vec::new()),
            RunbookItem::VersionConfirmed => (ItemKind::VersionConfirmed, Vec::new()),
        };
        let required_when = match item {
            RunbookItem::BackupsTaken => Some(patterns(&MIGRATIONS)),
            RunbookItem::InfrastructureReviewed => Some(patterns(&INFRASTRUCTURE)),
            _ => None,
        };
        let environments = match item {
            RunbookItem::ChangeCommunicated | RunbookItem::TelemetryReady => Environments::Production,
            _ => Environments::All,
        };
        Self { id: item.id(), title: item.title().to_owned(), environments, required_when, kind, evidence }
    }
}

impl EvidenceRule {
    /// What is asked, in a few words: `the artifact drop`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Tests { .. } => "test results".to_owned(),
            Self::Approval { by } if by.is_empty() => "an approval".to_owned(),
            Self::Approval { by } => format!("an approval by {}", by.join(" or ")),
            Self::Attested(_) => "a person's word".to_owned(),
            Self::Artifact(None) => "an artifact of the run".to_owned(),
            Self::Artifact(Some(name)) => format!("the artifact {name}"),
            Self::Image(name) => format!("the image {name}"),
            Self::Document { path, section: None, .. } => format!("the document {path}"),
            Self::Document { path, section: Some(section), .. } => format!("the section {section} of {path}"),
            Self::WorkItem { kind, state, tag } => {
                let kind = kind
                    .as_deref()
                    .map_or("a work item".to_owned(), |kind| format!("a work item of type {kind}"));
                let state = state.as_deref().map_or(String::new(), |state| format!(" in state {state}"));
                let tag = tag.as_deref().map_or(String::new(), |tag| format!(" with the tag {tag}"));
                format!("{kind}{state}{tag}")
            }
            Self::Command(command) => format!("the command {}", command.run.join(" ")),
            Self::HttpJson(json) => format!("the number at {} of {}", json.pointer, place(&json.address)),
            Self::Any(rules) => rules.iter().map(Self::words).collect::<Vec<_>>().join(", or "),
        }
    }

    /// The rules in it that are no alternatives of others: itself, or each alternative's.
    pub fn leaves(&self) -> Vec<&Self> {
        match self {
            Self::Any(rules) => rules.iter().flat_map(Self::leaves).collect(),
            leaf => vec![leaf],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runbook_asks_for_evidence_of_every_item() {
        for item in ChecklistRules::runbook("production").items {
            let asks = !matches!(item.kind, ItemKind::Evidence) || !item.evidence.is_empty();
            assert!(asks, "{}", item.id);
            assert!(item.required_when.is_none_or(|paths| !paths.is_empty()), "{}", item.id);
        }
    }

    /// The rows of the table of defaults in docs/checklist.md: an item's id, and the cells after it.
    fn documented() -> Vec<(&'static str, Vec<&'static str>)> {
        let text = include_str!("../../../docs/checklist.md");
        let table = text.split("| item | satisfied by | applies | at a desk |").nth(1).unwrap();
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        rows.map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
            (cells[0].trim_matches('`'), cells[1..].to_vec())
        })
        .collect()
    }

    #[test]
    fn the_documentation_says_what_each_item_asks_by_default() {
        let rows = documented();
        assert_eq!(rows.len(), RunbookItem::ALL.len());
        let changed = |paths: &PathPatterns| {
            let paths: Vec<String> = paths.written().iter().map(|path| format!("`{path}`")).collect();
            format!("where {} changed", paths.join(", "))
        };
        for (item, (id, cells)) in RunbookItem::ALL.into_iter().zip(rows) {
            assert_eq!(item.as_str(), id);
            let rule = ItemRule::runbook(item);
            let [satisfied, applies, _] = cells.as_slice() else { panic!("{id}: {cells:?}") };
            let applying = match (&rule.kind, &rule.required_when, &rule.environments) {
                (ItemKind::PolicyReviewed | ItemKind::VersionConfirmed, ..) => (*applies).to_owned(),
                (ItemKind::Migrations { paths, min_words, .. }, None, Environments::All) => {
                    assert!(satisfied.contains(&format!("section of {min_words} words")), "{satisfied}");
                    changed(paths)
                }
                (_, Some(paths), Environments::All) => changed(paths),
                (_, None, Environments::All) => "always".to_owned(),
                (_, None, Environments::Production) => "in production".to_owned(),
                other => panic!("{id}: {other:?} has no words in the table"),
            };
            assert_eq!(*applies, applying, "{id}");
            if !rule.evidence.is_empty() {
                let words: Vec<String> = rule.evidence.iter().map(EvidenceRule::words).collect();
                assert_eq!(*satisfied, words.join(", and "), "{id}");
            }
        }
    }

    #[test]
    fn stakeholders_are_told_of_production_alone() {
        let item = ItemRule::runbook(RunbookItem::ChangeCommunicated);
        assert!(item.environments.include("production"));
        assert!(!item.environments.include("staging"));
    }
}
