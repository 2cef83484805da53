//! Verification criteria: what has to be true over the watch.

use super::instant::{compared, shown};
use super::judge::{Thresholds, criterion_series};
use super::outcome::Observed;
use super::predicate::{Manner, Part, Test, View};
use super::series::{Known, Nanos, Series, nanos};
use super::threshold::{Limit, Role, limit};
use crate::criterion::{Aggregate, Criterion};
use crate::sample::State;
use crate::{Duration, Finite};

/// A ratio fails only with this much confidence.
pub(super) const CONFIDENT: f64 = 0.90;
/// Probes that have passed at the end, at least.
const FEWEST_PROBES: Nanos = 3;

/// A verification criterion over the gate's series.
#[derive(Debug)]
pub(super) struct Verifier {
    pub criterion: Criterion,
    pub series: Vec<usize>,
    pub limits: Vec<Limit>,
    pub parts: Vec<Part>,
    pub thresholds: Thresholds,
}

/// What one comparison came to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Verified {
    pub comparison: usize,
    pub series: usize,
    pub observed: Observed,
    pub truth: Truth,
    /// The posterior probability that it is broken, where it is.
    pub confidence: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    True,
    /// Broken, but not with enough confidence.
    Weak,
    False,
    Unknown,
}

impl Verifier {
    pub(super) fn new(criterion: &Criterion, series: Vec<usize>, view: &View<'_>, min_requests: u32) -> Self {
        let mut limits = Vec::new();
        let mut parts = Vec::new();
        for (index, comparison) in criterion.comparisons().iter().enumerate() {
            let place = criterion_series(comparison.signal(), view);
            let Some(found) = place.and_then(|place| Some((place, view.series.get(place)?))) else {
                continue;
            };
            let limit = limit(criterion, comparison, found.1, Role::Verify, min_requests);
            parts.extend(Part::new(index, comparison, found, limit.number));
            limits.push(limit);
        }
        let thresholds = match parts.len() {
            0 => Thresholds::NoneKnown,
            known if known < criterion.comparisons().len() => Thresholds::SomeUnknown,
            _ => Thresholds::Known,
        };
        Self { criterion: criterion.clone(), series, limits, parts, thresholds }
    }

    /// The limits that percentiles of a series over the watch are compared with.
    pub(super) fn percentile_limits(&self, series: usize) -> impl Iterator<Item = Finite> {
        let parts = self.parts.iter().filter(move |part| part.series == series);
        parts.filter_map(|part| match part.test {
            // Without an aggregate, any signal but a ratio is its median.
            Test::Limit { aggregate: None, limit, .. } if part.manner == Manner::Number => Some(limit),
            _ => part.percentile_limit(),
        })
    }

    /// Each comparison at the end of the watch.
    pub(super) fn verify(&self, view: &View<'_>, steady: Duration, at: Nanos) -> Vec<Verified> {
        self.parts
            .iter()
            .filter_map(|part| Some(verify(part, view.series.get(part.series)?, nanos(steady), at)))
            .collect()
    }

    /// All comparisons together.
    pub(super) fn truth(&self, verified: &[Verified]) -> Truth {
        let any = |truth: Truth| verified.iter().any(|part| part.truth == truth);
        if any(Truth::False) {
            Truth::False
        } else if self.thresholds != Thresholds::Known || any(Truth::Unknown) {
            Truth::Unknown
        } else if any(Truth::Weak) {
            Truth::Weak
        } else {
            Truth::True
        }
    }
}

/// How long probes have to have passed at the end.
pub(super) fn steady_window(series: &Series, steady: Nanos) -> Nanos {
    steady.max(series.step.saturating_mul(FEWEST_PROBES))
}

fn verify(part: &Part, series: &Series, steady: Nanos, at: Nanos) -> Verified {
    let (observed, truth, confidence) = match (part.test, part.manner) {
        (Test::State(state), _) => health(part, series, state, steady, at),
        (Test::Limit { aggregate: None, .. }, Manner::Ratio) => ratio(part, series),
        (Test::Limit { aggregate, limit, .. }, _) => {
            let aggregate = aggregate.unwrap_or(Aggregate::Median);
            let observed = shown(series, aggregate, limit).map_or(Observed::Nothing, Observed::Value);
            let truth = match compared(series, aggregate, limit) {
                Some(number) if part.holds(number) => Truth::True,
                Some(_) => Truth::False,
                None => Truth::Unknown,
            };
            (observed, truth, None)
        }
    };
    Verified { comparison: part.comparison, series: part.series, observed, truth, confidence }
}

fn ratio(part: &Part, series: &Series) -> (Observed, Truth, Option<f64>) {
    let (bad, total) = (series.totals.counts.bad(), series.totals.counts.total());
    if total <= 0.0 {
        return (Observed::Nothing, Truth::Unknown, None);
    }
    let observed = Observed::Counts { bad, total };
    if part.holds(bad / total) {
        return (observed, Truth::True, None);
    }
    let Some(holds) = part.posterior(bad, total) else { return (observed, Truth::Unknown, None) };
    let broken = 1.0 - holds;
    (observed, if broken >= CONFIDENT { Truth::False } else { Truth::Weak }, Some(broken))
}

/// Steady at the end, and mostly so over the whole watch.
fn health(
    part: &Part,
    series: &Series,
    state: State,
    steady: Nanos,
    at: Nanos,
) -> (Observed, Truth, Option<f64>) {
    let window = steady_window(series, steady);
    let (mut matching, mut of) = (0_u64, 0_u64);
    let mut newest: Option<Known> = None;
    for point in series.points(at.saturating_sub(window), at) {
        of += 1;
        matching += u64::from(part.beyond(point.known, super::predicate::Strength::Plain));
        newest = Some(point.known);
    }
    let totals = &series.totals;
    let observed = Observed::Probes { failed: totals.failed, of: totals.known };
    let Some(newest) = newest else { return (observed, Truth::Unknown, None) };
    let of_watch = match state {
        State::Passing => totals.known.saturating_sub(totals.failed),
        State::Failing => totals.failed,
    };
    let last = part.beyond(newest, super::predicate::Strength::Plain);
    let steady = last && share(matching, of) && share(of_watch, totals.known);
    (observed, if steady { Truth::True } else { Truth::False }, None)
}

/// At least four fifths.
const fn share(matching: u64, of: u64) -> bool {
    let (four, five) = super::predicate::FOUR_FIFTHS;
    matching.saturating_mul(five) >= of.saturating_mul(four)
}
