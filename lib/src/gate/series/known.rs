//! What is known of a signal: at one time, and of several samples together.

use super::Nanos;
use crate::gate::ranks::Ranks;
use crate::policy::rules::FailingRule;
use crate::sample::{Counts, State};
use crate::statistics::Sum;

/// What is known of a signal at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::gate) enum Known {
    Counts(Counts),
    Value(f64),
    State(State),
}

/// A known sample in the watch.
#[derive(Clone, Copy, Debug)]
pub(in crate::gate) struct Point {
    /// The time it speaks of.
    pub at: Nanos,
    /// It covers the time from here.
    pub from: Nanos,
    pub known: Known,
}

/// Counts of several samples together.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::gate) struct Pooled {
    bad: Sum,
    total: Sum,
}

/// The known samples of the watch together.
#[derive(Clone, Debug, Default)]
pub(in crate::gate) struct Totals {
    pub known: u64,
    pub covered: Nanos,
    pub counts: Pooled,
    pub sum: Sum,
    /// The time of the first.
    pub first: Option<Nanos>,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub last: Option<(Nanos, f64)>,
    pub failed: u64,
    /// Where criteria need the median or a percentile of the readings.
    pub ranks: Option<Ranks>,
}

impl Pooled {
    pub(in crate::gate) fn add(&mut self, known: Known) {
        if let Known::Counts(counts) = known {
            self.bad.add(counts.bad());
            self.total.add(counts.total());
        }
    }

    pub(in crate::gate) fn bad(&self) -> f64 {
        self.bad.value()
    }

    pub(in crate::gate) fn total(&self) -> f64 {
        self.total.value()
    }
}

impl Known {
    /// One number: the rate of counts, 1 for passing and 0 for failing.
    pub(in crate::gate) fn number(self) -> f64 {
        match self {
            Self::Counts(counts) => counts.bad() / counts.total(),
            Self::Value(value) => value,
            Self::State(State::Passing) => 1.0,
            Self::State(State::Failing) => 0.0,
        }
    }

    /// Passing or failing, by the signal's rule for numbers.
    pub(in crate::gate) fn state(self, failing: Option<FailingRule>) -> State {
        match self {
            Self::State(state) => state,
            Self::Value(value) => state_of(failing, value),
            Self::Counts(_) => {
                state_of(failing, if failing.is_some() { self.number() } else { 1.0 - self.number() })
            }
        }
    }
}

/// Without a rule, 1 is passing and 0 is failing.
pub(super) fn state_of(failing: Option<FailingRule>, value: f64) -> State {
    let fails = failing.map_or(value < 0.5, |rule| rule.cmp.holds(value, rule.threshold));
    if fails { State::Failing } else { State::Passing }
}
