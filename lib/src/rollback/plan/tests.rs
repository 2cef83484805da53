use super::*;
use crate::checklist::{ArtifactFact, ArtifactState};
use crate::gate::Decision;
use crate::policy::Enforcement;
use crate::rollback::{Candidate, Kept, Migrations, Profile, VerdictRecord};
use crate::{Duration, Timestamp};

fn now() -> Timestamp {
    "2026-03-01T00:00:00Z".parse().unwrap()
}

fn release(run: u64) -> Release {
    Release { run: Some(run), version: format!("1.{run}.0"), commit: format!("{run:040x}") }
}

fn verdict(run: u64, decision: Decision) -> VerdictRecord {
    VerdictRecord {
        service: "orders-api".into(),
        environment: "production".into(),
        profile: Profile::Deployment,
        decision,
        enforcement: Enforcement::Enforce,
        reason: "as the numbers say".into(),
        criterion: None,
        release: release(run),
        judged_in: Some(run),
        started_at: None,
        onset: None,
        decided_at: Some(now() - Duration::from_secs(86_400)),
        policy_sha256: String::new(),
        pre_existing: Vec::new(),
        images: None,
    }
}

fn gap<T>(why: &str) -> Gathered<T> {
    Gathered::Unknown(Gap::new(why, Who::Administrator, "give the build identity *View builds*"))
}

fn good(run: u64) -> Candidate {
    let drop = ArtifactFact {
        name: "drop".into(),
        details: "4 MB".into(),
        state: ArtifactState::Stored,
        place: None,
    };
    Candidate {
        release: release(run),
        at: None,
        verdict: Gathered::Known(Some(verdict(run, Decision::Proceed))),
        kept: Gathered::Known(Kept::There),
        artifacts: Gathered::Known(vec![drop]),
        images: Some(Vec::new()),
        place: None,
    }
}

fn facts(candidates: Vec<Candidate>) -> PlanFacts {
    PlanFacts {
        now: now(),
        service: "orders-api".into(),
        environment: "production".into(),
        current: Gathered::Known(release(9)),
        candidates: Gathered::Known(candidates),
        migrations: Gathered::Known(Migrations::default()),
        rehearsed: Gathered::Known(None),
        pre_existing: Gathered::Known(Vec::new()),
        unseen: Vec::new(),
        notes: Vec::new(),
    }
}

fn rules() -> RollbackRules {
    RollbackRules { artifacts: vec!["drop".into()], ..RollbackRules::default() }
}

fn run_of(plan: &Plan) -> Option<u64> {
    plan.release().and_then(|release| release.run)
}

#[test]
fn the_newest_version_that_this_gate_let_proceed_is_gone_back_to() {
    let plan = plan(&rules(), &facts(vec![good(9), good(8), good(7)]));
    assert_eq!(run_of(&plan), Some(8));
    assert_eq!(plan.safety(), Safety::Proved);
    assert_eq!(plan.passed_over[0].why, "it is what is deployed now");
    assert_eq!(
        plan.headline(),
        "Go back to 1.8.0 (run 8, commit 0000000) from 1.9.0 (run 9, commit 0000000): nothing speaks against it"
    );
}

#[test]
fn what_is_not_proved_good_is_passed_over_with_its_reason() {
    let changed = |change: fn(&mut Candidate)| {
        let mut candidate = good(8);
        change(&mut candidate);
        candidate
    };
    type Row = (fn(&mut Candidate), &'static str);
    let rows: [Row; 12] = [
        (|c| c.verdict = Gathered::Known(None), "no `proceed` of this gate is recorded of it"),
        (
            |c| c.verdict = Gathered::Known(Some(verdict(8, Decision::Hold))),
            "this gate said hold of it: as the numbers say",
        ),
        (
            |c| c.verdict = Gathered::Known(Some(verdict(8, Decision::Rollback))),
            "this gate said rollback of it: as the numbers say",
        ),
        (|c| c.kept = Gathered::Known(Kept::Deleted), "its run was deleted"),
        (|c| c.kept = Gathered::Known(Kept::RolledBack), "it was rolled back itself"),
        (|c| c.kept = Gathered::Known(Kept::NeverWhole), "no try of its deployment succeeded in every job"),
        (
            |c| {
                c.kept = Gathered::Known(Kept::Deleted);
                c.verdict = gap("its attachments went with it");
            },
            "its run was deleted",
        ),
        (
            |c| {
                let verdict = VerdictRecord { profile: Profile::Rollback, ..verdict(8, Decision::Hold) };
                c.verdict = Gathered::Known(Some(verdict));
            },
            "this gate said not recovered of it: as the numbers say",
        ),
        (|c| c.artifacts = Gathered::Known(Vec::new()), "its artifact drop is gone"),
        (
            |c| {
                if let Gathered::Known(artifacts) = &mut c.artifacts {
                    artifacts[0].state = ArtifactState::Empty;
                }
            },
            "its artifact drop is empty",
        ),
        (
            |c| {
                if let Gathered::Known(artifacts) = &mut c.artifacts {
                    artifacts[0].state = ArtifactState::Mismatch;
                }
            },
            "its artifact drop is not what its checksum says",
        ),
        (|c| c.release.commit = release(9).commit, "it is of the same commit as what is deployed now"),
    ];
    for (change, why) in rows {
        let plan = plan(&rules(), &facts(vec![changed(change), good(7)]));
        assert_eq!(run_of(&plan), Some(7), "{why}");
        assert_eq!(plan.passed_over[0].why, why);
        assert_eq!(plan.safety(), Safety::Proved, "{why}");
    }
}

#[test]
fn the_newest_word_on_a_version_counts() {
    let mut fell = good(8);
    fell.verdict = Gathered::Known(Some(verdict(8, Decision::Hold)));
    let plan = plan(&rules(), &facts(vec![fell, good(8), good(7)]));
    assert_eq!((run_of(&plan), plan.passed_over.len()), (Some(7), 1));
}

#[test]
fn a_newer_version_of_unknown_verdict_leaves_a_doubt() {
    let mut unknown = good(8);
    unknown.verdict = gap("its attachments may not be read");
    let plan = plan(&rules(), &facts(vec![unknown, good(7)]));
    assert_eq!((run_of(&plan), plan.safety()), (Some(7), Safety::NotProved));
    assert!(plan.doubts[0].what.contains("may be good and is newer"), "{:?}", plan.doubts);
}

#[test]
fn whatever_cannot_be_looked_at_is_a_doubt_and_the_plan_still_stands() {
    type Change = fn(&mut PlanFacts);
    let candidate = |facts: &mut PlanFacts, change: fn(&mut Candidate)| {
        if let Gathered::Known(candidates) = &mut facts.candidates {
            change(&mut candidates[0]);
        }
    };
    let rows: [(Change, &str, bool); 7] = [
        (|f| f.current = gap("x"), "what is deployed now is not known: x", true),
        (|f| f.candidates = gap("x"), "earlier deployments are not known: x", false),
        (
            |f| f.migrations = gap("x"),
            "migrations since 1.8.0 (run 8, commit 0000000) are not known: x",
            true,
        ),
        (|f| f.rehearsed = gap("x"), "whether a rollback was rehearsed is not known: x", true),
        (
            |f| {
                f.migrations = Gathered::Known(Migrations {
                    unread: vec!["m/1.sql is too large".into()],
                    ..Migrations::default()
                });
            },
            "whether a migration can be undone is not known: m/1.sql is too large",
            true,
        ),
        (
            |f| f.pre_existing = Gathered::Known(vec!["error_rate > 5% for 5m".into()]),
            "rolling back will not help against what was so before the deployment: error_rate > 5% for 5m",
            true,
        ),
        (
            |f| f.candidates = Gathered::Known(Vec::new()),
            "there is nothing proved to go back to in production",
            false,
        ),
    ];
    let asked = RollbackRules { rehearsed_within: Some(Duration::from_secs(90 * 86_400)), ..rules() };
    let rehearsal = Rehearsal { at: now() - Duration::from_secs(86_400), seen: "run 5".into() };
    for (change, says, has_target) in rows {
        let mut facts = facts(vec![good(8)]);
        facts.rehearsed = Gathered::Known(Some(rehearsal.clone()));
        assert_eq!(plan(&asked, &facts).safety(), Safety::Proved);
        change(&mut facts);
        let plan = plan(&asked, &facts);
        assert_eq!((plan.safety(), plan.target.is_some()), (Safety::NotProved, has_target), "{says}");
        assert!(plan.doubts.iter().any(|doubt| doubt.what == says), "{says}: {:?}", plan.doubts);
    }
    type OfCandidate = (fn(&mut Candidate), &'static str, Proof);
    let of_candidate: [OfCandidate; 2] = [
        (
            |c| c.kept = gap("x"),
            "whether the run of 1.8.0 (run 8, commit 0000000) is still there is not known: x",
            Proof::Proved,
        ),
        (
            |c| c.artifacts = gap("x"),
            "whether the artifacts of 1.8.0 (run 8, commit 0000000) are still there is not known: x",
            Proof::NotProved,
        ),
    ];
    for (change, says, proof) in of_candidate {
        let mut facts = facts(vec![good(8)]);
        candidate(&mut facts, change);
        let plan = plan(&rules(), &facts);
        assert_eq!(plan.safety(), Safety::NotProved, "{says}");
        assert_eq!(plan.target.map(|target| target.artifacts_proved), Some(proof));
        assert_eq!(plan.doubts[0].what, says);
    }
}

#[test]
fn a_migration_that_cannot_be_undone_is_never_safe_whatever_its_plan() {
    for (data_plan, says) in [
        (
            Some("docs/adr/0007.md (Data-level plan)"),
            "the plan for its data is in docs/adr/0007.md (Data-level plan)",
        ),
        (None, "no record has a plan for its data"),
    ] {
        let mut facts = facts(vec![good(8)]);
        facts.migrations = Gathered::Known(Migrations {
            changed: 1,
            irreversible: vec![Irreversible {
                path: "db/3.sql".into(),
                reasons: vec!["drops the table Orders (line 12)".into()],
                data_plan: data_plan.map(str::to_owned),
            }],
            unread: Vec::new(),
            plans_unread: None,
        });
        let plan = plan(&rules(), &facts);
        assert_eq!(plan.safety(), Safety::NotProved);
        assert_eq!(
            plan.doubts[0].what,
            format!("db/3.sql cannot be undone: drops the table Orders (line 12); {says}")
        );
    }
}

#[test]
fn a_rehearsal_ages() {
    let asked = RollbackRules { rehearsed_within: Some(Duration::from_secs(90 * 86_400)), ..rules() };
    let mut facts = facts(vec![good(8)]);
    let plan_of = |facts: &PlanFacts| plan(&asked, facts);
    assert_eq!(
        plan_of(&facts).doubts[0].what,
        "no rehearsal of a rollback is recorded, and one within 90 days is asked"
    );
    let at = now() - Duration::from_secs(91 * 86_400 + 59);
    facts.rehearsed = Gathered::Known(Some(Rehearsal { at, seen: "run 5".into() }));
    assert_eq!(
        plan_of(&facts).doubts[0].what,
        "the last rehearsal of a rollback is 91 days old (run 5), and at most 90 days is asked"
    );
    assert_eq!(plan(&rules(), &facts).safety(), Safety::Proved, "nobody asks for one");
}

#[test]
fn without_named_artifacts_any_one_will_do_and_none_will_not() {
    let rules = RollbackRules::default();
    assert_eq!(plan(&rules, &facts(vec![good(8)])).safety(), Safety::Proved);
    let mut bare = good(8);
    bare.artifacts = Gathered::Known(Vec::new());
    let plan = plan(&rules, &facts(vec![bare]));
    assert_eq!(plan.passed_over[0].why, "no artifact of it is there");
    assert!(plan.target.is_none());
}

#[test]
fn many_versions_that_are_passed_over_are_counted() {
    let mut candidates: Vec<Candidate> = (100..130).rev().map(good).collect();
    for candidate in &mut candidates {
        candidate.verdict = Gathered::Known(None);
    }
    candidates.push(good(8));
    let plan = plan(&rules(), &facts(candidates));
    assert_eq!((plan.passed_over.len(), run_of(&plan)), (21, Some(8)));
    assert_eq!(plan.passed_over[20].release, "10 more");
}
