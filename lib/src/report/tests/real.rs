//! Reports of what the gate itself decided.

use super::pages::snapshot;
use crate::journal::sketch::{STEP, criterion, name, t, text};
use crate::journal::{self, Line};
use crate::policy::rules::{Configured, GateCriterion, GateRules, ReadingKind, SignalRules};
use crate::report::terminal::Layout;
use crate::report::{Report, ReportContext, junit, markdown, terminal};
use crate::sample::{Absence, Sample};
use crate::{Baseline, Duration, Finite};

fn rules() -> GateRules {
    let source = |reading| SignalRules {
        source: "prometheus http://prometheus:9090".into(),
        ..SignalRules::new(reading, STEP)
    };
    GateRules::new(Duration::from_secs(60), Duration::from_secs(900), STEP)
        .with_signal(name("error_rate"), source(ReadingKind::Counts))
        .with_signal(name("latency_p95"), source(ReadingKind::Value))
        .with_signal(name("health"), source(ReadingKind::State))
        .with_rollback(criterion("error_rate > 5% for 5m"))
        .with_rollback(criterion("latency_p95 > 2x baseline and > 200ms for 5m"))
        .with_rollback(criterion("health failing for 2m"))
        .with_rollback(GateCriterion {
            criterion: "smoke failing".parse().unwrap(),
            configured: Configured::No { missing: vec![name("smoke")] },
        })
        .with_verify(criterion("error_rate < 1%"))
        .with_verify(criterion("latency_p95 < 500ms"))
        .with_verify(criterion("health passing"))
}

/// A replay of a journal whose samples these three functions give, by the number of the step.
fn report(
    errors: impl Fn(u64) -> Sample,
    latency: impl Fn(u64) -> Sample,
    health: impl Fn(u64) -> Sample,
) -> Report {
    let finite = |number| Finite::new(number).unwrap();
    let mut lines = vec![
        Line::Start { t: t(0), environment: "production".into(), policy_sha256: "9f86d081884c7d65".into() },
        Line::Baseline {
            signal: name("latency_p95"),
            baseline: Baseline {
                median: finite(0.21),
                p95: finite(0.3),
                worst: Some(finite(0.24)),
                count: 120,
                counts: None,
                window: Some((t(0) - Duration::from_secs(1800), t(0))),
                source: Some("before: 30m".into()),
            },
        },
    ];
    for k in 1..=90 {
        for (signal, sample) in
            [("error_rate", errors(k)), ("latency_p95", latency(k)), ("health", health(k))]
        {
            lines.push(Line::Sample { t: t(k), signal: name(signal), sample });
        }
    }
    lines.push(Line::End { t: t(90) });
    let replayed = journal::replay(rules(), text(&lines).as_bytes()).unwrap();
    let context = ReportContext {
        service: "orders-api".into(),
        policy_file: "runbook.yml".into(),
        replay_command: "runbook-gate replay --policy runbook.yml --journal gate.ndjson".into(),
        ..ReportContext::default()
    };
    Report::of_gate(&replayed.outcome, &context)
}

fn few_errors(k: u64) -> Sample {
    Sample::from_counts((k % 3) as f64 / 2.0, 250.0 + (k % 7) as f64)
}

fn usual_latency(k: u64) -> Sample {
    Sample::from_number(0.2 + (k * 7 % 11) as f64 / 500.0)
}

fn healthy(_: u64) -> Sample {
    Sample::from_number(1.0)
}

fn pages(name: &str, report: &Report) {
    snapshot(
        &format!("real_terminal_{name}"),
        &terminal::render(report, Layout { width: 100, ..Layout::default() }),
    );
    snapshot(&format!("real_markdown_{name}"), &markdown::render(report));
    snapshot(&format!("real_junit_{name}"), &junit::render(report));
}

#[test]
fn a_good_release() {
    pages("proceed", &report(few_errors, usual_latency, healthy));
}

#[test]
fn errors_from_the_fifth_minute() {
    let errors = |k| if k > 20 { Sample::from_counts(18.0 + (k % 5) as f64, 250.0) } else { few_errors(k) };
    pages("rollback", &report(errors, usual_latency, healthy));
}

#[test]
fn a_service_that_goes_down() {
    let health = |k| Sample::from_number(if k > 30 { 0.0 } else { 1.0 });
    let latency = |k| if k > 30 { Sample::Absent(Absence::NoTraffic) } else { usual_latency(k) };
    pages("health", &report(few_errors, latency, health));
}

#[test]
fn telemetry_that_stops() {
    let latency = |k| if k > 40 { Sample::Absent(Absence::Timeout) } else { usual_latency(k) };
    pages("blind", &report(few_errors, latency, healthy));
}

#[test]
fn a_slow_release_below_the_rollback_threshold() {
    pages(
        "slow",
        &report(
            few_errors,
            |k| Sample::from_number(if k > 10 { 0.55 } else { 0.2 } + (k % 2) as f64 / 100.0),
            healthy,
        ),
    );
}
