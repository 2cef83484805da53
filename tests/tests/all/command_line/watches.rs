//! Short gates on a real service.

use runbook_gate_tests::binary::Gate;
use runbook_gate_tests::service::{Behaviour, Service};

use super::{gate_of, quick};

#[test]
fn a_good_release_proceeds_and_its_journal_replays_to_the_byte() {
    let service = Service::start(Behaviour::default());
    let gate = gate_of(&service);
    let ended = gate.run(&["verify", "--report-dir", "out", "--junit", "--format", "json"]).with_code(0);
    assert_eq!(
        gate.files("out"),
        ["journal.ndjson", "junit.xml", "report.html", "report.json", "report.md", "verdict.json"]
    );
    assert_eq!(ended.json()["decision"], "proceed");
    assert_eq!(ended.out, gate.read("out/report.json"));
    let replayed = gate.run(&["replay", "--journal", "out/journal.ndjson", "--format", "json"]).with_code(0);
    assert_eq!(replayed.out, gate.read("out/report.json"));
}

#[test]
fn a_release_with_errors_is_rolled_back_with_its_numbers() {
    let service = Service::start(Behaviour { error_ratio: 0.3, ..Behaviour::default() });
    let gate = gate_of(&service);
    let ended = gate.run(&["verify", "--report-dir", "out"]).with_code(20);
    assert!(ended.out.starts_with("ROLLBACK"), "{}", ended.out);
    assert!(ended.out.contains("error_rate > 5% for 1s"), "{}", ended.out);
    assert!(ended.err.contains("error_rate > 5% for 1s: tripped"), "{}", ended.err);
    assert!(ended.out.contains("runbook-gate replay --policy runbook.yml --journal out/journal.ndjson"));
    let reports =
        || ["report.html", "report.md", "report.json"].map(|name| gate.read(&format!("out/{name}")));
    let live = reports();
    gate.run(&["report", "out/journal.ndjson"]).with_code(0);
    assert!(live == reports(), "the reports of the journal are those of the gate, to the byte");
    let replayed = gate.run(&["replay", "--journal", "out/journal.ndjson", "--format", "json"]).with_code(20);
    assert_eq!(replayed.out, gate.read("out/report.json"));
}

#[test]
fn a_release_that_turns_sick_is_rolled_back() {
    let service = Service::start(Behaviour::default());
    let gate = gate_of(&service);
    let running = gate.start(&["verify"]);
    service.wait_for("/health", 3);
    service.behave(|behaviour| behaviour.health = 503);
    let ended = running.wait().with_code(20);
    assert!(ended.out.contains("health failing for 1s"), "{}", ended.out);
}

#[test]
fn a_service_that_nobody_can_reach_is_held_not_rolled_back() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let service = Service::start(Behaviour::default());
    let gate = Gate::default().with_file("runbook.yml", &quick(&service).replace(&service.url(), &url));
    let ended = gate.run(&["verify"]).with_code(10);
    assert!(ended.out.starts_with("HOLD"), "{}", ended.out);
    assert!(ended.err.contains("nobody listens there"), "{}", ended.err);
}

#[test]
fn metrics_that_fail_in_the_middle_hold() {
    let service = Service::start(Behaviour::default());
    let gate = gate_of(&service);
    let running = gate.start(&["verify"]);
    service.wait_for("/metrics", 5);
    service.behave(|behaviour| behaviour.metrics = 500);
    running.wait().with_code(10);
}

#[test]
fn old_reports_go_before_the_watch() {
    let service = Service::start(Behaviour::default());
    let gate = gate_of(&service).with_file("out/report.json", "{\"decision\":\"proceed\"}");
    let running = gate.start(&["verify", "--report-dir", "out"]);
    service.wait_for("/health", 3);
    assert_eq!(gate.files("out"), ["journal.ndjson"], "the journal is written as the gate goes");
    running.signal("TERM");
    running.wait().with_code(10);
}

#[test]
fn old_reports_go_where_the_gate_cannot_begin_or_is_off() {
    let old = "{\"decision\":\"proceed\"}";
    let service = Service::start(Behaviour::default());
    let gate = gate_of(&service).with_file("out/report.json", old);
    gate.run(&["verify", "--report-dir", "out", "--policy", "missing.yml"]);
    assert!(gate.files("out").is_empty(), "{:?}", gate.files("out"));
    let gate = gate.with_file("out/report.json", old).with_file("out/checklist.json", old);
    gate.run(&["verify", "--report-dir", "out", "--no-such-option"]).with_code(2);
    assert_eq!(gate.files("out"), ["checklist.json"]);
    // A journal, too, would be taken for this gate's.
    let gate = gate.with_file("out/journal.ndjson", "{}").with_file("out/report.json", old);
    gate.run(&["verify", "--report-dir=out", "--no-such-option"]).with_code(2);
    assert_eq!(gate.files("out"), ["checklist.json"]);
    gate.run(&["checklist", "--report-dir", "out", "--no-such-option"]).with_code(2);
    assert!(gate.files("out").is_empty(), "{:?}", gate.files("out"));
    let gate = gate.with_file("out/report.json", old);
    gate.run(&["verify", "--dry-run", "--report-dir", "out", "--policy", "missing.yml"]);
    assert_eq!(gate.files("out"), ["report.json"], "a dry run changes nothing");
}

#[test]
fn a_dry_run_asks_each_source_and_writes_nothing() {
    let service = Service::start(Behaviour::default());
    let gate = gate_of(&service);
    let ended = gate.run(&["verify", "--dry-run", "--report-dir", "out"]).with_code(0);
    for words in ["orders in production (enforce)", "health", "error_rate > 5% for 1s", "nothing was written"]
    {
        assert!(ended.out.contains(words), "{words} in {}", ended.out);
    }
    assert_eq!(gate.files("."), ["runbook.yml"]);
    let json = gate.run(&["verify", "--dry-run", "--format", "json"]).with_code(0).json();
    assert_eq!(json["dry_run"], true);
}

#[test]
fn an_environment_that_is_off_evaluates_nothing_and_says_so() {
    let service = Service::start(Behaviour::default());
    let policy = format!("{}environments: {{ production: {{ enforcement: off }} }}\n", quick(&service));
    let gate = Gate::default()
        .with_file("runbook.yml", &policy)
        .with_file("out/report.json", "{\"decision\":\"proceed\"}");
    let ended = gate.run(&["verify", "--report-dir", "out"]).with_code(0);
    assert!(ended.out.contains("nothing was evaluated"), "{}", ended.out);
    assert!(gate.files("out").is_empty(), "an old report stays: {:?}", gate.files("out"));
    assert!(service.asked().is_empty());
    let json = gate.run(&["verify", "--format", "json"]).with_code(0).json();
    assert_eq!((&json["decision"], &json["enforcement"]), (&serde_json::Value::Null, &"off".into()));
}

#[test]
fn the_gate_waits_for_the_deployed_version() {
    let service = Service::start(Behaviour::default());
    let version = "version: { path: /version, json: /version, equals: \"2.0.0\" }";
    let policy = quick(&service).replace("timeout: 1s", &format!("timeout: 1s, {version}"));
    let gate = Gate::default().with_file("runbook.yml", &policy);
    let running = gate.start(&["verify", "--report-dir", "out"]);
    service.wait_for("/version", 2);
    assert!(gate.files("out").is_empty(), "the watch has not begun");
    service.behave(|behaviour| behaviour.version = "2.0.0".into());
    let ended = running.wait().with_code(0);
    assert!(ended.err.contains("waiting for the deployed version: 1.0.0 serves"), "{}", ended.err);
}

#[test]
fn a_version_that_never_serves_is_held() {
    let service = Service::start(Behaviour::default());
    let version = "version: { path: /version, json: /version, equals: \"2.0.0\" }";
    let policy = quick(&service).replace("timeout: 1s", &format!("timeout: 1s, {version}"));
    let gate = Gate::default().with_file("runbook.yml", &policy);
    let ended = gate.run(&["verify", "--serve-within", "1s", "--report-dir", "out"]).with_code(10);
    assert!(ended.out.starts_with("HOLD (NEVER SERVED)"), "{}", ended.out);
    assert!(
        ended.out.contains("the deployed version did not serve within 1s: 1.0.0 serves\n"),
        "{}",
        ended.out
    );
    assert!(!ended.out.contains("asked for a hold") && !ended.out.contains("\nWhy\n"), "{}", ended.out);
    assert!(
        ended.out.contains("watched 0s of 2s500ms") || ended.out.contains("watched 0s of 2.5s"),
        "{}",
        ended.out
    );
    let replayed = gate.run(&["replay", "--journal", "out/journal.ndjson", "--format", "json"]).with_code(10);
    assert_eq!(replayed.out, gate.read("out/report.json"));
}

#[test]
fn a_recorded_baseline_is_what_the_release_is_compared_with() {
    let service = Service::start(Behaviour::default());
    let policy = quick(&service)
        .replace("baseline: none", "baseline: { recorded: baseline.json }")
        .replace("error_rate > 5% for 1s", "error_rate > 2x baseline and > 5% for 1s");
    let gate = Gate::default().with_file("runbook.yml", &policy);
    let ended = gate.run(&["baseline", "--for", "2s"]).with_code(0);
    assert!(ended.out.contains("error_rate: ") && ended.out.contains("Wrote baseline.json"), "{}", ended.out);
    let file: serde_json::Value = serde_json::from_str(&gate.read("baseline.json")).unwrap();
    assert_eq!((&file["version"], &file["service"]), (&1.into(), &"orders".into()));
    service.behave(|behaviour| behaviour.error_ratio = 0.5);
    gate.run(&["verify"]).with_code(20);
}

#[test]
fn a_recorded_baseline_lies_beside_its_policy_and_telemetry_reads_it() {
    let service = Service::start(Behaviour::default());
    let policy = quick(&service)
        .replace("baseline: none", "baseline: { recorded: baseline.json }")
        .replace("error_rate > 5% for 1s", "error_rate > 2x baseline and > 5% for 1s");
    let gate = Gate::default().with_file("deploy/runbook.yml", &policy);
    let with = |arguments: &[&str]| gate.run(&[arguments, &["--policy", "deploy/runbook.yml"]].concat());
    let before = with(&["telemetry"]).with_code(0);
    assert!(before.err.contains("deploy/baseline.json is not recorded yet"), "{}", before.err);
    with(&["verify"]).with_code(2);
    let written = with(&["baseline", "--for", "2s"]).with_code(0);
    assert!(written.out.contains("Wrote deploy/baseline.json"), "{}", written.out);
    assert!(written.out.contains("health: passing (") && !written.out.contains("percentile passing"));
    let after = with(&["telemetry"]).with_code(0);
    assert!(!after.err.contains("not recorded"), "{}", after.err);
    assert!(!after.out.contains("has no baseline"), "{}", after.out);
    std::fs::rename(gate.path("deploy/baseline.json"), gate.path("baseline.json")).unwrap();
    let elsewhere = with(&["verify"]).with_code(2);
    assert!(elsewhere.err.contains("is taken from the policy's folder"), "{}", elsewhere.err);
}

#[test]
fn a_baseline_that_is_too_little_says_what_it_needs() {
    let service = Service::start(Behaviour::default());
    let policy = quick(&service).replace("interval: 250ms", "interval: 1s\n  min_requests: 100000");
    let gate = Gate::default().with_file("runbook.yml", &policy);
    let ended = gate.run(&["baseline", "--for", "2s"]);
    assert!(ended.err.contains("and 100000 are needed (`min_requests`)"), "{}", ended.err);
    assert!(ended.err.contains("samples were read, and 5 are needed"), "{}", ended.err);
}

#[test]
fn a_hold_for_missing_data_says_in_its_first_lines_why_the_data_is_missing() {
    let service = Service::start(Behaviour::default());
    let gate = gate_of(&service);
    let running = gate.start(&["verify"]);
    service.wait_for("/metrics", 3);
    service.behave(|behaviour| behaviour.metrics = 500);
    let ended = running.wait().with_code(10);
    let head = ended.out.lines().take(5).collect::<Vec<_>>().join(" ");
    assert!(head.contains("samples failed (") && head.contains("answered status 500"), "{}", ended.out);
    assert!(!head.contains(": 1 of "), "errors are counted together, whatever each says: {}", ended.out);
}

#[test]
fn a_command_decides_where_it_is_allowed() {
    let policy = "version: 1\nservice: x\nsignals: { smoke: { command: { run: [\"sh\", \"-c\", \"echo broken; exit 3\"], every: 1s } } }\ngate: { warmup: 0s, observe: 5s, interval: 1s, rollback_when: [smoke failing], verify: [smoke passing] }\n";
    let gate = Gate::default().with_file("runbook.yml", policy);
    let ended = gate.run(&["verify", "--allow-commands"]).with_code(20);
    assert!(ended.out.contains("smoke failing") && ended.out.contains("exit code 3"), "{}", ended.out);
}

#[test]
fn nothing_that_is_printed_is_a_command_to_an_agent_wherever_it_is_printed() {
    let service = Service::start(Behaviour::default());
    let hostile = "##vso[task.complete result=Succeeded;]";
    let version = "version: { path: /version, json: /version, equals: \"2.0.0\" }";
    service.behave(|behaviour| behaviour.version = hostile.into());
    let policy = quick(&service).replace("timeout: 1s", &format!("timeout: 1s, {version}"));
    // A shell of a job is a pipeline too; what a desk wrote to a file may be shown by one.
    for place in ["True", "False"] {
        let gate = Gate::default().with_file("runbook.yml", &policy).with_variable("TF_BUILD", place);
        for format in ["human", "json"] {
            let ended = gate.run(&["-v", "verify", "--serve-within", "0s", "--format", format]).with_code(10);
            assert!(
                !ended.out.contains("##vso[") && !ended.err.contains("##vso["),
                "{} {}",
                ended.out,
                ended.err
            );
        }
    }
}

#[test]
fn a_policy_and_a_journal_give_no_agent_a_command() {
    let hostile = "##vso[task.complete result=Succeeded;]";
    let policy = format!("version: 1\nservice: a\nowner: a{hostile}\na{hostile}: x\n");
    let good = "version: 1\nservice: a\nsignals: { kpi: { prometheus: { url: http://127.0.0.1:9, query: '{a=\"##vso[a.b]\"}' } } }\ngate: { verify: [kpi > 1], rollback_when: [] }\n";
    let gate = Gate::default()
        .with_file("bad.yml", &policy)
        .with_file("runbook.yml", good)
        .with_file("j.ndjson", &format!("{{\"kind\":\"{hostile}\"}}\n"));
    for arguments in [
        &["validate", "--policy", "bad.yml"][..],
        &["telemetry", "--show-queries"],
        &["telemetry", "--show-queries", "--format", "json"],
        &["replay", "--journal", "j.ndjson"],
        &["replay", "--journal", hostile],
        &["explain", hostile],
    ] {
        let ended = gate.run(arguments);
        let all = format!("{}{}", ended.out, ended.err);
        assert!(all.contains("vso[") && !all.contains("##vso["), "{arguments:?}: {all}");
    }
}

#[test]
fn telemetry_says_what_the_gate_could_see() {
    let service = Service::start(Behaviour::default());
    let gate = gate_of(&service);
    let ended = gate.run(&["telemetry"]).with_code(0);
    for words in ["health", "error_rate", "can be read", "latency_p95", "not configured"] {
        assert!(ended.out.contains(words), "{words} in {}", ended.out);
    }
    assert!(service.asked().iter().filter(|head| head.starts_with("GET /metrics ")).count() >= 2);
    let json = gate.run(&["telemetry", "--format", "json", "--deny-blind"]).with_code(10).json();
    assert_eq!((&json["service"], &json["ready"]), (&"orders".into(), &false.into()));
    assert!(json["telemetry"]["signals"].is_array(), "{json}");
}
