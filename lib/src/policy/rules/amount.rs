//! Numbers that cannot be negative.

/// What a signal's numbers are amounts of. None can be negative: where one is, its exporter means something else by it.
///
/// A signal whose unit is not known has none, and keeps its negative numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// A ratio, 0 to 1.
    Ratio,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// Events in a second.
    PerSecond,
    /// A number of things.
    Things,
}

/// A difference of two nearly equal numbers may come out this little below zero.
const ROUNDING: f64 = 1e-9;

/// `1 - good / all` of two extrapolated increases may come out this little below zero; -1 as a percentage is further below.
const EXTRAPOLATED: f64 = 0.005;

impl Amount {
    /// What is wrong with a number that cannot be such an amount, in words.
    ///
    /// ```
    /// use runbook_gate::policy::rules::Amount;
    ///
    /// assert_eq!(
    ///     Amount::Seconds.refuse(-1.0).as_deref(),
    ///     Some("-1 is no number of seconds: many exporters give -1 for not available")
    /// );
    /// assert_eq!(Amount::Seconds.refuse(0.0), None);
    /// ```
    #[must_use]
    pub fn refuse(self, number: f64) -> Option<String> {
        let least = if self == Self::Ratio { -EXTRAPOLATED } else { -ROUNDING };
        (number < least)
            .then(|| format!("{number} is no {}: many exporters give -1 for not available", self.words()))
    }

    /// What one of its numbers is.
    ///
    /// ```
    /// use runbook_gate::policy::rules::Amount;
    ///
    /// assert_eq!(Amount::Bytes.words(), "number of bytes");
    /// ```
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Ratio => "ratio",
            Self::Seconds => "number of seconds",
            Self::Bytes => "number of bytes",
            Self::PerSecond => "number of events in a second",
            Self::Things => "number of things",
        }
    }
}
