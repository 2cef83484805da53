//! Whole gates over a real server: the binary judges a past that is written for it, without waiting.

use std::thread::sleep;
use std::time::{Duration as StdDuration, Instant, SystemTime, UNIX_EPOCH};

use runbook_gate_tests::binary::{Ended, Gate};
use runbook_gate_tests::prometheus::{Past, Prometheus};
use runbook_gate_tests::proxy::Proxy;
use serde_json::Value;

use super::at;

const METRIC: &str = "http_server_request_duration_seconds";

/// Which scrapes a past has, in seconds after the deployment.
type Kept = fn(i64) -> bool;

/// Ten requests in a second from 40 minutes before the deployment until 21 minutes after it. Of a hundred requests, `bad`
/// fail from the deployment on; before it two in a thousand did.
fn service(bad: f64, kept: Kept) -> Past {
    let mut past = Past::new();
    for code in ["200", "503"] {
        let count = |s: i64| {
            let requests = (s + 2400) as f64 * 10.0;
            let failed = (s.min(0) + 2400) as f64 * 0.02 + s.max(0) as f64 * bad / 10.0;
            if code == "503" { failed } else { requests - failed }
        };
        let labels = format!("app=\"orders\",http_response_status_code=\"{code}\"");
        let scrapes = || (-2400..=1260).step_by(15).filter(move |s| kept(*s));
        past.series(&format!("{METRIC}_count{{{labels}}}"), scrapes().map(|s| (at(s), count(s))));
        for (bound, part) in [("0.1", 0.5), ("0.5", 0.99), ("+Inf", 1.0)] {
            let series = format!("{METRIC}_bucket{{{labels},le=\"{bound}\"}}");
            past.series(&series, scrapes().map(|s| (at(s), count(s) * part)));
        }
    }
    past
}

fn policy(url: &str) -> String {
    format!(
        "version: 1\nservice: orders-api\n\
         prometheus: {{ url: \"{url}\", timeout: 2s }}\n\
         presets: [{{ prometheus: {{ preset: http-server, selector: 'app=\"orders\"' }} }}]\n"
    )
}

/// Judges a deployment of 2026-01-01T00:00:00Z.
fn verify(policy: &str, code: i32) -> Value {
    let gate = Gate::default().with_file("runbook.yml", policy);
    let deployed = ["--deployed-at", "2026-01-01T00:00:00Z"];
    let ended = gate.run(&[&["verify", "--report-dir", "out", "--format", "json"], &deployed[..]].concat());
    let report = ended.with_code(code).json();
    let replayed =
        gate.run(&["replay", "--journal", "out/journal.ndjson", "--format", "json"]).with_code(code);
    assert_eq!(replayed.json(), report, "a replay decides alike");
    report
}

/// The status of a criterion.
fn status<'r>(report: &'r Value, criterion: &str) -> &'r str {
    let criteria = report["criteria"].as_array().expect("criteria");
    let of = criteria.iter().find(|one| one["criterion"] == criterion);
    of.and_then(|one| one["status"].as_str()).unwrap_or_else(|| panic!("no {criterion} in {report}"))
}

#[test]
fn a_good_release_proceeds() {
    let server = Prometheus::with(&service(0.2, |_| true));
    let report = verify(&policy(&server.url()), 0);
    assert_eq!(report["decision"], "proceed");
    assert_eq!(status(&report, "error_rate > 5% for 5m"), "clear");
    assert_eq!(status(&report, "latency_p95 < 500ms"), "passed");
    assert_eq!(status(&report, "request_rate > 0.5x baseline"), "passed");
}

#[test]
fn a_bad_release_is_rolled_back_a_window_after_its_duration() {
    let server = Prometheus::with(&service(20.0, |_| true));
    let report = verify(&policy(&server.url()), 20);
    assert_eq!(report["decision"], "rollback");
    assert_eq!(report["criterion"], "error_rate > 5% for 5m");
    // The watch begins at one minute; its first window ends at two, and the last of five minutes at seven.
    assert_eq!(report["decided_at"], "2026-01-01T00:07:00Z");
}

#[test]
fn a_ragged_past_still_decides() {
    // Every fifth scrape is lost, and once two minutes of them.
    let ragged: Kept = |s| s.rem_euclid(75) != 0 && !(400..520).contains(&s);
    let good = Prometheus::with(&service(0.2, ragged));
    assert_eq!(verify(&policy(&good.url()), 0)["decision"], "proceed");
    let bad = Prometheus::with(&service(20.0, ragged));
    assert_eq!(verify(&policy(&bad.url()), 20)["decision"], "rollback");
}

#[test]
fn data_that_ends_in_the_middle_holds() {
    let server = Prometheus::with(&service(0.2, |s| s < 400));
    let report = verify(&policy(&server.url()), 10);
    assert_eq!(report["decision"], "hold");
    assert_eq!(status(&report, "error_rate > 5% for 5m"), "unknown");
}

#[test]
fn a_server_that_knows_nothing_of_the_service_holds() {
    let server = Prometheus::with(&Past::new());
    let report = verify(&policy(&server.url()), 10);
    assert_eq!(report["decision"], "hold");
    assert_eq!(status(&report, "error_rate < 1%"), "unknown");
}

#[test]
fn a_wrong_query_ends_before_the_gate_with_the_servers_words() {
    let server = Prometheus::with(&service(0.2, |_| true));
    for (query, words) in [
        ("sum(rate(x[$window])) by", "cannot read the query"),
        (&format!("rate({METRIC}_count[$window])"), "2 series where one is needed"),
    ] {
        let signals = format!("signals: {{ request_rate: {{ prometheus: {{ query: '{query}' }} }} }}\n");
        let gate = Gate::default().with_file("runbook.yml", &(policy(&server.url()) + &signals));
        let ended = gate.run(&["verify", "--deployed-at", "2026-01-01T00:00:00Z"]);
        assert!(!matches!(ended.code, Some(0 | 20)), "{ended:?}");
        assert!(format!("{}{}", ended.out, ended.err).contains(words), "{words}: {ended:?}");
    }
}

#[test]
fn the_first_look_says_which_metric_the_server_does_not_have_and_what_is_near() {
    let server = Prometheus::with(&now_on(0.0));
    let typo = METRIC.replace("request", "requests");
    let gate = Gate::default().with_file("runbook.yml", &short(&server.url()).replace(METRIC, &typo));
    let ended = gate.run(&["verify", "--dry-run"]).with_code(0);
    let words = format!("the server has no metric `{typo}_count`; did you mean `{METRIC}_count`?");
    assert!(ended.err.contains(&words), "{}", ended.err);
}

#[test]
fn telemetry_says_which_metric_the_server_does_not_have_and_what_is_near() {
    let server = Prometheus::with(&now_on(0.0));
    let typo = METRIC.replace("request", "requests");
    let gate = Gate::default().with_file("runbook.yml", &short(&server.url()).replace(METRIC, &typo));
    let ended = gate.run(&["telemetry"]).with_code(0);
    let words = format!("the server has no metric `{typo}_count`; did you mean `{METRIC}_count`?");
    assert!(ended.out.contains(&words), "{}", ended.out);
    let other = short(&server.url()).replace("app=\"orders\"", "app=\"billing\"").replace(", empty: 0", "");
    let gate = Gate::default().with_file("runbook.yml", &other);
    let ended = gate.run(&["telemetry"]).with_code(0);
    assert!(ended.out.contains("not with these labels"), "{}", ended.out);
}

#[test]
fn a_server_that_answers_slowly_decides_alike_until_it_is_too_slow() {
    let server = Prometheus::with(&service(20.0, |_| true));
    let proxy = Proxy::to(server.port());
    proxy.delay(StdDuration::from_millis(300));
    assert_eq!(verify(&policy(&proxy.url()), 20)["decided_at"], "2026-01-01T00:07:00Z");
    proxy.delay(StdDuration::from_secs(5));
    let slow = policy(&proxy.url()).replace("timeout: 2s", "timeout: 200ms");
    let gate = Gate::default().with_file("runbook.yml", &slow);
    let ended = gate.run(&["verify", "--deployed-at", "2026-01-01T00:00:00Z"]);
    assert!(!matches!(ended.code, Some(0 | 20)), "a server that is too slow proves nothing: {ended:?}");
    assert!(format!("{}{}", ended.out, ended.err).contains("timeout"), "{ended:?}");
}

/// A service whose past goes on into the next minutes: ten requests in a second, scraped every second.
fn now_on(bad: f64) -> Past {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs();
    let mut past = Past::new();
    for (code, share) in [("200", 1.0 - bad), ("503", bad)] {
        let series = format!("{METRIC}_count{{app=\"orders\",http_response_status_code=\"{code}\"}}");
        past.series(&series, (0..720).map(|s| ((now - 120 + s) as f64, s as f64 * 10.0 * share)));
    }
    past
}

/// A gate of eight seconds, as it happens.
fn short(url: &str) -> String {
    let counts = |more: &str| format!("sum(increase({METRIC}_count{{app=\"orders\"{more}}}[$window]))");
    format!(
        "version: 1\nservice: orders-api\n\
         prometheus: {{ url: \"{url}\", scrape_interval: 250ms, timeout: 5s }}\n\
         signals:\n  error_rate:\n    prometheus: {{ bad: '{}', total: '{}', empty: 0 }}\n\
         gate:\n  warmup: 0s\n  observe: 8s\n  interval: 1s\n  min_requests: 10\n  baseline: none\n\
         \x20 rollback_when: [error_rate > 5% for 6s]\n  verify: [error_rate < 1%]\n",
        counts(",http_response_status_code=~\"5..\""),
        counts("")
    )
}

fn reason(ended: &Ended) -> String {
    format!("{}{}", ended.out, ended.err)
}

#[test]
fn a_server_that_is_killed_mid_gate_holds_and_never_decides_for_the_release() {
    let mut server = Prometheus::with(&now_on(0.5));
    let proxy = Proxy::to(server.port());
    let gate = Gate::default().with_file("runbook.yml", &short(&proxy.url()));
    let running = gate.start(&["verify", "--report-dir", "out"]);
    // The gate has begun once its journal says so; one that ends without beginning fails below.
    let begun = Instant::now();
    let sampled = || {
        gate.path("out/journal.ndjson").is_file() && gate.read("out/journal.ndjson").contains("\"sample\"")
    };
    while !sampled() && begun.elapsed() < StdDuration::from_secs(60) {
        sleep(StdDuration::from_millis(20));
    }
    server.kill();
    let ended = running.wait().with_code(10);
    assert!(ended.out.starts_with("HOLD"), "{}", reason(&ended));
    assert!(gate.read("out/journal.ndjson").contains("\"absent\""));
}
