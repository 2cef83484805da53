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
