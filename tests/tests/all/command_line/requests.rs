//! A person's word while the gate watches.

use runbook_gate_tests::binary::Gate;
use runbook_gate_tests::service::{Behaviour, Service};

use super::{gate_of, quick};

/// Ends a gate on a service that is well by what is written into its request file.
fn asked(gate: &Gate, service: &Service, words: &str) -> runbook_gate_tests::binary::Ended {
    let running = gate.start(&["verify", "--report-dir", "out"]);
    service.wait_for("/health", 3);
    std::fs::write(gate.path("out/request"), words).unwrap();
    running.wait()
}

#[test]
fn a_word_in_the_request_file_ends_the_gate_and_replays_to_the_byte() {
    for (word, code, decision) in [("rollback-now\n", 20, "rollback"), ("hold-now", 10, "hold")] {
        let service = Service::start(Behaviour::default());
        let gate = Gate::default()
            .with_file("runbook.yml", &quick(&service).replace("observe: 2500ms", "observe: 10m"));
        let ended = asked(&gate, &service, word).with_code(code);
        let title = format!("{} (REQUESTED)", decision.to_uppercase());
        assert!(ended.out.starts_with(&title), "{}", ended.out);
        assert!(
            ended.out.contains(&format!("the file out/request asked for a {decision} at ")),
            "{}",
            ended.out
        );
        assert!(gate.read("out/journal.ndjson").contains("\"kind\":\"request\""));
        let verdict: serde_json::Value = serde_json::from_str(&gate.read("out/verdict.json")).unwrap();
        assert_eq!(verdict["decision"], decision);
        let replayed =
            gate.run(&["replay", "--journal", "out/journal.ndjson", "--format", "json"]).with_code(code);
        assert_eq!(replayed.out, gate.read("out/report.json"));
    }
}

#[test]
fn the_word_of_an_earlier_gate_does_not_count() {
    let service = Service::start(Behaviour::default());
    let gate = gate_of(&service).with_file("out/request", "rollback-now");
    gate.run(&["verify", "--report-dir", "out"]).with_code(0);
    assert!(!gate.path("out/request").exists());
}

#[test]
fn other_words_are_told_and_not_obeyed() {
    let service = Service::start(Behaviour::default());
    let gate = gate_of(&service);
    let ended = asked(&gate, &service, "please roll back").with_code(0);
    assert!(ended.err.contains("says neither rollback-now nor hold-now"), "{}", ended.err);
    assert!(gate.read("out/report.json").contains("says neither rollback-now nor hold-now"));
}

#[test]
fn where_the_gate_only_advises_a_word_fails_nothing_and_is_shown() {
    let service = Service::start(Behaviour::default());
    let policy = format!("{}environments: {{ production: {{ enforcement: advise }} }}\n", quick(&service))
        .replace("observe: 2500ms", "observe: 10m");
    let gate = Gate::default().with_file("runbook.yml", &policy);
    let ended = asked(&gate, &service, "rollback-now").with_code(0);
    assert!(ended.out.starts_with("ROLLBACK (REQUESTED)"), "{}", ended.out);
    assert!(ended.out.contains("advise: this would have failed the stage"), "{}", ended.out);
}

#[test]
fn a_word_is_heard_while_the_deployed_version_is_waited_for() {
    let service = Service::start(Behaviour::default());
    let version = "version: { path: /version, json: /version, equals: \"2.0.0\" }";
    let policy = quick(&service).replace("timeout: 1s", &format!("timeout: 1s, {version}"));
    let gate = Gate::default().with_file("runbook.yml", &policy);
    let running = gate.start(&["verify", "--report-dir", "out"]);
    service.wait_for("/version", 1);
    std::fs::write(gate.path("out/request"), "rollback-now").unwrap();
    let ended = running.wait().with_code(20);
    assert!(ended.out.starts_with("ROLLBACK (REQUESTED)"), "{}", ended.out);
    let replayed = gate.run(&["replay", "--journal", "out/journal.ndjson", "--format", "json"]).with_code(20);
    assert_eq!(replayed.out, gate.read("out/report.json"));
}
