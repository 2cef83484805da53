//! The random journals show what the properties are about: each decision, and each fault where it matters.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use runbook_gate::gate::Decision;
use runbook_gate::journal::Line;
use runbook_gate::{Duration, Timestamp};

use super::*;

const CASES: usize = 256;

/// The same journals on every run.
fn cases(faults: bool) -> Vec<Vec<Slot>> {
    let mut runner = TestRunner::deterministic();
    let strategy = slots(faults);
    (0..CASES).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

fn share(of: usize) -> f64 {
    of as f64 / CASES as f64
}

#[test]
fn every_decision_and_status_comes_about() {
    for faults in [true, false] {
        let outcomes: Vec<Outcome> =
            cases(faults).iter().map(|slots| run(&rules("200ms"), &live(slots, 1, &[], 1.0)).0).collect();
        // Without faults hardly anything is unknown.
        let hold = if faults { 0.02 } else { 0.0 };
        for (decision, least) in [(Decision::Proceed, 0.1), (Decision::Hold, hold), (Decision::Rollback, 0.2)]
        {
            let found = share(outcomes.iter().filter(|outcome| outcome.decision == decision).count());
            assert!(found >= least, "{decision} in {found} of the journals (faults: {faults})");
        }
        for (place, text) in ["error_rate", "latency_p95", "strict"].iter().enumerate() {
            let trips = |outcome: &&Outcome| outcome.criteria[place].status.as_str() == "tripped";
            let found = share(outcomes.iter().filter(trips).count());
            assert!(found >= 0.02, "{text} trips in {found} of the journals (faults: {faults})");
        }
    }
}

#[test]
fn what_is_blinded_would_often_have_proceeded() {
    let proceeds = cases(false)
        .iter()
        .filter(|slots| run(&rules("200ms"), &live(slots, 0, &[], 1.0)).0.decision == Decision::Proceed)
        .count();
    assert!(share(proceeds) >= 0.1, "{proceeds}");
}

#[test]
fn releases_that_get_a_good_sample_had_bad_ones() {
    let with_bad = cases(false)
        .iter()
        .filter(|slots| slots.iter().all(|slot| slot.requests >= 40.0))
        .filter(|slots| slots.iter().take(60).any(|slot| slot.percent > 5.0))
        .filter(|slots| run(&rules("200ms"), &live(slots, 0, &[], 1.0)).0.decision == Decision::Proceed)
        .count();
    assert!(share(with_bad) >= 0.02, "{with_bad}");
}

#[test]
fn samples_do_come_late_before_the_gate_proceeds_and_rolls_back() {
    for decision in [Decision::Proceed, Decision::Rollback] {
        let late = cases(true)
            .iter()
            .map(|slots| run(&rules("200ms"), &live(slots, 0, &[], 1.0)).0)
            .filter(|outcome| outcome.decision == decision && outcome.late > 0)
            .count();
        assert!(share(late) >= 0.05, "{decision} with late samples: {late}");
    }
}

#[test]
fn a_gate_that_did_not_look_at_its_end_would_break_the_properties() {
    // The property's own measure tells a covered end from one that is not.
    let lines = live(&cases(false)[0], 0, &[], 1.0);
    let end = START + Duration::from_secs(WATCH);
    let blind = end - Duration::from_secs(D);
    let cut = |lines: &[Line], from: Timestamp| -> Vec<Line> {
        let keep = |line: &&Line| !matches!(line, Line::Sample { t, .. } if *t > from);
        lines.iter().filter(keep).cloned().collect()
    };
    assert!(covered(&lines, &name("latency_p95"), end) > 0.9);
    assert!(covered(&cut(&lines, blind), &name("latency_p95"), end) < 0.1);
}
