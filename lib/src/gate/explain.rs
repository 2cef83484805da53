//! Sentences for the person who has to act on a decision.

use super::outcome::{ComparisonNumbers, Explanation, Observed};
use super::predicate::View;
use super::series::{Nanos, Series, length, moment};
use super::sustained::Finding;
use super::threshold::Limit;
use super::wording::{self, Unit};
use crate::criterion::{Aggregate, Cmp, Comparison, Criterion, Direction, Form};
use crate::policy::rules::ReadBy;
use crate::sample::State;

/// A criterion, its thresholds and the series they belong to.
pub(super) struct Subject<'s> {
    pub criterion: &'s Criterion,
    pub limits: &'s [Limit],
    pub view: &'s View<'s>,
}

/// Whether the numbers include what a signal needs that was beyond the threshold before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    AsWritten,
    Effective,
}

impl Subject<'_> {
    fn series(&self, comparison: &Comparison) -> Option<&Series> {
        self.view.series.iter().find(|series| series.name == *comparison.signal())
    }

    /// What the readings of a state are called.
    pub(super) fn states(&self, comparison: &Comparison) -> ReadBy {
        self.series(comparison).map_or(ReadBy::Probe, |series| series.rules.read_by)
    }

    fn comparisons(&self) -> impl Iterator<Item = (usize, &Comparison, Option<&Limit>)> {
        self.criterion
            .comparisons()
            .iter()
            .enumerate()
            .map(|(index, comparison)| (index, comparison, self.limits.get(index)))
    }

    /// Each comparison in numbers.
    pub(super) fn numbers(&self, observed: &[(usize, Observed)], asked: Asked) -> Vec<ComparisonNumbers> {
        self.comparisons()
            .map(|(index, comparison, limit)| ComparisonNumbers {
                comparison: comparison.to_string(),
                signal: comparison.signal().clone(),
                observed: seen(observed, index),
                threshold: limit.and_then(|limit| threshold(limit, comparison, asked)),
                from_baseline: limit.and_then(|limit| origin(limit, comparison, asked)),
            })
            .collect()
    }

    /// `error_rate was 8.2% (197 of 2,402 requests)`, for each comparison that was seen.
    fn observations(&self, observed: &[(usize, Observed)]) -> String {
        let mut phrases: Vec<String> = Vec::new();
        for (index, comparison, _) in self.comparisons() {
            let phrase = self.observation(comparison, &seen(observed, index));
            if !phrases.contains(&phrase) {
                phrases.push(phrase);
            }
        }
        phrases.join(" and ")
    }

    /// The same over a watch in which nothing tripped: of a value, what came nearest to its threshold.
    fn extremes(&self, observed: &[(usize, Observed)]) -> String {
        let mut phrases: Vec<String> = self
            .comparisons()
            .map(|(index, comparison, _)| match (comparison, seen(observed, index)) {
                (Comparison::Threshold { operand, cmp, .. }, Observed::Value(number))
                    if operand.aggregate.is_none() && cmp.direction() != Direction::Neither =>
                {
                    let unit = self
                        .series(comparison)
                        .map_or(Unit::Plain, |series| wording::unit(series, self.criterion));
                    let most = if cmp.direction() == Direction::Below { "at least" } else { "at most" };
                    format!("{} was {most} {}", operand.signal, wording::value(number, unit))
                }
                (_, seen) => self.observation(comparison, &seen),
            })
            .collect();
        phrases.dedup();
        phrases.join(" and ")
    }

    pub(super) fn observation(&self, comparison: &Comparison, observed: &Observed) -> String {
        let signal = comparison.signal();
        let unit =
            self.series(comparison).map_or(Unit::Plain, |series| wording::unit(series, self.criterion));
        match observed {
            Observed::Counts { bad, total } => {
                format!("{signal} was {} ({})", wording::percent(bad / total), wording::counts(*bad, *total))
            }
            Observed::Value(number) => {
                let aggregate = match comparison {
                    Comparison::Threshold { operand, .. } => operand.aggregate,
                    Comparison::State { .. } => None,
                };
                let how = aggregate.filter(|aggregate| *aggregate != Aggregate::Last);
                match how {
                    Some(how) => format!("{how}({signal}) was {}", wording::value(*number, unit)),
                    None => format!("{signal} was {}", wording::value(*number, unit)),
                }
            }
            Observed::Probes { failed: 0, of } => {
                format!("{signal} passed all {} {}", wording::whole(*of), self.states(comparison).many())
            }
            Observed::Probes { failed, of } => {
                let (failed, of) = (wording::whole(*failed), wording::whole(*of));
                format!("{signal} failed {failed} of {of} {}", self.states(comparison).many())
            }
            Observed::Nothing => format!("nothing is known of {signal}"),
        }
    }

    /// `above 5%`, `above 400ms (2 × 200ms (median of 120 samples before))`, for each threshold.
    pub(super) fn limits(&self, asked: Asked) -> String {
        let phrases: Vec<String> = self
            .comparisons()
            .map(|(_, comparison, limit)| match comparison {
                Comparison::State { signal, state } => match state {
                    State::Failing => format!("{signal} failing"),
                    State::Passing => format!("{signal} passing"),
                },
                Comparison::Threshold { cmp, .. } => {
                    let unit = self
                        .series(comparison)
                        .map_or(Unit::Plain, |series| wording::unit(series, self.criterion));
                    let number = limit.and_then(|limit| threshold(limit, comparison, asked));
                    let origin = limit.and_then(|limit| origin(limit, comparison, asked));
                    match (number, origin) {
                        (Some(number), Some(origin)) => {
                            format!("{} {} ({origin})", side(*cmp), wording::value(number, unit))
                        }
                        (Some(number), None) => format!("{} {}", side(*cmp), wording::value(number, unit)),
                        (None, _) => format!("{} a threshold that is not known", side(*cmp)),
                    }
                }
            })
            .collect();
        phrases.join(" and ")
    }

    /// The explanation of a criterion that tripped, or would have.
    pub(super) fn finding(&self, finding: &Finding, asked: Asked) -> Explanation {
        let (from, to) = finding.window;
        let seen = self.observations(&finding.observed);
        let limits = self.limits(asked);
        let states = self.criterion.comparisons().iter().all(|c| matches!(c, Comparison::State { .. }));
        let period = format!("from {} to {} UTC", wording::clock(from), wording::clock(to));
        let what = match self.criterion.form() {
            Form::Instant if states => format!("{seen} at {} UTC", wording::clock(to)),
            Form::Instant => format!("{seen} at {} UTC, {limits}", wording::clock(to)),
            Form::Sustained { .. } if states => format!("{seen} {period}"),
            Form::Sustained { .. } => format!("{seen} {period}, {limits} throughout"),
            Form::Strict { duration } if states => {
                format!("{seen} {period}, at every sample for {duration}")
            }
            Form::Strict { duration } => format!("{seen} {period}, {limits} at every sample for {duration}"),
            Form::Flapping { duration, within } if states => {
                format!("{seen} {period}, for {duration} of {within}")
            }
            Form::Flapping { duration, within } => {
                format!("{seen} {period}, {limits} for {duration} of {within}")
            }
        };
        let sure = match (finding.confidence, finding.needed) {
            (Some(sure), Some(needed)) => {
                format!("; {} sure, {} needed", wording::sure(sure), wording::needed(needed))
            }
            _ => String::new(),
        };
        Explanation {
            window: Some((moment(from), moment(to))),
            comparisons: self.numbers(&finding.observed, asked),
            confidence: finding.confidence,
            confidence_needed: finding.needed,
            summary: format!("{what}{sure}"),
            otherwise: self.otherwise(&finding.observed, asked),
            said: Vec::new(),
        }
    }

    /// What would have had to differ for a criterion that tripped.
    fn otherwise(&self, observed: &[(usize, Observed)], asked: Asked) -> String {
        let mut ways: Vec<String> = Vec::new();
        for (index, comparison, limit) in self.comparisons() {
            match (comparison, seen(observed, index), limit) {
                (Comparison::Threshold { cmp, .. }, Observed::Counts { bad, total }, Some(limit)) => {
                    if let Some(number) = threshold(limit, comparison, asked) {
                        ways.push(fewer(*cmp, number * total, bad, total, comparison));
                    }
                }
                (Comparison::Threshold { cmp, .. }, _, Some(limit)) => {
                    let unit = self
                        .series(comparison)
                        .map_or(Unit::Plain, |series| wording::unit(series, self.criterion));
                    if let Some(number) = threshold(limit, comparison, asked) {
                        let number = wording::value(number, unit);
                        ways.push(format!("{} {} {number}", comparison.signal(), not_side(*cmp)));
                    }
                }
                (Comparison::State { signal, state }, ..) => {
                    let reading = self.states(comparison).one();
                    ways.push(match state {
                        State::Failing => format!("{signal} passing more than one {reading} in five"),
                        State::Passing => format!("{signal} failing more than one {reading} in five"),
                    });
                }
                (Comparison::Threshold { .. }, _, None) => {}
            }
        }
        let shorter = match self.criterion.form() {
            Form::Instant => String::new(),
            form => format!(", or with an end before it had lasted {}", form.duration()),
        };
        format!("It would not have tripped with {}{shorter}.", ways.join(" or "))
    }

    /// The sentence of a rollback criterion that did not trip.
    pub(super) fn clear(
        &self,
        observed: &[(usize, Observed)],
        longest: Nanos,
        window: (Nanos, Nanos),
    ) -> Explanation {
        let limits = self.limits(Asked::Effective);
        let duration = self.criterion.form().duration();
        let seen = self.extremes(observed);
        let summary = if duration.is_zero() {
            format!("{seen} over the watch, never {limits}")
        } else if longest > 0 {
            format!("{seen} over the watch; at most {} of {duration} in a row {limits}", length(longest))
        } else {
            format!("{seen} over the watch, never {duration} {limits}")
        };
        Explanation {
            window: Some((moment(window.0), moment(window.1))),
            comparisons: self.numbers(observed, Asked::Effective),
            confidence: None,
            confidence_needed: None,
            summary,
            otherwise: match self.criterion.form() {
                Form::Instant => format!("It trips at a sample {limits}."),
                Form::Sustained { duration } => format!("It trips when {limits} throughout {duration}."),
                Form::Strict { duration } => {
                    format!("It trips when {limits} at every sample for {duration}.")
                }
                Form::Flapping { duration, within } => {
                    format!("It trips when {limits} for {duration} of any {within}.")
                }
            },
            said: Vec::new(),
        }
    }
}

/// `above`, `at or above`, `below`, `at or below`.
pub(super) const fn side(cmp: Cmp) -> &'static str {
    match cmp {
        Cmp::Greater => "above",
        Cmp::GreaterOrEqual => "at or above",
        Cmp::Less => "below",
        Cmp::LessOrEqual => "at or below",
        Cmp::Equal => "equal to",
        Cmp::NotEqual => "other than",
    }
}

pub(super) const fn not_side(cmp: Cmp) -> &'static str {
    match cmp {
        Cmp::Greater => "at or below",
        Cmp::GreaterOrEqual => "below",
        Cmp::Less => "at or above",
        Cmp::LessOrEqual => "above",
        Cmp::Equal => "other than",
        Cmp::NotEqual => "equal to",
    }
}

/// `at most 120 bad of 2,402 requests rather than 197`.
fn fewer(cmp: Cmp, limit: f64, bad: f64, total: f64, comparison: &Comparison) -> String {
    let (word, limit) = match cmp.direction() {
        Direction::Below => ("at least", libm::ceil(limit)),
        _ => ("at most", libm::floor(limit)),
    };
    format!(
        "{} counting {word} {} of {} requests rather than {}",
        comparison.signal(),
        wording::number(limit.clamp(0.0, total)),
        wording::number(total),
        wording::number(bad)
    )
}

fn seen(observed: &[(usize, Observed)], index: usize) -> Observed {
    observed.iter().find(|(place, _)| *place == index).map_or(Observed::Nothing, |(_, seen)| seen.clone())
}

/// The number that had to be passed.
fn threshold(limit: &Limit, comparison: &Comparison, asked: Asked) -> Option<f64> {
    let Comparison::Threshold { cmp, .. } = comparison else { return None };
    let written = limit.number?;
    match (&limit.pre_existing, asked) {
        (Some(more), Asked::Effective) if cmp.direction() == Direction::Below => {
            Some(written.min(more.number.get()))
        }
        (Some(more), Asked::Effective) => Some(written.max(more.number.get())),
        _ => Some(written),
    }
}

fn origin(limit: &Limit, comparison: &Comparison, asked: Asked) -> Option<String> {
    match (&limit.pre_existing, asked) {
        (Some(more), Asked::Effective) if threshold(limit, comparison, asked) == Some(more.number.get()) => {
            Some(more.origin.clone())
        }
        _ => limit.origin.clone(),
    }
}
