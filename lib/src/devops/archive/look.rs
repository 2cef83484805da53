//! A closer look at runs: what was decided of them, whether they are there, and what artifacts they have.
//!
//! ```text
//! all side by side   which decisions are attached, the run, its artifacts
//! then               the decisions themselves
//! where needed       the runs that built what was deployed; the versions that rollbacks deployed again
//! ```

use std::collections::BTreeMap;

use crate::checklist::{ArtifactFact, Gap, Gathered, Place, Who};
use crate::devops::artifacts;
use crate::devops::call::Call;
use crate::devops::client::Answer;
use crate::devops::failure::DevOpsError;
use crate::devops::runs::{self, Artifact, Build};
use crate::devops::verdict::{ROLLED_BACK, RunTag};
use crate::rollback::{Candidate, Kept, Release};

use super::built::Built;
use super::decisions::{self, Decisions};
use super::deployments::Extent;
use super::listing::Listing;
use super::pages::Reach;
use super::{AzureDevOpsArchive, built};

/// So many runs that only were held or rolled back are read, for the reason: they are no way back.
const MOST_REASONS: usize = 20;

/// How closely a run is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// For everything.
    Whole,
    /// For the reason why it is no way back.
    Reason,
    /// Not at all: nothing was decided of it.
    None,
}

/// What one run came to.
struct Seen {
    id: u64,
    decisions: Decisions,
    /// What it deployed.
    release: Release,
    kept: Gathered<Kept>,
    artifacts: Gathered<Vec<ArtifactFact>>,
}

/// The candidates that the listing knows: every run but this one, the newest first, those that still run before all others.
pub(super) fn candidates(archive: &AzureDevOpsArchive<'_>, listing: &Listing, this: u64) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = listing
        .runs
        .iter()
        .filter(|(id, _)| **id != this)
        .map(|(id, run)| {
            let open = run.may_prove() || listing.proofs == Reach::Bound;
            Candidate {
                release: Release { run: Some(*id), version: run.number.clone(), commit: run.commit.clone() },
                at: run.at,
                verdict: if open { unasked() } else { Gathered::Known(None) },
                kept: unasked(),
                artifacts: unasked(),
                images: None,
                place: Some(Place::Url(archive.at.run_page(*id))),
            }
        })
        .collect();
    found.sort_by_key(|candidate| {
        std::cmp::Reverse((candidate.at.is_none(), candidate.at, candidate.release.run))
    });
    found
}

fn unasked<T>() -> Gathered<T> {
    Gathered::Unknown(Gap::new("it was not looked at", Who::Caller, "look for it by hand"))
}

/// Looks at candidates, all side by side. What was deployed again comes before what deployed it.
pub(super) fn closely(
    archive: &AzureDevOpsArchive<'_>,
    listing: &Listing,
    candidates: Vec<Candidate>,
) -> Vec<Candidate> {
    let (mut whole, mut reasons) = (Vec::new(), Vec::new());
    for candidate in &candidates {
        let Some(run) = candidate.release.run else { continue };
        match archive.look_at(listing, run, candidate) {
            Look::Whole => whole.push(run),
            Look::Reason => reasons.push(run),
            Look::None => {}
        }
    }
    let mut seen = archive.seen(listing, &whole, &reasons);
    let (mut own, mut again) = (Vec::new(), Vec::new());
    for candidate in candidates {
        match candidate.release.run.and_then(|run| seen.remove(&run)) {
            None => own.push(candidate),
            Some(seen) => {
                let (candidate, others) = archive.spoken(listing, candidate, seen);
                own.push(candidate);
                again.extend(others);
            }
        }
    }
    for candidate in own.iter_mut().chain(&mut again) {
        archive.heed(candidate);
    }
    archive.complete(listing, &mut again);
    again.extend(own);
    again
}

impl AzureDevOpsArchive<'_> {
    fn look_at(&self, listing: &Listing, run: u64, candidate: &Candidate) -> Look {
        if matches!(candidate.verdict, Gathered::Unknown(_)) {
            return Look::Whole;
        }
        let judged = listing.runs.get(&run).is_some_and(|run| !run.tags.is_empty());
        if judged && self.reasons.get() < MOST_REASONS {
            self.reasons.set(self.reasons.get() + 1);
            return Look::Reason;
        }
        Look::None
    }

    /// Asks for runs: for some for everything, for others for the reason alone.
    fn seen(&self, listing: &Listing, whole: &[u64], reasons: &[u64]) -> BTreeMap<u64, Seen> {
        let all: Vec<u64> = whole.iter().chain(reasons).copied().collect();
        let with_artifacts = if self.builds_itself() { whole } else { &[] };
        let mut calls: Vec<Call> = all.iter().map(|run| decisions::listed(*run)).collect();
        calls.extend(all.iter().map(|run| runs::build(*run)));
        calls.extend(with_artifacts.iter().map(|run| runs::artifacts(*run)));
        let mut answers = self.client.send_all(&calls).into_iter();
        let mut next = |run: u64| answers.next().unwrap_or_else(|| missing(run));
        let mut lists = Vec::new();
        for run in &all {
            let list = next(*run).and_then(|answer| answer.page()).map(|page| page.items);
            lists.push((*run, list));
        }
        let builds: Vec<Result<Build, DevOpsError>> =
            all.iter().map(|run| next(*run).and_then(|answer| answer.read())).collect();
        let mut artifacts: BTreeMap<u64, Gathered<Vec<ArtifactFact>>> =
            with_artifacts.iter().map(|run| (*run, self.stored(*run, next(*run)))).collect();
        let decisions = decisions::read(&self.client, self.subject(), lists);
        let mut built = built::of(self, listing, whole);
        let mut seen = BTreeMap::new();
        for ((id, run), decisions) in all.into_iter().zip(builds).zip(decisions) {
            let listed = listing.runs.get(&id);
            let own = match &run {
                Ok(run) => release_of(run),
                Err(_) => Release {
                    run: Some(id),
                    version: listed.map(|listed| listed.number.clone()).unwrap_or_default(),
                    commit: listed.map(|listed| listed.commit.clone()).unwrap_or_default(),
                },
            };
            let kept = self.kept(listing, id, &run, listed.and_then(|listed| listed.extent));
            let stored = artifacts.remove(&id).unwrap_or_else(unasked);
            let found = match built.remove(&id) {
                None => Seen { id, decisions, release: own, kept, artifacts: stored },
                Some(Err(gap)) => {
                    Seen { id, decisions, release: own, kept, artifacts: Gathered::Unknown(gap) }
                }
                Some(Ok(Built { run, artifacts })) => {
                    let kept = match kept {
                        Gathered::Known(Kept::There) => self.kept(listing, run.id, &Ok(run.clone()), None),
                        other => other,
                    };
                    Seen { id, decisions, release: release_of(&run), kept, artifacts }
                }
            };
            seen.insert(id, found);
        }
        seen
    }

    /// What a run says: of what it deployed, and of each version that was deployed again in it.
    fn spoken(&self, listing: &Listing, candidate: Candidate, seen: Seen) -> (Candidate, Vec<Candidate>) {
        let settled = matches!(candidate.verdict, Gathered::Known(_));
        let mut own =
            Candidate { release: seen.release, kept: seen.kept, artifacts: seen.artifacts, ..candidate };
        let records = match seen.decisions {
            Ok(records) => records,
            // Only the reason is missing then.
            Err(_) if settled => return (own, Vec::new()),
            Err(gap) => {
                own.verdict = Gathered::Unknown(gap);
                return (own, Vec::new());
            }
        };
        let mut others: Vec<Candidate> = Vec::new();
        let mut words = self.words.borrow_mut();
        let mut of_own = false;
        for record in records {
            let Some(release) = decisions::about(&record, &own.release) else { continue };
            let release = listing.run_of(release);
            if release.is(&own.release) {
                of_own = true;
            } else if !others.iter().any(|other| other.release.is(&release)) {
                others.push(Candidate {
                    place: release.run.map(|run| Place::Url(self.at.run_page(run))),
                    release: release.clone(),
                    at: own.at,
                    verdict: Gathered::Known(None),
                    kept: unasked(),
                    artifacts: unasked(),
                    images: None,
                });
            }
            words.push((release, record));
        }
        let proceeded = listing.runs.get(&seen.id).is_some_and(|run| run.tags.contains(&RunTag::Proceed));
        own.verdict = if proceeded && !of_own {
            Gathered::Unknown(Gap::new(
                format!("run {} is tagged as let proceed, and no decision is attached to it", seen.id),
                Who::PipelineOwner,
                "see the log of its gate: what a step attaches can be lost",
            ))
        } else {
            Gathered::Known(None)
        };
        (own, others)
    }

    /// The newest word on a version counts, in whichever run it was said.
    fn heed(&self, candidate: &mut Candidate) {
        let words = self.words.borrow();
        let on_it = words.iter().filter(|(of, _)| of.is(&candidate.release)).map(|(_, record)| record);
        if let (Gathered::Known(known), Some(word)) = (&mut candidate.verdict, decisions::newest(on_it)) {
            candidate.at = word.decided_at.or(candidate.at);
            if candidate.release.version.is_empty() || !word.release.version.is_empty() {
                candidate.release.version.clone_from(&word.release.version);
            }
            *known = Some(word.clone());
        }
    }

    /// Looks at the versions that rollbacks deployed again: their runs are none of those that were looked at.
    fn complete(&self, listing: &Listing, again: &mut [Candidate]) {
        let mut open: Vec<(u64, &mut Candidate)> = Vec::new();
        for candidate in again {
            match candidate.release.run {
                Some(run) => open.push((run, candidate)),
                None => {
                    let why = format!("which run built {} is not recorded", candidate.release.words());
                    let gap = Gap::new(why, Who::SecondPerson, "look for its artifacts by hand");
                    candidate.kept = Gathered::Unknown(gap.clone());
                    candidate.artifacts = Gathered::Unknown(gap);
                }
            }
        }
        let mut calls: Vec<Call> = open.iter().map(|(run, _)| runs::build(*run)).collect();
        calls.extend(open.iter().map(|(run, _)| runs::artifacts(*run)));
        let mut answers = self.client.send_all(&calls).into_iter();
        let mut next = |run: u64| answers.next().unwrap_or_else(|| missing(run));
        for (run, candidate) in &mut open {
            let found = next(*run).and_then(|answer| answer.read::<Build>());
            candidate.kept = self.kept(listing, *run, &found, None);
            if let Ok(found) = found {
                candidate.release.commit = found.source_version;
            }
        }
        for (run, candidate) in &mut open {
            candidate.artifacts = self.stored(*run, next(*run));
        }
    }

    /// The artifacts of a run that are there: the list names some whose content has expired, without saying what they are.
    pub(super) fn stored(
        &self,
        run: u64,
        answer: Result<Answer, DevOpsError>,
    ) -> Gathered<Vec<ArtifactFact>> {
        match answer.and_then(|answer| artifacts::whole::<Artifact>(&answer)) {
            Ok(list) => {
                let there = list.iter().filter(|artifact| !artifact.resource.kind.is_empty());
                Gathered::Known(artifacts::facts(there, &Place::Url(self.at.run_page(run))))
            }
            Err(error) => Gathered::Unknown(error.gap()),
        }
    }

    fn kept(
        &self,
        listing: &Listing,
        id: u64,
        run: &Result<Build, DevOpsError>,
        extent: Option<Extent>,
    ) -> Gathered<Kept> {
        let marked = |run: &Build| run.tags.iter().any(|tag| tag.eq_ignore_ascii_case(ROLLED_BACK));
        match run {
            Ok(run) if run.deleted => Gathered::Known(Kept::Deleted),
            Ok(run) if marked(run) || listing.rolled_back.contains(&id) => Gathered::Known(Kept::RolledBack),
            Ok(_) if extent == Some(Extent::Part) => Gathered::Known(Kept::NeverWhole),
            Ok(_) => Gathered::Known(Kept::There),
            // The runs of a pipeline are seen all or none: where this one is seen, that one is gone.
            Err(error) if error.is_not_found() && listing.run.is_ok() && self.builds_itself() => {
                Gathered::Known(Kept::Deleted)
            }
            Err(error) => Gathered::Unknown(error.gap()),
        }
    }
}

/// What a run built.
pub(super) fn release_of(run: &Build) -> Release {
    Release { run: Some(run.id), version: run.build_number.clone(), commit: run.source_version.clone() }
}

/// The answer to what was not asked.
pub(super) fn missing(run: u64) -> Result<Answer, DevOpsError> {
    Err(DevOpsError::unreadable(&runs::build(run), "a part was not asked"))
}
