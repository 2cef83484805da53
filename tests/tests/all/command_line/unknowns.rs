//! What was not known says why: before the watch, and in the report.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::{sleep, spawn};
use std::time::Duration;

use runbook_gate_tests::binary::Gate;
use runbook_gate_tests::service::{Behaviour, Service};

use super::quick;

/// What the report says of a signal that was never known.
fn never_known(gate: &Gate, signal: &str) -> String {
    let report = gate.read("out/report.md").replace('\\', "");
    let line = report.lines().find(|line| line.contains(&format!("{signal} was never known")));
    line.unwrap_or_else(|| panic!("{report}")).trim_start_matches("- ").to_owned()
}

#[test]
fn a_counter_that_needs_two_looks_is_no_signal_that_cannot_be_read() {
    let service = Service::start(Behaviour::default());
    let sight = |policy: &str| {
        let gate = Gate::default().with_file("runbook.yml", policy);
        let json = gate.run(&["verify", "--dry-run", "--format", "json"]).with_code(0).json();
        let signals = json["signals"].as_array().unwrap().clone();
        let found = signals.into_iter().find(|signal| signal["signal"] == "error_rate").unwrap();
        assert_eq!(found["readable"], false, "{found}");
        let text = gate.run(&["verify", "--dry-run"]).with_code(0).out;
        (found["sight"].as_str().unwrap().to_owned(), text.contains("a counter: needs two looks"))
    };
    let policy = quick(&service);
    assert_eq!(sight(&policy), ("needs-two-looks".to_owned(), true));
    let wrong = policy.replace("total: requests_total", "total: request_total");
    assert_eq!(sight(&wrong).0, "nothing");
}

#[test]
fn a_wrong_metric_name_is_said_before_the_watch_and_in_the_report() {
    let service = Service::start(Behaviour::default());
    let policy = quick(&service).replace("total: requests_total", "total: request_total");
    let gate = Gate::default().with_file("runbook.yml", &policy);
    let words = "the page has no metric `request_total`; did you mean `requests_total`?";
    let rehearsed = gate.run(&["verify", "--dry-run"]).with_code(0);
    assert!(rehearsed.err.contains(&format!("error_rate: {words}")), "{}", rehearsed.err);
    let read = gate.run(&["telemetry"]).with_code(0);
    assert!(read.out.contains(&format!("CANNOT be read: {words}")), "{}", read.out);
    let judged = gate.run(&["verify", "--report-dir", "out"]).with_code(10);
    assert!(judged.err.contains(words), "before the watch: {}", judged.err);
    let expected = format!("error_rate was never known in the watch: no-data (10): {words}");
    assert_eq!(never_known(&gate, "error_rate"), expected);
}

#[test]
fn errors_that_no_label_can_choose_hold_and_say_so() {
    let service = Service::start(Behaviour::default());
    let policy = quick(&service).replace("requests_total{code=", "requests_total{status=");
    let gate = Gate::default().with_file("runbook.yml", &policy);
    let judged = gate.run(&["verify", "--report-dir", "out"]).with_code(10);
    let words =
        "`bad` can choose nothing: no series of `requests_total` has the label `status`; there are `code`";
    assert!(judged.err.contains(words), "{}", judged.err);
    assert!(judged.out.contains("error_rate was never known"), "{}", judged.out);
}

/// A server that answers a byte at a time, and never comes to an end.
fn dripping() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    spawn(move || {
        for mut stream in listener.incoming().flatten() {
            spawn(move || {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
                while stream.write_all(b"x").is_ok() {
                    sleep(Duration::from_millis(20));
                }
            });
        }
    });
    url
}

#[test]
fn an_answer_that_drips_is_a_reason() {
    let service = Service::start(Behaviour::default());
    let url = dripping();
    // The second time-out is longer than the watch: no poll comes to an end in it.
    for (timeout, reason) in [("300ms", "timeout ("), ("9s", "timeout (1)")] {
        let policy = quick(&service).replace(
            &format!("{}/metrics\"", service.url()),
            &format!("{url}/metrics\"\n      timeout: {timeout}"),
        );
        let gate = Gate::default().with_file("runbook.yml", &policy);
        gate.run(&["verify", "--report-dir", "out"]).with_code(10);
        let line = never_known(&gate, "error_rate");
        assert!(line.contains(reason), "{timeout}: {line}");
    }
}

#[test]
fn a_probe_that_is_asked_for_the_past_says_that_it_has_none() {
    let service = Service::start(Behaviour::default());
    let gate = Gate::default().with_file("runbook.yml", &quick(&service));
    gate.run(&["verify", "--report-dir", "out", "--deployed-at", "2026-01-01T00:00:00Z"]).with_code(10);
    let line = never_known(&gate, "health");
    assert!(line.contains("it has no past to read: it was first asked at 20"), "{line}");
}
