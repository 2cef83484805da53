//! What windows read: good, ragged, empty, wrong, several series, dead and slow servers.

use std::time::Duration as StdDuration;

use runbook_gate::policy::source_spec::{PrometheusRead, PrometheusSpec, SourceSpec};
use runbook_gate::source;
use runbook_gate::source::PollWindow;
use runbook_gate::transport::Address;
use runbook_gate::{Duration, Timestamp};
use runbook_gate_tests::network::WORLD;
use runbook_gate_tests::prometheus::{Past, Prometheus};
use runbook_gate_tests::proxy::Proxy;

use super::{START, after, at, errors, poll, reading, scrapes, shown, value};

/// Ten requests in a second; one in a hundred fails, from the start on one in ten.
fn service(until: i64) -> Past {
    let mut past = Past::new();
    let failed = |seconds: i64| {
        let before = seconds.min(0) + 600;
        before as f64 * 0.1 + seconds.max(0) as f64
    };
    past.series("r_total{code=\"500\"}", scrapes(until).map(|s| (at(s), failed(s))));
    let good = |seconds: i64| (seconds + 600) as f64 * 10.0 - failed(seconds);
    past.series("r_total{code=\"200\"}", scrapes(until).map(|s| (at(s), good(s))));
    past
}

#[test]
fn counts_of_windows_are_exact_and_every_event_counts_once() {
    let server = Prometheus::with(&service(600));
    let mut source = reading(&server.url(), vec![("error_rate", errors())]);
    assert_eq!(shown(&poll(source.as_mut(), 59)), Vec::<String>::new(), "no window has ended");
    assert_eq!(shown(&poll(source.as_mut(), 130)), ["60 60.000 of 600.000", "120 60.000 of 600.000"]);
    let rest = shown(&poll(source.as_mut(), 600));
    assert_eq!(rest.len(), 8, "{rest:?}");
    assert!(rest.iter().all(|window| window.ends_with(" 60.000 of 600.000")), "{rest:?}");
    let start = after(0).start;
    let before = PollWindow { anchor: start, start: Timestamp::from_secs(START - 300), ..after(0) };
    let past = source.history(&before, &WORLD);
    let past = shown(&past.unwrap());
    assert_eq!(past.len(), 5, "{past:?}");
    assert!(past.iter().all(|window| window.ends_with(" 6.000 of 600.000")), "{past:?}");
}

#[test]
fn a_restart_of_the_service_gives_no_negative_counts() {
    let mut past = Past::new();
    let count = |s: i64| if s < 90 { 50_000.0 + s as f64 * 10.0 } else { (s - 90) as f64 * 10.0 };
    past.series("r_total{code=\"200\"}", scrapes(300).map(|s| (at(s), count(s))));
    let server = Prometheus::with(&past);
    let mut source = reading(&server.url(), vec![("error_rate", errors())]);
    let windows = shown(&poll(source.as_mut(), 180));
    assert_eq!(windows, ["60 0.000 of 600.000", "120 0.000 of 450.000", "180 0.000 of 600.000"]);
}

#[test]
fn ragged_scrapes_leave_gaps_that_are_said() {
    let mut past = Past::new();
    let kept = |s: &i64| !(120..=480).contains(s);
    past.series("r_total{code=\"200\"}", scrapes(660).filter(kept).map(|s| (at(s), s as f64 + 600.0)));
    past.series("q", scrapes(660).filter(kept).map(|s| (at(s), 7.0)));
    let server = Prometheus::with(&past);
    let mut source = reading(&server.url(), vec![("error_rate", errors()), ("queue", value("sum(q)"))]);
    let told = shown(&poll(source.as_mut(), 660));
    let (counts, queue) = told.split_at(11);
    let known: Vec<&str> = counts.iter().map(|one| one.split(' ').nth(1).unwrap_or("")).collect();
    // The window up to 120 s has lost its last scrape, which extrapolation makes up for.
    let expected = [["0.000"; 2].as_slice(), &["no-data"; 6], &["0.000"; 3]].concat();
    assert_eq!(known, expected, "{counts:?}");
    let at = |seconds: &str| queue.iter().find(|one| one.starts_with(seconds)).map_or("", |one| one);
    assert_eq!(at("105 "), "105 7.0000");
    // Servers before 2.44 take a series for its last value for five minutes; later ones do as they are told.
    assert_eq!(at("480 "), "480 no-data");
    assert_eq!(at("660 "), "660 7.0000");
}

#[test]
fn a_server_that_knows_nothing_gives_no_data_and_no_error_rate_of_zero() {
    let server = Prometheus::with(&Past::new());
    let mut source = reading(&server.url(), vec![("error_rate", errors()), ("queue", value("sum(q)"))]);
    assert_eq!(shown(&poll(source.as_mut(), 60))[..2], ["60 no-data", "15 no-data"]);
    let empty = PrometheusRead::Value { query: "sum(q)".into(), total: None, empty: Some(0.0) };
    let mut declared = reading(&server.url(), vec![("queue", empty)]);
    assert_eq!(shown(&poll(declared.as_mut(), 15)), ["15 0.0000"]);
}

#[test]
fn what_is_wrong_with_a_query_is_said_in_the_servers_words() {
    let server = Prometheus::with(&service(60));
    let said = |query: &str| {
        let mut source = reading(&server.url(), vec![("x", value(query))]);
        shown(&poll(source.as_mut(), 15)).join("; ")
    };
    let syntax = said("sum(r_total) by");
    assert!(syntax.starts_with("15 error: the server cannot read the query:"), "{syntax}");
    assert!(syntax.contains("parse error"), "{syntax}");
    assert_eq!(
        said("r_total"),
        "15 error: the query gives 2 series where one is needed; add them up, sum(…): {code=\"200\"}, {code=\"500\"}"
    );
    assert!(said("r_total * on() r_total").contains("cannot evaluate the query"), "many-to-many");
    assert_eq!(said("vector(0) / vector(0)"), "15 no-data");
    assert_eq!(said("1 / vector(0)"), "15 no-data");
    assert_eq!(said("42"), "15 42.0000", "a scalar is a series over time");
}

#[test]
fn a_server_that_dies_mid_gate_makes_signals_absent_and_one_that_returns_loses_nothing() {
    let mut first = Prometheus::with(&service(600));
    let proxy = Proxy::to(first.port());
    let mut source = reading(&proxy.url(), vec![("error_rate", errors())]);
    assert_eq!(shown(&poll(source.as_mut(), 60)), ["60 60.000 of 600.000"]);
    first.kill();
    let dead = shown(&poll(source.as_mut(), 180));
    assert_eq!(dead.len(), 1);
    assert!(dead[0].starts_with("180 error: "), "{dead:?}");
}

#[test]
fn a_server_that_answers_slowly_is_a_time_out_and_what_was_missed_comes_later() {
    let server = Prometheus::with(&service(600));
    let proxy = Proxy::to(server.port());
    let spec = PrometheusSpec {
        address: Address::Url(proxy.url().parse().unwrap()),
        step: Duration::from_secs(15),
        scrape_interval: Duration::from_secs(15),
        timeout: Duration::from_millis(300),
        ingestion_delay: Duration::ZERO,
        signals: vec![("error_rate".parse().unwrap(), errors())],
        headers: vec![],
    };
    let mut source = source::build(&SourceSpec::Prometheus(spec)).unwrap();
    proxy.delay(StdDuration::from_secs(2));
    assert_eq!(shown(&poll(source.as_mut(), 60)), ["60 timeout"]);
    proxy.delay(StdDuration::ZERO);
    assert_eq!(shown(&poll(source.as_mut(), 120)), ["60 60.000 of 600.000", "120 60.000 of 600.000"]);
}
