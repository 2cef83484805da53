//! Presets against a server that knows the metrics of a real instrumentation.

use runbook_gate::source::preset;
use runbook_gate_tests::prometheus::{Past, Prometheus};

use super::{at, build, poll, scrapes, shown};

/// Ten requests in a second, one in twenty with status 503; half take up to 0.1 s, the others up to 0.5 s.
fn opentelemetry() -> Past {
    let mut past = Past::new();
    let metric = "http_server_request_duration_seconds";
    for (code, share) in [("200", 0.95), ("503", 0.05)] {
        let labels = format!("app=\"orders\",http_route=\"/\",http_response_status_code=\"{code}\"");
        let count = move |s: i64, part: f64| (s + 600) as f64 * 10.0 * share * part;
        for (bound, part) in [("0.1", 0.5), ("0.5", 1.0), ("+Inf", 1.0)] {
            let series = format!("{metric}_bucket{{{labels},le=\"{bound}\"}}");
            past.series(&series, scrapes(120).map(|s| (at(s), count(s, part))));
        }
        past.series(&format!("{metric}_count{{{labels}}}"), scrapes(120).map(|s| (at(s), count(s, 1.0))));
    }
    past.series("http_server_active_requests{app=\"orders\"}", scrapes(120).map(|s| (at(s), 4.0)));
    past.series(&format!("{metric}_count{{app=\"other\"}}"), scrapes(120).map(|s| (at(s), s as f64 + 600.0)));
    past
}

#[test]
fn http_server_reads_the_metrics_of_opentelemetry() {
    let server = Prometheus::with(&opentelemetry());
    for name in ["http-server", "aspnet"] {
        let signals = preset::prometheus(name, "app=\"orders\"").unwrap();
        let mut source = build(&server.url(), signals);
        let polled = poll(source.as_mut(), 120);
        let newest = |signal: &str| {
            let of = polled.observations.iter().filter(|one| one.signal.as_str() == signal);
            let last = runbook_gate::source::Polled { observations: of.cloned().collect(), notes: vec![] };
            shown(&last).last().cloned().unwrap_or_default()
        };
        assert_eq!(newest("request_rate"), "120 10.0000");
        assert_eq!(newest("error_rate"), "120 30.000 of 600.000");
        assert_eq!(newest("latency_p50"), "120 0.1000 behind 600.000");
        assert_eq!(newest("latency_p95"), "120 0.4600 behind 600.000");
        assert_eq!(newest("latency_p99"), "120 0.4920 behind 600.000");
        assert_eq!(newest("active_requests"), "120 4.0000");
    }
}

#[test]
fn a_preset_for_other_metrics_finds_nothing_rather_than_no_errors() {
    let server = Prometheus::with(&opentelemetry());
    for name in ["prometheus-net", "http-requests", "http-server-v1"] {
        let mut source = build(&server.url(), preset::prometheus(name, "app=\"orders\"").unwrap());
        let polled = poll(source.as_mut(), 120);
        for signal in ["error_rate", "request_rate", "latency_p95"] {
            let of = polled.observations.iter().filter(|one| one.signal.as_str() == signal);
            let all = runbook_gate::source::Polled { observations: of.cloned().collect(), notes: vec![] };
            assert!(shown(&all).iter().all(|one| one.ends_with("no-data")), "{name} {signal}");
        }
    }
}

#[test]
fn http_requests_reads_either_label() {
    for label in ["code", "status"] {
        let mut past = Past::new();
        for (code, rate) in [("200", 9.0), ("500", 1.0)] {
            let series = format!("http_requests_total{{{label}=\"{code}\"}}");
            past.series(&series, scrapes(60).map(|s| (at(s), (s + 600) as f64 * rate)));
        }
        let server = Prometheus::with(&past);
        let signals = preset::prometheus("http-requests", "").unwrap();
        let errors = signals.into_iter().filter(|(name, _)| name.as_str() == "error_rate").collect();
        let mut source = build(&server.url(), errors);
        assert_eq!(shown(&poll(source.as_mut(), 60)), ["60 60.000 of 600.000"], "{label}");
    }
}
