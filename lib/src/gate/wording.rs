//! Numbers as people read them.

use super::series::{Nanos, Series, moment};
use crate::criterion::{Comparison, Criterion, Dimension, Threshold};
use crate::policy::rules::ReadingKind;

/// What a signal's numbers measure, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Percent,
    Seconds,
    Bytes,
    PerSecond,
    Plain,
}

impl Unit {
    /// The unit that a criterion's thresholds give a signal; latencies are seconds.
    pub(super) fn of(series: &Series, criterion: &Criterion) -> Self {
        if series.rules.reading == ReadingKind::Counts {
            return Self::Percent;
        }
        let written = criterion.comparisons().iter().find_map(|comparison| match comparison {
            Comparison::Threshold { operand, threshold, .. } if operand.signal == series.name => {
                match threshold {
                    Threshold::Absolute(quantity) => quantity.unit(),
                    // `baseline + 10%` says nothing of the signal's own unit.
                    Threshold::BaselineOffset { amount, .. } => {
                        amount.unit().filter(|unit| unit.dimension() != Dimension::Ratio)
                    }
                    Threshold::TimesBaseline(_) => None,
                }
            }
            _ => None,
        });
        match written.map(crate::criterion::Unit::dimension) {
            Some(Dimension::Ratio) => Self::Percent,
            Some(Dimension::Time) => Self::Seconds,
            Some(Dimension::Size) => Self::Bytes,
            Some(Dimension::Rate) => Self::PerSecond,
            None if series.name.as_str().starts_with("latency") => Self::Seconds,
            None => Self::Plain,
        }
    }
}

/// A number in its unit: `8.2%`, `412ms`, `1.5 GiB`.
pub(super) fn value(number: f64, unit: Unit) -> String {
    match unit {
        Unit::Percent => percent(number),
        Unit::Seconds => seconds(number),
        Unit::Bytes => bytes(number),
        Unit::PerSecond => format!("{}/s", plain(number)),
        Unit::Plain => plain(number),
    }
}

/// A share in percent with two or three digits.
pub(super) fn percent(share: f64) -> String {
    format!("{}%", plain(share * 100.0))
}

/// A confidence in percent, never rounded up to certainty.
pub(super) fn sure(probability: f64) -> String {
    if probability > 0.9999 {
        return "over 99.99%".to_owned();
    }
    format!("{}%", trimmed(libm::floor(probability * 10_000.0) / 100.0, 2))
}

/// A confidence that is asked for.
pub(super) fn needed(probability: f64) -> String {
    let places = if probability > 0.9999 { 4 } else { 2 };
    format!("{}%", trimmed(probability * 100.0, places))
}

/// Three significant digits, without trailing zeros.
pub(super) fn plain(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 {
        "0".to_owned()
    } else if !(1e-6..1e15).contains(&size) {
        format!("{number:.2e}")
    } else if size >= 100.0 {
        self::number(number)
    } else {
        let places = (2 - libm::floor(libm::log10(size)) as i32).clamp(0, 9);
        trimmed(number, places as usize)
    }
}

/// A count with separators: `2,402`; a small one keeps a fraction.
pub(super) fn number(number: f64) -> String {
    if number.abs() < 10.0 {
        return trimmed(number, 1);
    }
    let digits = format!("{:.0}", number.abs());
    let sign = if number < 0.0 { "-" } else { "" };
    let mut separated = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            separated.push(',');
        }
        separated.push(digit);
    }
    format!("{sign}{separated}")
}

/// A whole number with separators.
pub(super) fn whole(number: u64) -> String {
    self::number(number as f64)
}

/// `197 of 2,402 requests`.
pub(super) fn counts(bad: f64, total: f64) -> String {
    format!("{} of {} requests", number(bad), number(total))
}

/// The time of day, in UTC.
pub(super) fn clock(at: Nanos) -> String {
    let time = moment(at).to_offset_date_time().time();
    format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
}

fn seconds(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 {
        "0s".to_owned()
    } else if size < 1e-3 {
        format!("{}us", plain(number * 1e6))
    } else if size < 1.0 {
        format!("{}ms", plain(number * 1e3))
    } else {
        format!("{}s", plain(number))
    }
}

fn bytes(number: f64) -> String {
    let mut size = number;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if size.abs() < 1024.0 {
            return format!("{} {unit}", plain(size));
        }
        size /= 1024.0;
    }
    format!("{} TiB", plain(size))
}

fn trimmed(number: f64, places: usize) -> String {
    let text = format!("{number:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (share, text) in [
            (0.0, "0%"),
            (0.082, "8.2%"),
            (0.05, "5%"),
            (0.00213, "0.213%"),
            (1.0, "100%"),
            (0.1234, "12.3%"),
        ] {
            assert_eq!(percent(share), text);
        }
        for (number, text) in
            [(0.0, "0"), (0.5, "0.5"), (197.3, "197"), (2402.0, "2,402"), (1_234_567.0, "1,234,567")]
        {
            assert_eq!(plain(number), text);
        }
        for (number, text) in
            [(0.412, "412ms"), (1.5, "1.5s"), (0.000_25, "250us"), (0.0, "0s"), (75.0, "75s")]
        {
            assert_eq!(value(number, Unit::Seconds), text);
        }
        assert_eq!(value(1_610_612_736.0, Unit::Bytes), "1.5 GiB");
        assert_eq!(counts(197.0, 2402.4), "197 of 2,402 requests");
    }

    #[test]
    fn confidence_is_never_rounded_up_to_certainty() {
        assert_eq!(sure(1.0), "over 99.99%");
        assert_eq!(sure(0.999_99), "over 99.99%");
        assert_eq!(sure(0.996_66), "99.66%");
        assert_eq!(sure(0.9), "90%");
        assert_eq!(needed(1.0 - 0.01 / 3.0), "99.67%");
        assert_eq!(needed(1.0 - 0.01 / 240.0), "99.9958%");
    }
}
