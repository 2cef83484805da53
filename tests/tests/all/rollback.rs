//! `rollback plan` and `history` on a desk: the binary, a real repository, a history file.

use runbook_gate_tests::binary::{Ended, Gate};
use runbook_gate_tests::repository::commit;
use runbook_gate_tests::service::{Behaviour, Service};

const POLICY: &str = "version: 1
service: orders
environments: { production: {}, staging: {} }
probe: { url: \"http://127.0.0.1:9\" }
rollback: { rehearsed_within: 90d }
";

/// A line of history.
fn decided(decision: &str, environment: &str, version: &str, commit: &str) -> String {
    format!(
        "{{\"kind\":\"verdict\",\"version\":1,\"service\":\"orders\",\"environment\":\"{environment}\",\"profile\":\"deployment\",\
         \"decision\":\"{decision}\",\"enforcement\":\"enforce\",\"reason\":\"error_rate was 9.28%\",\"criterion\":null,\
         \"release\":{{\"run\":null,\"version\":\"{version}\",\"commit\":\"{commit}\"}},\"judged_in\":null,\
         \"started_at\":\"2026-11-20T00:00:00Z\",\"onset\":null,\"decided_at\":\"2026-11-20T00:16:00Z\",\"policy_sha256\":\"\"}}\n"
    )
}

/// A good release, and a bad one that drops a table.
fn dropped() -> Gate {
    let gate = Gate::default().with_file("runbook.yml", POLICY);
    let good = commit(&gate, "Release");
    let gate = gate.with_file("db/migrations/2.sql", "DROP TABLE orders;\n");
    let bad = commit(&gate, "Drop a table");
    let history = [
        decided("proceed", "production", "1.4.0", &good),
        decided("proceed", "staging", "1.5.0", &bad),
        decided("rollback", "production", "1.5.0", &bad),
    ];
    gate.with_file("history.ndjson", &history.concat())
}

fn plan(gate: &Gate, more: &[&str]) -> Ended {
    let mut arguments = vec!["rollback", "plan", "-e", "production", "--history", "history.ndjson"];
    arguments.extend(more);
    gate.run(&arguments)
}

#[test]
fn a_plan_names_the_last_good_version_and_what_cannot_be_undone() {
    let gate = dropped();
    let ended = plan(&gate, &["--format", "json", "--report-dir", "plan"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let json = ended.json();
    assert_eq!(json["target"]["release"]["version"], "1.4.0");
    assert_eq!(json["rollback_safe"], false);
    assert_eq!(json["irreversible"][0]["path"], "db/migrations/2.sql");
    assert_eq!(json["passed_over"][0]["why"], "it is what is deployed now");
    assert_eq!(gate.files("plan"), ["rollback-plan.html", "rollback-plan.json", "rollback-plan.md"]);
    assert!(gate.read("plan/rollback-plan.html").contains("Rollback plan: not proved to be safe"));
    assert_eq!(gate.read("plan/rollback-plan.json"), ended.out);
}

#[test]
fn where_nothing_is_proved_there_is_nothing_to_go_back_to_and_a_person_is_asked() {
    for (history, says) in [
        ("", "the history is empty"),
        (decided("hold", "production", "1.4.0", "").as_str(), "this gate said hold of it"),
        (
            "{\"kind\":\"verdict\"}\nno record\n",
            "a decision in the history is not known: line 1: it is no record of a decision",
        ),
    ] {
        let gate = Gate::default().with_file("runbook.yml", POLICY).with_file("history.ndjson", history);
        let ended = plan(&gate, &["--current", "1.5.0"]);
        assert_eq!(ended.code, Some(10), "{}", ended.err);
        assert!(ended.out.contains("there is nothing proved to go back to in production"), "{}", ended.out);
        let flat = ended.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(says) || history.is_empty(), "{says}: {}", ended.out);
    }
}

#[test]
fn what_cannot_be_read_is_bad_input_that_says_what_to_change() {
    let gate = dropped().with_file("verdict.json", "{}");
    for (more, says) in [
        (["--verdict", "verdict.json"], "name the verdict.json of a gate"),
        (["--verdict", "none.json"], "none.json"),
        (["--history", "."], "--history"),
    ] {
        let mut arguments = vec!["rollback", "plan", "-e", "production"];
        if more[0] != "--history" {
            arguments.extend(["--history", "history.ndjson"]);
        }
        arguments.extend(more);
        let ended = gate.run(&arguments);
        assert_eq!(ended.code, Some(2), "{}", ended.err);
        assert!(ended.err.contains(says), "{}", ended.err);
    }
    let unread = Gate::default().with_file("runbook.yml", POLICY).with_file("history.ndjson", "no record\n");
    let ended = plan(&unread, &[]);
    let flat = ended.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(ended.code, Some(10), "{}", ended.err);
    assert!(
        flat.contains("no decision in the history can be read (line 1: it is no record"),
        "{}",
        ended.out
    );
    let homeless = gate.run(&["rollback", "plan", "-e", "production"]);
    assert_eq!(homeless.code, Some(2));
    assert!(homeless.err.contains("--history FILE"), "{}", homeless.err);
}

#[test]
fn verify_keeps_what_it_decided_and_history_lists_it() {
    let service = Service::start(Behaviour { version: "1.5.0".into(), ..Behaviour::default() });
    let policy = format!(
        "version: 1\nservice: orders\nprobe: {{ url: \"{}\", version: {{ path: /version, json: /version, equals: \"1.5.0\" }} }}\n\
         gate: {{ warmup: 0s, observe: 2s, interval: 1s, baseline: none, rollback_when: [health failing], verify: [health passing] }}\n",
        service.url()
    );
    let state = tempfile::tempdir().unwrap();
    let gate = Gate::default()
        .with_file("runbook.yml", &policy)
        .with_variable("XDG_STATE_HOME", state.path().to_str().unwrap());
    let verified = gate.run(&["verify", "--report-dir", "gate"]);
    let verdict: serde_json::Value = serde_json::from_str(&gate.read("gate/verdict.json")).unwrap();
    assert_eq!(verdict["release"]["version"], "1.5.0", "{}", verified.err);
    let kept = std::fs::read_to_string(state.path().join("runbook-gate/history.ndjson")).unwrap();
    assert_eq!(kept, gate.read("gate/verdict.json"));
    let listed = gate.run(&["history", "--format", "json"]).json();
    assert_eq!(listed["decisions"][0], verdict);
    let shown = gate.run(&["history"]).out;
    assert!(shown.contains(verdict["decision"].as_str().unwrap()) && shown.contains("1.5.0"), "{shown}");
}

#[test]
fn hostile_words_of_a_history_are_words() {
    let hostile = "##vso[task.complete result=Skipped]x \\u001b[2J \\u202e";
    let line = decided("proceed", "production", hostile, "").replace("error_rate was 9.28%", hostile);
    let gate = Gate::default()
        .with_file("runbook.yml", POLICY)
        .with_file("history.ndjson", &line)
        .with_variable("TF_BUILD", "True");
    for command in [vec!["rollback", "plan", "--current", "2"], vec!["history"]] {
        let mut arguments = command;
        arguments.extend(["-e", "production", "--history", "history.ndjson"]);
        let ended = gate.run(&arguments);
        let all = format!("{}{}", ended.out, ended.err);
        assert!(all.contains("# #vso"), "{all}");
        assert!(!all.contains("##vso") && !all.contains('\u{1b}') && !all.contains('\u{202e}'), "{all}");
    }
}
