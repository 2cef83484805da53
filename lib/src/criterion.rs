//! The criteria language: `error_rate > 5% for 5m`.
//!
//! ```text
//! criterion  := predicate [ "for" duration [ "strict" | "in" duration ] ]
//! predicate  := comparison { "and" comparison }
//! comparison := [ operand ] cmp threshold | signal ( "failing" | "passing" )
//! operand    := signal | aggregate "(" signal ")"
//! aggregate  := avg | median | min | max | last | pNN
//! cmp        := ">" | ">=" | "<" | "<=" | "==" | "!="
//! threshold  := number [unit] | number "x" "baseline" | "baseline" ("+"|"-") number [unit]
//! unit       := % | ns | us | ms | s | m | h | B | KB | MB | GB | KiB | MiB | GiB | /s
//! duration   := 90s | 5m | 1h30m
//! ```
//!
//! Words are case-insensitive and spaces around operators optional. A comparison after `and` may leave its operand out,
//! and then takes the one before.

mod meant;
mod parse;
mod unit;

use std::fmt;

use crate::sample::State;
use crate::{Duration, Finite, SignalName};

pub use parse::{CriterionError, parse_comparison};
pub use unit::{Dimension, Unit};

/// A predicate over signals, and how long it has to hold.
///
/// ```
/// use runbook_gate::criterion::{Criterion, Form};
/// use runbook_gate::Duration;
///
/// let criterion: Criterion = "latency_p95 > 2x baseline and > 200ms for 5m".parse()?;
/// assert_eq!(criterion.form(), Form::Sustained { duration: Duration::from_secs(300) });
/// assert_eq!(criterion.to_string(), "latency_p95 > 2x baseline and latency_p95 > 200ms for 5m");
/// # Ok::<(), runbook_gate::criterion::CriterionError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Criterion {
    text: String,
    comparisons: Vec<Comparison>,
    form: Form,
}

/// One part of a predicate.
#[derive(Clone, Debug, PartialEq)]
pub enum Comparison {
    /// A signal, or an aggregate of it, against a threshold.
    Threshold {
        /// What is compared.
        operand: Operand,
        /// How.
        cmp: Cmp,
        /// With what.
        threshold: Threshold,
    },
    /// `health failing`, `smoke passing`.
    State {
        /// The health-like signal.
        signal: SignalName,
        /// The state asked for.
        state: State,
    },
}

/// A signal, or an aggregate over its window.
#[derive(Clone, Debug, PartialEq)]
pub struct Operand {
    /// The signal that is read.
    pub signal: SignalName,
    /// How the window becomes one number; left out, a ratio is pooled and any other signal is its median.
    pub aggregate: Option<Aggregate>,
}

/// How a window becomes one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// Arithmetic mean.
    Avg,
    /// The middle value.
    Median,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The newest.
    Last,
    /// A percentile, 1 to 99.
    Percentile(u8),
}

/// How a number is compared with a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cmp {
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

/// Which way a comparison looks for trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `>` and `>=`.
    Above,
    /// `<` and `<=`.
    Below,
    /// `==` and `!=`.
    Neither,
}

/// The right side of a comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// A number.
    Absolute(Quantity),
    /// `2x baseline`.
    TimesBaseline(Finite),
    /// `baseline + 5`, `baseline - 10%`. On a ratio `%` means percentage points, on any other signal that share of the
    /// baseline.
    BaselineOffset {
        /// Added or taken away.
        sign: Sign,
        /// How much.
        amount: Quantity,
    },
}

/// Plus or minus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `+`
    Plus,
    /// `-`
    Minus,
}

/// A number with the unit it was written in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    written: Finite,
    unit: Option<Unit>,
}

/// How long a predicate has to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// At the first sample.
    Instant,
    /// `for 5m`: sustained by evidence.
    Sustained {
        /// How long.
        duration: Duration,
    },
    /// `for 5m strict`: every sample, as an alerting rule does.
    Strict {
        /// How long.
        duration: Duration,
    },
    /// `for 5m in 15m`: so much of the trailing window.
    Flapping {
        /// How much.
        duration: Duration,
        /// Of how much.
        within: Duration,
    },
}

impl Criterion {
    /// The criterion as the policy writes it, with single spaces.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The comparisons, at least one, in the order written.
    #[must_use]
    pub fn comparisons(&self) -> &[Comparison] {
        &self.comparisons
    }

    /// How long the predicate has to hold.
    #[must_use]
    pub const fn form(&self) -> Form {
        self.form
    }

    /// The signals it reads, each once, in the order written.
    #[must_use]
    pub fn signals(&self) -> Vec<&SignalName> {
        let mut signals: Vec<&SignalName> = Vec::new();
        for comparison in &self.comparisons {
            if !signals.contains(&comparison.signal()) {
                signals.push(comparison.signal());
            }
        }
        signals
    }

    /// Whether any comparison needs a baseline as written.
    #[must_use]
    pub fn reads_baseline(&self) -> bool {
        self.comparisons.iter().any(|comparison| {
            matches!(comparison, Comparison::Threshold { threshold, .. } if !matches!(threshold, Threshold::Absolute(_)))
        })
    }
}

impl Comparison {
    /// The signal it reads.
    #[must_use]
    pub const fn signal(&self) -> &SignalName {
        match self {
            Self::Threshold { operand, .. } => &operand.signal,
            Self::State { signal, .. } => signal,
        }
    }
}

impl Form {
    /// The duration a predicate has to hold; nothing for an instant one.
    #[must_use]
    pub const fn duration(self) -> Duration {
        match self {
            Self::Instant => Duration::ZERO,
            Self::Sustained { duration } | Self::Strict { duration } | Self::Flapping { duration, .. } => {
                duration
            }
        }
    }
}

impl Cmp {
    /// Whether `left cmp right` holds.
    #[must_use]
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Equal => left == right,
            Self::NotEqual => left != right,
        }
    }

    /// Which way it looks for trouble.
    #[must_use]
    pub const fn direction(self) -> Direction {
        match self {
            Self::Greater | Self::GreaterOrEqual => Direction::Above,
            Self::Less | Self::LessOrEqual => Direction::Below,
            Self::Equal | Self::NotEqual => Direction::Neither,
        }
    }

    /// The sign as written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
        }
    }
}

impl Quantity {
    /// A number as written and its unit.
    #[must_use]
    pub const fn new(written: Finite, unit: Option<Unit>) -> Self {
        Self { written, unit }
    }

    /// The number in base units: seconds, a ratio, bytes, or as written.
    #[must_use]
    pub fn base(self) -> f64 {
        self.unit.map_or(self.written.get(), |unit| unit.to_base(self.written.get()))
    }

    /// The number as written.
    #[must_use]
    pub const fn written(self) -> Finite {
        self.written
    }

    /// The unit it was written in.
    #[must_use]
    pub const fn unit(self) -> Option<Unit> {
        self.unit
    }
}

impl fmt::Display for Criterion {
    /// The canonical text: every operand written, one space between words.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, comparison) in self.comparisons.iter().enumerate() {
            if index > 0 {
                formatter.write_str(" and ")?;
            }
            write!(formatter, "{comparison}")?;
        }
        match self.form {
            Form::Instant => Ok(()),
            form => write!(formatter, " {form}"),
        }
    }
}

impl fmt::Display for Form {
    /// As a criterion ends: `for 5m`; nothing for an instant one.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instant => Ok(()),
            Self::Sustained { duration } => write!(formatter, "for {duration}"),
            Self::Strict { duration } => write!(formatter, "for {duration} strict"),
            Self::Flapping { duration, within } => write!(formatter, "for {duration} in {within}"),
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Threshold { operand, cmp, threshold } => {
                write!(formatter, "{operand} {} {threshold}", cmp.as_str())
            }
            Self::State { signal, state: State::Passing } => write!(formatter, "{signal} passing"),
            Self::State { signal, state: State::Failing } => write!(formatter, "{signal} failing"),
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.aggregate {
            Some(aggregate) => write!(formatter, "{aggregate}({})", self.signal),
            None => write!(formatter, "{}", self.signal),
        }
    }
}

impl fmt::Display for Aggregate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Avg => formatter.write_str("avg"),
            Self::Median => formatter.write_str("median"),
            Self::Min => formatter.write_str("min"),
            Self::Max => formatter.write_str("max"),
            Self::Last => formatter.write_str("last"),
            Self::Percentile(percent) => write!(formatter, "p{percent}"),
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absolute(quantity) => write!(formatter, "{quantity}"),
            Self::TimesBaseline(factor) => write!(formatter, "{}x baseline", factor.get()),
            Self::BaselineOffset { sign: Sign::Plus, amount } => write!(formatter, "baseline + {amount}"),
            Self::BaselineOffset { sign: Sign::Minus, amount } => write!(formatter, "baseline - {amount}"),
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.written.get(), self.unit.map_or("", Unit::as_str))
    }
}

#[cfg(test)]
mod tests;
