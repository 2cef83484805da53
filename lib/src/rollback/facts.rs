//! What was found out about earlier deployments. Facts carry what is really kept, and say what could not be looked at.

use crate::Timestamp;
use crate::checklist::{ArtifactFact, Gap, Gathered, Irreversible, Place};
use crate::rollback::{ImageFact, Release, VerdictRecord};

/// The facts of one rollback.
#[derive(Clone, Debug)]
pub struct PlanFacts {
    /// The time that ages are measured by.
    pub now: Timestamp,
    /// The service.
    pub service: String,
    /// The environment.
    pub environment: String,
    /// What is deployed now, and is to be undone.
    pub current: Gathered<Release>,
    /// What was deployed before, newest first; what is deployed now may be among it.
    pub candidates: Gathered<Vec<Candidate>>,
    /// Migrations between the version to go back to and the one that is deployed.
    pub migrations: Gathered<Migrations>,
    /// When a rollback was last rehearsed; `None` where none is recorded.
    pub rehearsed: Gathered<Option<Rehearsal>>,
    /// Criteria that were broken before the deployment already, as the gate that decided saw them.
    pub pre_existing: Gathered<Vec<String>>,
    /// What could not be looked at and might have changed the answer.
    pub unseen: Vec<Unseen>,
    /// What a reader should know of how all that was found out.
    pub notes: Vec<String>,
}

/// Something that could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// What is not known, a clause: `what was deployed to production is not known`.
    pub what: String,
    /// Why, and what would change that.
    pub gap: Gap,
}

/// A version that was deployed to the environment once.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The version.
    pub release: Release,
    /// When it was deployed, or judged.
    pub at: Option<Timestamp>,
    /// What this gate is recorded to have said of it last; `None` where it never judged it. Known from the start where no closer
    /// look could find a `proceed`.
    pub verdict: Gathered<Option<VerdictRecord>>,
    /// Whether its run is still there.
    pub kept: Gathered<Kept>,
    /// The artifacts of its run.
    pub artifacts: Gathered<Vec<ArtifactFact>>,
    /// Its container images, as their registries have them; `None` as long as they were not asked.
    pub images: Option<Vec<ImageFact>>,
    /// Where its run is.
    pub place: Option<Place>,
}

/// Whether a run can be gone back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is there.
    There,
    /// It was deleted.
    Deleted,
    /// It is there, and marked as rolled back: it was good once and then not.
    RolledBack,
    /// It is there, and no try of its deployment succeeded in every job and resource: what was judged was not all of it.
    NeverWhole,
}

/// Migrations between two versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migrations {
    /// How many changed.
    pub changed: usize,
    /// Those that their own `down` cannot undo.
    pub irreversible: Vec<Irreversible>,
    /// Those of which that is not known, each with why.
    pub unread: Vec<String>,
    /// Why the pull requests that may link a record were not read; `None` where they were.
    pub plans_unread: Option<Gap>,
}

/// A rehearsal of a rollback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsal {
    /// When.
    pub at: Timestamp,
    /// In words, where it is recorded: `run 1200, tagged runbook-gate-rehearsal-production`.
    pub seen: String,
}
