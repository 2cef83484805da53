use super::*;
use crate::policy::source_spec::CommandSpec;

#[test]
fn one_word_is_no_words() {
    let facts =
        Facts { documents: [("docs/rollback.md".to_owned(), Gathered::Known(None))].into(), ..quiet() };
    let item = judge(&only(RunbookItem::RollbackPlan), &facts).items[0].clone();
    let how = &item.needs[0].how;
    assert!(how.starts_with("write docs/rollback.md, at least 1 word, and commit it"), "{how}");
}

#[test]
fn a_pattern_that_no_file_matches_is_named() {
    let unmatched = || TestFact::Unmatched { pattern: "results/*.xml".into() };
    let judged = |tests: Vec<TestFact>| {
        let facts = Facts { tests: Gathered::Known(tests), ..quiet() };
        judge(&only(RunbookItem::TestsPassing), &facts).items[0].clone()
    };
    let item = judged(vec![unmatched()]);
    assert_eq!(item.status, ItemStatus::Unsatisfied);
    assert_eq!(item.because, "no test ran: no file matches `results/*.xml`");
    assert!(item.needs[0].how.contains("`--tests`"), "{}", item.needs[0].how);
    // Another pattern may have found them.
    assert_eq!(judged(vec![unmatched(), report(3, 0, 0)]).status, ItemStatus::Satisfied);
    assert_eq!(judged(vec![]).because, "no test ran");
}

fn report(passed: u64, failed: u64, skipped: u64) -> TestFact {
    let cases = |count: u64, inner: &str| {
        format!("<testcase name='t'>{inner}</testcase>").repeat(usize::try_from(count).unwrap())
    };
    let xml = format!(
        "<testsuite>{}{}{}</testsuite>",
        cases(passed, ""),
        cases(failed, "<failure/>"),
        cases(skipped, "<skipped/>")
    );
    TestFact::Read(TestReport::read("r.xml", xml.as_bytes()).unwrap())
}

#[test]
fn tests_passing_by_every_case() {
    use ItemStatus::{Satisfied, Unknown, Unsatisfied};
    let rules = only(RunbookItem::TestsPassing);
    let unusable = || TestFact::Unusable { place: "x.xml".into(), why: "is not whole".into() };
    let own = || TestFact::Own { place: "g.xml".into() };
    for (why, tests, expected) in [
        ("passed", Gathered::Known(vec![report(3, 0, 1)]), Satisfied),
        ("two files", Gathered::Known(vec![report(3, 0, 1), report(1, 0, 0)]), Satisfied),
        ("one failed", Gathered::Known(vec![report(3, 0, 0), report(9, 1, 0)]), Unsatisfied),
        ("no files", Gathered::Known(vec![]), Unsatisfied),
        ("no tests", Gathered::Known(vec![report(0, 0, 0)]), Unsatisfied),
        ("all skipped", Gathered::Known(vec![report(0, 0, 5)]), Unsatisfied),
        ("our own report alone", Gathered::Known(vec![own()]), Unsatisfied),
        ("our own report beside", Gathered::Known(vec![own(), report(1, 0, 0)]), Satisfied),
        ("unreadable", Gathered::Known(vec![report(3, 0, 0), unusable()]), Unknown),
        ("unreadable beside a failure", Gathered::Known(vec![report(3, 1, 0), unusable()]), Unsatisfied),
        ("not gathered", unknown(), Unknown),
    ] {
        assert_eq!(status(&rules, &Facts { tests, ..quiet() }), expected, "{why}");
    }
    let rules = asking(RunbookItem::TestsPassing, vec![EvidenceRule::Tests { files: vec![], at_least: 5 }]);
    assert_eq!(
        status(&rules, &Facts { tests: Gathered::Known(vec![report(4, 0, 9)]), ..quiet() }),
        Unsatisfied
    );
}

#[test]
fn results_that_may_not_be_all_leave_it_unknown_and_say_why() {
    let rules = only(RunbookItem::TestsPassing);
    let judged = |xml: &str| {
        let tests = Gathered::Known(vec![TestFact::Read(TestReport::read("r.xml", xml.as_bytes()).unwrap())]);
        judge(&rules, &Facts { tests, ..quiet() }).items[0].clone()
    };
    let fewer = judged("<testsuite tests='100'><testcase/></testsuite>");
    assert_eq!(fewer.status, ItemStatus::Unknown);
    assert!(fewer.needs.iter().any(|need| need.what == "r.xml says of 100 tests, and shows 1"), "{fewer:?}");
    let failed = judged("<testsuite tests='100'><testcase><failure/></testcase></testsuite>");
    assert_eq!(failed.status, ItemStatus::Unsatisfied);
    let subtests = judged("<testsuite name='pytest' tests='4'><testcase/></testsuite>");
    assert_eq!(subtests.status, ItemStatus::Satisfied);
    let caution = "r.xml says of 4 tests, and shows 1; pytest counts subtests there";
    assert!(subtests.cautions.iter().any(|words| words == caution), "{subtests:?}");
}

#[test]
fn artifacts_stored_by_every_case() {
    use ItemStatus::{Satisfied, Unknown, Unsatisfied};
    let artifact =
        |name: &str, state| ArtifactFact { name: name.into(), details: String::new(), state, place: None };
    let any = only(RunbookItem::ArtifactsStored);
    let named = asking(RunbookItem::ArtifactsStored, vec![EvidenceRule::Artifact(Some("drop".into()))]);
    for (rules, artifacts, expected) in [
        (&any, Gathered::Known(vec![artifact("x", ArtifactState::Stored)]), Satisfied),
        (&any, Gathered::Known(vec![]), Unsatisfied),
        (&any, unknown(), Unknown),
        (&named, Gathered::Known(vec![artifact("drop", ArtifactState::Stored)]), Satisfied),
        (&named, Gathered::Known(vec![artifact("x", ArtifactState::Stored)]), Unsatisfied),
        (&named, Gathered::Known(vec![artifact("drop", ArtifactState::Empty)]), Unsatisfied),
        (&named, Gathered::Known(vec![artifact("drop", ArtifactState::Mismatch)]), Unsatisfied),
        (&named, Gathered::Known(vec![artifact("drop", ArtifactState::Unchecked)]), Unknown),
    ] {
        assert_eq!(
            status(rules, &Facts { artifacts: artifacts.clone(), ..quiet() }),
            expected,
            "{artifacts:?}"
        );
    }
}

#[test]
fn approvals_are_of_every_change_that_concerns_the_item() {
    use ItemStatus::{NotApplicable, Satisfied, Unknown, Unsatisfied};
    let rules = only(RunbookItem::InfrastructureReviewed);
    let of = |path: &str, votes: &[(&str, VoteSays)]| {
        let votes = votes.iter().map(|(by, says)| vote(by, *says)).collect();
        Change { votes: Gathered::Known(votes), ..change(path, "") }
    };
    let approved = ("Bob", VoteSays::Approved);
    for (why, changes, expected) in [
        ("nothing of it", vec![of("src/a.rs", &[])], NotApplicable),
        ("approved", vec![of("infra/a.tf", &[approved])], Satisfied),
        ("by its author alone", vec![of("infra/a.tf", &[("Ada", VoteSays::Approved)])], Unsatisfied),
        ("waiting", vec![of("infra/a.tf", &[("Bob", VoteSays::Waiting)])], Unsatisfied),
        ("rejected beside", vec![of("infra/a.tf", &[approved, ("Eve", VoteSays::Rejected)])], Unsatisfied),
        ("one of two", vec![of("infra/a.tf", &[approved]), of("infra/b.tf", &[])], Unsatisfied),
        ("other change unapproved", vec![of("infra/a.tf", &[approved]), of("src/a.rs", &[])], Satisfied),
        ("not known", vec![Change { votes: unknown(), ..change("infra/a.tf", "") }], Unknown),
    ] {
        assert_eq!(status(&rules, &with(changes)), expected, "{why}");
    }
    assert_eq!(status(&rules, &Facts { deployment: unknown(), ..quiet() }), Unknown);
}

#[test]
fn config_reviewed_takes_a_word_or_approvals() {
    let rules = only(RunbookItem::ConfigReviewed);
    let desk = |text: &str| Facts {
        conversations: unknown(),
        ..with(vec![Change { votes: unknown(), ..change("a", text) }])
    };
    assert_eq!(status(&rules, &desk("")), ItemStatus::Unknown);
    assert_eq!(status(&rules, &desk("- [x] config-reviewed")), ItemStatus::Satisfied);
    assert_eq!(status(&rules, &with(vec![change("a", "")])), ItemStatus::Unsatisfied);
    assert_eq!(status(&rules, &with(vec![])), ItemStatus::Satisfied, "nothing changed");
}

#[test]
fn a_plain_word_may_stand_anywhere() {
    let rules = only(RunbookItem::ChangeCommunicated);
    let given = |item: &str| Facts {
        given: vec![GivenWord { item: item.into(), words: "mail of today".into(), how: "--attest".into() }],
        ..quiet()
    };
    assert_eq!(status(&rules, &given("change-communicated")), ItemStatus::Satisfied);
    assert_eq!(status(&rules, &given("backups-taken")), ItemStatus::Unsatisfied);
    for (text, expected) in [
        ("- [x] change-communicated", ItemStatus::Satisfied),
        ("- [ ] change-communicated", ItemStatus::Unsatisfied),
        ("<!-- - [x] change-communicated -->", ItemStatus::Unsatisfied),
    ] {
        assert_eq!(status(&rules, &with(vec![change("a", text)])), expected, "{text}");
    }
    let template = Template::of(["- [x] change-communicated"]);
    let unedited = Facts { template, ..with(vec![change("a", "- [x] change-communicated")]) };
    assert_eq!(status(&rules, &unedited), ItemStatus::Unsatisfied);
    assert_eq!(status(&rules, &Facts { conversations: unknown(), ..quiet() }), ItemStatus::Unknown);
}

#[test]
fn an_attestation_file_speaks_for_the_deployment_that_changed_it() {
    let rules = only(RunbookItem::ChangeCommunicated);
    let facts = |path: &str| Facts {
        attestation_files: vec![AttestationFile {
            path: "docs/attest.md".into(),
            text: Gathered::Known(Some("- [x] change-communicated".into())),
        }],
        ..with(vec![change(path, "")])
    };
    assert_eq!(status(&rules, &facts("docs/attest.md")), ItemStatus::Satisfied);
    assert_eq!(status(&rules, &facts("src/a.rs")), ItemStatus::Unsatisfied);
}

#[test]
fn a_second_person_and_an_age_need_a_writer_and_a_time() {
    use ItemStatus::{Satisfied, Unknown, Unsatisfied};
    let rule = AttestedRule { max_age: Some(hours(24)), person: AttestedBy::SecondPerson, file: None };
    let mut rules = asking(RunbookItem::BackupsTaken, vec![EvidenceRule::Attested(rule)]);
    rules.items[0].required_when = None;
    let word = |source, by: Option<&str>, at: Option<&str>| {
        let mut change = change("a", "");
        let ticked = "- [x] backups-taken";
        change.texts.push(ChangeText {
            by: by.map(str::to_owned),
            when: at.map(|at| at.parse().unwrap()),
            ..text(source, ticked)
        });
        with(vec![change])
    };
    let fresh = Some("2026-11-23T00:00:00Z");
    let authorless = |mut facts: Facts| {
        if let Gathered::Known(deployment) = &mut facts.deployment {
            deployment.changes[0].author = None;
        }
        facts
    };
    for (why, facts, expected) in [
        ("comment", word(TextSource::Comment, Some("Bob"), fresh), Satisfied),
        ("work item", word(TextSource::WorkItem, Some("Bob"), fresh), Satisfied),
        ("author", word(TextSource::Comment, Some("Ada"), fresh), Unsatisfied),
        ("author, written otherwise", word(TextSource::Comment, Some("ADA"), fresh), Unsatisfied),
        ("nobody", word(TextSource::Comment, None, fresh), Unsatisfied),
        ("old", word(TextSource::Comment, Some("Bob"), Some("2026-11-22T11:59:59Z")), Unsatisfied),
        ("of tomorrow", word(TextSource::Comment, Some("Bob"), Some("2026-11-24T00:00:00Z")), Unsatisfied),
        ("no time", word(TextSource::Comment, Some("Bob"), None), Unsatisfied),
        ("description", word(TextSource::Description, Some("Bob"), fresh), Unsatisfied),
        ("commit message", word(TextSource::CommitMessage, Some("Bob"), fresh), Unsatisfied),
        ("no author", authorless(word(TextSource::Comment, Some("Bob"), fresh)), Unknown),
        ("no author, no writer", authorless(word(TextSource::Comment, None, fresh)), Unsatisfied),
        ("no author, old", authorless(word(TextSource::Comment, Some("Bob"), None)), Unsatisfied),
        ("nobody looked", Facts { conversations: unknown(), ..quiet() }, Unknown),
    ] {
        assert_eq!(status(&rules, &facts), expected, "{why}");
    }
    let given = vec![GivenWord { item: "backups-taken".into(), words: "w".into(), how: "--attest".into() }];
    assert_eq!(status(&rules, &Facts { given, ..quiet() }), Unsatisfied, "a given word has no time");
}

#[test]
fn a_word_that_its_writer_takes_back_speaks_against_the_item() {
    use ItemStatus::{Satisfied, Unsatisfied};
    let rules = only(RunbookItem::ChangeCommunicated);
    let (ticked, open) = ("- [x] change-communicated", "- [ ] change-communicated: I take it back");
    let said = |by: &str, at: &str, text: &str| ChangeText {
        by: Some(by.into()),
        when: Some(format!("2026-11-23T{at}:00Z").parse().unwrap()),
        ..super::text(TextSource::Comment, text)
    };
    for (why, description, comments, expected) in [
        ("later, the same", "", vec![("Bob", "08:00", ticked), ("Bob", "09:00", open)], Unsatisfied),
        ("in any order", "", vec![("Bob", "09:00", open), ("Bob", "08:00", ticked)], Unsatisfied),
        ("at once", "", vec![("Bob", "08:00", ticked), ("Bob", "08:00", open)], Unsatisfied),
        ("ticked after", "", vec![("Bob", "08:00", open), ("Bob", "09:00", ticked)], Satisfied),
        (
            "ticked by another after",
            "",
            vec![("Bob", "08:00", ticked), ("Bob", "09:00", open), ("Eve", "10:00", ticked)],
            Satisfied,
        ),
        (
            "another ticked before",
            "",
            vec![("Bob", "08:00", ticked), ("Eve", "08:30", ticked), ("Bob", "09:00", open)],
            Unsatisfied,
        ),
        ("left open by another", "", vec![("Bob", "08:00", ticked), ("Eve", "09:00", open)], Satisfied),
        ("description without a time", ticked, vec![("Ada", "08:00", open)], Unsatisfied),
        ("within one text", "- [x] change-communicated\n- [ ] change-communicated", vec![], Unsatisfied),
        ("quoted by another", "", vec![("Bob", "08:00", "> - [x] change-communicated\n\nNo!")], Unsatisfied),
    ] {
        let mut change = change("a", description);
        change.texts.extend(comments.iter().map(|(by, at, text)| said(by, at, text)));
        assert_eq!(status(&rules, &with(vec![change])), expected, "{why}");
    }
}

#[test]
fn documents_say_something() {
    use ItemStatus::{Satisfied, Unknown, Unsatisfied};
    let rule = EvidenceRule::Document { path: "r.md".into(), section: Some("Rollback".into()), min_words: 3 };
    let rules = asking(RunbookItem::RollbackPlan, vec![rule]);
    for (text, expected) in [
        (Gathered::Known(Some("# R\n## Rollback\none two three\n".to_owned())), Satisfied),
        (Gathered::Known(Some("# R\n## Rollback\none two\n".to_owned())), Unsatisfied),
        (Gathered::Known(Some("# R\n## Rollback\n".to_owned())), Unsatisfied),
        (Gathered::Known(Some("# R\none two three\n".to_owned())), Unsatisfied),
        (Gathered::Known(None), Unsatisfied),
        (unknown(), Unknown),
    ] {
        let facts = Facts { documents: [("r.md".to_owned(), text.clone())].into(), ..quiet() };
        assert_eq!(status(&rules, &facts), expected, "{text:?}");
    }
    assert_eq!(status(&rules, &quiet()), Unknown, "not looked at");
}

#[test]
fn pipeline_green_by_every_case() {
    let rules = only(RunbookItem::PipelineGreen);
    let stage = |end| StageFact { name: "build".into(), end, place: None };
    for (stages, expected) in [
        (Gathered::Known(vec![]), ItemStatus::NotApplicable),
        (Gathered::Known(vec![stage(StageEnd::Succeeded), stage(StageEnd::Skipped)]), ItemStatus::Satisfied),
        (Gathered::Known(vec![stage(StageEnd::Succeeded), stage(StageEnd::Failed)]), ItemStatus::Unsatisfied),
        (Gathered::Known(vec![stage(StageEnd::Running)]), ItemStatus::Unsatisfied),
        (unknown(), ItemStatus::Unknown),
    ] {
        assert_eq!(status(&rules, &Facts { stages, ..quiet() }), expected);
    }
}

#[test]
fn telemetry_ready_by_every_case() {
    let rules = only(RunbookItem::TelemetryReady);
    let fact = |without: &[&str], unreadable: &[&str], readable: &[&str], not_asked: &[&str]| {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Gathered::Known(TelemetryFact {
            without_source: owned(without),
            unreadable: owned(unreadable),
            readable: owned(readable),
            not_asked: owned(not_asked),
        })
    };
    for (telemetry, expected) in [
        (fact(&[], &[], &["health"], &[]), ItemStatus::Satisfied),
        (fact(&["error_rate"], &[], &["health"], &[]), ItemStatus::Unsatisfied),
        (fact(&[], &["error_rate: timeout"], &["health"], &[]), ItemStatus::Unsatisfied),
        (fact(&[], &[], &["health"], &["error_rate"]), ItemStatus::Unknown),
        (fact(&[], &[], &[], &[]), ItemStatus::Unsatisfied),
        (unknown(), ItemStatus::Unknown),
    ] {
        // A finding of nothing at all has nothing to say.
        if telemetry == fact(&[], &[], &[], &[]) {
            assert_eq!(judge(&rules, &Facts { telemetry, ..quiet() }).items[0].status, expected);
        } else {
            assert_eq!(status(&rules, &Facts { telemetry, ..quiet() }), expected);
        }
    }
    let mut staging = rules;
    staging.environment = "staging".into();
    assert_eq!(status(&staging, &Facts { telemetry: unknown(), ..quiet() }), ItemStatus::NotApplicable);
}

#[test]
fn policy_reviewed_by_every_case() {
    use ItemStatus::{NotApplicable, Satisfied, Unknown, Unsatisfied};
    let mut rules = only(RunbookItem::PolicyReviewed);
    rules.owners = vec!["Release Managers".into()];
    let policy = |committed, before: Option<&str>| {
        Gathered::Known(PolicyFact { committed, owners_before: before.map(|name| vec![name.to_owned()]) })
    };
    let changed = |by: &str| {
        let votes = vec![Vote { groups: vec![format!(r"[Orders]\{by}")], ..vote("Bob", VoteSays::Approved) }];
        vec![Change { votes: Gathered::Known(votes), ..change("runbook.yml", "") }]
    };
    for (why, changes, policy, expected) in [
        ("not changed", vec![change("src/a.rs", "")], policy(Committed::Same, None), NotApplicable),
        ("approved by an owner", changed("Release Managers"), policy(Committed::Same, None), Satisfied),
        ("approved by another", changed("Readers"), policy(Committed::Same, None), Unsatisfied),
        (
            "owners of before decide",
            changed("Release Managers"),
            policy(Committed::Same, Some("Old")),
            Unsatisfied,
        ),
        ("approved by an owner of before", changed("Old"), policy(Committed::Same, Some("Old")), Satisfied),
        ("not committed", vec![], policy(Committed::Differs, None), Unsatisfied),
        ("not in the commit", vec![], policy(Committed::Absent, None), Unsatisfied),
        ("not known", vec![], unknown(), Unknown),
    ] {
        assert_eq!(status(&rules, &Facts { policy, ..with(changes) }), expected, "{why}");
    }
    rules.owners.clear();
    assert_eq!(status(&rules, &with(changed("Release Managers"))), Unsatisfied, "nobody owns it");
}

#[test]
fn checks_hold_fail_or_are_not_known() {
    let image = || EvidenceRule::Image("r.io/a:1".parse().unwrap());
    let rules = asking(RunbookItem::ArtifactsStored, vec![image()]);
    let facts = |fact| Facts { checks: vec![(image(), fact)], ..quiet() };
    assert_eq!(
        status(&rules, &facts(Gathered::Known(CheckFact::Holds("found".into())))),
        ItemStatus::Satisfied
    );
    assert_eq!(
        status(&rules, &facts(Gathered::Known(CheckFact::Fails("gone".into())))),
        ItemStatus::Unsatisfied
    );
    assert_eq!(status(&rules, &facts(unknown())), ItemStatus::Unknown);
    assert_eq!(status(&rules, &quiet()), ItemStatus::Unknown);
}

#[test]
fn one_checks_answer_is_not_anothers() {
    let command = |argument: &str| {
        EvidenceRule::Command(CommandSpec {
            signal: "evidence".parse().unwrap(),
            run: vec!["npm".into(), argument.into()],
            every: Duration::ZERO,
            timeout: Duration::from_secs(1),
            retries: 0,
        })
    };
    let rules = asking(RunbookItem::BackupsTaken, vec![command("audit"), command("restore")]);
    let failed = (command("audit"), Gathered::Known(CheckFact::Fails("it exited with 1".into())));
    let passed = (command("restore"), Gathered::Known(CheckFact::Holds("it exited with 0".into())));
    for checks in [vec![failed.clone(), passed.clone()], vec![passed, failed]] {
        let facts = Facts { checks, ..with(vec![change("db/migrations/1.sql", "")]) };
        assert_eq!(status(&rules, &facts), ItemStatus::Unsatisfied);
    }
}
