use std::cell::Cell;

use super::*;
use crate::checklist::{ArtifactState, Place};
use crate::gate::Decision;
use crate::policy::Enforcement;
use crate::rollback::{ImageState, Safety, VerdictRecord, plan};

fn release(run: u64) -> Release {
    Release { run: Some(run), version: format!("1.{run}.0"), commit: format!("{run:040x}") }
}

fn record(release: Release, decision: Decision, profile: Profile, environment: &str) -> VerdictRecord {
    VerdictRecord {
        service: "orders-api".into(),
        environment: environment.into(),
        profile,
        decision,
        enforcement: Enforcement::Enforce,
        reason: "as the numbers say".into(),
        criterion: None,
        judged_in: release.run,
        release,
        started_at: None,
        onset: None,
        decided_at: "2026-02-01T00:00:00Z".parse().ok(),
        policy_sha256: String::new(),
        pre_existing: Vec::new(),
        images: None,
    }
}

/// Runs 1 to `newest`, of which only `good` proceeded; says how many were looked at.
struct Runs {
    newest: u64,
    good: u64,
    looked_at: Cell<usize>,
    rounds: Cell<usize>,
}

impl Archive for Runs {
    fn current(&self) -> Gathered<Release> {
        Gathered::Known(release(self.newest))
    }

    fn candidates(&self) -> Gathered<Vec<Candidate>> {
        let unseen = |run| Candidate {
            release: release(run),
            at: Some(Timestamp::from_secs(i64::try_from(run).unwrap())),
            verdict: unasked(),
            kept: unasked(),
            artifacts: unasked(),
            images: None,
            place: Some(Place::Url(format!("https://dev.azure.com/o/p/_build/results?buildId={run}"))),
        };
        Gathered::Known((1..=self.newest).rev().map(unseen).collect())
    }

    fn look_closely(&self, mut candidates: Vec<Candidate>) -> Vec<Candidate> {
        self.looked_at.set(self.looked_at.get() + candidates.len());
        self.rounds.set(self.rounds.get() + 1);
        for candidate in &mut candidates {
            let decision =
                if candidate.release.run == Some(self.good) { Decision::Proceed } else { Decision::Hold };
            let verdict = record(candidate.release.clone(), decision, Profile::Deployment, "production");
            candidate.verdict = Gathered::Known(Some(verdict));
            candidate.kept = Gathered::Known(Kept::There);
            candidate.artifacts = Gathered::Known(vec![ArtifactFact {
                name: "drop".into(),
                details: String::new(),
                state: ArtifactState::Stored,
                place: None,
            }]);
        }
        candidates
    }

    fn rehearsed(&self) -> Gathered<Option<Rehearsal>> {
        Gathered::Known(None)
    }

    fn unseen(&self) -> Vec<Unseen> {
        Vec::new()
    }

    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

fn gathered(runs: &Runs) -> (PlanFacts, Option<(Release, Release)>) {
    let asked = std::cell::RefCell::new(None);
    let facts = gather(
        &RollbackRules::default(),
        ("orders-api", "production"),
        "2026-03-01T00:00:00Z".parse().unwrap(),
        runs,
        Gathered::Known(Vec::new()),
        &Questions {
            migrations: &|from, to| {
                *asked.borrow_mut() = Some((from.clone(), to.clone()));
                Gathered::Known(Migrations::default())
            },
            images: &|_, _| Vec::new(),
        },
    );
    (facts, asked.into_inner())
}

#[test]
fn only_as_many_deployments_are_looked_at_as_it_takes() {
    let runs = Runs { newest: 500, good: 493, looked_at: Cell::new(0), rounds: Cell::new(0) };
    let (facts, asked) = gathered(&runs);
    assert_eq!((runs.looked_at.get(), runs.rounds.get()), (15, 2));
    assert_eq!(asked, Some((release(493), release(500))), "from the target to what is deployed");
    let plan = plan(&RollbackRules::default(), &facts);
    assert_eq!((plan.release().cloned(), plan.safety()), (Some(release(493)), Safety::Proved));
}

#[test]
fn a_history_without_a_good_version_ends_somewhere_and_says_so() {
    let runs = Runs { newest: 500, good: 1, looked_at: Cell::new(0), rounds: Cell::new(0) };
    let (facts, asked) = gathered(&runs);
    assert_eq!(runs.looked_at.get(), MOST_LOOKED_AT);
    assert_eq!(asked, None);
    assert_eq!(facts.notes, ["only the newest 50 of 500 deployments were looked at"]);
    assert!(plan(&RollbackRules::default(), &facts).target.is_none());
}

fn desk(records: &[VerdictRecord]) -> Desk {
    let text: String = records.iter().map(|record| format!("{}\n", record.to_json())).collect();
    Desk::new(History::read(&text, "orders-api", "production", "2026-03-01T00:00:00Z".parse().unwrap()), None)
}

fn version(version: &str) -> Release {
    Release { run: None, version: version.into(), commit: String::new() }
}

fn candidates(desk: &Desk) -> Vec<(String, bool)> {
    let candidates = desk.candidates().known().cloned().unwrap();
    let good = |candidate: &Candidate| {
        candidate.verdict.known().cloned().flatten().is_some_and(|verdict| verdict.proves_good())
    };
    candidates.iter().map(|candidate| (candidate.release.version.clone(), good(candidate))).collect()
}

#[test]
fn on_a_desk_the_newest_word_on_a_version_counts_and_a_rollback_speaks_for_what_it_deployed_again() {
    let production =
        |version_: &str, decision, profile| record(version(version_), decision, profile, "production");
    let desk = desk(&[
        production("1.0", Decision::Proceed, Profile::Deployment),
        production("1.1", Decision::Proceed, Profile::Deployment),
        production("1.2", Decision::Rollback, Profile::Deployment),
        production("1.1", Decision::Hold, Profile::Rollback),
        production("1.0", Decision::Proceed, Profile::Rollback),
        production("1.3", Decision::Rollback, Profile::Deployment),
        record(version("1.4"), Decision::Proceed, Profile::Deployment, "staging"),
    ]);
    assert_eq!(desk.current().known(), Some(&version("1.3")));
    let expected = [("1.3", false), ("1.0", true), ("1.1", false), ("1.2", false)];
    assert_eq!(candidates(&desk), expected.map(|(version, good)| (version.to_owned(), good)));
    let rehearsal = desk.rehearsed().known().cloned().flatten().unwrap();
    assert_eq!(rehearsal.seen, "the rollback to 1.0");
}

#[test]
fn a_later_word_against_a_version_or_its_commit_counts_by_whichever_name_it_has() {
    let commit = "1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d";
    let named =
        |run, version: &str, commit: &str| Release { run, version: version.into(), commit: commit.into() };
    let good = named(None, "1.0", commit);
    let chosen = |later: Release, decision, enforcement| {
        let later = record(later, decision, Profile::Deployment, "production");
        let desk = desk(&[
            record(good.clone(), Decision::Proceed, Profile::Deployment, "production"),
            VerdictRecord { enforcement, ..later },
            record(version("2.0"), Decision::Rollback, Profile::Deployment, "production"),
        ]);
        let candidates = desk.candidates().known().cloned().unwrap();
        target(&RollbackRules::default(), desk.current().known(), &candidates)
    };
    for later in [
        named(None, "1.0", ""),
        named(None, "1.0", "1a2b3c"),
        named(None, "1.0", &"f".repeat(40)),
        named(None, "", commit),
        named(None, "0.9", &commit.to_uppercase()),
        named(None, "0.9", &commit[..10]),
        named(Some(5), "1.0", &"f".repeat(40)),
    ] {
        for decision in [Decision::Hold, Decision::Rollback] {
            let choice = chosen(later.clone(), decision, Enforcement::Enforce);
            assert_eq!(choice.target, None, "{later:?}");
        }
    }
    let elsewhere = named(None, "0.9", &"f".repeat(40));
    for choice in [
        chosen(elsewhere, Decision::Hold, Enforcement::Enforce),
        chosen(named(None, "0.9", commit), Decision::Proceed, Enforcement::Enforce),
    ] {
        assert!(choice.target.is_some());
    }
}

#[test]
fn a_rehearsal_of_the_future_is_none() {
    let of = |at: &str| {
        let rehearsal = VerdictRecord {
            decided_at: at.parse().ok(),
            ..record(version("1.0"), Decision::Proceed, Profile::Rollback, "production")
        };
        let deployed = record(version("2.0"), Decision::Rollback, Profile::Deployment, "production");
        desk(&[rehearsal, deployed]).rehearsed().known().cloned().flatten()
    };
    assert!(of("2026-02-20T00:00:00Z").is_some());
    assert_eq!(of("2099-01-01T00:00:00Z"), None);
}

#[test]
fn a_desk_can_name_the_last_good_version_but_not_prove_its_artifacts() {
    let desk = desk(&[
        record(version("1.1"), Decision::Proceed, Profile::Deployment, "production"),
        record(version("1.2"), Decision::Rollback, Profile::Deployment, "production"),
    ]);
    let facts = gather(
        &RollbackRules::default(),
        ("orders-api", "production"),
        "2026-03-01T00:00:00Z".parse().unwrap(),
        &desk,
        Gathered::Known(Vec::new()),
        &Questions { migrations: &|_, _| Gathered::Known(Migrations::default()), images: &|_, _| Vec::new() },
    );
    let plan = plan(&RollbackRules::default(), &facts);
    assert_eq!((plan.release(), plan.safety()), (Some(&version("1.1")), Safety::NotProved));
    assert!(plan.doubts[0].what.contains("whether the artifacts of 1.1 are still there is not known"));
}

#[test]
fn a_version_whose_images_are_gone_is_passed_over_and_each_is_asked_once() {
    let desk = desk(&[
        record(version("1.0"), Decision::Proceed, Profile::Deployment, "production"),
        record(version("1.1"), Decision::Proceed, Profile::Deployment, "production"),
        record(version("1.2"), Decision::Rollback, Profile::Deployment, "production"),
    ]);
    let asked = std::cell::RefCell::new(Vec::new());
    let images = |_: &VerdictRecord, release: &Release| {
        asked.borrow_mut().push(release.version.clone());
        let digest = "sha256:1".to_owned();
        let state = if release.version == "1.1" { ImageState::Gone } else { ImageState::Same { digest } };
        vec![ImageFact { name: format!("r.io/orders:{}", release.version), state: Gathered::Known(state) }]
    };
    let facts = gather(
        &RollbackRules::default(),
        ("orders-api", "production"),
        "2026-03-01T00:00:00Z".parse().unwrap(),
        &desk,
        Gathered::Known(Vec::new()),
        &Questions { migrations: &|_, _| Gathered::Known(Migrations::default()), images: &images },
    );
    let plan = plan(&RollbackRules::default(), &facts);
    assert_eq!(plan.release(), Some(&version("1.0")));
    assert_eq!(plan.passed_over[1].why, "its image r.io/orders:1.1 is not in its registry any more");
    assert_eq!(*asked.borrow(), ["1.1", "1.0"]);
}
