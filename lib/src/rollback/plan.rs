//! From rules and facts to the plan of a rollback. Pure: the same rules and facts give the same plan.

mod choice;
#[cfg(test)]
mod tests;

use crate::Duration;
use crate::checklist::{Gap, Gathered, Irreversible, Place, Who};
use crate::rollback::record::is_future;
use crate::rollback::{PlanFacts, Rehearsal, Release, RollbackRules};

pub use choice::{PassedOver, Proof, Target, target};

/// What a rollback would do, and what speaks against doing it without a person.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The service.
    pub service: String,
    /// The environment.
    pub environment: String,
    /// What is undone, in words.
    pub current: String,
    /// The last known good version; `None` where none is proved.
    pub target: Option<Target>,
    /// Newer versions that are not gone back to, each with why; newest first.
    pub passed_over: Vec<PassedOver>,
    /// What is not proved. Where it is empty, and there is a target, the rollback is safe.
    pub doubts: Vec<Doubt>,
    /// Migrations in between that their own `down` cannot undo.
    pub irreversible: Vec<Irreversible>,
    /// When a rollback was last rehearsed, where that is known.
    pub rehearsed: Option<Rehearsal>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// Whether going back is proved to be safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    /// It is: the version is proved good, its artifacts are there, and nothing in between cannot be undone.
    Proved,
    /// It is not: a person decides.
    NotProved,
}

/// Something that is not proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// What, one sentence without a full stop.
    pub what: String,
    /// Who can change it.
    pub who: Who,
    /// How, one sentence without a full stop.
    pub how: String,
}

/// Plans a rollback.
///
/// The target is the newest version that this gate is recorded to have let proceed, that is not the one deployed now, not
/// rolled back itself, whose run is there, and whose artifacts are not known to be gone. What cannot be looked at is a
/// doubt, and with a doubt nothing is called safe.
///
/// ```
/// use runbook_gate::checklist::{Gap, Gathered, Who};
/// use runbook_gate::rollback::{PlanFacts, RollbackRules, Safety, plan};
///
/// fn gone<T>() -> Gathered<T> {
///     Gathered::Unknown(Gap::new("nothing was looked at", Who::Caller, "look"))
/// }
/// let facts = PlanFacts {
///     now: "2026-01-01T00:00:00Z".parse()?,
///     service: "orders-api".into(),
///     environment: "production".into(),
///     current: gone(),
///     candidates: gone(),
///     migrations: gone(),
///     rehearsed: gone(),
///     pre_existing: gone(),
///     unseen: Vec::new(),
///     notes: Vec::new(),
/// };
/// let plan = plan(&RollbackRules::default(), &facts);
/// assert!(plan.target.is_none());
/// assert_eq!(plan.safety(), Safety::NotProved);
/// # Ok::<(), runbook_gate::TimestampError>(())
/// ```
#[must_use]
pub fn plan(rules: &RollbackRules, facts: &PlanFacts) -> Plan {
    let mut doubts = Vec::new();
    let current = match &facts.current {
        Gathered::Known(current) => current.words(),
        Gathered::Unknown(gap) => {
            doubts.push(Doubt::of("what is deployed now is not known", gap));
            "what is deployed now".to_owned()
        }
    };
    let (target, passed_over) = match &facts.candidates {
        Gathered::Known(candidates) => {
            let chosen = target(rules, facts.current.known(), candidates);
            doubts.extend(chosen.doubts);
            (chosen.target, chosen.passed_over)
        }
        Gathered::Unknown(gap) => {
            doubts.push(Doubt::of("earlier deployments are not known", gap));
            (None, Vec::new())
        }
    };
    match &target {
        Some(target) => of_target(rules, facts, target, &mut doubts),
        None => doubts.insert(0, nothing_proved(facts)),
    }
    doubts.extend(facts.unseen.iter().map(|unseen| Doubt::of(&unseen.what, &unseen.gap)));
    let irreversible = facts.migrations.known().filter(|_| target.is_some());
    Plan {
        service: facts.service.clone(),
        environment: facts.environment.clone(),
        current,
        passed_over,
        doubts,
        irreversible: irreversible.map(|migrations| migrations.irreversible.clone()).unwrap_or_default(),
        rehearsed: facts.rehearsed.known().cloned().flatten(),
        notes: facts.notes.clone(),
        target,
    }
}

fn nothing_proved(facts: &PlanFacts) -> Doubt {
    Doubt {
        what: format!("there is nothing proved to go back to in {}", facts.environment),
        who: Who::PipelineOwner,
        how: "name a version yourself, by what you know of it; from the first `proceed` of this gate on there is one".to_owned(),
    }
}

/// What is not proved of going back to a version.
fn of_target(rules: &RollbackRules, facts: &PlanFacts, target: &Target, doubts: &mut Vec<Doubt>) {
    match &facts.migrations {
        Gathered::Known(migrations) => {
            for migration in &migrations.irreversible {
                let reasons = migration.reasons.join("; ");
                let (plan, how) = match (&migration.data_plan, &migrations.plans_unread) {
                    (None, Some(gap)) => (
                        format!("whether a record has a plan for its data was not read: {}", gap.why),
                        format!(
                            "{}; or find the record by hand, and decide how the data is brought back before the earlier version runs on it",
                            gap.how
                        ),
                    ),
                    (Some(place), _) => (
                        format!("the plan for its data is in {place}"),
                        format!("follow the plan for the data in {place}, then roll back"),
                    ),
                    (None, None) => (
                        "no record has a plan for its data".to_owned(),
                        "decide how the data is brought back before the earlier version runs on it"
                            .to_owned(),
                    ),
                };
                doubts.push(Doubt {
                    what: format!("{} cannot be undone: {reasons}; {plan}", migration.path),
                    who: Who::SecondPerson,
                    how,
                });
            }
            for unread in &migrations.unread {
                doubts.push(Doubt {
                    what: format!("whether a migration can be undone is not known: {unread}"),
                    who: Who::SecondPerson,
                    how: "read the migration before rolling back".to_owned(),
                });
            }
        }
        Gathered::Unknown(gap) => {
            doubts.push(Doubt::of(&format!("migrations since {} are not known", target.release.words()), gap))
        }
    }
    if let Some(within) = rules.rehearsed_within {
        let how = "rehearse a rollback in an environment that resembles this one, and tag its run";
        let doubt = |what: String| Doubt { what, who: Who::PipelineOwner, how: how.to_owned() };
        match &facts.rehearsed {
            Gathered::Known(Some(rehearsal)) if is_future(rehearsal.at, facts.now) => {
                doubts.push(doubt(format!(
                    "the last rehearsal of a rollback is of {}, which is not past ({})",
                    rehearsal.at, rehearsal.seen
                )))
            }
            Gathered::Known(Some(rehearsal)) if facts.now.since(rehearsal.at) <= within => {}
            Gathered::Known(Some(rehearsal)) => doubts.push(doubt(format!(
                "the last rehearsal of a rollback is {} old ({}), and at most {} is asked",
                in_days(facts.now.since(rehearsal.at)),
                rehearsal.seen,
                in_days(within)
            ))),
            Gathered::Known(None) => {
                doubts.push(doubt(format!(
                    "no rehearsal of a rollback is recorded, and one within {} is asked",
                    in_days(within)
                )));
            }
            Gathered::Unknown(gap) => {
                doubts.push(Doubt::of("whether a rollback was rehearsed is not known", gap));
            }
        }
    }
    match &facts.pre_existing {
        Gathered::Known(broken) => doubts.extend(broken.iter().map(|broken| Doubt {
            what: format!("rolling back will not help against what was so before the deployment: {broken}"),
            who: Who::SecondPerson,
            how: "look for the cause outside this deployment".to_owned(),
        })),
        Gathered::Unknown(gap) => {
            doubts.push(Doubt::of("what was broken before the deployment already is not known", gap));
        }
    }
}

/// A long time as people count it: in days.
fn in_days(length: Duration) -> String {
    const DAY: u64 = 86_400_000_000_000;
    match length.as_nanos() / DAY {
        0 | 1 => length.rounded().to_string(),
        days => format!("{days} days"),
    }
}

impl Doubt {
    /// What is not known, and what would change that.
    #[must_use]
    pub fn of(what: &str, gap: &Gap) -> Self {
        Self { what: format!("{what}: {}", gap.why), who: gap.who.clone(), how: gap.how.clone() }
    }
}

impl Plan {
    /// Whether going back is proved to be safe.
    #[must_use]
    pub const fn safety(&self) -> Safety {
        if self.target.is_some() && self.doubts.is_empty() { Safety::Proved } else { Safety::NotProved }
    }

    /// The plan in one sentence.
    #[must_use]
    pub fn headline(&self) -> String {
        match (&self.target, self.safety()) {
            (None, _) => format!("There is nothing proved to go back to from {}", self.current),
            (Some(target), Safety::Proved) => {
                format!(
                    "Go back to {} from {}: nothing speaks against it",
                    target.release.words(),
                    self.current
                )
            }
            (Some(target), Safety::NotProved) => format!(
                "Go back to {} from {}, which is not proved to be safe: {}",
                target.release.words(),
                self.current,
                self.doubts.first().map(|doubt| doubt.what.as_str()).unwrap_or_default()
            ),
        }
    }

    /// The version to go back to.
    #[must_use]
    pub fn release(&self) -> Option<&Release> {
        self.target.as_ref().map(|target| &target.release)
    }

    /// Where the version to go back to was built.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        self.target.as_ref().and_then(|target| target.place.as_ref())
    }
}
