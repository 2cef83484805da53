//! Units of thresholds and what they measure.

/// A unit that a threshold may be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// `%`, a hundredth.
    Percent,
    /// `ns`
    Nanoseconds,
    /// `us`
    Microseconds,
    /// `ms`
    Milliseconds,
    /// `s`
    Seconds,
    /// `m`
    Minutes,
    /// `h`
    Hours,
    /// `B`
    Bytes,
    /// `KB`, 1000 bytes
    Kilobytes,
    /// `MB`, 1000² bytes
    Megabytes,
    /// `GB`, 1000³ bytes
    Gigabytes,
    /// `KiB`, 1024 bytes
    Kibibytes,
    /// `MiB`, 1024² bytes
    Mebibytes,
    /// `GiB`, 1024³ bytes
    Gibibytes,
    /// `/s`, events in a second
    PerSecond,
}

/// What a unit measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// A share; base unit: ratio 0 to 1.
    Ratio,
    /// Time; base unit: seconds.
    Time,
    /// Memory or disk; base unit: bytes.
    Size,
    /// Events in a second.
    Rate,
}

/// Every unit, with its spelling, dimension and size in base units.
const UNITS: [(Unit, &str, Dimension, f64); 15] = [
    (Unit::Percent, "%", Dimension::Ratio, 0.01),
    (Unit::Nanoseconds, "ns", Dimension::Time, 1e-9),
    (Unit::Microseconds, "us", Dimension::Time, 1e-6),
    (Unit::Milliseconds, "ms", Dimension::Time, 1e-3),
    (Unit::Seconds, "s", Dimension::Time, 1.0),
    (Unit::Minutes, "m", Dimension::Time, 60.0),
    (Unit::Hours, "h", Dimension::Time, 3600.0),
    (Unit::Bytes, "B", Dimension::Size, 1.0),
    (Unit::Kilobytes, "KB", Dimension::Size, 1e3),
    (Unit::Megabytes, "MB", Dimension::Size, 1e6),
    (Unit::Gigabytes, "GB", Dimension::Size, 1e9),
    (Unit::Kibibytes, "KiB", Dimension::Size, 1024.0),
    (Unit::Mebibytes, "MiB", Dimension::Size, 1_048_576.0),
    (Unit::Gibibytes, "GiB", Dimension::Size, 1_073_741_824.0),
    (Unit::PerSecond, "/s", Dimension::Rate, 1.0),
];

impl Unit {
    /// Reads a unit, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        UNITS.iter().find(|(_, name, ..)| name.eq_ignore_ascii_case(text)).map(|(unit, ..)| *unit)
    }

    /// The usual spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().1
    }

    /// What it measures.
    #[must_use]
    pub fn dimension(self) -> Dimension {
        self.row().2
    }

    /// A number in this unit as a number in base units.
    ///
    /// Sub-units are divided rather than multiplied, so that `500ms` is exactly `0.5`.
    #[must_use]
    pub fn to_base(self, written: f64) -> f64 {
        match self {
            Self::Percent => written / 100.0,
            Self::Nanoseconds => written / 1e9,
            Self::Microseconds => written / 1e6,
            Self::Milliseconds => written / 1e3,
            _ => written * self.row().3,
        }
    }

    /// All spellings, for messages.
    pub fn spellings() -> impl Iterator<Item = &'static str> {
        UNITS.iter().map(|(_, name, ..)| *name)
    }

    fn row(self) -> &'static (Self, &'static str, Dimension, f64) {
        UNITS.iter().find(|(unit, ..)| *unit == self).unwrap_or(&UNITS[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_reads_back_from_its_spelling() {
        for (unit, name, ..) in UNITS {
            assert_eq!(Unit::parse(name), Some(unit));
            assert_eq!(Unit::parse(&name.to_lowercase()), Some(unit));
            assert_eq!(unit.as_str(), name);
        }
    }

    #[test]
    fn converts_to_base_units_exactly() {
        assert_eq!(Unit::Percent.to_base(5.0), 0.05);
        assert_eq!(Unit::Milliseconds.to_base(500.0), 0.5);
        assert_eq!(Unit::Mebibytes.to_base(2.0), 2_097_152.0);
    }
}
