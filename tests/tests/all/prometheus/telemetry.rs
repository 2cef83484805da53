//! What `telemetry` says of known traffic, against numbers worked out by hand.

use std::time::{SystemTime, UNIX_EPOCH};

use runbook_gate_tests::binary::Gate;
use runbook_gate_tests::prometheus::{Past, Prometheus};
use runbook_gate_tests::service::{Behaviour, Service};
use serde_json::Value;

const METRIC: &str = "http_server_request_duration_seconds";

/// So many requests in a second, of which none fails and 95 % take less than half a second, scraped every 15 s from forty minutes
/// ago until ten minutes from now.
fn steady(rate: f64) -> Past {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs();
    let mut past = Past::new();
    let labels = "app=\"orders\",http_response_status_code=\"200\"";
    let mut series = |name: &str, more: &str, share: f64| {
        let at = |s: u64| ((now - 2400 + s) as f64, s as f64 * rate * share);
        past.series(&format!("{METRIC}_{name}{{{labels}{more}}}"), (0..=3000).step_by(15).map(at));
    };
    series("count", "", 1.0);
    for (bound, share) in [("0.1", 0.5), ("0.5", 0.95), ("+Inf", 1.0)] {
        series("bucket", &format!(",le=\"{bound}\""), share);
    }
    past.series("queue", (0..=3000).step_by(15).map(|s| ((now - 2400 + s) as f64, 7.0)));
    past
}

fn telemetry(policy: &str) -> Value {
    let gate = Gate::default().with_file("runbook.yml", policy);
    gate.run(&["telemetry", "--format", "json", "--past", "30m"]).with_code(0).json()["telemetry"].clone()
}

fn named<'t>(telemetry: &'t Value, list: &str, key: &str, name: &str) -> &'t Value {
    let all = telemetry[list].as_array().expect("a list");
    all.iter().find(|one| one[key] == name).unwrap_or_else(|| panic!("no {name} in {telemetry}"))
}

/// Checks what is said of a criterion's traffic.
fn assert_rate(telemetry: &Value, criterion: &str, expected: f64) {
    let usual = &named(telemetry, "criteria", "criterion", criterion)["usual"];
    let rate = usual["requests_per_second"].as_f64().unwrap_or_else(|| panic!("{criterion}: {usual}"));
    assert!((rate / expected - 1.0).abs() < 0.1, "{criterion}: {rate}, and it is {expected}");
}

#[test]
fn freshness_cadence_and_traffic_of_a_prometheus_server_are_as_they_are() {
    let server = Prometheus::with(&steady(4.0));
    let policy = format!(
        "version: 1\nservice: orders-api\n\
         prometheus: {{ url: \"{}\", timeout: 10s }}\n\
         presets: [{{ prometheus: {{ preset: http-server, selector: 'app=\"orders\"' }} }}]\n\
         signals: {{ queue: {{ prometheus: {{ query: queue }} }} }}\n\
         gate:\n  baseline: none\n  observe: 10m\n\
         \x20 rollback_when: [error_rate > 5% for 5m, latency_p95 > 2s for 5m, queue > 100 for 5m]\n\
         \x20 verify: [error_rate < 1%]\n",
        server.url()
    );
    let telemetry = telemetry(&policy);
    // Counts come in windows of four scrapes; everything else every step.
    for (signal, cadence) in
        [("error_rate", "1m"), ("latency_p95", "15s"), ("request_rate", "15s"), ("queue", "15s")]
    {
        let said = named(&telemetry, "signals", "signal", signal);
        assert_eq!(said["cadence"], cadence, "{said}");
        assert_eq!(said["absent"], 0, "{said}");
        let age: runbook_gate::Duration =
            said["readable"]["now"]["age"].as_str().expect("an age").parse().expect("a duration");
        assert!(age <= runbook_gate::Duration::from_secs(15), "{said}");
    }
    let known = named(&telemetry, "signals", "signal", "error_rate")["known"].as_u64().expect("a number");
    assert!((28..=30).contains(&known), "half an hour has as many windows of a minute: {known}");
    for criterion in ["error_rate > 5% for 5m", "error_rate < 1%", "latency_p95 > 2s for 5m"] {
        assert_rate(&telemetry, criterion, 4.0);
    }
    let errors = named(&telemetry, "criteria", "criterion", "error_rate > 5% for 5m");
    // 30 requests at four in a second.
    assert_eq!(errors["usual"]["data_after"], "8s", "{errors}");
    // The first and the last bad window are five minutes apart, and the first is a minute long.
    assert_eq!(errors["usual"]["found_after"], "6m", "{errors}");
    assert_eq!(errors["quietest"], errors["usual"], "{errors}");
    assert_eq!(
        named(&telemetry, "criteria", "criterion", "queue > 100 for 5m")["usual"]["requests_per_second"],
        Value::Null
    );
}

#[test]
fn traffic_too_thin_to_decide_on_is_told_from_a_prometheus_server_too() {
    // Three requests in a minute.
    let server = Prometheus::with(&steady(0.05));
    let policy = format!(
        "version: 1\nservice: orders-api\n\
         prometheus: {{ url: \"{}\", timeout: 10s }}\n\
         presets: [{{ prometheus: {{ preset: http-server, selector: 'app=\"orders\"' }} }}]\n\
         gate: {{ baseline: none, observe: 5m, rollback_when: [error_rate > 5% for 5m], verify: [error_rate < 1%] }}\n",
        server.url()
    );
    let telemetry = telemetry(&policy);
    assert_rate(&telemetry, "error_rate < 1%", 0.05);
    let warnings = telemetry["warnings"].to_string();
    assert!(warnings.contains("`error_rate < 1%` cannot decide and would hold a good release"), "{warnings}");
    assert!(warnings.contains("at 3 requests a minute"), "{warnings}");
}

#[test]
fn traffic_of_a_metrics_endpoint_is_taken_over_the_time_between_two_looks() {
    // It counts 200 requests in a second.
    let service = Service::start(Behaviour::default());
    let policy = format!(
        "version: 1\nservice: orders\nprobe: {{ url: \"{url}\", every: 2s, timeout: 1s }}\n\
         signals:\n  error_rate:\n    scrape: {{ url: \"{url}/metrics\", bad: 'requests_total{{code=\"500\"}}', total: requests_total }}\n\
         gate: {{ baseline: none, rollback_when: [error_rate > 5% for 5m, availability < 95% for 5m], verify: [health passing] }}\n",
        url = service.url()
    );
    let telemetry = telemetry(&policy);
    // A poll comes every 15 s, and the second look a few seconds after the first.
    assert_rate(&telemetry, "error_rate > 5% for 5m", 200.0);
    let errors = named(&telemetry, "criteria", "criterion", "error_rate > 5% for 5m");
    assert_eq!(errors["usual"]["data_after"], "0s", "{errors}");
    // The probe counts its own checks, and tells of no requests.
    let own = named(&telemetry, "criteria", "criterion", "availability < 95% for 5m");
    assert_eq!(own["usual"]["requests_per_second"], Value::Null, "{own}");
    for signal in ["health", "error_rate", "availability"] {
        let said = named(&telemetry, "signals", "signal", signal);
        assert_eq!(said["readable"]["now"]["age"], "0s", "{said}");
    }
}
