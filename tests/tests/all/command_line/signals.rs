//! Signals to a real process.

use std::time::{Duration, Instant};

use runbook_gate_tests::service::{Behaviour, Service};

use super::{gate_of, quick};
use runbook_gate_tests::binary::Gate;

#[test]
fn sigint_and_sigterm_hold_within_two_seconds_with_a_whole_journal() {
    for signal in ["INT", "TERM"] {
        let service = Service::start(Behaviour::default());
        let policy = quick(&service).replace("observe: 2500ms", "observe: 10m");
        let gate = Gate::default().with_file("runbook.yml", &policy);
        let running = gate.start(&["verify", "--report-dir", "out"]);
        service.wait_for("/health", 4);
        let begun = Instant::now();
        running.signal(signal);
        let ended = running.wait().with_code(10);
        assert!(begun.elapsed() < Duration::from_secs(2), "{signal}: {:?}", begun.elapsed());
        assert!(ended.out.to_lowercase().contains("hold (cancelled)"), "{}", ended.out);
        let journal = gate.read("out/journal.ndjson");
        assert!(journal.ends_with("}\n"), "the last line is whole");
        assert!(journal.contains("\"kind\":\"cancel\"") && journal.contains("\"kind\":\"end\""), "{journal}");
        let replayed =
            gate.run(&["replay", "--journal", "out/journal.ndjson", "--format", "json"]).with_code(10);
        assert_eq!(replayed.out, gate.read("out/report.json"));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_in_the_first_moments_of_a_gate_holds_too() {
    let service = Service::start(Behaviour::default());
    let policy = quick(&service).replace("observe: 2500ms", "observe: 10m");
    let gate = Gate::default().with_file("runbook.yml", &policy);
    for _ in 0..10 {
        let running = gate.start(&["verify", "--report-dir", "out"]);
        running.wait_until_it_hears();
        running.signal("TERM");
        let ended = running.wait().with_code(10);
        assert!(ended.out.to_lowercase().contains("hold (cancelled)"), "{}", ended.out);
        assert!(gate.files("out").contains(&"report.json".to_owned()));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_command_that_watches_nothing_ends_at_once() {
    let gate = Gate::default()
        .with_file("runbook.yml", "version: 1\nservice: x\nprobe: { url: \"http://127.0.0.1:1\" }\n");
    let made = std::process::Command::new("mkfifo").arg(gate.path("journal.ndjson")).status().unwrap();
    assert!(made.success());
    // Nobody writes to the pipe: it waits to open it.
    let running = gate.start(&["replay", "--journal", "journal.ndjson"]);
    running.wait_until_it_hears();
    running.signal("INT");
    let ended = running.wait().with_code(10);
    assert!(ended.err.contains("cancelled by SIGINT or SIGTERM"), "{}", ended.err);
}

#[test]
fn a_gate_that_waits_for_a_version_can_be_cancelled_too() {
    let service = Service::start(Behaviour::default());
    let version = "version: { path: /version, json: /version, equals: \"2.0.0\" }";
    let policy = quick(&service).replace("timeout: 1s", &format!("timeout: 1s, {version}"));
    let gate = Gate::default().with_file("runbook.yml", &policy);
    let running = gate.start(&["verify", "--report-dir", "out"]);
    service.wait_for("/version", 2);
    running.signal("INT");
    let ended = running.wait().with_code(10);
    assert!(ended.out.to_lowercase().contains("hold (cancelled)"), "{}", ended.out);
    assert!(gate.files("out").contains(&"report.json".to_owned()));
}

#[test]
fn a_cancelled_recording_writes_nothing() {
    let service = Service::start(Behaviour::default());
    let gate = gate_of(&service);
    let running = gate.start(&["baseline", "--for", "10m"]);
    service.wait_for("/health", 4);
    running.signal("INT");
    let ended = running.wait().with_code(10);
    assert!(ended.err.contains("cancelled") && ended.err.contains("nothing was written"), "{}", ended.err);
    assert!(!gate.path("baseline.json").exists());
}

#[test]
fn a_cancelled_gate_leaves_no_command_behind() {
    let policy = "version: 1\nservice: x\nsignals: { smoke: { command: { run: [\"sh\", \"-c\", \"echo $$ > pid; exec sleep 300\"], every: 10m, timeout: 5m } } }\ngate: { warmup: 0s, observe: 20m, interval: 1m, rollback_when: [smoke failing], verify: [smoke passing] }\n";
    let gate = Gate::default().with_file("runbook.yml", policy);
    let running = gate.start(&["verify", "--allow-commands"]);
    let begun = Instant::now();
    while !std::fs::read_to_string(gate.path("pid")).is_ok_and(|text| text.ends_with('\n')) {
        assert!(begun.elapsed().as_secs() < 60, "the command did not start");
        std::thread::sleep(Duration::from_millis(5));
    }
    running.signal("TERM");
    running.wait().with_code(10);
    let pid = gate.read("pid").trim().to_owned();
    let still = || std::process::Command::new("kill").args(["-0", &pid]).output().unwrap().status.success();
    let begun = Instant::now();
    while still() {
        assert!(begun.elapsed().as_secs() < 30, "the command {pid} still runs");
        std::thread::sleep(Duration::from_millis(5));
    }
}
