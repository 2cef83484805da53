//! The gate as a state machine: what it takes where, and what it tells besides the decision.

use runbook_gate::gate::outcome::{COURSE_CELLS, Cell, Distance, Ending, Phase};
use runbook_gate::gate::{Decision, Gate, GateError, Step};
use runbook_gate::journal::Line;
use runbook_gate::sample::Sample;
use runbook_gate::{Baseline, Duration, Finite, SignalName, Timestamp};

use super::scene::{START, Scene, play};

fn after(seconds: u64) -> Timestamp {
    START + Duration::from_secs(seconds)
}

fn sample(seconds: u64, signal: &str, value: f64) -> Line {
    Line::Sample { t: after(seconds), signal: signal.parse().unwrap(), sample: Sample::from_number(value) }
}

fn scene() -> Scene {
    Scene::read("rollback latency_p95 > 500ms for 5m", "latency_p95: 15m of 0.2")
}

fn start() -> Line {
    Line::Start { t: START, environment: "production".into(), policy_sha256: "ab".into() }
}

#[test]
fn lines_that_cannot_stand_where_they_do_are_errors_and_change_nothing() {
    let mut gate = Gate::new(scene().rules);
    assert_eq!(gate.apply(&Line::Tick { t: START }), Err(GateError::NoStart));
    assert_eq!(gate.apply(&start()), Ok(Step::Watching));
    assert_eq!(gate.apply(&start()), Err(GateError::SecondStart));
    let signal: SignalName = "latency_p95".parse().unwrap();
    let step = Line::Signal { signal: signal.clone(), step: Duration::from_secs(30) };
    assert_eq!(gate.apply(&step), Ok(Step::Watching));
    // A tick is no sample.
    assert_eq!(gate.apply(&Line::Tick { t: START }), Ok(Step::Watching));
    let baseline = |median: f64| Line::Baseline {
        signal: signal.clone(),
        baseline: Baseline::fixed(Finite::new(median).unwrap()),
    };
    assert_eq!(gate.apply(&baseline(0.2)), Ok(Step::Watching));
    assert_eq!(gate.apply(&baseline(0.3)), Err(GateError::Second("baseline", signal.clone())));
    assert_eq!(gate.apply(&step), Err(GateError::Second("signal", signal.clone())));
    assert_eq!(gate.apply(&sample(15, "latency_p95", 0.2)), Ok(Step::Watching));
    assert_eq!(gate.apply(&step), Err(GateError::Late("signal")));
    let outcome = gate.finish();
    assert_eq!(outcome.signals[0].step, Duration::from_secs(30));
    assert_eq!(outcome.signals[0].baseline.as_ref().unwrap().median.get(), 0.2);
    assert_eq!((outcome.environment.as_str(), outcome.policy_sha256.as_str()), ("production", "ab"));
}

#[test]
fn a_gate_that_never_started_holds() {
    let outcome = Gate::new(scene().rules).finish();
    assert_eq!((outcome.decision, outcome.decided_at), (Decision::Hold, None));
    assert!(outcome.reason.contains("no start line"), "{}", outcome.reason);
}

#[test]
fn signals_that_the_policy_does_not_name_are_ignored_and_counted() {
    let mut scene = scene();
    for (place, name) in [(1, "other"), (2, "other"), (3, "another")] {
        scene.samples.push((after(place * 15), name.parse().unwrap(), Sample::from_number(9.0)));
    }
    let outcome = scene.play();
    assert_eq!(outcome.decision, Decision::Proceed);
    let ignored: Vec<(&str, u64)> =
        outcome.ignored.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(ignored, [("another", 1), ("other", 2)]);
}

#[test]
fn a_point_seen_twice_counts_once_and_the_later_value_wins_until_it_is_evaluated() {
    let mut gate = Gate::new(scene().rules);
    gate.apply(&start()).unwrap();
    for value in [0.9, 0.2] {
        gate.apply(&sample(15, "latency_p95", value)).unwrap();
    }
    gate.apply(&Line::Tick { t: after(15) }).unwrap();
    gate.apply(&sample(15, "latency_p95", 0.7)).unwrap();
    gate.apply(&Line::Tick { t: after(30) }).unwrap();
    let outcome = gate.finish();
    let signal = &outcome.signals[0];
    assert_eq!((signal.known, signal.last, signal.highest), (1, Some(0.2), Some(0.2)));
    assert_eq!(outcome.late, 1);
}

#[test]
fn an_absence_never_takes_the_place_of_a_value() {
    let scene = scene();
    let mut lines = scene.lines();
    let absences: Vec<Line> = scene
        .samples
        .iter()
        .map(|(t, signal, _)| Line::Sample {
            t: *t,
            signal: signal.clone(),
            sample: Sample::from_number(f64::NAN),
        })
        .collect();
    let there = play(&scene.rules, &lines);
    for absence in absences {
        let Line::Sample { t, .. } = absence else { continue };
        let place = lines.iter().position(|line| *line == Line::Tick { t }).unwrap();
        lines.insert(place, absence);
    }
    assert_eq!(play(&scene.rules, &lines), there);
}

#[test]
fn progress_tells_the_phase_and_how_far_each_criterion_is() {
    let scene = Scene::read("warmup 1m; rollback latency_p95 > 500ms for 5m", "latency_p95: 20m of 0.9");
    let mut gate = Gate::new(scene.rules.clone());
    assert_eq!(gate.progress().phase, Phase::NotStarted);
    assert_eq!(gate.end(), None);
    let mut phases = Vec::new();
    let mut held = Vec::new();
    for line in scene.lines() {
        let step = gate.apply(&line).unwrap();
        let progress = gate.progress();
        if phases.last() != Some(&progress.phase) {
            phases.push(progress.phase);
        }
        if let (Line::Tick { .. }, Some((_, Distance::Breaching { held: so_far, needed }))) =
            (&line, progress.criteria.first())
        {
            assert_eq!(*needed, Duration::from_secs(300));
            held.push(so_far.as_seconds_f64());
        }
        if step == Step::Decided {
            assert_eq!(progress.criteria[0].1, Distance::Tripped);
            break;
        }
    }
    assert_eq!(phases, [Phase::WarmUp, Phase::Watch, Phase::Decided]);
    assert!(held.windows(2).all(|pair| pair[0] < pair[1]), "{held:?}");
    assert_eq!(held.last(), Some(&285.0));
    assert_eq!(gate.end(), Some(after(60 + 900)));
}

#[test]
fn the_end_moves_with_the_extension() {
    let scene =
        Scene::read("rollback error_rate > 5% for 5m", "error_rate: 13m of 0/300, 3m of 75/300, 6m of 0/300");
    let mut gate = Gate::new(scene.rules.clone());
    let mut ends = Vec::new();
    for line in scene.lines() {
        let step = gate.apply(&line).unwrap();
        let end = gate.end().unwrap().since(START);
        if ends.last() != Some(&end) {
            ends.push(end);
        }
        if step == Step::Decided {
            break;
        }
    }
    assert_eq!(ends, [900, 1200, 1020].map(Duration::from_secs));
    assert_eq!(gate.finish().extended_by, Duration::from_secs(120));
}

#[test]
fn the_course_has_cells_of_equal_time_with_warm_up_and_gaps() {
    let scene = Scene::read(
        "warmup 2m; rollback error_rate > 5% for 2m",
        "error_rate: 2m of 90/300, 5m of 0/300, 3m of no-data, 7m of 3/300",
    );
    let outcome = scene.play();
    let course = &outcome.signals[0].course;
    assert!(course.len() <= COURSE_CELLS && course.len() > COURSE_CELLS / 2, "{}", course.len());
    assert_eq!(course[0], Cell::Known { low: 0.3, mean: 0.3, high: 0.3 });
    assert!(course.contains(&Cell::Missing));
    assert_eq!(course.last(), Some(&Cell::Known { low: 0.01, mean: 0.01, high: 0.01 }));
}

#[test]
fn a_journal_that_ends_before_the_watch_holds_and_says_when() {
    let scene = scene();
    let lines: Vec<Line> = scene.lines().into_iter().take(60).collect();
    let outcome = play(&scene.rules, &lines);
    assert_eq!((outcome.decision, outcome.ending), (Decision::Hold, Ending::Incomplete));
    assert!(outcome.reason.starts_with("the journal ends at 00:07:"), "{}", outcome.reason);
}

#[test]
fn a_tick_far_in_the_future_ends_the_watch_blind() {
    let mut gate = Gate::new(scene().rules);
    gate.apply(&start()).unwrap();
    gate.apply(&sample(15, "latency_p95", 0.2)).unwrap();
    assert_eq!(gate.apply(&Line::Tick { t: after(1_000_000_000) }), Ok(Step::Decided));
    assert_eq!(gate.finish().decision, Decision::Hold);
}

#[test]
fn more_samples_than_wait_at_most_are_judged_without_a_tick() {
    // Some 20,000 more than wait at most: the oldest are evaluated before the end.
    let scene = Scene::read("watch 900h; rollback latency_p95 > 500ms for 5m", "");
    let mut gate = Gate::new(scene.rules);
    gate.apply(&start()).unwrap();
    for place in 1..=220_000 {
        gate.apply(&sample(15 * place, "latency_p95", 0.2)).unwrap();
    }
    gate.apply(&Line::End { t: after(15 * 220_000) }).unwrap();
    let outcome = gate.finish();
    assert_eq!((outcome.decision, outcome.late), (Decision::Proceed, 0), "{}", outcome.reason);
}

#[test]
fn a_great_count_leaves_nothing_in_the_windows_after_it() {
    let seen = |first: &str| {
        let shows = format!("error_rate: 15s of {first}, 15m of 1.1/3.3");
        let outcome = Scene::read("rollback error_rate > 5% for 5m", &shows).play();
        assert_eq!(outcome.decision, Decision::Rollback, "{}", outcome.reason);
        outcome.criteria[0].explanation.comparisons.clone()
    };
    assert_eq!(seen("0/1e12"), seen("0/1"));
    // Over the watch the great count stays, and the fractions beside it.
    let outcome =
        Scene::read("verify error_rate < 1%", "error_rate: 15s of 0/1e12, 14m45s of 0.25/3.25").play();
    assert_eq!(outcome.signals[0].counts, Some((14.75, 1e12 + 191.75)));
}
