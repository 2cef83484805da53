//! A criterion's predicate over series: truth at one time, and what a window says.

use super::instant::percent;
use super::outcome::Observed;
use super::series::{Known, Nanos, Series, Totals};
use super::threshold::Limit;
use crate::criterion::{Aggregate, Cmp, Comparison, Direction};
use crate::policy::rules::{FailingRule, ReadingKind};
use crate::sample::State;
use crate::{Finite, statistics};

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
    Limit { cmp: Cmp, limit: Finite, aggregate: Option<Aggregate> },
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
    /// Too little is known, or neither.
    Unclear,
    /// The number that would tell is none.
    NoNumber,
}

/// Whether a whole window is beyond a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Whole {
    No,
    /// With the posterior, where there is one.
    Beyond(Option<f64>),
    /// The number that would tell is none.
    NoNumber,
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
                let limit = limit.and_then(Finite::new)?;
                (Test::Limit { cmp: *cmp, limit, aggregate: operand.aggregate }, manner)
            }
        };
        Some(Self { comparison: index, series: place, test, failing: series.rules.failing, manner })
    }

    /// The same with the threshold that a signal needs that was already beyond the one written.
    pub(super) fn with_pre_existing(&self, limit: &Limit) -> Option<Self> {
        let more = limit.pre_existing.as_ref()?.number;
        let Test::Limit { cmp, limit, aggregate } = self.test else { return None };
        let further = if cmp.direction() == Direction::Below { more < limit } else { more > limit };
        let limit = if further { more } else { limit };
        Some(Self { test: Test::Limit { cmp, limit, aggregate }, ..self.clone() })
    }

    /// Whether one sample is beyond the threshold.
    pub(super) fn beyond(&self, known: Known, strength: Strength) -> bool {
        match self.test {
            Test::State(state) => known.state(self.failing) == state,
            Test::Limit { cmp, limit, .. } => {
                cmp.holds(known.number(), limit.get())
                    && match known {
                        // Where that is no number, the window as a whole is looked at, and found unknown.
                        Known::Counts(counts) if strength == Strength::Likely => {
                            self.posterior(counts.bad(), counts.total()).is_none_or(|sure| sure >= LIKELY)
                        }
                        _ => true,
                    }
            }
        }
    }

    /// The posterior probability that a ratio is beyond the threshold; `None` where that is no number.
    pub(super) fn posterior(&self, bad: f64, total: f64) -> Option<f64> {
        let Test::Limit { cmp, limit, .. } = self.test else { return None };
        match cmp.direction() {
            Direction::Above => statistics::probability_above(limit.get(), bad, total),
            Direction::Below => statistics::probability_below(limit.get(), bad, total),
            Direction::Neither => Some(f64::from(u8::from(total > 0.0 && self.holds(bad / total)))),
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
                let pooled = series.pooled(after, to);
                seen.bad = pooled.bad();
                seen.total = pooled.total();
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
            Manner::Ratio if seen.total > 0.0 => match self.posterior(seen.bad, seen.total) {
                Some(sure) if sure >= SURE => Verdict::Bad,
                Some(sure) if sure <= 1.0 - SURE => Verdict::Good,
                Some(_) => Verdict::Unclear,
                None => Verdict::NoNumber,
            },
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

    /// Whether a whole window is beyond.
    pub(super) fn whole(&self, seen: &mut Seen, needed: f64) -> Whole {
        let beyond = match self.manner {
            Manner::Ratio => {
                return match self.posterior(seen.bad, seen.total) {
                    _ if seen.total <= 0.0 => Whole::No,
                    None => Whole::NoNumber,
                    Some(sure) if sure >= needed && self.holds(seen.bad / seen.total) => {
                        Whole::Beyond(Some(sure))
                    }
                    Some(_) => Whole::No,
                };
            }
            Manner::Number => statistics::median(&mut seen.values).is_some_and(|median| self.holds(median)),
            Manner::Health => mostly(seen.matching, seen.probes),
        };
        if beyond { Whole::Beyond(None) } else { Whole::No }
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

    /// Whether numbers are beyond on one side of the threshold only.
    pub(super) fn is_one_sided(&self) -> bool {
        !matches!(self.test, Test::Limit { cmp, .. } if cmp.direction() == Direction::Neither)
    }

    /// The threshold, where a percentile of the watch is compared with it.
    pub(super) fn percentile_limit(&self) -> Option<Finite> {
        match self.test {
            Test::Limit { aggregate: Some(aggregate), limit, .. } => percent(aggregate).map(|_| limit),
            Test::Limit { aggregate: None, .. } | Test::State(_) => None,
        }
    }

    pub(super) fn holds(&self, number: f64) -> bool {
        match self.test {
            Test::State(_) => false,
            Test::Limit { cmp, limit, .. } => cmp.holds(number, limit.get()),
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
pub(super) fn verdict(parts: &[Part], view: &View<'_>, window: (Nanos, Nanos), seen: &mut Seen) -> Verdict {
    let mut all = Verdict::Bad;
    for part in parts {
        let Some(series) = view.series.get(part.series) else { return Verdict::Unclear };
        part.see(series, window, seen);
        match part.verdict(seen) {
            Verdict::Good => return Verdict::Good,
            Verdict::NoNumber => all = Verdict::NoNumber,
            Verdict::Unclear if all == Verdict::Bad => all = Verdict::Unclear,
            Verdict::Unclear | Verdict::Bad => {}
        }
    }
    all
}

/// The times in `(after, to]` at which one of the signals has a known sample, each once, in order.
pub(super) fn times(parts: &[Part], view: &View<'_>, window: (Nanos, Nanos)) -> Vec<Nanos> {
    let series = parts.iter().filter_map(|part| view.series.get(part.series));
    let points = series.flat_map(|series| series.points(window.0, window.1));
    let mut times: Vec<Nanos> = points.map(|point| point.at).collect();
    times.sort_unstable();
    times.dedup();
    times
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
