//! `P` without a duration: at the first sample that shows it.

use super::predicate::{Manner, Part, Test, View, confidence};
use super::series::{Known, Nanos, Series};
use super::sustained::Finding;
use crate::criterion::Aggregate;
use crate::statistics;

/// Judges the samples at `at`.
pub(super) fn at(parts: &[Part], view: &View<'_>, at: Nanos) -> Option<Finding> {
    let mut from = at;
    let mut smallest: Option<(f64, f64)> = None;
    for part in parts {
        let series = view.series.get(part.series)?;
        if let Test::Limit { aggregate: Some(aggregate), .. } = part.test
            && aggregate != Aggregate::Last
        {
            if !part.holds(aggregated(series, aggregate)?) {
                return None;
            }
            from = view.watch_from;
            continue;
        }
        let point = series.fresh(at)?;
        if !part.beyond(point.known, super::predicate::Strength::Plain) {
            return None;
        }
        from = from.min(point.from);
        if let (Manner::Ratio, Known::Counts(counts)) = (part.manner, point.known) {
            let needed = confidence(series.step, view.observe);
            let sure = part.posterior(counts.bad(), counts.total());
            if counts.total() < view.min_requests || sure < needed {
                return None;
            }
            if smallest.is_none_or(|(least, _)| sure < least) {
                smallest = Some((sure, needed));
            }
        }
    }
    Some(Finding {
        at,
        window: (from, at),
        confidence: smallest.map(|(sure, _)| sure),
        needed: smallest.map(|(_, needed)| needed),
        observed: Vec::new(),
    })
}

/// The watch so far as one number.
pub(super) fn aggregated(series: &Series, aggregate: Aggregate) -> Option<f64> {
    let totals = &series.totals;
    let percentile = |percent: f64| statistics::percentile(&mut totals.values.clone()?, percent);
    match aggregate {
        Aggregate::Avg => (totals.known > 0).then(|| totals.sum / totals.known as f64),
        Aggregate::Min => totals.low,
        Aggregate::Max => totals.high,
        Aggregate::Last => totals.last.map(|(_, number)| number),
        Aggregate::Median => percentile(50.0),
        Aggregate::Percentile(percent) => percentile(f64::from(percent)),
    }
}
