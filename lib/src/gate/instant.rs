//! `P` without a duration: at the first sample that shows it.

use super::predicate::{Manner, Part, Strength, Test, View, confidence};
use super::series::{Known, Nanos, Series};
use super::sustained::{Finding, Look};
use crate::Finite;
use crate::criterion::Aggregate;

/// Judges the samples at `at`.
pub(super) fn at(parts: &[Part], view: &View<'_>, at: Nanos) -> Look {
    let mut from = at;
    let mut smallest: Option<(f64, f64)> = None;
    let mut no_number = false;
    for part in parts {
        let Some(series) = view.series.get(part.series) else { return Look::Clear };
        if let Test::Limit { aggregate: Some(aggregate), limit, .. } = part.test
            && aggregate != Aggregate::Last
        {
            match compared(series, aggregate, limit) {
                Some(number) if part.holds(number) => {}
                None if series.totals.known > 0 => no_number = true,
                Some(_) | None => return Look::Clear,
            }
            from = view.watch_from;
            continue;
        }
        let Some(point) = series.fresh(at).filter(|point| part.beyond(point.known, Strength::Plain)) else {
            return Look::Clear;
        };
        from = from.min(point.from);
        if let (Manner::Ratio, Known::Counts(counts)) = (part.manner, point.known) {
            let needed = confidence(series.step, view.observe);
            match part.posterior(counts.bad(), counts.total()) {
                None => no_number = true,
                Some(sure) if counts.total() < view.min_requests || sure < needed => return Look::Clear,
                Some(sure) if smallest.is_none_or(|(least, _)| sure < least) => {
                    smallest = Some((sure, needed));
                }
                Some(_) => {}
            }
        }
    }
    if no_number {
        return Look::NoNumber;
    }
    Look::Tripped(Finding {
        at,
        window: (from, at),
        confidence: smallest.map(|(sure, _)| sure),
        needed: smallest.map(|(_, needed)| needed),
        observed: Vec::new(),
    })
}

/// The watch so far as one number, which compares with the limit as the exact one does.
pub(super) fn compared(series: &Series, aggregate: Aggregate, limit: Finite) -> Option<f64> {
    match percent(aggregate) {
        Some(percent) => series.totals.ranks.as_ref()?.beside(limit, percent),
        None => one(series, aggregate),
    }
}

/// The watch so far as one number to show.
pub(super) fn shown(series: &Series, aggregate: Aggregate, limit: Finite) -> Option<f64> {
    match percent(aggregate) {
        Some(percent) => series.totals.ranks.as_ref()?.shown(limit, percent),
        None => one(series, aggregate),
    }
}

/// Which percentile an aggregate is, where it is one.
pub(super) fn percent(aggregate: Aggregate) -> Option<f64> {
    match aggregate {
        Aggregate::Median => Some(50.0),
        Aggregate::Percentile(percent) => Some(f64::from(percent)),
        Aggregate::Avg | Aggregate::Min | Aggregate::Max | Aggregate::Last => None,
    }
}

fn one(series: &Series, aggregate: Aggregate) -> Option<f64> {
    let totals = &series.totals;
    match aggregate {
        Aggregate::Avg if totals.known > 0 => {
            Some(totals.sum.value() / totals.known as f64).filter(|number| number.is_finite())
        }
        Aggregate::Min => totals.low,
        Aggregate::Max => totals.high,
        Aggregate::Last => totals.last.map(|(_, number)| number),
        Aggregate::Avg | Aggregate::Median | Aggregate::Percentile(_) => None,
    }
}
