//! A criterion's predicate over series: truth at one time, and what a window says.

use super::outcome::Observed;
use super::series::{Known, Nanos, Series, Totals};
use super::threshold::Limit;
use crate::criterion::{Aggregate, Cmp, Comparison, Direction};
use crate::policy::rules::{FailingRule, ReadingKind};
use crate::sample::State;
use crate::statistics;

/// A sub-window of a ratio is bad from this posterior probability on, and good up to its complement.
const SURE: f64 = 0.95;
/// One sample of a ratio is beyond from this posterior probability on.
const LIKELY: f64 = 0.80;
/// So many fifths of the probes have to fail, or to pass.
pub(super) const FOUR_FIFTHS: (u64, u64) = (4, 5);

/// What a criterion reads from.
pub(super) struct View<'s> {
    pub series: &'s [Series],
    pub watch_from: Nanos,
    pub observe: Nanos,
    pub min_requests: f64,
}

/// One comparison with its threshold in numbers.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Which comparison of the criterion it is.
    pub comparison: usize,
    pub series: usize,
    pub test: Test,
    failing: Option<FailingRule>,
    pub manner: Manner,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Test {
    State(State),
    Limit { cmp: Cmp, limit: f64, aggregate: Option<Aggregate> },
}

/// How a window of a signal is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// By pooled counts.
    Ratio,
    /// By the median.
    Number,
    /// By the share of probes.
    Health,
}

/// What a stretch of time says of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Bad,
    Good,
    Unclear,
}

/// How one sample is tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strength {
    /// As written.
    Plain,
    /// Of a ratio: with some confidence.
    Likely,
}

/// The samples of a stretch of time, as sums.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub bad: f64,
    pub total: f64,
    pub matching: u64,
    pub probes: u64,
    pub values: Vec<f64>,
}

impl Part {
    /// The part that judges a comparison; `None` where its threshold is not known.
    pub(super) fn new(
        index: usize,
        comparison: &Comparison,
        series: (usize, &Series),
        limit: Option<f64>,
    ) -> Option<Self> {
        let (place, series) = series;
        let (test, manner) = match comparison {
            Comparison::State { state, .. } => (Test::State(*state), Manner::Health),
            Comparison::Threshold { operand, cmp, .. } => {
                let manner = match series.rules.reading {
                    ReadingKind::Counts => Manner::Ratio,
                    ReadingKind::Value | ReadingKind::State => Manner::Number,
                };
                (Test::Limit { cmp: *cmp, limit: limit?, aggregate: operand.aggregate }, manner)
            }
        };
        Some(Self { comparison: index, series: place, test, failing: series.rules.failing, manner })
    }

    /// The same with the threshold that a signal needs that was already beyond the one written.
    pub(super) fn with_pre_existing(&self, limit: &Limit) -> Option<Self> {
        let more = limit.pre_existing.as_ref()?.number;
        let Test::Limit { cmp, limit, aggregate } = self.test else { return None };
        let limit = if cmp.direction() == Direction::Below { limit.min(more) } else { limit.max(more) };
        Some(Self { test: Test::Limit { cmp, limit, aggregate }, ..self.clone() })
    }

    /// Whether one sample is beyond the threshold.
    pub(super) fn beyond(&self, known: Known, strength: Strength) -> bool {
        match self.test {
            Test::State(state) => known.state(self.failing) == state,
            Test::Limit { cmp, limit, .. } => {
                cmp.holds(known.number(), limit)
                    && match known {
                        Known::Counts(counts) if strength == Strength::Likely => {
                            self.posterior(counts.bad(), counts.total()) >= LIKELY
                        }
                        _ => true,
                    }
            }
        }
    }

    /// The posterior probability that a ratio is beyond the threshold.
    pub(super) fn posterior(&self, bad: f64, total: f64) -> f64 {
        let Test::Limit { cmp, limit, .. } = self.test else { return f64::from(u8::from(bad > 0.0)) };
        match cmp.direction() {
            Direction::Above => statistics::probability_above(limit, bad, total),
            Direction::Below => statistics::probability_below(limit, bad, total),
            Direction::Neither => f64::from(u8::from(total > 0.0 && cmp.holds(bad / total, limit))),
        }
    }

    /// Sums up the samples in `(after, to]` into `seen`, which is emptied first.
    pub(super) fn see(&self, series: &Series, window: (Nanos, Nanos), seen: &mut Seen) {
        let (after, to) = window;
        seen.matching = 0;
        seen.probes = 0;
        seen.values.clear();
        match self.manner {
            Manner::Ratio => {
                let sums = series.sums(after, to);
                seen.bad = sums.bad;
                seen.total = sums.total;
            }
            Manner::Health => {
                for point in series.points(after, to) {
                    seen.probes += 1;
                    seen.matching += u64::from(self.beyond(point.known, Strength::Plain));
                }
            }
            Manner::Number => seen.values.extend(series.points(after, to).map(|point| point.known.number())),
        }
    }

    /// What a sub-window says.
    pub(super) fn verdict(&self, seen: &mut Seen) -> Verdict {
        match self.manner {
            Manner::Ratio if seen.total > 0.0 => {
                let probability = self.posterior(seen.bad, seen.total);
                if probability >= SURE {
                    Verdict::Bad
                } else if probability <= 1.0 - SURE {
                    Verdict::Good
                } else {
                    Verdict::Unclear
                }
            }
            Manner::Health if seen.probes > 0 && seen.matching == seen.probes => Verdict::Bad,
            Manner::Health if seen.probes > 0 && seen.matching == 0 => Verdict::Good,
            Manner::Number => match statistics::median(&mut seen.values) {
                Some(median) if self.holds(median) => Verdict::Bad,
                Some(_) => Verdict::Good,
                None => Verdict::Unclear,
            },
            Manner::Ratio | Manner::Health => Verdict::Unclear,
        }
    }

    /// Whether a whole window is beyond, with the posterior where there is one.
    pub(super) fn window_beyond(&self, seen: &mut Seen, needed: f64) -> (bool, Option<f64>) {
        match self.manner {
            Manner::Ratio => {
                if seen.total <= 0.0 || !self.holds(seen.bad / seen.total) {
                    return (false, None);
                }
                let probability = self.posterior(seen.bad, seen.total);
                (probability >= needed, Some(probability))
            }
            Manner::Number => {
                (statistics::median(&mut seen.values).is_some_and(|median| self.holds(median)), None)
            }
            Manner::Health => (mostly(seen.matching, seen.probes), None),
        }
    }

    /// What was seen, as a report shows it.
    pub(super) fn observed(&self, seen: &mut Seen) -> Observed {
        match (self.manner, self.test) {
            (Manner::Ratio, _) if seen.total > 0.0 => Observed::Counts { bad: seen.bad, total: seen.total },
            (Manner::Health, Test::State(state)) if seen.probes > 0 => Observed::Probes {
                failed: match state {
                    State::Failing => seen.matching,
                    State::Passing => seen.probes - seen.matching,
                },
                of: seen.probes,
            },
            _ => statistics::median(&mut seen.values).map_or(Observed::Nothing, Observed::Value),
        }
    }

    /// The reading of a watch that came nearest to the threshold, or went furthest beyond.
    pub(super) fn worst(&self, totals: &Totals) -> Option<f64> {
        match self.test {
            Test::Limit { cmp, .. } if cmp.direction() == Direction::Below => totals.low,
            _ => totals.high,
        }
    }

    pub(super) fn holds(&self, number: f64) -> bool {
        match self.test {
            Test::State(_) => false,
            Test::Limit { cmp, limit, .. } => cmp.holds(number, limit),
        }
    }
}

/// At least four fifths; all of two or fewer.
const fn mostly(matching: u64, of: u64) -> bool {
    let (four, five) = FOUR_FIFTHS;
    if of <= 2 { of > 0 && matching == of } else { matching.saturating_mul(five) >= of.saturating_mul(four) }
}

/// Truth of all parts at one time: each signal's newest sample, unless it is stale. `None` is unknown.
pub(super) fn truth(parts: &[Part], view: &View<'_>, at: Nanos, strength: Strength) -> Option<bool> {
    let mut all = Some(true);
    for part in parts {
        let fresh = view.series.get(part.series).and_then(|series| series.fresh(at));
        match fresh.map(|point| part.beyond(point.known, strength)) {
            Some(false) => return Some(false),
            Some(true) => {}
            None => all = None,
        }
    }
    all
}

/// What all parts together say of `(after, to]`: bad if all are bad, good if any is.
pub(super) fn verdict(parts: &[Part], view: &View<'_>, after: Nanos, to: Nanos, seen: &mut Seen) -> Verdict {
    let mut all = Verdict::Bad;
    for part in parts {
        let Some(series) = view.series.get(part.series) else { return Verdict::Unclear };
        part.see(series, (after, to), seen);
        match part.verdict(seen) {
            Verdict::Good => return Verdict::Good,
            Verdict::Unclear => all = Verdict::Unclear,
            Verdict::Bad => {}
        }
    }
    all
}

/// The coarsest step of the signals.
pub(super) fn step(parts: &[Part], series: &[Series]) -> Nanos {
    parts.iter().filter_map(|part| series.get(part.series)).map(|series| series.step).max().unwrap_or(1)
}

/// The share of 1 % of error that one look of this length may spend, as the confidence it needs.
pub(super) fn confidence(look: Nanos, observe: Nanos) -> f64 {
    let share = if observe > 0 { (look as f64 / observe as f64).min(1.0) } else { 1.0 };
    1.0 - 0.01 * share
}
