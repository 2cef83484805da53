//! What was normal, of what a gate would judge.

use runbook_gate::policy::rules::Amount;

use super::super::baseline::{Past, of_observations};
use super::*;

#[test]
fn what_a_gate_refuses_is_no_part_of_what_is_normal() {
    let seconds = SignalRules { amount: Some(Amount::Seconds), ..SignalRules::new(ReadingKind::Value, STEP) };
    let rules = rules(&[], &["latency > 2x baseline for 2m"], &[]).with_signal(signal("latency"), seconds);
    let normal = |samples: &[Sample]| {
        let seen = samples.iter().zip(0..).map(|(sample, index)| Observation {
            at: at(15 * index),
            signal: signal("latency"),
            sample: sample.clone(),
        });
        let past = Past { from: at(0), to: at(600) };
        let source = watched("latency", Reads::Ranges, 0);
        of_observations([&source].into_iter(), &seen.collect::<Vec<_>>(), &rules, past)
    };
    // An exporter that says -1 where nothing was measured.
    let refused = [Sample::from_number(-1.0), Sample::from_quantile(9.0, 3.0)];
    let known: Vec<Sample> = [0.2; 6]
        .map(Sample::from_number)
        .into_iter()
        .chain(refused.iter().cycle().take(40).cloned())
        .collect();
    let gathered = normal(&known);
    let [(_, baseline)] = gathered.baselines.as_slice() else { panic!("{gathered:?}") };
    assert_eq!((baseline.median.get(), baseline.p95.get(), baseline.count), (0.2, 0.2, 6));
    let gathered = normal(&vec![Sample::from_number(-1.0); 20]);
    assert!(gathered.baselines.is_empty());
    let why = "latency: nothing was read (error: -1 is no number of seconds: many exporters give -1 for not available)";
    assert_eq!(gathered.without, [why]);
}
