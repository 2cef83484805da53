//! The prometheus source against a real server with a backfilled past.

mod presets;
mod quantiles;
mod telemetry;
mod verify;
mod windows;

use runbook_gate::policy::source_spec::{PrometheusRead, PrometheusSpec, SourceSpec};
use runbook_gate::sample::{Reading, Sample};
use runbook_gate::source::{self, PollWindow, Polled, Source};
use runbook_gate::transport::Address;
use runbook_gate::{Duration, SignalName, Timestamp};
use runbook_gate_tests::network::WORLD;

/// 2026-01-01T00:00:00Z: the gate's start, in seconds since the epoch.
const START: i64 = 1_767_225_600;

/// A source of these signals; the service is scraped, and asked, every 15 s.
fn reading(url: &str, signals: Vec<(&str, PrometheusRead)>) -> Box<dyn Source> {
    build(url, signals.into_iter().map(|(name, read)| (name.parse().unwrap(), read)).collect())
}

fn build(url: &str, signals: Vec<(SignalName, PrometheusRead)>) -> Box<dyn Source> {
    let spec = PrometheusSpec {
        address: Address::Url(url.parse().unwrap()),
        step: Duration::from_secs(15),
        scrape_interval: Duration::from_secs(15),
        timeout: Duration::from_secs(20),
        ingestion_delay: Duration::ZERO,
        signals,
        headers: vec![],
    };
    source::build(&SourceSpec::Prometheus(spec)).unwrap()
}

fn value(query: &str) -> PrometheusRead {
    PrometheusRead::Value { query: query.into(), total: None, empty: None }
}

/// Errors of all requests, by the label `code`.
fn errors() -> PrometheusRead {
    PrometheusRead::Ratio {
        bad: "sum(increase(r_total{code=~\"5..\"}[$window]))".into(),
        total: "sum(increase(r_total[$window]))".into(),
        empty: Some(0.0),
    }
}

/// So many seconds after the start, with a warm-up of a minute.
fn after(seconds: i64) -> PollWindow {
    PollWindow {
        start: Timestamp::from_secs(START),
        scheduled: Timestamp::from_secs(START + seconds),
        anchor: Timestamp::from_secs(START + 60),
        timeout: Duration::from_secs(20),
    }
}

fn poll(source: &mut dyn Source, seconds: i64) -> Polled {
    source.poll(&after(seconds), &WORLD)
}

/// The observations as `seconds-after-start sample`.
fn shown(polled: &Polled) -> Vec<String> {
    let show = |sample: &Sample| match sample {
        Sample::Absent(absence) => absence.to_string(),
        Sample::Known(Reading::Counts(counts)) => format!("{:.3} of {:.3}", counts.bad(), counts.total()),
        Sample::Known(Reading::Value { value, total: None }) => format!("{:.4}", value.get()),
        Sample::Known(Reading::Value { value, total: Some(total) }) => {
            format!("{:.4} behind {:.3}", value.get(), total.get())
        }
    };
    let since = |at: Timestamp| at.as_seconds_f64() - START as f64;
    polled.observations.iter().map(|one| format!("{} {}", since(one.at), show(&one.sample))).collect()
}

/// Scrapes every 15 s from ten minutes before the start until `until` seconds after it.
fn scrapes(until: i64) -> impl Iterator<Item = i64> {
    (-600..=until).step_by(15)
}

/// A time as samples carry it.
fn at(seconds: i64) -> f64 {
    (START + seconds) as f64
}
