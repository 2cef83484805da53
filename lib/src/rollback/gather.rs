//! From what is kept of earlier deployments to the facts of a plan. Gathering decides nothing: what cannot be had is a gap.

use crate::Timestamp;
use crate::checklist::{
    ArtifactFact, Change, ChecklistRules, Checkout, Forge, Gap, Gathered, History as Commits, Inquiry,
    ItemKind, PolicyOf, Since, StageFact, TestFact, Waiver, WaiverFact, Who, WorkItemFact,
    gather as gather_checklist, judge,
};
use crate::rollback::plan::target;
use crate::rollback::{
    Candidate, History, Kept, Migrations, PlanFacts, Profile, Rehearsal, Release, RollbackRules,
};
use crate::source::World;

/// So many versions are looked at more closely at once.
const AT_ONCE: usize = 5;
/// At most so many versions are looked at more closely: the last known good one is among the newest.
const MOST_LOOKED_AT: usize = 50;

/// What is kept of earlier deployments: by Azure DevOps, or in a history file.
pub trait Archive {
    /// What is deployed now.
    fn current(&self) -> Gathered<Release>;

    /// What was deployed to the environment, newest first, with what is known of it without looking closely.
    fn candidates(&self) -> Gathered<Vec<Candidate>>;

    /// Looks closely at some of them, side by side: their verdicts, whether their runs are there, their artifacts.
    fn look_closely(&self, candidates: &mut [Candidate]);

    /// When a rollback of this service was last rehearsed.
    fn rehearsed(&self) -> Gathered<Option<Rehearsal>>;

    /// What a reader should know.
    fn notes(&self) -> Vec<String>;
}

/// Gathers the facts of a plan.
///
/// `migrations` says what changed between two versions; it is asked once, of the version that the plan will go back to.
#[must_use]
pub fn gather(
    rules: &RollbackRules,
    (service, environment): (&str, &str),
    now: Timestamp,
    archive: &dyn Archive,
    pre_existing: Gathered<Vec<String>>,
    migrations: &dyn Fn(&Release, &Release) -> Gathered<Migrations>,
) -> PlanFacts {
    let current = archive.current();
    let mut notes = Vec::new();
    let candidates = match archive.candidates() {
        Gathered::Known(mut candidates) => {
            notes.extend(look(rules, current.known(), archive, &mut candidates));
            Gathered::Known(candidates)
        }
        Gathered::Unknown(gap) => Gathered::Unknown(gap),
    };
    let chosen = candidates.known().and_then(|candidates| target(rules, current.known(), candidates).target);
    let migrations = match (&chosen, &current) {
        (Some(chosen), Gathered::Known(current)) => migrations(&chosen.release, current),
        (_, Gathered::Unknown(gap)) => Gathered::Unknown(gap.clone()),
        (None, _) => Gathered::Known(Migrations::default()),
    };
    notes.extend(archive.notes());
    PlanFacts {
        now,
        service: service.to_owned(),
        environment: environment.to_owned(),
        current,
        candidates,
        migrations,
        rehearsed: archive.rehearsed(),
        pre_existing,
        notes,
    }
}

/// Looks closely at the newest until one can be gone back to. Those that were not looked at are left out.
fn look(
    rules: &RollbackRules,
    current: Option<&Release>,
    archive: &dyn Archive,
    candidates: &mut Vec<Candidate>,
) -> Option<String> {
    let all = candidates.len();
    let most = all.min(MOST_LOOKED_AT);
    let mut seen = 0;
    while seen < most {
        let next = (seen + AT_ONCE).min(most);
        if let Some(some) = candidates.get_mut(seen..next) {
            archive.look_closely(some);
        }
        seen = next;
        if candidates.get(..seen).is_some_and(|some| target(rules, current, some).target.is_some()) {
            break;
        }
    }
    candidates.truncate(seen);
    (seen == MOST_LOOKED_AT && all > seen)
        .then(|| format!("only the newest {MOST_LOOKED_AT} of {all} deployments were looked at"))
}

/// What changed between two versions, by the checklist's own eyes: the rules' migrations, the records that the changes
/// link, and the plans for the data in them.
#[must_use]
pub fn migrations_between(
    rules: &ChecklistRules,
    (from, to): (&Release, &Release),
    now: Timestamp,
    checkout: &dyn Checkout,
    forge: &dyn Forge,
    world: &World<'_>,
) -> Gathered<Migrations> {
    if from.commit.is_empty() || to.commit.is_empty() {
        let which = if from.commit.is_empty() { from } else { to };
        return Gathered::Unknown(Gap::new(
            format!("the commit of {} is not recorded", which.words()),
            Who::SecondPerson,
            "look through the changes since then for migrations",
        ));
    }
    let mut rules = rules.clone();
    rules.items.retain(|item| matches!(item.kind, ItemKind::Migrations { .. }));
    rules.waivers.clear();
    let inquiry = Inquiry {
        now,
        deployed: &to.commit,
        since: Some(&from.commit),
        policy_text: "",
        policy_of: PolicyOf::Deployed,
        earlier_policy: &|_| None,
        given: Vec::new(),
        tests: None,
        artifacts: None,
        telemetry: unasked(),
    };
    let facts = gather_checklist(&rules, inquiry, checkout, &ChangesOnly(forge), world);
    if let Gathered::Unknown(gap) = &facts.deployment {
        return Gathered::Unknown(gap.clone());
    }
    let unread = facts.migrations.iter().filter_map(|(path, text)| match text {
        Gathered::Unknown(gap) => Some(format!("{path}: {}", gap.why)),
        Gathered::Known(_) => None,
    });
    let outcome = judge(&rules, &facts);
    Gathered::Known(Migrations {
        changed: facts.migrations.len(),
        irreversible: outcome.items.into_iter().flat_map(|item| item.irreversible).collect(),
        unread: unread.collect(),
    })
}

fn unasked<T>() -> Gathered<T> {
    Gathered::Unknown(Gap::new("it was not looked for", Who::Caller, "run the checklist"))
}

/// A forge that is asked for changes and nothing else.
struct ChangesOnly<'f>(&'f dyn Forge);

impl Forge for ChangesOnly<'_> {
    fn last_good(&self) -> Gathered<Option<Since>> {
        unasked()
    }
    fn changes(&self, history: &Commits) -> Gathered<Vec<Change>> {
        self.0.changes(history)
    }
    fn work_items(&self, changes: &[Change]) -> Gathered<Vec<WorkItemFact>> {
        self.0.work_items(changes)
    }
    fn tests(&self) -> Gathered<Vec<TestFact>> {
        unasked()
    }
    fn artifacts(&self) -> Gathered<Vec<ArtifactFact>> {
        unasked()
    }
    fn stages(&self) -> Gathered<Vec<StageFact>> {
        unasked()
    }
    fn waiver(&self, _: &Waiver, _: &str) -> Gathered<WaiverFact> {
        unasked()
    }
}

/// A desk's archive: the history file that `verify` keeps.
#[derive(Clone, Debug)]
pub struct Desk {
    history: History,
    current: Option<Release>,
}

impl Desk {
    /// A history; `current` where the caller says what is deployed, else the newest record does.
    #[must_use]
    pub const fn new(history: History, current: Option<Release>) -> Self {
        Self { history, current }
    }
}

impl Archive for Desk {
    fn current(&self) -> Gathered<Release> {
        match self
            .current
            .clone()
            .or_else(|| self.history.records.first().map(|record| record.release.clone()))
        {
            Some(current) => Gathered::Known(current),
            None => Gathered::Unknown(match self.history.notes.first() {
                Some(note) => Gap::new(
                    format!("no decision in the history can be read ({note})"),
                    Who::Caller,
                    "name another file with `--history`",
                ),
                None => Gap::new(
                    "the history is empty",
                    Who::Caller,
                    "watch a deployment with `runbook-gate verify`, which keeps a history",
                ),
            }),
        }
    }

    fn candidates(&self) -> Gathered<Vec<Candidate>> {
        let mut candidates: Vec<Candidate> = Vec::new();
        for record in &self.history.records {
            // The newest word on a version counts.
            if candidates.iter().any(|known| known.release.is(&record.release)) {
                continue;
            }
            let of_run = |run: u64| {
                let why = format!("run {run} is kept by Azure DevOps, which is not asked on a desk");
                Gap::new(why, Who::Caller, "plan the rollback in the pipeline")
            };
            let why = "artifacts are not kept in a history file";
            let artifacts = Gap::new(why, Who::Caller, "see for yourself that they are there");
            candidates.push(Candidate {
                release: record.release.clone(),
                at: record.decided_at,
                verdict: Gathered::Known(Some(record.clone())),
                kept: match record.release.run {
                    Some(run) => Gathered::Unknown(of_run(run)),
                    None => Gathered::Known(Kept::There),
                },
                artifacts: Gathered::Unknown(record.release.run.map_or(artifacts, of_run)),
                place: None,
            });
        }
        Gathered::Known(candidates)
    }

    fn look_closely(&self, _: &mut [Candidate]) {}

    fn rehearsed(&self) -> Gathered<Option<Rehearsal>> {
        let newest = self
            .history
            .records
            .iter()
            .find(|record| record.profile == Profile::Rollback && record.proves_good());
        Gathered::Known(newest.and_then(|record| {
            Some(Rehearsal {
                at: record.decided_at?,
                seen: format!("the rollback to {}", record.release.words()),
            })
        }))
    }

    fn notes(&self) -> Vec<String> {
        self.history.notes.iter().map(|note| format!("the history: {note}")).collect()
    }
}

#[cfg(test)]
mod tests;
