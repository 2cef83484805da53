//! Numbers as people read them, in the units of the criteria language: `8.2% (197 of 2,402)`, `412ms`, `1.5 GiB`.

use crate::criterion::{Comparison, Criterion, Dimension, Threshold};
use crate::policy::rules::ReadingKind;
use crate::{SignalName, Timestamp};

/// What a signal's numbers measure, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// A share, 0 to 1.
    Share,
    /// Time in seconds.
    Seconds,
    /// Memory or disk in bytes.
    Bytes,
    /// Events in a second.
    PerSecond,
    /// 1 for passing, 0 for failing.
    State,
    /// Anything else.
    Plain,
}

/// Digits that are shown where nothing asks for more.
const DIGITS: usize = 3;
/// Digits that tell any two numbers apart.
const ALL_DIGITS: usize = 17;

impl Measure {
    /// What a signal measures: by what its samples are, by a unit that a criterion gives it, or else by its name.
    #[must_use]
    pub fn of<'c>(
        signal: &SignalName,
        reading: Option<ReadingKind>,
        criteria: impl IntoIterator<Item = &'c Criterion>,
    ) -> Self {
        match reading {
            Some(ReadingKind::Counts) => return Self::Share,
            Some(ReadingKind::State) => return Self::State,
            Some(ReadingKind::Value) | None => {}
        }
        // A number that its source takes for a state (`failing: "> 0"`) is still that number.
        let is_number = reading == Some(ReadingKind::Value);
        criteria
            .into_iter()
            .flat_map(Criterion::comparisons)
            .filter(|comparison| !(is_number && matches!(comparison, Comparison::State { .. })))
            .find_map(|comparison| Self::written(signal, comparison))
            .unwrap_or_else(|| Self::named(signal.as_str()))
    }

    /// What a comparison's unit says of a signal.
    fn written(signal: &SignalName, comparison: &Comparison) -> Option<Self> {
        if comparison.signal() != signal {
            return None;
        }
        let unit = match comparison {
            Comparison::State { .. } => return Some(Self::State),
            Comparison::Threshold { threshold: Threshold::Absolute(quantity), .. } => quantity.unit()?,
            // `baseline + 10%` says nothing of the signal's own unit.
            Comparison::Threshold { threshold: Threshold::BaselineOffset { amount, .. }, .. } => {
                amount.unit().filter(|unit| unit.dimension() != Dimension::Ratio)?
            }
            Comparison::Threshold { threshold: Threshold::TimesBaseline(_), .. } => return None,
        };
        Some(match unit.dimension() {
            Dimension::Ratio => Self::Share,
            Dimension::Time => Self::Seconds,
            Dimension::Size => Self::Bytes,
            Dimension::Rate => Self::PerSecond,
        })
    }

    fn named(name: &str) -> Self {
        let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        if name.starts_with("latency") || ends(&["_latency", "_seconds", "_duration"]) {
            Self::Seconds
        } else if ends(&["_bytes"]) {
            Self::Bytes
        } else if name == "error_rate" || ends(&["_ratio", "_utilization", "_saturation"]) {
            Self::Share
        } else if ends(&["_rate", "_per_second"]) {
            Self::PerSecond
        } else {
            Self::Plain
        }
    }

    /// A number with its unit.
    ///
    /// ```
    /// use runbook_gate::numbers::Measure;
    /// assert_eq!(Measure::Seconds.show(0.412), "412ms");
    /// assert_eq!(Measure::Share.show(0.0821), "8.21%");
    /// ```
    #[must_use]
    pub fn show(self, number: f64) -> String {
        self.with_digits(number, DIGITS)
    }

    /// Two numbers with as many digits as it takes to see that they differ, where they do.
    ///
    /// ```
    /// use runbook_gate::numbers::Measure;
    /// assert_eq!(Measure::Share.show_apart(0.05004, 0.05), ("5.004%".to_owned(), "5%".to_owned()));
    /// ```
    #[must_use]
    pub fn show_apart(self, one: f64, other: f64) -> (String, String) {
        let mut texts = (self.show(one), self.show(other));
        for digits in DIGITS + 1..=ALL_DIGITS {
            if texts.0 != texts.1 || one == other {
                break;
            }
            texts = (self.with_digits(one, digits), self.with_digits(other, digits));
        }
        texts
    }

    fn with_digits(self, number: f64, digits: usize) -> String {
        match self {
            Self::Share => share(number, digits),
            Self::Seconds => match number.abs() {
                0.0 => "0s".to_owned(),
                size if size < 1e-3 => format!("{}us", plain(number * 1e6, digits)),
                size if size < 1.0 => format!("{}ms", plain(number * 1e3, digits)),
                _ => format!("{}s", plain(number, digits)),
            },
            Self::Bytes => bytes(number, digits),
            Self::PerSecond => format!("{}/s", plain(number, digits)),
            Self::State if number == 1.0 => "passing".to_owned(),
            Self::State if number == 0.0 => "failing".to_owned(),
            Self::State => format!("{} passing", share(number, digits)),
            Self::Plain => plain(number, digits),
        }
    }
}

/// `197 of 2,402`.
#[must_use]
pub fn of(part: f64, whole: f64) -> String {
    format!("{} of {}", count(part), count(whole))
}

/// A count with separators; a small one keeps one decimal, for servers extrapolate.
#[must_use]
pub fn count(number: f64) -> String {
    if number.abs() < 10.0 { separated(&trimmed(number, 1)) } else { separated(&format!("{number:.0}")) }
}

/// A share in percent that is `0%` and `100%` only where it is nothing or all of it.
#[must_use]
pub fn percent(number: f64) -> String {
    share(number, DIGITS)
}

/// A probability in percent, rounded down, and never to certainty.
#[must_use]
pub fn probability(number: f64) -> String {
    if number > 0.9999 {
        return "over 99.99%".to_owned();
    }
    format!("{}%", trimmed((number * 10_000.0).floor() / 100.0, 2))
}

/// A probability that is asked for, in percent.
#[must_use]
pub fn probability_needed(number: f64) -> String {
    format!("{}%", trimmed(number * 100.0, if number > 0.9999 { 4 } else { 2 }))
}

/// The time of day in UTC, `00:07:45`.
#[must_use]
pub fn clock(t: Timestamp) -> String {
    let time = t.to_offset_date_time().time();
    format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
}

/// The date and the time of day in UTC, `2026-01-01 00:07:45 UTC`.
#[must_use]
pub fn moment(t: Timestamp) -> String {
    let date = t.to_offset_date_time().date();
    format!("{}-{:02}-{:02} {} UTC", date.year(), u8::from(date.month()), date.day(), clock(t))
}

/// A bare number: `2,402`, `0.213`.
#[must_use]
pub fn bare(number: f64) -> String {
    plain(number, DIGITS)
}

/// A number with so many significant digits, but no fewer than its whole part has.
fn plain(number: f64, digits: usize) -> String {
    let size = number.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    if !(1e-6..1e15).contains(&size) {
        return format!("{number:.*e}", digits.saturating_sub(1));
    }
    let magnitude = libm::floor(libm::log10(size)) as i64;
    let places = usize::try_from(digits as i64 - 1 - magnitude).unwrap_or(0);
    separated(&trimmed(number, places))
}

fn share(number: f64, digits: usize) -> String {
    for digits in digits..=ALL_DIGITS {
        let text = plain(number * 100.0, digits);
        if text != "100" || number == 1.0 {
            return format!("{text}%");
        }
    }
    "100%".to_owned()
}

fn bytes(number: f64, digits: usize) -> String {
    let mut size = number;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if size.abs() < 1024.0 {
            return format!("{} {unit}", plain(size, digits));
        }
        size /= 1024.0;
    }
    format!("{} TiB", plain(size, digits))
}

fn trimmed(number: f64, places: usize) -> String {
    let text = format!("{number:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The whole part in groups of three digits.
fn separated(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, fraction) =
        digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
    let mut out = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (measure, number, text) in [
            (Measure::Share, 0.0, "0%"),
            (Measure::Share, 1.0, "100%"),
            (Measure::Share, 0.082, "8.2%"),
            (Measure::Share, 0.000_021, "0.0021%"),
            (Measure::Share, 0.999_999, "99.9999%"),
            (Measure::Seconds, 0.412, "412ms"),
            (Measure::Seconds, 0.000_25, "250us"),
            (Measure::Seconds, 0.0, "0s"),
            (Measure::Seconds, 1.5, "1.5s"),
            (Measure::Seconds, 75.0, "75s"),
            (Measure::Bytes, 512.0, "512 B"),
            (Measure::Bytes, 1_610_612_736.0, "1.5 GiB"),
            (Measure::Bytes, -2048.0, "-2 KiB"),
            (Measure::Bytes, 1e18, "909,495 TiB"),
            (Measure::PerSecond, 12.345, "12.3/s"),
            (Measure::State, 1.0, "passing"),
            (Measure::State, 0.0, "failing"),
            (Measure::State, 0.8, "80% passing"),
            (Measure::Plain, 1_234_567.0, "1,234,567"),
            (Measure::Plain, -1234.5, "-1,234"),
            (Measure::Plain, 9.999, "10"),
            (Measure::Plain, 1e300, "1.00e300"),
            (Measure::Plain, 5e-324, "4.94e-324"),
        ] {
            assert_eq!(measure.show(number), text);
        }
    }

    #[test]
    fn two_numbers_that_differ_look_different() {
        assert_eq!(Measure::Plain.show_apart(75.000_1, 75.0), ("75.0001".into(), "75".into()));
        assert_eq!(Measure::Plain.show_apart(75.0, 75.0), ("75".into(), "75".into()));
        assert_eq!(Measure::Seconds.show_apart(0.500_01, 0.5), ("500.01ms".into(), "500ms".into()));
    }

    #[test]
    fn probability_is_never_rounded_up() {
        assert_eq!(probability(1.0), "over 99.99%");
        assert_eq!(probability(0.996_66), "99.66%");
        assert_eq!(probability_needed(1.0 - 0.01 / 3.0), "99.67%");
        assert_eq!(probability_needed(1.0 - 0.01 / 240.0), "99.9958%");
    }

    #[test]
    fn a_signal_measures_what_its_criterion_or_its_name_says() {
        let queue: SignalName = "queue_age".parse().unwrap();
        let criterion: Criterion = "queue_age > 90s".parse().unwrap();
        assert_eq!(Measure::of(&queue, None, [&criterion]), Measure::Seconds);
        assert_eq!(Measure::of(&queue, None, []), Measure::Plain);
        assert_eq!(Measure::of(&queue, Some(ReadingKind::Counts), [&criterion]), Measure::Share);
        let state: Criterion = "data_integrity failing".parse().unwrap();
        let name: SignalName = "data_integrity".parse().unwrap();
        assert_eq!(Measure::of(&name, None, [&state]), Measure::State);
        assert_eq!(Measure::of(&name, Some(ReadingKind::Value), [&state]), Measure::Plain);
        let relative: Criterion = "latency_p95 > baseline + 10%".parse().unwrap();
        assert_eq!(Measure::of(&"latency_p95".parse().unwrap(), None, [&relative]), Measure::Seconds);
    }
}
