//! A past with holes: what is gone, what was there in part, and what nobody judged.

use runbook_gate_tests::devops::DeploymentRecord;
use runbook_gate_tests::devops::releases::{ENVIRONMENT, PIPELINE, Releases, decision, time};

use super::{answer, doubts, passed_over, texts};

/// Run 99 is changed; the plan goes back to 98, safely, and says why not to 99.
fn passes_over_99(change: impl FnOnce(&Releases), why: &str) {
    let releases = Releases::with_a_past();
    change(&releases);
    let ended = releases.plan(&[]).with_code(0);
    assert_eq!(passed_over(&ended), [format!("2026.99: {why}")]);
    assert_eq!((answer(&ended), doubts(&ended)), ((Some(98), true), Vec::new()), "{why}");
}

#[test]
fn a_run_that_is_gone_is_passed_over() {
    // No list has it any more, and the environment's records do.
    let unproved = "no `proceed` of this gate is recorded of it";
    passes_over_99(|releases| releases.change(99, |build| build.deleted = true), unproved);
    passes_over_99(|releases| drop(releases.fake.state().builds.remove(&99)), unproved);
}

#[test]
fn a_run_that_goes_while_it_is_looked_at_is_passed_over() {
    let releases = Releases::with_a_past();
    let gone = |line: &str| {
        runbook_gate_tests::devops::Fault::error(line, 404, "BuildNotFoundException", "TF201036: not found")
    };
    releases.fake.state().faults = vec![gone("/builds/99?"), gone("/builds/99/")];
    let ended = releases.plan(&[]).with_code(0);
    assert_eq!(
        (answer(&ended), passed_over(&ended)),
        ((Some(98), true), vec!["2026.99: its run was deleted".into()])
    );
}

#[test]
fn artifacts_that_are_gone_are_missed() {
    let gone = "its artifact drop is gone";
    passes_over_99(|releases| releases.change(99, |build| build.artifacts.clear()), gone);
    let expire = |releases: &Releases| {
        releases.change(99, |build| {
            build.artifacts.retain(|(name, _)| name != "drop");
            build.expired.push("drop".into());
        });
    };
    passes_over_99(expire, gone);
    passes_over_99(
        |releases| releases.change(99, |build| build.artifacts[0].1 = 0),
        "its artifact drop is empty",
    );
    passes_over_99(|releases| releases.change(99, |build| build.artifacts[0].0 = "other".into()), gone);
}

#[test]
fn a_run_that_was_rolled_back_is_not_gone_back_to() {
    passes_over_99(
        |releases| releases.change(99, |build| build.tags.push("Rolled-Back".into())),
        "it was rolled back itself",
    );
}

fn again(build: u64, attempt: u64, resource: u64, result: &str, at: u64) -> DeploymentRecord {
    DeploymentRecord {
        definition: PIPELINE,
        build,
        attempt,
        resource: Some(resource),
        result: Some(result.to_owned()),
        finished: Some(time(at)),
    }
}

#[test]
fn a_deployment_that_was_never_whole_is_none() {
    let never = "no try of its deployment succeeded in every job";
    passes_over_99(|releases| releases.record(again(99, 1, 2, "failed", 99)), never);
    passes_over_99(
        |releases| {
            releases.record(again(99, 1, 2, "canceled", 99));
            releases.record(again(99, 2, 2, "failed", 99));
        },
        never,
    );
    // The jobs that had failed succeeded when they were run again.
    let releases = Releases::with_a_past();
    releases.record(again(99, 1, 2, "failed", 99));
    releases.record(again(99, 2, 2, "succeeded", 99));
    assert_eq!(answer(&releases.plan(&[]).with_code(0)), (Some(99), true));
}

#[test]
fn a_version_that_was_deployed_again_counts_from_then_on() {
    // 98 was deployed again after 99, and judged again.
    let releases = Releases::with_a_past();
    releases.record(again(98, 2, 1, "succeeded", 100));
    releases.attach(98, &decision(98, 98, "deployment", "proceed", 100));
    let ended = releases.plan(&[]).with_code(0);
    assert_eq!((answer(&ended), passed_over(&ended)), ((Some(98), true), Vec::new()));
    // Judged again and held, its earlier `proceed` does not count.
    releases.attach(98, &decision(98, 98, "deployment", "hold", 101));
    let ended = releases.plan(&[]).with_code(0);
    assert_eq!(answer(&ended), (Some(99), true));
    assert_eq!(passed_over(&ended), ["2026.98: this gate said hold of it: as the numbers of 98 say"]);
}

#[test]
fn a_run_that_never_passed_this_gate_is_not_good() {
    let mut releases = Releases::with_a_past();
    releases.deploy(100);
    let ended = releases.plan(&[]).with_code(0);
    assert_eq!(answer(&ended), (Some(99), true));
    assert_eq!(passed_over(&ended), ["2026.100: no `proceed` of this gate is recorded of it"]);
    // Where no run ever did, there is nothing to go back to.
    for run in [98, 99] {
        releases.change(run, |build| {
            build.tags.clear();
            build.attachments.clear();
        });
    }
    let ended = releases.plan(&[]).with_code(10);
    assert_eq!((answer(&ended), passed_over(&ended).len()), ((None, false), 3));
}

#[test]
fn runs_that_were_held_or_rolled_back_say_why_and_cost_no_look_of_the_others() {
    let mut releases = Releases::with_a_past();
    for run in 102..170 {
        releases.deploy_commit(run, &format!("{run:040x}"));
        releases.judge(run, "rollback");
    }
    releases.deploy(170);
    releases.judge(170, "hold");
    releases.ask_from(170);
    let ended = releases.plan(&[]).with_code(0);
    assert_eq!(answer(&ended), (Some(99), true), "{:?}", doubts(&ended));
    let why = passed_over(&ended);
    assert_eq!(why[0], "2026.169: this gate said rollback of it: as the numbers of 169 say");
    assert!(why.last().unwrap().contains("for reasons like these"), "{why:?}");
}

#[test]
fn a_tag_without_a_decision_is_in_doubt_and_proves_nothing() {
    let releases = Releases::with_a_past();
    releases.change(99, |build| build.attachments.clear());
    let ended = releases.plan(&[]).with_code(0);
    assert_eq!(answer(&ended), (Some(98), false));
    assert!(
        doubts(&ended)[0].contains("run 99 is tagged as let proceed, and no decision is attached"),
        "{:?}",
        doubts(&ended)
    );
}

#[test]
fn decisions_of_others_do_not_count() {
    type Change = fn(&mut serde_json::Value);
    let rows: [(Change, &str); 3] = [
        (|it| it["environment"] = "staging".into(), "another environment"),
        (|it| it["service"] = "payments".into(), "another service"),
        (|it| it["judged_in"] = 97.into(), "another run"),
    ];
    for (change, of) in rows {
        let releases = Releases::with_a_past();
        let mut other = decision(99, 99, "deployment", "proceed", 99);
        change(&mut other);
        releases.change(99, |build| build.attachments.clear());
        releases.attach(99, &other);
        assert_eq!(answer(&releases.plan(&[]).with_code(0)), (Some(98), false), "{of}");
    }
}

#[test]
fn a_gate_that_only_advised_has_judged_and_one_that_was_off_has_not() {
    let with = |enforcement: &str| {
        let releases = Releases::with_a_past();
        let mut good = decision(99, 99, "deployment", "proceed", 99);
        good["enforcement"] = enforcement.into();
        releases.change(99, |build| build.attachments.clear());
        releases.attach(99, &good);
        releases.plan(&[]).with_code(0)
    };
    assert_eq!(answer(&with("advise")), (Some(99), true));
    let off = with("off");
    assert_eq!(answer(&off), (Some(98), true));
    assert_eq!(passed_over(&off), ["2026.99: the gate was switched off: nothing was evaluated"]);
}

#[test]
fn what_another_service_or_environment_was_told_in_the_same_run_changes_nothing() {
    for (key, other) in [("service", "payments"), ("environment", "staging")] {
        // The other one was held later than this one proceeded, and the other way round.
        for (own, others, expected) in [("proceed", "hold", Some(99)), ("hold", "proceed", Some(98))] {
            let releases = Releases::with_a_past();
            let mut later = decision(99, 99, "deployment", others, 100);
            later[key] = other.into();
            releases.change(99, |build| build.attachments.clear());
            releases.attach(99, &decision(99, 99, "deployment", own, 99));
            releases.attach(99, &later);
            assert_eq!(answer(&releases.plan(&[]).with_code(0)), (expected, true), "{key}: {own}");
        }
    }
}

#[test]
fn of_two_tries_of_a_stage_the_later_decision_counts_in_whichever_order_they_are_listed() {
    for reversed in [false, true] {
        let releases = Releases::with_a_past();
        let mut tries =
            [decision(99, 99, "deployment", "proceed", 99), decision(99, 99, "deployment", "hold", 100)];
        if reversed {
            tries.reverse();
        }
        releases.change(99, |build| build.attachments.clear());
        for one in &tries {
            releases.attach(99, one);
        }
        let ended = releases.plan(&[]).with_code(0);
        assert_eq!((answer(&ended), passed_over(&ended).len()), ((Some(98), true), 1), "{reversed}");
        // Of two at one time the one that is no proof.
        let mut same = decision(99, 99, "deployment", "hold", 99);
        same["reason"] = "no data".into();
        releases.change(99, |build| build.attachments.clear());
        for one in [&tries[usize::from(reversed)], &same] {
            releases.attach(99, one);
        }
        assert_eq!(answer(&releases.plan(&[]).with_code(0)), (Some(98), true), "{reversed}");
    }
}

#[test]
fn decisions_that_are_not_understood_prove_nothing() {
    for text in ["", "null", "{}", "{\"kind\":\"verdict\",\"version\":9}", "<html>", &"x".repeat(100_000)] {
        let releases = Releases::with_a_past();
        releases.change(99, |build| build.attachments[0].2 = text.to_owned());
        let ended = releases.plan(&[]).with_code(0);
        assert_eq!(answer(&ended), (Some(98), false), "{text:.40}");
        assert!(doubts(&ended)[0].contains("attached to run 99 cannot be read"), "{:?}", doubts(&ended));
    }
}

#[test]
fn lists_on_many_pages_are_read_and_what_lies_beyond_is_said() {
    let releases = Releases::with_a_past();
    releases.fake.state().page = 1;
    assert_eq!(answer(&releases.plan(&[]).with_code(0)), (Some(99), true));
    for run in 60..90 {
        releases.deploy_commit(run, &format!("{run:040x}"));
    }
    // The environment's records are not in order, and there are more than are read.
    let ended = releases.plan(&[]).with_code(0);
    let notes = ended.json()["notes"].to_string();
    assert!(notes.contains("only 10 deployments to production were read, of more"), "{notes}");
    assert_eq!(answer(&ended), (Some(99), true), "{:?}", doubts(&ended));
    let records = |releases: &Releases| releases.fake.state().environments[&ENVIRONMENT].1.clone();
    let mut mixed = records(&releases);
    mixed.swap(0, 5);
    releases.fake.state().environments.get_mut(&ENVIRONMENT).unwrap().1 = mixed;
    let ended = releases.plan(&[]).with_code(0);
    assert!(!answer(&ended).1);
    assert!(
        doubts(&ended)[0].contains("newer deployments to production may not be known"),
        "{:?}",
        doubts(&ended)
    );
}

#[test]
fn an_environment_that_is_not_there_is_said() {
    let mut releases = Releases::with_a_past();
    releases.fake.state().environments.clear();
    let ended = releases.plan(&[]).with_code(0);
    assert_eq!(answer(&ended), (Some(99), true), "tags alone prove it");
    assert!(
        ended.json()["notes"][0]
            .as_str()
            .unwrap()
            .contains("the role *Reader* on the environment production")
    );
    // It is there where this job deploys to it: then it may not be seen.
    releases.set("ENVIRONMENT_NAME", "production");
    let ended = releases.plan(&[]).with_code(0);
    assert_eq!(answer(&ended), (Some(99), false));
    assert!(texts(&ended.json(), "doubts", "how")[0].contains("the role *Reader*"), "{}", ended.out);
}

#[test]
fn by_tags_alone_the_newest_decision_counts_and_not_the_run_that_ended_last() {
    let releases = Releases::with_a_past();
    releases.fake.state().environments.clear();
    releases.change(98, |build| build.finished = Some(time(100)));
    assert_eq!(answer(&releases.plan(&[]).with_code(0)), (Some(99), true));
}
