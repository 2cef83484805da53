//! What holds for every journal, however broken.

mod not_vacuous;

use proptest::prelude::*;
use runbook_gate::criterion::Criterion;
use runbook_gate::gate::{Decision, Gate, Outcome, Step};
use runbook_gate::journal::{self, Line};
use runbook_gate::policy::rules::{Configured, GateCriterion, GateRules, ReadingKind, SignalRules};
use runbook_gate::report::{Report, ReportContext, json};
use runbook_gate::sample::Sample;
use runbook_gate::{Baseline, Duration, Finite, SignalName, Timestamp};

use super::scene::START;

const STEP: u64 = 15;
/// The watch: 15 minutes.
const WATCH: u64 = 60 * STEP;
/// The criteria's duration.
const D: u64 = 300;

/// What happens to one sample on its way.
#[derive(Clone, Copy, Debug)]
enum Fault {
    None,
    Lost,
    Absent,
    NotANumber,
    NoTraffic,
    Twice,
    /// Comes so many steps after its time.
    Late(u8),
}

#[derive(Clone, Debug)]
struct Slot {
    fault: Fault,
    percent: f64,
    requests: f64,
}

/// A course of the error share in stretches, with faults on the way.
fn slots(faults: bool) -> impl Strategy<Value = Vec<Slot>> {
    let share = prop_oneof![4 => Just(0.0), 2 => Just(0.3), 1 => Just(4.0), 2 => Just(8.0), 2 => Just(25.0)];
    // Now and then nothing is seen for a stretch.
    let outage = if faults {
        prop_oneof![6 => Just(Fault::None), 1 => Just(Fault::Lost), 1 => Just(Fault::Absent)].boxed()
    } else {
        Just(Fault::None).boxed()
    };
    let stretches = proptest::collection::vec((1..30_usize, share, outage), 1..10);
    let fault = if faults {
        prop_oneof![
            12 => Just(Fault::None),
            2 => Just(Fault::Lost),
            1 => Just(Fault::Absent),
            1 => Just(Fault::NotANumber),
            1 => Just(Fault::NoTraffic),
            1 => Just(Fault::Twice),
            2 => (1..9_u8).prop_map(Fault::Late),
        ]
        .boxed()
    } else {
        prop_oneof![5 => Just(Fault::None), 1 => Just(Fault::Lost)].boxed()
    };
    let requests = prop_oneof![Just(300.0), Just(3.0), Just(40.0)];
    (stretches, proptest::collection::vec((fault, 0..100_u32), 84), requests).prop_map(
        |(stretches, faults, requests)| {
            let mut course: Vec<(f64, Fault)> = stretches
                .into_iter()
                .flat_map(|(length, share, outage)| vec![(share, outage); length])
                .collect();
            course.resize(faults.len(), (0.0, Fault::None));
            faults
                .into_iter()
                .zip(course)
                .map(|((fault, noise), (share, outage))| Slot {
                    fault: if matches!(outage, Fault::None) { fault } else { outage },
                    percent: share * (0.7 + f64::from(noise) * 0.006),
                    requests,
                })
                .collect()
        },
    )
}

fn at(slot: usize) -> Timestamp {
    START + Duration::from_secs(STEP * (slot as u64 + 1))
}

fn name(text: &str) -> SignalName {
    text.parse().unwrap()
}

fn error_rate(slot: &Slot) -> Sample {
    let bad = (slot.requests * slot.percent / 100.0).round();
    Sample::from_counts(bad, slot.requests)
}

fn latency(slot: &Slot, unit: f64) -> Sample {
    Sample::from_number((0.1 + slot.percent / 10.0) * unit)
}

fn criterion(text: &str) -> GateCriterion {
    let criterion: Criterion = text.parse().unwrap();
    GateCriterion { criterion, configured: Configured::Yes }
}

fn rules(limit: &str) -> GateRules {
    let step = Duration::from_secs(STEP);
    GateRules::new(Duration::ZERO, Duration::from_secs(WATCH), step)
        .with_signal(name("error_rate"), SignalRules::new(ReadingKind::Counts, step))
        .with_signal(name("latency_p95"), SignalRules::new(ReadingKind::Value, step))
        .with_rollback(criterion("error_rate > 5% for 5m"))
        .with_rollback(criterion(&format!("latency_p95 > 2x baseline and > {limit} for 5m")))
        .with_rollback(criterion("error_rate > 20% for 2m strict"))
        .with_verify(criterion("error_rate < 50%"))
}

fn heading(start: Timestamp, unit: f64) -> Vec<Line> {
    let number = |value: f64| Finite::new(value * unit).unwrap();
    let baseline = Baseline {
        median: number(0.15),
        p95: number(0.2),
        worst: Some(number(0.16)),
        count: 120,
        counts: None,
        window: None,
        source: None,
    };
    vec![
        Line::Start { t: start, environment: "test".into(), policy_sha256: String::new() },
        Line::Baseline { signal: name("latency_p95"), baseline },
    ]
}

/// The journal that a live gate would write: samples as they come, and a tick after each poll, `lag` steps behind.
fn live(slots: &[Slot], lag: usize, clock: &[i8], unit: f64) -> Vec<Line> {
    let mut lines = heading(START, unit);
    let mut arrivals: Vec<Vec<Line>> = vec![Vec::new(); slots.len() + 10];
    for (index, slot) in slots.iter().enumerate() {
        let t = at(index);
        let samples = [("error_rate", error_rate(slot)), ("latency_p95", latency(slot, unit))];
        for (signal, sample) in samples {
            let (delay, sample, times) = match slot.fault {
                Fault::None => (0, sample, 1),
                Fault::Lost => (0, sample, 0),
                Fault::Absent => (0, Sample::Absent(runbook_gate::sample::Absence::Timeout), 1),
                Fault::NotANumber => (0, Sample::from_number(f64::NAN), 1),
                Fault::NoTraffic => (0, Sample::from_counts(0.0, 0.0), 1),
                Fault::Twice => (0, sample, 2),
                Fault::Late(steps) => (usize::from(steps), sample, 1),
            };
            for copy in 0..times {
                let line = Line::Sample { t, signal: name(signal), sample: sample.clone() };
                arrivals[index + delay + copy].push(line);
            }
        }
    }
    for (index, arrived) in arrivals.into_iter().enumerate() {
        lines.extend(arrived);
        if index >= lag {
            let step = clock.get(index % clock.len().max(1)).copied().unwrap_or(0);
            let tick = at(index - lag).as_nanos() + i64::from(step) * 15_000_000_000;
            lines.push(Line::Tick { t: Timestamp::from_nanos(tick) });
        }
    }
    lines
}

/// Runs a gate until it decides; gives the lines that it saw, with an end.
fn run(rules: &GateRules, lines: &[Line]) -> (Outcome, Vec<Line>) {
    let mut gate = Gate::new(rules.clone());
    let mut seen = Vec::new();
    for line in lines {
        seen.push(line.clone());
        if gate.apply(line).unwrap() == Step::Decided {
            break;
        }
    }
    let outcome = gate.finish();
    seen.push(Line::End { t: outcome.decided_at.unwrap() });
    (outcome, seen)
}

fn text(lines: &[Line]) -> String {
    lines.iter().map(|line| journal::write(line) + "\n").collect()
}

/// The covered share of the last D before `to`, counted second by second.
fn covered(lines: &[Line], signal: &SignalName, to: Timestamp) -> f64 {
    let mut known: Vec<Timestamp> = lines
        .iter()
        .filter_map(|line| match line {
            Line::Sample { t, signal: found, sample: Sample::Known(_) } if found == signal => Some(*t),
            _ => None,
        })
        .collect();
    known.sort();
    let seconds = (0..D).filter(|second| {
        let moment = to - Duration::from_secs(*second);
        known.iter().any(|t| *t >= moment && t.since(moment) < Duration::from_secs(60) && *t <= to)
    });
    seconds.count() as f64 / D as f64
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_proceed_without_covered_data_at_the_end(
        slots in slots(true), lag in 0..4_usize, clock in proptest::collection::vec(-3..4_i8, 1..8),
    ) {
        let (outcome, lines) = run(&rules("200ms"), &live(&slots, lag, &clock, 1.0));
        if outcome.decision == Decision::Proceed {
            for signal in ["error_rate", "latency_p95"] {
                let covered = covered(&lines, &name(signal), outcome.decided_at.unwrap());
                prop_assert!(covered >= 0.49, "{signal}: {covered}");
            }
        }
    }

    #[test]
    fn blinding_the_last_duration_never_proceeds(slots in slots(false), lag in 0..4_usize) {
        let blind = START + Duration::from_secs(WATCH - D);
        let lines: Vec<Line> = live(&slots, lag, &[], 1.0)
            .into_iter()
            .filter(|line| !matches!(line, Line::Sample { t, .. } if *t > blind))
            .collect();
        let (outcome, _) = run(&rules("200ms"), &lines);
        prop_assert_ne!(outcome.decision, Decision::Proceed, "{}", outcome.reason);
    }

    #[test]
    fn a_good_sample_never_turns_proceed_into_rollback(slots in slots(false), place in 0..84_usize) {
        // Of 40 requests and more a window of five minutes is decidable with any samples in it.
        prop_assume!(slots.iter().all(|slot| slot.requests >= 40.0));
        let rules = rules("200ms");
        let (before, _) = run(&rules, &live(&slots, 0, &[], 1.0));
        prop_assume!(before.decision == Decision::Proceed);
        let mut better = slots;
        better[place] = Slot { fault: Fault::None, percent: 0.0, requests: better[place].requests };
        let (after, _) = run(&rules, &live(&better, 0, &[], 1.0));
        prop_assert_ne!(after.decision, Decision::Rollback, "{}", after.reason);
    }

    #[test]
    fn shifting_time_changes_only_times(slots in slots(true), shift in -1_000_000_000..1_000_000_000_i64) {
        let lines = live(&slots, 1, &[], 1.0);
        let by = |t: &Timestamp| Timestamp::from_nanos(t.as_nanos() + shift * 1_000_000_007);
        let shifted: Vec<Line> = lines
            .iter()
            .map(|line| match line.clone() {
                Line::Start { t, environment, policy_sha256 } => Line::Start { t: by(&t), environment, policy_sha256 },
                Line::Sample { t, signal, sample } => Line::Sample { t: by(&t), signal, sample },
                Line::Tick { t } => Line::Tick { t: by(&t) },
                other => other,
            })
            .collect();
        let (here, _) = run(&rules("200ms"), &lines);
        let (there, _) = run(&rules("200ms"), &shifted);
        prop_assert_eq!(here.decided_at.map(|t| by(&t)), there.decided_at);
        prop_assert_eq!(statuses(&here), statuses(&there));
    }

    #[test]
    fn scaling_a_unit_changes_only_numbers(slots in slots(true), power in -20..20_i32) {
        let unit = 2_f64.powi(power);
        let limit = format!("{}", 0.2 * unit);
        let (here, _) = run(&rules("0.2"), &live(&slots, 0, &[], 1.0));
        let (there, _) = run(&rules(&limit), &live(&slots, 0, &[], unit));
        prop_assert_eq!(here.decided_at, there.decided_at);
        prop_assert_eq!(statuses(&here), statuses(&there));
    }

    #[test]
    fn a_cut_journal_never_proceeds(slots in slots(true), share in 0.0..1.0_f64) {
        let (outcome, lines) = run(&rules("200ms"), &live(&slots, 1, &[], 1.0));
        let whole = text(&lines);
        // The newline after the last line is not a cut.
        let cut = ((whole.len() - 2) as f64 * share) as usize;
        match journal::replay(rules("200ms"), &whole.as_bytes()[..cut]) {
            // What had tripped before the cut had tripped, and nothing else does.
            Ok(replayed) if replayed.outcome.decision == Decision::Rollback => {
                prop_assert_eq!(outcome.decision, Decision::Rollback);
                prop_assert_eq!(replayed.outcome.decided_at, outcome.decided_at);
            }
            Ok(replayed) => prop_assert_eq!(replayed.outcome.decision, Decision::Hold),
            Err(error) => prop_assert!(cut < whole.find('\n').unwrap(), "{} at byte {}", error, cut),
        }
    }

    #[test]
    fn whatever_comes_late_the_watch_comes_to_the_same_numbers(slots in slots(true), lag in 0..4_usize) {
        // Nothing trips here, so that everything is seen.
        let step = Duration::from_secs(STEP);
        let rules = GateRules::new(Duration::ZERO, Duration::from_secs(WATCH), step)
            .with_signal(name("error_rate"), SignalRules::new(ReadingKind::Counts, step))
            .with_signal(name("latency_p95"), SignalRules::new(ReadingKind::Value, step))
            .with_verify(criterion("error_rate < 50%"))
            .with_verify(criterion("latency_p95 < 1s"));
        let (outcome, mut lines) = run(&rules, &live(&slots, lag, &[], 1.0));
        lines.retain(|line| !matches!(line, Line::Tick { .. }));
        let in_order = journal::replay(rules, text(&lines).as_bytes()).unwrap().outcome;
        prop_assert_eq!(statuses(&outcome), statuses(&in_order));
        for (here, there) in outcome.signals.iter().zip(&in_order.signals) {
            prop_assert_eq!(
                (here.known, here.counts, here.coverage, here.lowest, here.highest, here.last),
                (there.known, there.counts, there.coverage, there.lowest, there.highest, there.last)
            );
        }
    }

    #[test]
    fn live_and_replayed_decide_alike(
        slots in slots(true), lag in 0..4_usize, clock in proptest::collection::vec(-3..4_i8, 1..8),
    ) {
        let (outcome, lines) = run(&rules("200ms"), &live(&slots, lag, &clock, 1.0));
        let replayed = journal::replay(rules("200ms"), text(&lines).as_bytes()).unwrap().outcome;
        let printed = |outcome| json::render(&Report::of_gate(outcome, &ReportContext::default()));
        prop_assert_eq!(printed(&outcome), printed(&replayed));
        prop_assert_eq!(outcome, replayed);
    }

    #[test]
    fn without_ticks_and_in_any_order_it_decides_as_with_them(slots in slots(false), seed in any::<u64>()) {
        let lines = live(&slots, 0, &[], 1.0);
        let mut bare: Vec<Line> = lines.iter().filter(|line| !matches!(line, Line::Tick { .. })).cloned().collect();
        bare.push(Line::End { t: at(slots.len()) });
        let (ticked, _) = run(&rules("200ms"), &lines);
        let mut shuffled = bare.clone();
        shuffle(&mut shuffled[2..bare.len() - 1], seed);
        for lines in [bare, shuffled] {
            let mut gate = Gate::new(rules("200ms"));
            for line in &lines {
                gate.apply(line).unwrap();
            }
            prop_assert_eq!(&gate.finish(), &ticked);
            let replayed = journal::replay(rules("200ms"), text(&lines).as_bytes()).unwrap();
            prop_assert_eq!(&replayed.outcome, &ticked);
        }
    }
}

fn statuses(outcome: &Outcome) -> (Decision, Vec<&'static str>) {
    (outcome.decision, outcome.criteria.iter().map(|criterion| criterion.status.as_str()).collect())
}

/// Fisher and Yates with Marsaglia's xorshift.
fn shuffle(lines: &mut [Line], seed: u64) {
    let mut state = seed | 1;
    for index in (1..lines.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        lines.swap(index, (state % (index as u64 + 1)) as usize);
    }
}
