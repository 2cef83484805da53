//! Checklist items and their stable ids.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The id of a checklist item: lower-case letters, digits and `-`, as in `tests-passing`.
///
/// ```
/// use runbook_gate::checklist::ItemId;
/// assert_eq!("cab-approval".parse::<ItemId>()?.as_str(), "cab-approval");
/// assert!("CAB approval".parse::<ItemId>().is_err());
/// # Ok::<(), runbook_gate::checklist::ItemIdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemId(Arc<str>);

/// A text that cannot be the id of an item.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot be the id of a checklist item; use lower-case letters, digits and `-`, such as cab-approval, at most 64"
)]
pub struct ItemIdError(String);

/// The items of the runbook, in its order. Their ids are stable: they stand in policies, reports and output variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunbookItem {
    /// All tests are passing.
    TestsPassing,
    /// Decision records are linked, accepted and not superseded.
    DecisionsLinked,
    /// Artifacts are built and stored.
    ArtifactsStored,
    /// Backups of critical data stores were taken.
    BackupsTaken,
    /// Feature flags and configuration were reviewed.
    ConfigReviewed,
    /// Stakeholders know of the change.
    ChangeCommunicated,
    /// A rollback plan exists and was tested.
    RollbackPlan,
    /// Migrations were reviewed, and their rollback is planned.
    MigrationsReviewed,
    /// Changed infrastructure was reviewed.
    InfrastructureReviewed,
    /// The earlier stages of this run succeeded.
    PipelineGreen,
    /// Changes of the policy, of waivers and of attestations were approved by an owner.
    PolicyReviewed,
    /// What the gate needs to see can be read.
    TelemetryReady,
    /// What serves is what was deployed.
    VersionConfirmed,
}

impl RunbookItem {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 13] = [
        Self::TestsPassing,
        Self::DecisionsLinked,
        Self::ArtifactsStored,
        Self::BackupsTaken,
        Self::ConfigReviewed,
        Self::ChangeCommunicated,
        Self::RollbackPlan,
        Self::MigrationsReviewed,
        Self::InfrastructureReviewed,
        Self::PipelineGreen,
        Self::PolicyReviewed,
        Self::TelemetryReady,
        Self::VersionConfirmed,
    ];

    /// Its id.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TestsPassing => "tests-passing",
            Self::DecisionsLinked => "decisions-linked",
            Self::ArtifactsStored => "artifacts-stored",
            Self::BackupsTaken => "backups-taken",
            Self::ConfigReviewed => "config-reviewed",
            Self::ChangeCommunicated => "change-communicated",
            Self::RollbackPlan => "rollback-plan",
            Self::MigrationsReviewed => "migrations-reviewed",
            Self::InfrastructureReviewed => "infrastructure-reviewed",
            Self::PipelineGreen => "pipeline-green",
            Self::PolicyReviewed => "policy-reviewed",
            Self::TelemetryReady => "telemetry-ready",
            Self::VersionConfirmed => "version-confirmed",
        }
    }

    /// Its line of the runbook, as reports print it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::TestsPassing => "All tests (unit/integration) are passing",
            Self::DecisionsLinked => "ADRs/BDRs relevant to this change are linked",
            Self::ArtifactsStored => "Deployment artifacts built and stored",
            Self::BackupsTaken => "Backups/snapshots taken for critical data stores",
            Self::ConfigReviewed => "Feature flags and config entries reviewed",
            Self::ChangeCommunicated => "Change communicated to relevant stakeholders",
            Self::RollbackPlan => "Rollback plan documented and tested",
            Self::MigrationsReviewed => "Database migrations reviewed and rollback plan exists",
            Self::InfrastructureReviewed => "Infrastructure changes reviewed",
            Self::PipelineGreen => "Earlier stages of this run succeeded",
            Self::PolicyReviewed => "Changes of the policy approved by an owner",
            Self::TelemetryReady => "Required telemetry can be read",
            Self::VersionConfirmed => "What serves is what was deployed",
        }
    }

    /// The item of this id, if it is one of the runbook's.
    #[must_use]
    pub fn named(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|item| item.as_str() == id)
    }

    /// Its id as an [`ItemId`].
    #[must_use]
    pub fn id(self) -> ItemId {
        ItemId(self.as_str().into())
    }
}

impl ItemId {
    /// The id as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ItemId {
    type Err = ItemIdError;
    fn from_str(text: &str) -> Result<Self, ItemIdError> {
        let starts = text.starts_with(|c: char| c.is_ascii_lowercase());
        let continues = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if starts && continues && !text.ends_with('-') && text.len() <= 64 {
            Ok(Self(text.into()))
        } else {
            Err(ItemIdError(text.chars().take(80).collect()))
        }
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_of_the_runbook_is_found_by_its_id() {
        for item in RunbookItem::ALL {
            assert_eq!(RunbookItem::named(item.as_str()), Some(item));
            assert_eq!(item.as_str().parse::<ItemId>().unwrap(), item.id());
            assert!(!item.title().is_empty());
        }
        assert_eq!(RunbookItem::named("cab-approval"), None);
    }

    #[test]
    fn ids_are_kebab_case() {
        for id in ["a", "cab-approval", "soc2-4"] {
            assert!(id.parse::<ItemId>().is_ok(), "{id}");
        }
        for id in ["", "-a", "a-", "A", "a b", "a_b", "1a", "ä", &"x".repeat(65)] {
            assert!(id.parse::<ItemId>().is_err(), "{id}");
        }
    }
}
