//! What no journal can bring about today, and must hold if one could.

use super::series::{Known, Series};
use super::*;
use crate::Duration;
use crate::criterion::{Comparison, Criterion};
use crate::gate::predicate::{Part, Seen, Verdict, Whole};
use crate::journal::sketch::{STEP, criterion, name, t};
use crate::policy::rules::{ReadingKind, SignalRules};
use crate::sample::{Counts, Sample};

#[test]
fn a_posterior_that_is_no_number_is_neither_bad_nor_good() {
    let criterion: Criterion = "errors > 5% for 5m".parse().unwrap();
    let comparison: &Comparison = &criterion.comparisons()[0];
    let series = Series::new(name("errors"), SignalRules::new(ReadingKind::Counts, STEP));
    let part = Part::new(0, comparison, (0, &series), Some(0.05)).unwrap();
    for (bad, total) in [(f64::INFINITY, f64::INFINITY), (60.0, 50.0), (f64::NAN, 50.0)] {
        let mut seen = Seen { bad, total, ..Seen::default() };
        assert_eq!(part.whole(&mut seen, 0.99), Whole::NoNumber);
        assert_eq!(part.verdict(&mut seen), Verdict::NoNumber);
    }
    let counts = Known::Counts(Counts::new(60.0, 300.0).unwrap());
    assert!(part.beyond(counts, super::predicate::Strength::Likely));
    assert!(
        Part::new(0, comparison, (0, &series), Some(f64::NAN)).is_none(),
        "a threshold that is no number"
    );
}

#[test]
fn a_criterion_of_which_a_number_was_none_is_unknown() {
    let rules = GateRules::new(Duration::ZERO, STEP.times(60), STEP)
        .with_signal(name("errors"), SignalRules::new(ReadingKind::Counts, STEP))
        .with_rollback(criterion("errors > 5% for 5m"));
    let mut gate = Gate::new(rules);
    gate.apply(&Line::Start { t: t(0), environment: String::new(), policy_sha256: String::new() }).unwrap();
    for k in 1..=60 {
        let sample = Sample::from_counts(0.0, 300.0);
        gate.apply(&Line::Sample { t: t(k), signal: name("errors"), sample }).unwrap();
    }
    gate.watch.judges[0].as_mut().unwrap().no_number = Some(t(30).as_nanos());
    gate.apply(&Line::End { t: t(60) }).unwrap();
    let outcome = gate.finish();
    assert_eq!((outcome.decision, outcome.criteria[0].status), (Decision::Hold, CriterionStatus::Unknown));
    assert!(outcome.reason.contains("a number behind it at 00:07:30 UTC"), "{}", outcome.reason);
}

/// A gate that watches from the first sample on.
fn watching(rules: GateRules) -> Gate {
    let mut gate = Gate::new(rules);
    gate.apply(&Line::Start { t: t(0), environment: String::new(), policy_sha256: String::new() }).unwrap();
    gate
}

fn rules() -> GateRules {
    GateRules::new(Duration::ZERO, STEP.times(60), STEP)
}

#[test]
fn a_breach_that_is_not_seen_any_more_is_unknown_and_not_clear() {
    use crate::gate::outcome::Distance;
    use crate::sample::Absence;
    let rules = rules()
        .with_signal(name("errors"), SignalRules::new(ReadingKind::Counts, STEP))
        .with_signal(name("other"), SignalRules::new(ReadingKind::Value, STEP))
        .with_rollback(criterion("errors > 5% for 1m"));
    // One gate hears that the signal is absent, the other hears nothing of it any more.
    for silence in [Some(Sample::Absent(Absence::Timeout)), None] {
        let mut gate = watching(rules.clone());
        let mut distances = Vec::new();
        for k in 1..=8 {
            let errors = match k {
                ..=2 | 8 => Some(Sample::from_counts(if k == 8 { 0.0 } else { 50.0 }, 300.0)),
                _ => silence.clone(),
            };
            let other = Some(Sample::from_number(1.0));
            for (signal, sample) in [("errors", errors), ("other", other)] {
                let Some(sample) = sample else { continue };
                gate.apply(&Line::Sample { t: t(k), signal: name(signal), sample }).unwrap();
            }
            gate.apply(&Line::Tick { t: t(k) }).unwrap();
            distances.push(gate.progress().criteria[0].1);
        }
        assert!(matches!(distances[1], Distance::Breaching { .. }), "{distances:?}");
        let ended = distances.iter().skip(2).find(|distance| !matches!(distance, Distance::Breaching { .. }));
        assert!(ended == Some(&Distance::Unknown), "{distances:?}");
        assert_eq!(distances[5..], [Distance::Unknown, Distance::Unknown, Distance::Clear], "{distances:?}");
    }
}

#[test]
fn a_gate_without_warm_up_watches_from_its_start() {
    use crate::gate::outcome::Phase;
    let phase =
        |warmup: u64| watching(GateRules::new(STEP.times(warmup), STEP.times(60), STEP)).progress().phase;
    assert_eq!((phase(0), phase(1)), (Phase::Watch, Phase::WarmUp));
}

#[test]
fn a_decision_by_a_state_says_what_the_service_said_last() {
    use crate::sample::State;
    let of_probe = SignalRules {
        source: "probe http://orders".to_owned(),
        ..SignalRules::new(ReadingKind::State, STEP)
    };
    let rules = |criterion_text: &str| {
        rules()
            .with_signal(name("health"), of_probe.clone())
            .with_signal(name("ready"), of_probe.clone())
            .with_signal(name("latency"), SignalRules::new(ReadingKind::Value, STEP))
            .with_rollback(criterion(criterion_text))
    };
    let outcome = |criterion_text: &str| {
        let mut gate = watching(rules(criterion_text));
        for k in 0..5_u64 {
            let text = format!("/health: status 503: check {k}");
            gate.apply(&Line::Note { t: t(k), signal: Some(name("health")), text, clears: None }).unwrap();
        }
        gate.apply(&Line::Note { t: t(9), signal: None, text: "of nobody".to_owned(), clears: None })
            .unwrap();
        for signal in ["health", "ready"] {
            let sample = Sample::from_state(State::Failing);
            gate.apply(&Line::Sample { t: t(10), signal: name(signal), sample }).unwrap();
        }
        let sample = Sample::from_number(9.0);
        gate.apply(&Line::Sample { t: t(10), signal: name("latency"), sample }).unwrap();
        gate.apply(&Line::Tick { t: t(10) }).unwrap();
        gate.finish()
    };
    // A probe's remarks on readiness are remarks on health.
    for state in ["health failing", "ready failing"] {
        let outcome = outcome(state);
        let words = "; it said: /health: status 503: check 2; /health: status 503: check 3; /health: status 503: check 4";
        assert!(outcome.reason.ends_with(words), "{}", outcome.reason);
        let said = &outcome.criteria[0].explanation.said;
        let said: Vec<_> = said.iter().map(|said| (said.at, said.text.as_str())).collect();
        assert_eq!(said[0], (t(2), "/health: status 503: check 2"));
        assert_eq!(said.len(), 3);
        assert_eq!(outcome.notes.len(), 6);
    }
    let number = outcome("latency > 1");
    assert_eq!(number.decision, Decision::Rollback);
    assert!(!number.reason.contains("it said"), "{}", number.reason);
}

#[test]
fn a_negative_number_of_what_cannot_be_negative_is_unknown_and_no_health() {
    use crate::policy::rules::Amount;
    let outcome = |amount: Option<Amount>, number: f64| {
        let signal = SignalRules { amount, ..SignalRules::new(ReadingKind::Value, STEP) };
        let rules = rules().with_signal(name("depth"), signal).with_rollback(criterion("depth > 10 for 1m"));
        let mut gate = watching(rules);
        for k in 1..=60 {
            let sample = Sample::from_number(number);
            gate.apply(&Line::Sample { t: t(k), signal: name("depth"), sample }).unwrap();
        }
        gate.apply(&Line::End { t: t(60) }).unwrap();
        let outcome = gate.finish();
        (outcome.decision, outcome.signals[0].absent.clone())
    };
    for (amount, what) in [
        (Amount::Ratio, "ratio"),
        (Amount::Seconds, "number of seconds"),
        (Amount::Bytes, "number of bytes"),
        (Amount::PerSecond, "number of events in a second"),
        (Amount::Things, "number of things"),
    ] {
        let why = format!("error: -1 is no {what}: many exporters give -1 for not available");
        assert_eq!(outcome(Some(amount), -1.0), (Decision::Hold, vec![(why, 60)]));
        assert_eq!(outcome(Some(amount), 0.0), (Decision::Proceed, vec![]));
        assert_eq!(outcome(Some(amount), -1e-16), (Decision::Proceed, vec![]), "what rounding leaves");
    }
    assert_eq!(outcome(Some(Amount::Ratio), -0.01).0, Decision::Hold, "-1 as a percentage");
    assert_eq!(outcome(None, -1.0), (Decision::Proceed, vec![]), "what it measures is not known");
}
