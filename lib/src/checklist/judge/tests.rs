//! Each item by a table: satisfied, unsatisfied, not applicable, waived, unknown.

mod decisions;
mod evidence;
mod properties;
mod waivers;

use crate::checklist::*;
use crate::policy::Enforcement;
use crate::{Duration, Timestamp};

pub(super) fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

pub(super) fn gap() -> Gap {
    Gap::new("there is no Azure DevOps here", Who::Caller, "run it in the pipeline")
}

pub(super) fn unknown<T>() -> Gathered<T> {
    Gathered::Unknown(gap())
}

/// Facts of a pipeline in which nothing changed and everything could be looked at.
pub(super) fn quiet() -> Facts {
    Facts {
        deployment: Gathered::Known(deployment(Vec::new())),
        records: Gathered::Known(RecordIndex::default()),
        conversations: Gathered::Known(()),
        tests: Gathered::Known(Vec::new()),
        artifacts: Gathered::Known(Vec::new()),
        work_items: Gathered::Known(Vec::new()),
        stages: Gathered::Known(Vec::new()),
        policy: Gathered::Known(PolicyFact { committed: Committed::Same, owners_before: None }),
        ..Facts::unknown(now(), &gap())
    }
}

pub(super) fn deployment(changes: Vec<Change>) -> Deployment {
    Deployment {
        commit: CommitFact { id: "1234567890".into(), title: "Release".into(), when: None },
        since: Since::Tag { name: "v1".into(), commit: "abcdef0123".into() },
        changes,
        notes: Vec::new(),
    }
}

/// A pull request by Ada that touches a path, with a description.
pub(super) fn change(path: &str, description: &str) -> Change {
    Change {
        name: "pull request 7".into(),
        kind: ChangeKind::PullRequest,
        title: "Change".into(),
        place: None,
        author: Some("Ada".into()),
        texts: vec![text(TextSource::Description, description)],
        paths: vec![ChangedPath { path: path.into(), how: PathChange::Modified }],
        votes: Gathered::Known(Vec::new()),
    }
}

pub(super) fn text(source: TextSource, text: &str) -> ChangeText {
    ChangeText { source, text: text.into(), by: None, when: None, place: None }
}

pub(super) fn vote(by: &str, says: VoteSays) -> Vote {
    let voter = if by == "Ada" { Voter::Author } else { Voter::SomebodyElse };
    Vote { by: by.into(), groups: vec![r"[Orders]\DBAs".into()], says, when: None, voter }
}

pub(super) fn with(changes: Vec<Change>) -> Facts {
    Facts { deployment: Gathered::Known(deployment(changes)), ..quiet() }
}

/// The rules of one item of the runbook, in production.
pub(super) fn only(item: RunbookItem) -> ChecklistRules {
    let mut rules = ChecklistRules::runbook("production");
    rules.items.retain(|rule| rule.id == item.id());
    rules
}

pub(super) fn asking(item: RunbookItem, evidence: Vec<EvidenceRule>) -> ChecklistRules {
    let mut rules = only(item);
    rules.items[0].evidence = evidence;
    rules
}

pub(super) fn status(rules: &ChecklistRules, facts: &Facts) -> ItemStatus {
    let outcome = judge(rules, facts);
    assert_eq!(outcome.items.len(), 1);
    let item = &outcome.items[0];
    assert_eq!(outcome.verdict == Verdict::Complete, item.status.lets_pass(), "{item:?}");
    assert!(!item.because.is_empty(), "{item:?}");
    assert_eq!(item.needs.is_empty(), item.status.lets_pass(), "{item:?}");
    item.status
}

#[test]
fn production_holds_on_an_incomplete_checklist_whatever_its_enforcement() {
    for (environment, enforcement, verdict) in [
        ("production", Enforcement::Enforce, Verdict::Incomplete),
        ("production", Enforcement::Advise, Verdict::Incomplete),
        ("production", Enforcement::Off, Verdict::Incomplete),
        ("staging", Enforcement::Enforce, Verdict::Incomplete),
        ("staging", Enforcement::Advise, Verdict::Incomplete),
        ("staging", Enforcement::Off, Verdict::NotEvaluated),
    ] {
        let mut rules = ChecklistRules::runbook(environment);
        rules.enforcement = enforcement;
        assert_eq!(judge(&rules, &quiet()).verdict, verdict, "{environment} {enforcement:?}");
    }
}

#[test]
fn a_checklist_without_items_is_not_complete() {
    let mut rules = ChecklistRules::runbook("production");
    rules.items.clear();
    assert_eq!(judge(&rules, &quiet()).verdict, Verdict::Incomplete);
}

#[test]
fn the_runbook_is_complete_where_all_of_it_was_seen() {
    let mut change = change("src/lib.rs", "ADR-1\n- [x] change-communicated\n- [x] rollback-plan\n");
    change.votes = Gathered::Known(vec![vote("Bob", VoteSays::Approved)]);
    let files = [("docs/adr/0001-a.md", &b"---\nstatus: accepted\n---\n# A\n"[..])];
    let report = TestReport::read("r.xml", b"<testsuite><testcase name='a'/></testsuite>").unwrap();
    let facts = Facts {
        records: Gathered::Known(RecordIndex::read(&RecordRules::runbook(), &[], files)),
        tests: Gathered::Known(vec![TestFact::Read(report)]),
        artifacts: Gathered::Known(vec![ArtifactFact {
            name: "drop".into(),
            details: String::new(),
            state: ArtifactState::Stored,
            place: None,
        }]),
        telemetry: Gathered::Known(TelemetryFact {
            without_source: Vec::new(),
            unreadable: Vec::new(),
            readable: vec!["health".into()],
            not_asked: Vec::new(),
        }),
        documents: [("docs/rollback.md".to_owned(), Gathered::Known(None))].into(),
        ..with(vec![change])
    };
    let outcome = judge(&ChecklistRules::runbook("production"), &facts);
    let open: Vec<_> = outcome.items.iter().filter(|item| !item.status.lets_pass()).collect();
    assert_eq!((outcome.verdict, open), (Verdict::Complete, vec![]));
    let statuses: Vec<_> =
        outcome.items.iter().map(|item| (item.id.as_str(), item.status.as_str())).collect();
    assert_eq!(
        statuses,
        [
            ("tests-passing", "satisfied"),
            ("decisions-linked", "satisfied"),
            ("artifacts-stored", "satisfied"),
            ("backups-taken", "not-applicable"),
            ("config-reviewed", "satisfied"),
            ("change-communicated", "satisfied"),
            ("rollback-plan", "satisfied"),
            ("migrations-reviewed", "not-applicable"),
            ("infrastructure-reviewed", "not-applicable"),
            ("pipeline-green", "not-applicable"),
            ("policy-reviewed", "not-applicable"),
            ("telemetry-ready", "satisfied"),
            ("version-confirmed", "not-applicable"),
        ]
    );
}

#[test]
fn nothing_known_satisfies_nothing() {
    let outcome = judge(&ChecklistRules::runbook("production"), &Facts::unknown(now(), &gap()));
    for item in &outcome.items {
        let fixed = item.id.as_str() == "version-confirmed";
        let expected = if fixed { ItemStatus::NotApplicable } else { ItemStatus::Unknown };
        assert_eq!(item.status, expected, "{}", item.id);
        assert!(fixed || item.needs.iter().all(|need| need.how.contains("pipeline") || !need.how.is_empty()));
    }
}

#[test]
fn an_item_of_another_environment_does_not_concern_this_one() {
    let mut rules = only(RunbookItem::ChangeCommunicated);
    rules.environment = "staging".into();
    assert_eq!(status(&rules, &quiet()), ItemStatus::NotApplicable);
}

#[test]
fn an_item_of_the_team_stands_by_its_evidence() {
    let id: ItemId = "cab-approval".parse().unwrap();
    let mut rules = only(RunbookItem::BackupsTaken);
    rules.items[0] = ItemRule {
        id,
        title: "Change advisory board approved".into(),
        environments: Environments::Only(vec!["production".into()]),
        required_when: None,
        kind: ItemKind::Evidence,
        evidence: vec![EvidenceRule::WorkItem {
            kind: Some("Change".into()),
            state: Some("Approved".into()),
            tag: None,
        }],
    };
    let item = |state: &str| WorkItemFact {
        id: 5,
        kind: "Change".into(),
        title: "t".into(),
        state: state.into(),
        tags: Vec::new(),
        by: None,
        when: None,
        place: None,
    };
    let facts = |items: Gathered<Vec<WorkItemFact>>| Facts { work_items: items, ..quiet() };
    for (items, expected) in [
        (Gathered::Known(vec![item("Approved")]), ItemStatus::Satisfied),
        (Gathered::Known(vec![item("approved")]), ItemStatus::Satisfied),
        (Gathered::Known(vec![item("Approved"), item("New")]), ItemStatus::Unsatisfied),
        (Gathered::Known(vec![item("New")]), ItemStatus::Unsatisfied),
        (Gathered::Known(Vec::new()), ItemStatus::Unsatisfied),
        (unknown(), ItemStatus::Unknown),
    ] {
        assert_eq!(status(&rules, &facts(items)), expected);
    }
    rules.items[0].evidence.clear();
    assert_eq!(status(&rules, &quiet()), ItemStatus::Unsatisfied, "no evidence asked for is none");
    rules.environment = "dev".into();
    assert_eq!(status(&rules, &quiet()), ItemStatus::NotApplicable);
}

#[test]
fn any_takes_one_alternative_unless_another_speaks_against() {
    let attested = || EvidenceRule::Attested(AttestedRule::default());
    let document = || EvidenceRule::Document { path: "r.md".into(), section: None, min_words: 1 };
    let image = || EvidenceRule::Image("r.io/a:1".parse().unwrap());
    let rules =
        asking(RunbookItem::RollbackPlan, vec![EvidenceRule::Any(vec![document(), attested(), image()])]);
    let facts = |text: Option<&str>, ticked: &str, answer: Gathered<CheckFact>| Facts {
        documents: [("r.md".to_owned(), Gathered::Known(text.map(str::to_owned)))].into(),
        checks: vec![(image(), answer)],
        ..with(vec![change("a", ticked)])
    };
    let holds = || Gathered::Known(CheckFact::Holds("it is there".into()));
    let fails = || Gathered::Known(CheckFact::Fails("it is gone".into()));
    for (text, ticked, answer, expected) in [
        (Some("words"), "", unknown(), ItemStatus::Satisfied),
        (None, "- [x] rollback-plan", unknown(), ItemStatus::Satisfied),
        (None, "", holds(), ItemStatus::Satisfied),
        (None, "", unknown(), ItemStatus::Unknown),
        (Some("words"), "- [x] rollback-plan", fails(), ItemStatus::Unsatisfied),
        (None, "", fails(), ItemStatus::Unsatisfied),
    ] {
        assert_eq!(status(&rules, &facts(text, ticked, answer)), expected, "{text:?} {ticked}");
    }
}

#[test]
fn what_is_deployed_is_said_in_one_sentence() {
    let facts = with(vec![change("a", ""), change("a", ""), change("b", "")]);
    let outcome = judge(&only(RunbookItem::DecisionsLinked), &facts);
    assert_eq!(
        outcome.deploying,
        "commit 1234567 (Release): 3 changes in 2 files since tag v1 (commit abcdef0)"
    );
}

pub(super) fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3600)
}
