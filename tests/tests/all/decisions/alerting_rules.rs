//! `strict` means exactly what the `for` of a Prometheus alerting rule means: `promtool test rules` is asked.

use std::fs;
use std::process::Command;

use runbook_gate::gate::{Decision, Gate};
use runbook_gate::journal::Line;
use runbook_gate::policy::rules::{Configured, GateCriterion, GateRules, ReadingKind, SignalRules};
use runbook_gate::sample::Sample;
use runbook_gate::{Duration, SignalName};
use serde_json::{Value, json};

use super::scene::START;

const STEP: u64 = 15;
const SAMPLES: usize = 80;
const SERIES: usize = 500;

/// A series of values above and below the threshold, in stretches.
struct Case {
    duration: u64,
    values: Vec<f64>,
}

#[test]
fn strict_is_the_for_of_an_alerting_rule() {
    let cases = cases();
    let mut series = Vec::new();
    let mut rules = Vec::new();
    let mut expected = Vec::new();
    let mut trips = 0;
    for (index, case) in cases.iter().enumerate() {
        let values: Vec<String> = case.values.iter().map(f64::to_string).collect();
        series.push(json!({ "series": format!("v{index}"), "values": values.join(" ") }));
        rules.push(json!({
            "alert": format!("a{index}"), "expr": format!("v{index} > 0.5"), "for": format!("{}s", case.duration),
        }));
        let tripped = tripped(case);
        trips += usize::from(tripped.is_some());
        // Prometheus' first evaluation is at 0, where the first sample stands.
        for place in 0..=tripped.unwrap_or(SAMPLES - 1) {
            let alerts: Vec<Value> =
                if Some(place) == tripped { vec![json!({ "exp_labels": {} })] } else { Vec::new() };
            expected.push(json!({
                "eval_time": format!("{}s", place as u64 * STEP), "alertname": format!("a{index}"), "exp_alerts": alerts,
            }));
        }
    }
    assert!(trips > SERIES / 4 && trips < SERIES * 3 / 4, "{trips} of {SERIES} trip: the series show little");

    let folder = tempfile::tempdir().unwrap();
    let interval = format!("{STEP}s");
    let rules = json!({ "groups": [{ "name": "strict", "interval": interval, "rules": rules }] });
    fs::write(folder.path().join("rules.yml"), rules.to_string()).unwrap();
    let tests = json!({
        "rule_files": ["rules.yml"],
        "evaluation_interval": interval,
        "tests": [{ "interval": interval, "input_series": series, "alert_rule_test": expected }],
    });
    fs::write(folder.path().join("tests.yml"), tests.to_string()).unwrap();
    let output = Command::new("promtool")
        .args(["test", "rules", "tests.yml"])
        .current_dir(folder.path())
        .output()
        .expect("promtool is needed for this test: it comes with Debian's package `prometheus`");
    let words =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}", words.chars().take(4000).collect::<String>());
}

/// The place of the sample at which the gate trips.
fn tripped(case: &Case) -> Option<usize> {
    let step = Duration::from_secs(STEP);
    let watch = Duration::from_secs(STEP * SAMPLES as u64);
    let signal: SignalName = "v".parse().unwrap();
    let criterion = format!("v > 0.5 for {}s strict", case.duration).parse().unwrap();
    let rules = GateRules::new(Duration::ZERO, watch, step)
        .with_signal(signal.clone(), SignalRules::new(ReadingKind::Value, step))
        .with_rollback(GateCriterion { criterion, configured: Configured::Yes });
    let mut gate = Gate::new(rules);
    gate.apply(&Line::Start { t: START, environment: String::new(), policy_sha256: String::new() }).unwrap();
    for (place, value) in case.values.iter().enumerate() {
        let t = START + step.times(place as u64 + 1);
        gate.apply(&Line::Sample { t, signal: signal.clone(), sample: Sample::from_number(*value) }).unwrap();
    }
    gate.apply(&Line::End { t: START + watch }).unwrap();
    let outcome = gate.finish();
    (outcome.decision == Decision::Rollback).then(|| {
        let since = outcome.decided_at.unwrap().since(START);
        (since.as_nanos() / step.as_nanos()) as usize - 1
    })
}

fn cases() -> Vec<Case> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    (0..SERIES)
        .map(|_| {
            let duration = [15, 30, 40, 50, 60, 75, 120, 200, 300][random(9) as usize];
            let mut values = Vec::new();
            let mut high = random(2) == 0;
            while values.len() < SAMPLES {
                let length = 1 + random(1 + duration / STEP) as usize;
                for _ in 0..length {
                    let noise = random(40) as f64 / 100.0;
                    values.push(if high { 0.51 + noise } else { 0.5 - noise });
                }
                high = !high;
            }
            values.truncate(SAMPLES);
            Case { duration, values }
        })
        .collect()
}
