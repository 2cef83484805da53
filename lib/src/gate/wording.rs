//! Numbers of the engine as people read them.

use super::series::{Nanos, Series, moment};
use crate::criterion::Criterion;
use crate::numbers;

pub(super) use crate::numbers::{
    Measure as Unit, bare as plain, count as number, percent, probability as sure,
    probability_needed as needed,
};

/// What a signal's numbers measure.
pub(super) fn unit(series: &Series, criterion: &Criterion) -> Unit {
    Unit::of(&series.name, Some(series.rules.reading), [criterion])
}

/// A number in its unit: `8.2%`, `412ms`, `1.5 GiB`.
pub(super) fn value(number: f64, unit: Unit) -> String {
    unit.show(number)
}

/// A whole number with separators.
pub(super) fn whole(number: u64) -> String {
    self::number(number as f64)
}

/// `197 of 2,402 requests`.
pub(super) fn counts(bad: f64, total: f64) -> String {
    format!("{} requests", numbers::of(bad, total))
}

/// The time of day, in UTC.
pub(super) fn clock(at: Nanos) -> String {
    numbers::clock(moment(at))
}
