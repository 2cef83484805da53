//! Samples that come after their time was evaluated.

use runbook_gate::gate::{Decision, Gate, Outcome};
use runbook_gate::journal::Line;
use runbook_gate::sample::Sample;
use runbook_gate::{Duration, Timestamp};

use super::scene::{START, Scene, play};

fn after(seconds: u64) -> Timestamp {
    START + Duration::from_secs(seconds)
}

/// The scene's samples with a tick after each time, but for those that come so many steps of 15 seconds later.
fn with_late(scene: &Scene, late: impl Fn(u64) -> Option<u64>) -> Outcome {
    let mut timed: Vec<(Timestamp, u8, Line)> = Vec::new();
    for (t, signal, sample) in &scene.samples {
        let comes = late(t.since(START).as_nanos() / 15_000_000_000)
            .map_or(*t, |steps| *t + Duration::from_secs(15 * steps));
        timed.push((comes, 0, Line::Sample { t: *t, signal: signal.clone(), sample: sample.clone() }));
        timed.push((*t, 1, Line::Tick { t: *t }));
    }
    timed.sort_by_key(|(t, order, _)| (*t, *order));
    let lines = timed.into_iter().map(|(_, _, line)| line);
    play(&scene.rules, &scene.heading.iter().cloned().chain(lines).collect::<Vec<Line>>())
}

fn seconds(outcome: &Outcome) -> u64 {
    outcome.decided_at.unwrap().since(START).as_nanos() / 1_000_000_000
}

#[test]
fn a_late_point_counts_in_the_windows_to_come() {
    // Every other sample comes a minute late.
    let scene = Scene::read("rollback error_rate > 5% for 5m", "error_rate: 15m of 3/300");
    let mut lines = scene.heading.clone();
    for place in 1..=64_usize {
        let now = after(15 * place as u64);
        for (t, signal, sample) in &scene.samples {
            let index = t.since(START).as_nanos() / 15_000_000_000;
            let comes = if index % 2 == 0 { *t + Duration::from_secs(60) } else { *t };
            if comes == now {
                lines.push(Line::Sample { t: *t, signal: signal.clone(), sample: sample.clone() });
            }
        }
        lines.push(Line::Tick { t: now });
    }
    let outcome = play(&scene.rules, &lines);
    assert_eq!(outcome.decision, Decision::Proceed, "{}", outcome.reason);
    assert!(outcome.late >= 25, "{}", outcome.late);
    let signal = &outcome.signals[0];
    // Only the very last had not come when the watch ended: of 900 seconds the newest 15 are not covered.
    assert_eq!(signal.coverage, 885.0 / 900.0);
    assert_eq!(signal.counts, Some((3.0 * signal.known as f64, 300.0 * signal.known as f64)));
}

#[test]
fn the_first_bad_sample_makes_a_breach_as_old_when_it_comes_late() {
    let scene = Scene::read("rollback error_rate > 5% for 5m", "error_rate: 5m of 0/300, 10m of 75/300");
    let late = with_late(&scene, |place| (place == 21).then_some(3));
    assert_eq!((late.decision, seconds(&late), late.late), (Decision::Rollback, 615, 1), "{}", late.reason);
    assert_eq!(seconds(&with_late(&scene, |_| None)), 615);
}

#[test]
fn a_strict_criterion_is_broken_by_a_good_sample_that_comes_late() {
    let asks = "rollback latency_p95 > 500ms for 5m strict";
    let scene = Scene::read(asks, "latency_p95: 2m of 0.9, 15s of 0.1, 13m of 0.9");
    for steps in [1, 2, 8] {
        let late = with_late(&scene, |place| (place == 9).then_some(steps));
        // The first after the good one is at 2m30s.
        assert_eq!((late.decision, seconds(&late)), (Decision::Rollback, 450), "{}", late.reason);
    }
    // A bad one among bad ones changes nothing.
    let scene = Scene::read(asks, "latency_p95: 15m of 0.9");
    assert_eq!(seconds(&with_late(&scene, |place| (place == 9).then_some(2))), 315);
}

#[test]
fn a_flapping_criterion_counts_samples_that_come_late() {
    let scene =
        Scene::read("rollback latency_p95 > 500ms for 2m in 10m", "latency_p95: 15m of (0.9 0.1 0.1)");
    let expected = seconds(&with_late(&scene, |_| None));
    let late = with_late(&scene, |place| (place % 6 == 1 && place < 20).then_some(2));
    assert_eq!((seconds(&late), late.late), (expected, 4));
}

#[test]
fn so_many_late_points_in_descending_order_are_put_in_at_once() {
    let scene = Scene::read("rollback error_rate > 5% for 5m; counts error_rate", "");
    let mut gate = Gate::new(scene.rules.clone());
    for line in &scene.heading {
        gate.apply(line).unwrap();
    }
    let sample = |millis: u64, bad: f64| Line::Sample {
        t: START + Duration::from_millis(millis),
        signal: "error_rate".parse().unwrap(),
        sample: Sample::from_counts(bad, 10.0),
    };
    let tick = |seconds: u64| Line::Tick { t: after(seconds) };
    for line in [sample(700_000, 0.0), tick(700)] {
        gate.apply(&line).unwrap();
    }
    for place in (1..=60_000).rev() {
        gate.apply(&sample(10 * place, f64::from(u8::from(place % 10 == 0)))).unwrap();
        gate.apply(&tick(700)).unwrap();
    }
    for line in [sample(715_000, 0.0), tick(715)] {
        gate.apply(&line).unwrap();
    }
    let outcome = gate.finish();
    assert_eq!(outcome.late, 60_000);
    let signal = &outcome.signals[0];
    assert_eq!((signal.known, signal.counts), (60_002, Some((6_000.0, 600_020.0))));
    // A minute before the first point on time, and everything before ten minutes.
    assert_eq!(signal.coverage, (600.0 + 60.0 + 15.0) / 715.0);
}
