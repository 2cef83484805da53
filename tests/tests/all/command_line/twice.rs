//! Keys that stand twice in what decides.

use runbook_gate_tests::service::{Behaviour, Service};

use super::{Gate, quick};

const POLICY: &str = "version: 1\nservice: orders\nprobe: { url: \"http://127.0.0.1:9\" }\n";
const START: &str = "{\"kind\":\"start\",\"version\":1,\"t\":\"2026-01-01T00:00:00Z\",\"environment\":\"production\",\"policy_sha256\":\"\"}\n";

#[test]
fn a_journal_with_a_key_twice_is_refused_with_its_line() {
    for line in [
        r#"{"kind":"sample","t":"2026-01-01T00:00:15Z","signal":"health","value":0,"value":1}"#,
        r#"{"kind":"sample","t":"2026-01-01T00:00:15Z","signal":"error_rate","bad":3,"total":9,"bad":0}"#,
        r#"{"kind":"absent","t":"2026-01-01T00:00:15Z","signal":"health","reason":"timeout","kind":"tick"}"#,
    ] {
        let gate = Gate::default()
            .with_file("runbook.yml", POLICY)
            .with_file("journal.ndjson", &format!("{START}{line}\n"));
        let ended = gate.run(&["replay", "--journal", "journal.ndjson"]).with_code(2);
        assert!(
            ended.err.contains("line 2 of the journal: it is not an object of the journal: duplicate field"),
            "{}",
            ended.err
        );
    }
}

#[test]
fn a_verdict_or_a_plan_with_a_key_twice_is_never_taken_for_a_good_one() {
    let verdict = r#"{"kind":"verdict","version":1,"service":"orders","environment":"production","profile":"deployment","decision":"hold","enforcement":"enforce","reason":"","release":{"version":"1.0.0"},"decided_at":"2026-01-01T00:16:00Z","decision":"proceed"}"#;
    let gate =
        Gate::default().with_file("runbook.yml", POLICY).with_file("history.ndjson", &format!("{verdict}\n"));
    let ended = gate.run(&["history", "--history", "history.ndjson"]);
    let all = format!("{}{}", ended.out, ended.err);
    assert!(
        all.contains("line 1: it is no record of a decision: one of its keys stands twice")
            && !all.contains("PROCEED"),
        "{all}"
    );
    let ended = gate
        .with_file("baseline.json", "{\"version\":1,\n\"version\":1}")
        .with_file("runbook.yml", &format!("{POLICY}gate: {{ baseline: {{ recorded: baseline.json }} }}\n"))
        .run(&["verify", "--dry-run"])
        .with_code(2);
    assert!(ended.err.contains("the key `version` stands twice at line 2"), "{}", ended.err);
}

#[test]
fn an_answer_with_a_key_twice_is_an_error_of_its_source() {
    let service = Service::start(Behaviour::default());
    service.behave(|behaviour| behaviour.version = "1\",\"sign_ins\":0,\n\"sign_ins\":500,\"y\":\"".into());
    let signal =
        format!("  sign_ins: {{ http-json: {{ url: \"{}/version\", value: /sign_ins }} }}\n", service.url());
    let policy = quick(&service).replace("gate:\n", &format!("{signal}gate:\n"));
    let ended = Gate::default().with_file("runbook.yml", &policy).run(&["verify", "--dry-run"]).with_code(2);
    assert!(ended.err.contains("the key `sign_ins` stands twice at line 2"), "{}", ended.err);
}
