//! What one reading of a signal can be: a value, counts, or a named absence.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A number that is neither NaN nor infinite.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
pub struct Finite(f64);

impl Finite {
    /// The number, or `None` where it is NaN or infinite.
    ///
    /// ```
    /// use runbook_gate::Finite;
    /// assert!(Finite::new(f64::NAN).is_none());
    /// assert_eq!(Finite::new(0.5).map(Finite::get), Some(0.5));
    /// ```
    #[must_use]
    pub fn new(number: f64) -> Option<Self> {
        // Adding zero turns -0 into 0, so that equal numbers print alike.
        number.is_finite().then_some(Self(number + 0.0))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// `bad` out of `total` events. Both are finite, not negative, and `bad` is at most `total`.
///
/// They may be fractions: a server that extrapolates increases answers with fractions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counts {
    bad: f64,
    total: f64,
}

impl Counts {
    /// No one sample has more events: above it, sums would lose the small counts beside it.
    pub const MOST: f64 = 1e12;

    /// Counts, or `None` where they are negative, not finite, above [`Counts::MOST`], or `bad` exceeds `total` by more than one percent and one
    /// event (extrapolation makes the two differ slightly; then `bad` is taken as `total`).
    #[must_use]
    pub fn new(bad: f64, total: f64) -> Option<Self> {
        let plausible =
            bad.is_finite() && total.is_finite() && bad >= 0.0 && (0.0..=Self::MOST).contains(&total);
        (plausible && bad <= total * 1.01 + 1.0).then(|| Self { bad: bad.min(total), total })
    }

    /// Events that were bad.
    #[must_use]
    pub const fn bad(self) -> f64 {
        self.bad
    }

    /// All events.
    #[must_use]
    pub const fn total(self) -> f64 {
        self.total
    }
}

/// What is known: a number in base units (seconds, ratio 0 to 1, bytes, count), or counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// A number; `total` is how many requests stand behind it, where the source knows (a quantile).
    Value {
        /// The number, in base units.
        value: Finite,
        /// Requests behind it.
        total: Option<Finite>,
    },
    /// Counts of bad and all events.
    Counts(Counts),
}

/// Why there is no reading. Absent is never zero and never fine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Absence {
    /// The source answered, and has no point for this time.
    NoData,
    /// No request came in this time.
    NoTraffic,
    /// Too few requests for the quantile to say anything.
    LowTraffic,
    /// The source did not answer in time.
    Timeout,
    /// The source refused because it was asked too often.
    Throttled,
    /// Anything else that went wrong, in words without secrets.
    Error(String),
}

/// One reading of a signal: known, or absent with its reason.
#[derive(Clone, Debug, PartialEq)]
pub enum Sample {
    /// What was read.
    Known(Reading),
    /// Why nothing was.
    Absent(Absence),
}

impl Sample {
    /// A number as a source gave it; NaN and infinities are absent.
    #[must_use]
    pub fn from_number(number: f64) -> Self {
        match Finite::new(number) {
            Some(value) => Self::Known(Reading::Value { value, total: None }),
            None => Self::Absent(Absence::NoData),
        }
    }

    /// A number with the requests behind it; a NaN or infinity is absent.
    #[must_use]
    pub fn from_quantile(number: f64, total: f64) -> Self {
        match (Finite::new(number), Finite::new(total)) {
            (Some(value), total) => Self::Known(Reading::Value { value, total }),
            (None, Some(total)) if total.get() <= 0.0 => Self::Absent(Absence::NoTraffic),
            (None, _) => Self::Absent(Absence::NoData),
        }
    }

    /// Counts as a source gave them; a total of zero is no traffic.
    #[must_use]
    pub fn from_counts(bad: f64, total: f64) -> Self {
        if bad.is_nan() || total.is_nan() {
            return Self::Absent(Absence::NoData);
        }
        match Counts::new(bad, total) {
            Some(counts) if counts.total() > 0.0 => Self::Known(Reading::Counts(counts)),
            Some(_) => Self::Absent(Absence::NoTraffic),
            None => Self::Absent(Absence::Error(format!("counts that cannot be: {bad} bad of {total}"))),
        }
    }

    /// 1 for passing, 0 for failing.
    #[must_use]
    pub fn from_state(state: State) -> Self {
        Self::from_number(match state {
            State::Passing => 1.0,
            State::Failing => 0.0,
        })
    }
}

/// What a health-like signal says at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As expected.
    Passing,
    /// Not as expected.
    Failing,
}

impl fmt::Display for Absence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoData => formatter.write_str("no-data"),
            Self::NoTraffic => formatter.write_str("no-traffic"),
            Self::LowTraffic => formatter.write_str("low-traffic"),
            Self::Timeout => formatter.write_str("timeout"),
            Self::Throttled => formatter.write_str("throttled"),
            Self::Error(why) => write!(formatter, "error: {why}"),
        }
    }
}

impl Absence {
    /// Reads what [`Display`](fmt::Display) prints; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "no-data" => Self::NoData,
            "no-traffic" => Self::NoTraffic,
            "low-traffic" => Self::LowTraffic,
            "timeout" => Self::Timeout,
            "throttled" => Self::Throttled,
            _ => {
                let why = text.strip_prefix("error:")?;
                Self::Error(why.strip_prefix(' ').unwrap_or(why).to_owned())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_unknown_becomes_a_number() {
        assert_eq!(Sample::from_number(f64::NAN), Sample::Absent(Absence::NoData));
        assert_eq!(Sample::from_number(f64::INFINITY), Sample::Absent(Absence::NoData));
        assert_eq!(Sample::from_counts(0.0, 0.0), Sample::Absent(Absence::NoTraffic));
        assert_eq!(Sample::from_counts(f64::NAN, 3.0), Sample::Absent(Absence::NoData));
        assert!(matches!(Sample::from_counts(9.0, 3.0), Sample::Absent(Absence::Error(_))));
        assert!(matches!(Sample::from_counts(1e200, 1e200), Sample::Absent(Absence::Error(_))));
        assert!(Counts::new(Counts::MOST, Counts::MOST).is_some());
        assert!(matches!(Sample::from_counts(-1.0, 3.0), Sample::Absent(Absence::Error(_))));
        assert_eq!(Sample::from_quantile(f64::NAN, 0.0), Sample::Absent(Absence::NoTraffic));
    }

    #[test]
    fn absences_print_and_read_back() {
        for absence in [
            Absence::NoData,
            Absence::NoTraffic,
            Absence::LowTraffic,
            Absence::Timeout,
            Absence::Throttled,
            Absence::Error("refused: by 10.0.0.1".into()),
            Absence::Error(" spaced".into()),
        ] {
            assert_eq!(Absence::parse(&absence.to_string()), Some(absence));
        }
        assert_eq!(Absence::parse("fine"), None);
    }
}
