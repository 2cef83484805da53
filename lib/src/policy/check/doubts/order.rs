//! Criteria that can never be the first to decide.

use super::super::Checker;
use super::super::criteria::Written;
use crate::criterion::{Comparison, Criterion, Direction, Form, Threshold};
use crate::diagnostic::{Code, Diagnostic};
use crate::{Duration, SignalName};

impl Checker<'_> {
    /// Of two criteria on one signal, the stricter may never be the first.
    pub(super) fn doubt_order(&mut self, rollback: &[Written]) {
        let simple: Vec<(usize, &Written, Simple<'_>)> = rollback
            .iter()
            .enumerate()
            .filter_map(|(at, written)| Simple::of(&written.criterion).map(|simple| (at, written, simple)))
            .collect();
        let mut findings = Vec::new();
        for (at, late, strict) in simple.iter().filter(|(_, written, _)| written.is_explicit()) {
            let earlier = simple
                .iter()
                .find(|(other, _, loose)| other != at && loose.always_before(strict, other < at));
            if let Some((_, first, _)) = earlier {
                let message = format!("`{}` can never be the first to decide", late.criterion.text());
                let mut found = Diagnostic::new(Code::CriterionNeverFirst, late.span(), message);
                if first.is_explicit() {
                    found = found.also(first.span(), "this one always decides before it");
                }
                findings.push(
                    found.help(
                        "remove it, or make it decide sooner: a shorter duration for a larger threshold",
                    ),
                );
            }
        }
        self.findings.append(&mut findings);
    }
}

/// A criterion of one comparison with a threshold and a duration.
struct Simple<'c> {
    signal: &'c SignalName,
    direction: Direction,
    /// Larger is stricter, whichever the direction.
    strictness: f64,
    relative: bool,
    form: Form,
}

impl<'c> Simple<'c> {
    fn of(criterion: &'c Criterion) -> Option<Self> {
        let [Comparison::Threshold { operand, cmp, threshold }] = criterion.comparisons() else {
            return None;
        };
        let direction = cmp.direction();
        let (number, relative) = match threshold {
            Threshold::Absolute(quantity) => (quantity.base(), false),
            Threshold::TimesBaseline(factor) => (factor.get(), true),
            Threshold::BaselineOffset { .. } => return None,
        };
        let strictness = match direction {
            Direction::Above => number,
            Direction::Below => -number,
            Direction::Neither => return None,
        };
        operand.aggregate.is_none().then_some(Self {
            signal: &operand.signal,
            direction,
            strictness,
            relative,
            form: criterion.form(),
        })
    }

    /// Whether it has always decided when `other` could.
    fn always_before(&self, other: &Self, stands_before: bool) -> bool {
        let alike = self.signal == other.signal
            && self.direction == other.direction
            && self.relative == other.relative;
        let (Some(own), Some(others)) = (sustained(self.form), sustained(other.form)) else { return false };
        let no_stricter = self.strictness <= other.strictness;
        let no_longer = own <= others;
        let sooner = own < others || stands_before;
        alike && no_stricter && no_longer && sooner
    }
}

/// How long it asks, in the form that asks for evidence.
fn sustained(form: Form) -> Option<Duration> {
    match form {
        Form::Sustained { duration } => Some(duration),
        Form::Instant => Some(Duration::ZERO),
        Form::Strict { .. } | Form::Flapping { .. } => None,
    }
}
