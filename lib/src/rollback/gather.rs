//! From what is kept of earlier deployments to the facts of a plan. Gathering decides nothing: what cannot be had is a gap.

use std::cmp::Reverse;

use crate::Timestamp;
use crate::checklist::{
    ArtifactFact, Change, ChecklistRules, Checkout, Forge, Gap, Gathered, History as Commits, Inquiry,
    ItemKind, PolicyOf, Since, StageFact, TestFact, Waiver, WaiverFact, Who, WorkItemFact,
    gather as gather_checklist, judge,
};
use crate::rollback::plan::{Target, target};
use crate::rollback::{
    Candidate, History, ImageFact, Kept, Migrations, PlanFacts, Profile, Rehearsal, Release, RollbackRules,
    Unseen, VerdictRecord,
};
use crate::source::World;

/// So many versions are looked at more closely at first, and twice as many in each round after it.
const AT_ONCE: usize = 5;
/// At most so many versions are looked at more closely: the last known good one is among the newest.
const MOST_LOOKED_AT: usize = 50;

/// The images of at most so many versions are looked at: who has lost those of more has lost their registry.
const MOST_WITH_IMAGES: usize = 5;

/// What is kept of earlier deployments: by Azure DevOps, or in a history file.
pub trait Archive {
    /// What is deployed now.
    fn current(&self) -> Gathered<Release>;

    /// What was deployed to the environment, newest first, with what is known of it without looking closely.
    fn candidates(&self) -> Gathered<Vec<Candidate>>;

    /// Looks closely at some of them, side by side: their verdicts, whether their runs are there, their artifacts. Gives what came
    /// of them, which may be more than they were: a run that was rolled back speaks of two versions.
    fn look_closely(&self, candidates: Vec<Candidate>) -> Vec<Candidate>;

    /// When a rollback of this service was last rehearsed.
    fn rehearsed(&self) -> Gathered<Option<Rehearsal>>;

    /// What could not be looked at until now, and might have changed the answer.
    fn unseen(&self) -> Vec<Unseen>;

    /// What a reader should know.
    fn notes(&self) -> Vec<String>;
}

/// What a plan asks of others than its archive.
pub struct Questions<'q> {
    /// What changed between two versions: asked once, of the version that the plan will go back to.
    pub migrations: &'q dyn Fn(&Release, &Release) -> Gathered<Migrations>,
    /// What has become of the images of a version: asked of the version that the plan would go back to, and of an earlier one
    /// where they are gone.
    pub images: &'q dyn Fn(&VerdictRecord, &Release) -> Vec<ImageFact>,
}

/// Gathers the facts of a plan.
#[must_use]
pub fn gather(
    rules: &RollbackRules,
    (service, environment): (&str, &str),
    now: Timestamp,
    archive: &dyn Archive,
    pre_existing: Gathered<Vec<String>>,
    questions: &Questions<'_>,
) -> PlanFacts {
    let current = archive.current();
    let mut notes = Vec::new();
    let candidates = match archive.candidates() {
        Gathered::Known(candidates) => {
            let (candidates, note) = look(rules, current.known(), archive, questions, candidates);
            notes.extend(note);
            Gathered::Known(candidates)
        }
        Gathered::Unknown(gap) => Gathered::Unknown(gap),
    };
    let chosen = candidates.known().and_then(|candidates| target(rules, current.known(), candidates).target);
    let migrations = match (&chosen, &current) {
        (Some(chosen), Gathered::Known(current)) => (questions.migrations)(&chosen.release, current),
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
        unseen: archive.unseen(),
        notes,
    }
}

/// Looks closely at the newest until one can be gone back to, and nothing that was not looked at can be newer. Those that were
/// not looked at are left out.
fn look(
    rules: &RollbackRules,
    current: Option<&Release>,
    archive: &dyn Archive,
    questions: &Questions<'_>,
    mut unseen: Vec<Candidate>,
) -> (Vec<Candidate>, Option<String>) {
    let all = unseen.len();
    let (mut seen, mut looked_at, mut at_once) = (Vec::new(), 0, AT_ONCE);
    let mut registries_left = MOST_WITH_IMAGES;
    while !unseen.is_empty() && looked_at < MOST_LOOKED_AT {
        let mut open = 0;
        let most = at_once.min(MOST_LOOKED_AT - looked_at);
        // What is settled costs no look.
        let batch = unseen.iter().take_while(|candidate| {
            let counts = matches!(candidate.verdict, Gathered::Unknown(_));
            open += usize::from(counts);
            open <= most
        });
        let rest = unseen.split_off(batch.count());
        seen.extend(archive.look_closely(unseen));
        seen = newest_first(seen);
        unseen = rest;
        looked_at += open.min(most);
        at_once *= 2;
        let found = with_images(rules, current, questions, &mut seen, &mut registries_left);
        let next = unseen.first().map(|candidate| candidate.at);
        if found.is_some_and(|found| next.is_none_or(|next| next.is_some() && next <= found.at)) {
            break;
        }
    }
    let note = (looked_at == MOST_LOOKED_AT && !unseen.is_empty())
        .then(|| format!("only the newest {} of {all} deployments were looked at", all - unseen.len()));
    (seen, note)
}

/// The version to go back to, its images asked for. One whose images are gone is passed over for the one before it.
fn with_images(
    rules: &RollbackRules,
    current: Option<&Release>,
    questions: &Questions<'_>,
    seen: &mut [Candidate],
    left: &mut usize,
) -> Option<Target> {
    loop {
        let found = target(rules, current, seen).target?;
        let chosen = seen.iter_mut().find(|one| one.release == found.release && one.images.is_none());
        let Some(chosen) = chosen.filter(|_| *left > 0) else { return Some(found) };
        *left -= 1;
        // Another verdict would not have been chosen.
        let Gathered::Known(Some(verdict)) = &chosen.verdict else { return Some(found) };
        chosen.images = Some((questions.images)(verdict, &chosen.release));
    }
}

/// Orders by when each was judged, or else deployed. One whose time is not known stays behind the one before it.
fn newest_first(candidates: Vec<Candidate>) -> Vec<Candidate> {
    let mut time = Timestamp::from_nanos(i64::MAX);
    let mut timed: Vec<(Timestamp, Candidate)> = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        time = candidate.at.unwrap_or(time);
        timed.push((time, candidate));
    }
    timed.sort_by_key(|(time, _)| Reverse(*time));
    timed.into_iter().map(|(_, candidate)| candidate).collect()
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
        plans_unread: match facts.conversations {
            Gathered::Known(()) => None,
            Gathered::Unknown(gap) => Some(gap),
        },
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
                images: None,
                place: None,
            });
        }
        Gathered::Known(candidates)
    }

    fn look_closely(&self, candidates: Vec<Candidate>) -> Vec<Candidate> {
        candidates
    }

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

    fn unseen(&self) -> Vec<Unseen> {
        // Any of them may speak against the version that is gone back to.
        let Some(first) = self.history.notes.first() else { return Vec::new() };
        let more = match self.history.notes.len() - 1 {
            0 => String::new(),
            more => format!("; {more} more cannot be read either"),
        };
        vec![Unseen {
            what: "a decision in the history is not known".to_owned(),
            gap: Gap::new(
                format!("{first}{more}"),
                Who::Caller,
                "look at the file, and mend or remove the line",
            ),
        }]
    }

    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
