//! Thresholds that cannot be meant, and forms that cannot be judged.

use super::Checker;
use super::catalogue::{Entry, Measures};
use super::criteria::Written;
use crate::SignalName;
use crate::criterion::{Cmp, Comparison, Dimension, Form, Quantity, Threshold, Unit};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::rules::ReadingKind;

impl Checker<'_> {
    pub(super) fn thresholds(&mut self, rollback: &[Written], verify: &[Written]) {
        let mut findings = Vec::new();
        for written in rollback.iter().chain(verify).filter(|written| written.is_explicit()) {
            for comparison in written.criterion.comparisons() {
                let Comparison::Threshold { operand, cmp, threshold } = comparison else { continue };
                let Some(entry) = self.catalogue.get(&operand.signal) else { continue };
                if entry.rules.reading == ReadingKind::State {
                    continue;
                }
                findings.extend(judge(written, &operand.signal, entry, *cmp, *threshold));
            }
        }
        for written in verify.iter().filter(|written| written.criterion.form() != Form::Instant) {
            findings.push(
                Diagnostic::new(
                    Code::VerifyDuration,
                    written.place("for"),
                    "a verification criterion is judged over the whole watch, so it has no duration",
                )
                .help("leave out the `for …`, or move the criterion to `rollback_when`"),
            );
        }
        self.findings.append(&mut findings);
    }
}

fn judge(
    written: &Written,
    signal: &SignalName,
    entry: &Entry,
    cmp: Cmp,
    threshold: Threshold,
) -> Option<Diagnostic> {
    let place = written.place(signal.as_str());
    if matches!(cmp, Cmp::Equal | Cmp::NotEqual)
        && entry.is_ratio()
        && written.criterion.form() != Form::Instant
    {
        let message = format!("`{signal}` is a ratio, which is hardly ever equal to a number for a while");
        return Some(
            Diagnostic::new(Code::EqualityOnRatio, place, message).help("compare it with `>` or `<`"),
        );
    }
    let (quantity, absolute) = match threshold {
        Threshold::Absolute(quantity) => (quantity, true),
        Threshold::BaselineOffset { amount, .. } => (amount, false),
        Threshold::TimesBaseline(_) => return None,
    };
    // After `baseline +`, a percentage is a share of the baseline, whatever is measured.
    let share_of_baseline = !absolute && quantity.unit() == Some(Unit::Percent);
    if let (Some(unit), false) = (quantity.unit(), share_of_baseline)
        && let Some(found) = mismatch(signal, entry, unit)
    {
        return Some(found.at(written, quantity));
    }
    if !absolute {
        return None;
    }
    if entry.is_ratio() {
        return impossible(signal, cmp, quantity).map(|found| found.at(written, quantity));
    }
    bare(signal, entry, quantity).map(|found| found.at(written, quantity))
}

/// A finding that is to stand at the number of a threshold.
struct AtNumber {
    code: Code,
    message: String,
    help: String,
}

impl AtNumber {
    fn at(self, written: &Written, quantity: Quantity) -> Diagnostic {
        let number = quantity.to_string();
        Diagnostic::new(self.code, written.place_of_number(&number), self.message).help(self.help)
    }
}

/// A unit of another kind than the signal's.
fn mismatch(signal: &SignalName, entry: &Entry, unit: Unit) -> Option<AtNumber> {
    let wrong = |is: &str, help: String| {
        let message =
            format!("`{signal}` is {is}, and `{}` measures {}", unit.as_str(), of(unit.dimension()));
        Some(AtNumber { code: Code::UnitMismatch, message, help })
    };
    match entry.measures {
        Measures::Unknown => None,
        Measures::Things => wrong(
            "a number of things",
            "write a bare number; if the signal measures something else, say so with its `unit`".to_owned(),
        ),
        Measures::Known(dimension) if dimension == unit.dimension() => None,
        Measures::Known(dimension) => wrong(of(dimension), format!("write {}", example(dimension))),
    }
}

/// A ratio beyond 0 and 1: never or always so.
fn impossible(signal: &SignalName, cmp: Cmp, quantity: Quantity) -> Option<AtNumber> {
    let base = quantity.base();
    let (code, message) = if !(0.0..=1.0).contains(&base) {
        (
            Code::ThresholdImpossible,
            format!("`{signal}` is a ratio from 0 to 100%, and {quantity} is beyond it"),
        )
    } else if matches!((cmp, base), (Cmp::Greater, 1.0) | (Cmp::Less, 0.0)) {
        (Code::ThresholdImpossible, format!("`{signal}` is a ratio from 0 to 100%, so this is never true"))
    } else if matches!((cmp, base), (Cmp::GreaterOrEqual, 0.0) | (Cmp::LessOrEqual, 1.0)) {
        (Code::ThresholdImpossible, format!("`{signal}` is a ratio from 0 to 100%, so this is always true"))
    } else {
        return None;
    };
    let help = match quantity.unit() {
        None if base > 1.0 && base <= 100.0 => format!("write `{base}%`"),
        _ => "write a percentage such as `5%`".to_owned(),
    };
    Some(AtNumber { code, message, help })
}

/// A number without a unit where the signal has one: `latency_p95 < 500` is 500 seconds.
fn bare(signal: &SignalName, entry: &Entry, quantity: Quantity) -> Option<AtNumber> {
    let Measures::Known(dimension) = entry.measures else { return None };
    let base = quantity.base();
    if quantity.unit().is_some() || base == 0.0 || dimension == Dimension::Rate {
        return None;
    }
    let (meant, help) = match dimension {
        Dimension::Time => (format!("{base} seconds"), format!("write `{base}s`, or `{base}ms`")),
        Dimension::Size => {
            (format!("{base} bytes"), format!("write `{base}B`, or a larger unit such as `{base}MiB`"))
        }
        Dimension::Ratio | Dimension::Rate => return None,
    };
    let message = format!("without a unit this is {meant} of `{signal}`");
    Some(AtNumber { code: Code::BareThreshold, message, help })
}

const fn of(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Ratio => "a share",
        Dimension::Time => "time",
        Dimension::Size => "memory or disk",
        Dimension::Rate => "events in a second",
    }
}

const fn example(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Ratio => "a percentage, such as `5%`",
        Dimension::Time => "a time, such as `500ms`",
        Dimension::Size => "a size, such as `512MiB`",
        Dimension::Rate => "a rate, such as `100/s`",
    }
}
