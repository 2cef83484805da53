//! A length of time as policies write it: `90s`, `5m`, `1h30m`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const SECOND: u64 = 1_000_000_000;

/// A non-negative length of time with nanosecond resolution, at most some 292 years.
///
/// ```
/// use runbook_gate::Duration;
///
/// let bake: Duration = "1h30m".parse()?;
/// assert_eq!(bake, Duration::from_secs(5400));
/// assert_eq!(bake.to_string(), "1h30m");
/// # Ok::<(), runbook_gate::DurationError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(u64);

/// Why a text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Nothing was written.
    #[error("a duration is empty; write a number and a unit, such as 90s, 5m or 1h30m")]
    Empty,
    /// A number stands without its unit.
    #[error("`{0}` has no unit; write {0}s, {0}m or {0}h")]
    NoUnit(String),
    /// A unit that durations do not have.
    #[error("`{0}` is not a unit of time; use ms, s, m, h or d")]
    UnknownUnit(String),
    /// Something that is neither a number nor a unit.
    #[error("`{0}` is not a duration; write a number and a unit, such as 90s, 5m or 1h30m")]
    Malformed(String),
    /// Units written twice or from small to large.
    #[error("in `{0}` the units must go from large to small, each once, as in 1h30m")]
    Disorder(String),
    /// More time than can be counted.
    #[error("`{0}` is too long; the longest duration is 3650d")]
    TooLong(String),
}

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest duration that a policy may write: ten years.
    pub const LONGEST: Self = Self(3650 * 86_400 * SECOND);

    /// Whole seconds.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(SECOND))
    }

    /// Whole milliseconds.
    #[must_use]
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(milliseconds.saturating_mul(1_000_000))
    }

    /// Nanoseconds.
    #[must_use]
    pub const fn from_nanos(nanoseconds: u64) -> Self {
        Self(nanoseconds)
    }

    /// Seconds with a fraction; `None` if negative, not finite or too long.
    #[must_use]
    pub fn from_seconds_f64(seconds: f64) -> Option<Self> {
        let nanoseconds = (seconds * SECOND as f64).round();
        (nanoseconds >= 0.0 && nanoseconds <= Self::LONGEST.0 as f64).then_some(Self(nanoseconds as u64))
    }

    /// The length in nanoseconds.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// For people to read: whole seconds from one second on, else whole milliseconds; never more than it is.
    ///
    /// ```
    /// use runbook_gate::Duration;
    /// assert_eq!(Duration::from_nanos(35_232_512_749).rounded().to_string(), "35s");
    /// assert_eq!(Duration::from_nanos(666_666_666).rounded().to_string(), "666ms");
    /// assert_eq!(Duration::from_nanos(1_500).rounded().to_string(), "1us500ns");
    /// ```
    #[must_use]
    pub fn rounded(self) -> Self {
        let unit = [SECOND, 1_000_000].into_iter().find(|unit| self.0 >= *unit).unwrap_or(1);
        Self(self.0 - self.0 % unit)
    }

    /// The length in seconds.
    #[must_use]
    pub fn as_seconds_f64(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }

    /// Whether there is no time in it.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `factor` times as long, at most the longest that can be counted.
    #[must_use]
    pub const fn times(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }

    /// The part of it that `divisor` makes; a divisor of zero counts as one.
    #[must_use]
    pub const fn divided_by(self, divisor: u64) -> Self {
        match self.0.checked_div(divisor) {
            Some(part) => Self(part),
            None => self,
        }
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of it, nothing where `other` is longer.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The same as a [`std::time::Duration`].
    #[must_use]
    pub const fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_nanos(self.0)
    }
}

impl FromStr for Duration {
    type Err = DurationError;

    /// Reads `90s`, `5m`, `1h30m`, `250ms`, `7d`; a bare `0` is no time.
    fn from_str(text: &str) -> Result<Self, DurationError> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(DurationError::Empty);
        }
        if trimmed == "0" {
            return Ok(Self::ZERO);
        }
        let mut rest = trimmed;
        let mut total = 0.0_f64;
        let mut last_unit = f64::INFINITY;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let (number, tail) = rest.split_at(digits);
            let value: f64 = number.parse().map_err(|_| DurationError::Malformed(trimmed.to_owned()))?;
            let letters = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
            let (unit, after) = tail.split_at(letters);
            let size = match unit.to_ascii_lowercase().as_str() {
                "" if tail.is_empty() => return Err(DurationError::NoUnit(number.to_owned())),
                "" => return Err(DurationError::Malformed(trimmed.to_owned())),
                "ns" => 1.0,
                "us" | "µs" => 1e3,
                "ms" => 1e6,
                "s" => 1e9,
                "m" => 60e9,
                "h" => 3_600e9,
                "d" => 86_400e9,
                _ => return Err(DurationError::UnknownUnit(unit.to_owned())),
            };
            if size >= last_unit {
                return Err(DurationError::Disorder(trimmed.to_owned()));
            }
            last_unit = size;
            total += value * size;
            rest = after;
        }
        if total > Self::LONGEST.0 as f64 {
            return Err(DurationError::TooLong(trimmed.to_owned()));
        }
        Ok(Self(total.round() as u64))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return formatter.write_str("0s");
        }
        let mut left = self.0;
        for (name, size) in [
            ("h", 3600 * SECOND),
            ("m", 60 * SECOND),
            ("s", SECOND),
            ("ms", 1_000_000),
            ("us", 1_000),
            ("ns", 1),
        ] {
            if left >= size {
                write!(formatter, "{}{name}", left / size)?;
                left %= size;
            }
        }
        Ok(())
    }
}

/// The duration that a text says in other words: `15 min`, `1 day`, `5sec`; in the words of the language.
///
/// Nothing may follow it.
pub(crate) fn meant(written: &str) -> Option<String> {
    let compact: String = written.to_ascii_lowercase().split_whitespace().collect();
    let digits = compact.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(compact.len());
    let (number, unit) = compact.split_at(digits);
    let days = |days: u32| number.parse::<u32>().ok().map(|many| format!("{}d", many.saturating_mul(days)));
    let meant = match unit.trim_end_matches('s') {
        "w" | "week" => days(7)?,
        "month" => days(30)?,
        _ => format!("{number}{}", unit_meant(unit)?),
    };
    meant.parse::<Duration>().ok().map(|_| meant)
}

/// The unit of time that a word names in other words: `min`, `seconds`, `hr`.
pub(crate) fn unit_meant(word: &str) -> Option<&'static str> {
    Some(match word {
        "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "ms" | "msec" | "msecs" | "milli" | "millis" | "millisecond" | "milliseconds" => "ms",
        "m" | "min" | "mins" | "minute" | "minutes" => "m",
        "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        "d" | "day" | "days" => "d",
        _ => return None,
    })
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_what_policies_write() {
        for (text, printed) in [
            ("90s", "1m30s"),
            ("5m", "5m"),
            ("300s", "5m"),
            ("1h30m", "1h30m"),
            ("250ms", "250ms"),
            ("1.5s", "1s500ms"),
            ("7d", "168h"),
            ("0s", "0s"),
            ("0", "0s"),
            (" 5M ", "5m"),
        ] {
            assert_eq!(text.parse::<Duration>().unwrap().to_string(), printed, "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_duration() {
        for (text, error) in [
            ("", DurationError::Empty),
            ("5", DurationError::NoUnit("5".into())),
            ("5 m", DurationError::Malformed("5 m".into())),
            ("5x", DurationError::UnknownUnit("x".into())),
            ("30m1h", DurationError::Disorder("30m1h".into())),
            ("5m5m", DurationError::Disorder("5m5m".into())),
            ("-5m", DurationError::Malformed("-5m".into())),
            ("999999d", DurationError::TooLong("999999d".into())),
        ] {
            assert_eq!(text.parse::<Duration>().unwrap_err(), error, "{text}");
        }
    }
}
