//! What a service says of itself reaches everybody who has to act on it.

use runbook_gate_tests::binary::{Ended, Gate};
use runbook_gate_tests::service::{Behaviour, Service};

use super::{gate_of, quick};

/// What ASP.NET answers.
fn body(status: &str, queue: &str) -> String {
    format!(
        "{{\"status\":\"{status}\",\"entries\":{{\"database\":{{\"status\":\"Healthy\"}},\"orders-queue\":{{\"status\":\"{queue}\"}}}}}}"
    )
}

/// The log, the journal and every report say it.
fn is_said_everywhere(gate: &Gate, ended: &Ended, words: &str) {
    for name in ["journal.ndjson", "report.json", "report.md", "report.html", "junit.xml"] {
        let text = gate.read(&format!("out/{name}")).replace("\\", "");
        assert!(text.contains(words), "{words} in {name}: {text}");
    }
    for text in [&ended.out, &ended.err] {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(line.contains(words), "{words} in {text}");
    }
}

/// The kinds of a journal's lines up to its first tick.
fn head(gate: &Gate) -> Vec<String> {
    let journal = gate.read("out/journal.ndjson");
    let lines = journal.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let kinds = lines.map(|line| line["kind"].as_str().unwrap().to_owned());
    kinds.take_while(|kind| kind != "tick").collect()
}

fn verify(gate: &Gate) -> Ended {
    let ended = gate.run(&["verify", "--report-dir", "out", "--junit"]);
    let replayed = gate.run(&["replay", "--journal", "out/journal.ndjson", "--format", "json"]);
    assert_eq!(replayed.out, gate.read("out/report.json"), "the journal replays to the byte");
    ended
}

#[test]
fn a_service_that_is_degraded_from_the_start_says_which_check_is() {
    let degraded = Behaviour { health_body: body("Degraded", "Degraded"), ..Behaviour::default() };
    let service = Service::start(degraded);
    let gate = gate_of(&service);
    let ended = verify(&gate).with_code(0);
    is_said_everywhere(&gate, &ended, "/health: Degraded: orders-queue");
    assert_eq!(head(&gate).last().map(String::as_str), Some("note"), "{:?}", head(&gate));
}

#[test]
fn a_rollback_for_health_that_failed_from_the_start_says_which_check_failed() {
    let unhealthy =
        Behaviour { health: 503, health_body: body("Unhealthy", "Unhealthy"), ..Behaviour::default() };
    let service = Service::start(unhealthy);
    let gate = gate_of(&service);
    let ended = verify(&gate).with_code(20);
    let words = "/health: status 503: orders-queue";
    is_said_everywhere(&gate, &ended, words);
    let report: serde_json::Value = serde_json::from_str(&gate.read("out/report.json")).unwrap();
    let reason = report["reason"].as_str().unwrap();
    assert!(reason.contains("it said: ") && reason.contains(words), "{reason}");
    let tripped = &report["criteria"].as_array().unwrap()[1];
    assert_eq!(
        (&tripped["criterion"], &tripped["status"]),
        (&"health failing for 1s".into(), &"tripped".into())
    );
    assert!(tripped["said"][0]["text"].as_str().unwrap().contains(words), "{tripped}");
}

#[test]
fn health_that_fails_in_the_watch_says_why_in_the_reason() {
    let service = Service::start(Behaviour::default());
    let gate = gate_of(&service);
    let running = gate.start(&["verify", "--report-dir", "out", "--junit"]);
    service.wait_for("/health", 4);
    service.behave(|behaviour| {
        behaviour.health = 503;
        behaviour.health_body = body("Unhealthy", "Unhealthy");
    });
    let ended = running.wait().with_code(20);
    is_said_everywhere(&gate, &ended, "/health: status 503: orders-queue");
}

#[test]
fn a_source_that_cannot_be_reached_before_the_watch_is_in_the_notes() {
    let service = Service::start(Behaviour { metrics: 503, ..Behaviour::default() });
    let gate = gate_of(&service);
    let ended = gate.run(&["verify", "--report-dir", "out", "--junit"]).with_code(10);
    for name in ["journal.ndjson", "report.json", "report.md", "junit.xml"] {
        assert!(gate.read(&format!("out/{name}")).contains("before the watch: scrape"), "{name}");
    }
    assert!(ended.out.contains("before the watch: scrape"), "{}", ended.out);
}

#[test]
fn a_gate_without_warm_up_says_nothing_of_one() {
    let service = Service::start(Behaviour::default());
    let policy = quick(&service).replace("warmup: 500ms", "warmup: 0s");
    let gate = Gate::default().with_file("runbook.yml", &policy);
    let ended = gate.run(&["verify"]).with_code(0);
    assert!(!ended.err.contains("warming up") && ended.err.contains("watching until"), "{}", ended.err);
    let dry = gate.run(&["verify", "--dry-run"]).with_code(0);
    assert!(!dry.out.contains("warm-up"), "{}", dry.out);
}

#[test]
fn a_command_is_run_and_not_probed() {
    let policy = "version: 1\nservice: x\nsignals: { smoke: { command: { run: [\"sh\", \"-c\", \"echo broken; exit 3\"], every: 1s } } }\ngate: { warmup: 0s, observe: 5s, interval: 1s, rollback_when: [smoke failing], verify: [smoke passing] }\n";
    let gate = Gate::default().with_file("runbook.yml", policy);
    let ended = gate.run(&["verify", "--allow-commands"]).with_code(20);
    assert!(ended.out.contains("smoke failed 1 of 1 runs") && !ended.out.contains("probe"), "{}", ended.out);
}
