//! Each question that may not be asked: the plan still prints, says what is not proved and what would let it, and is not safe.

use runbook_gate_tests::devops::releases::Releases;
use runbook_gate_tests::devops::{Fault, TOKEN};

use super::{answer, doubts, texts};

/// What a question looks like, the permission that it needs, and the run that is gone back to without its answer.
const QUESTIONS: [(&str, &str, Option<u64>); 10] = [
    ("/builds/101?", "*View builds*", Some(99)),
    ("/builds/101/attachments/", "*View builds*", Some(99)),
    ("runbook-gate-proceed-production", "*View builds*", Some(99)),
    ("runbook-gate-recovered-production", "*View builds*", Some(99)),
    ("tagFilters=rolled-back", "*View builds*", Some(99)),
    ("/distributedtask/environments?", "the role *Reader* on the environment production", Some(99)),
    ("/environmentdeploymentrecords?", "the role *Reader* on the environment production", Some(99)),
    ("/builds/99/attachments/", "*View builds*", Some(98)),
    ("/builds/99/artifacts?", "*View builds*", Some(99)),
    ("/build/", "*View builds*", None),
];

/// The plan of a past whose service refuses one kind of question.
fn refused(releases: &Releases, fault: Fault, expected: Option<u64>, needs: &str) {
    let line = fault.line.clone();
    releases.fake.state().faults = vec![fault];
    let ended = releases.plan(&["--report-dir", "plan"]).with_code(if expected.is_some() { 0 } else { 10 });
    assert_eq!(answer(&ended), (expected, false), "{line}: {}", ended.out);
    let how = texts(&ended.json(), "doubts", "how").join("\n");
    assert!(how.contains(needs), "{line}: {needs}: {how}\n{:?}", doubts(&ended));
    assert_eq!(releases.gate.files("plan").len(), 3);
    assert!(!format!("{}{}", ended.out, ended.err).contains(TOKEN));
}

#[test]
fn what_is_forbidden_is_named_with_its_permission() {
    let releases = Releases::with_a_past();
    for (line, permission, expected) in QUESTIONS {
        let fault = Fault::error(line, 403, "AccessDeniedException", "TF400813: no");
        refused(&releases, fault, expected, permission);
    }
    // The decision itself, which is asked for by its place.
    let fault = Fault::error("/verdict.json?", 403, "AccessDeniedException", "TF400813: no");
    releases.fake.state().faults = vec![fault];
    let ended = releases.plan(&[]).with_code(10);
    let doubted = |doubt: &String| doubt.contains("2026.99") && doubt.contains("may be good and is newer");
    assert!(doubts(&ended).iter().any(doubted), "{:?}", doubts(&ended));
}

#[test]
fn what_is_not_there_for_whoever_may_not_see_it_is_no_proof() {
    let releases = Releases::with_a_past();
    for (line, permission, expected) in QUESTIONS {
        let fault = Fault::error(line, 404, "ResourceNotFoundException", "not found");
        refused(&releases, fault, expected, permission);
    }
}

#[test]
fn a_token_that_is_not_accepted_proves_nothing() {
    let releases = Releases::with_a_past();
    for (line, _, expected) in QUESTIONS {
        for fault in [
            Fault::error(line, 401, "", "TF400813: not authorized"),
            Fault::page(line, 203, &[]),
            Fault::page(line, 302, &[("Location", "http://127.0.0.1:9/signin")]),
        ] {
            refused(&releases, fault, expected, "SYSTEM_ACCESSTOKEN");
        }
    }
}

#[test]
fn without_a_token_the_plan_says_how_to_give_one() {
    let mut releases = Releases::with_a_past();
    releases.set("SYSTEM_ACCESSTOKEN", "");
    let ended = releases.plan(&[]).with_code(10);
    assert_eq!(answer(&ended), (None, false));
    let how = texts(&ended.json(), "doubts", "how").join("\n");
    assert!(how.contains("SYSTEM_ACCESSTOKEN: $(System.AccessToken)"), "{how}");
    assert!(releases.fake.lines().is_empty());
    let listed = releases.gate.run(&["history", "-e", "production"]).with_code(0);
    assert!(listed.err.contains("SYSTEM_ACCESSTOKEN"), "{}", listed.err);
}

#[test]
fn answers_that_are_not_understood_prove_nothing() {
    let releases = Releases::with_a_past();
    for body in ["", "{}", "[]", "null", "{\"value\":null}", "{\"value\":[{}]}", "{\"value\":"] {
        for (line, _, _) in QUESTIONS {
            let fault = Fault { body: body.into(), ..Fault::error(line, 200, "", "") };
            releases.fake.state().faults = vec![fault];
            let ended = releases.plan(&[]);
            assert!(!answer(&ended).1, "{line} answers {body:?}: {}", ended.out);
        }
    }
}

#[test]
fn what_is_not_reached_in_time_is_not_proved() {
    let releases = Releases::with_a_past();
    let ended = releases.plan(&["--timeout", "1ms"]).with_code(10);
    assert_eq!(answer(&ended), (None, false));
    assert!(doubts(&ended).len() > 2, "{}", ended.out);
}
