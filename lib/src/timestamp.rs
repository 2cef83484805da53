//! A moment in time, to the nanosecond, in UTC.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::Duration;

/// A moment: nanoseconds since 1970-01-01T00:00:00Z, printed as RFC 3339 in UTC.
///
/// ```
/// use runbook_gate::{Duration, Timestamp};
///
/// let start: Timestamp = "2026-01-01T01:00:00+01:00".parse()?;
/// assert_eq!(start.to_string(), "2026-01-01T00:00:00Z");
/// assert_eq!((start + Duration::from_secs(15)).since(start), Duration::from_secs(15));
/// # Ok::<(), runbook_gate::TimestampError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A text that is not an RFC 3339 time between the years 1678 and 2261.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time; write RFC 3339 between the years 1678 and 2261, such as 2026-01-01T00:00:00Z")]
pub struct TimestampError(String);

impl Timestamp {
    /// Nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn from_nanos(nanoseconds: i64) -> Self {
        Self(nanoseconds)
    }

    /// Whole seconds since the Unix epoch.
    #[must_use]
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000))
    }

    /// Seconds since the Unix epoch with a fraction, as Prometheus writes times; `None` if out of range.
    #[must_use]
    pub fn from_seconds_f64(seconds: f64) -> Option<Self> {
        let milliseconds = (seconds * 1e3).round();
        (milliseconds.abs() < 9e15).then(|| Self((milliseconds as i64).saturating_mul(1_000_000)))
    }

    /// The whole second that it lies in, for people to read.
    ///
    /// ```
    /// use runbook_gate::Timestamp;
    /// let at: Timestamp = "2026-11-25T10:22:32.232512749Z".parse()?;
    /// assert_eq!(at.whole_second().to_string(), "2026-11-25T10:22:32Z");
    /// # Ok::<(), runbook_gate::TimestampError>(())
    /// ```
    #[must_use]
    pub const fn whole_second(self) -> Self {
        Self::from_nanos(self.0.saturating_sub(self.0.rem_euclid(1_000_000_000)))
    }

    /// Nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Seconds since the Unix epoch.
    #[must_use]
    pub fn as_seconds_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// How long after `earlier` this is; nothing where it is not after it.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        let difference = self.0.saturating_sub(earlier.0);
        Duration::from_nanos(if difference > 0 { difference as u64 } else { 0 })
    }

    /// The beginning of a day in UTC, written `2026-12-31`; `None` where that is no day.
    ///
    /// ```
    /// use runbook_gate::Timestamp;
    /// let day = Timestamp::from_day("2026-12-31").map(|day| day.to_string());
    /// assert_eq!(day.as_deref(), Some("2026-12-31T00:00:00Z"));
    /// assert!(Timestamp::from_day("2026-02-30").is_none());
    /// ```
    #[must_use]
    pub fn from_day(text: &str) -> Option<Self> {
        (text.len() == 10).then(|| format!("{text}T00:00:00Z").parse().ok()).flatten()
    }

    /// The same moment as a [`time::OffsetDateTime`] in UTC.
    #[must_use]
    pub fn to_offset_date_time(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0)).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(moment: OffsetDateTime) -> Self {
        let nanoseconds = moment.unix_timestamp_nanos().clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        Self(nanoseconds as i64)
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)))
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        if let Some(moment) = from_usual_form(text.as_bytes()) {
            return Ok(moment);
        }
        let wrong = || TimestampError(text.chars().take(64).collect());
        let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| wrong())?;
        i64::try_from(moment.unix_timestamp_nanos()).map(Self).map_err(|_| wrong())
    }
}

/// `2026-01-01T00:00:15Z` and `2026-01-01T00:00:15.25Z`, which is what journals and servers write by the million; `None` for
/// everything else, right or wrong.
fn from_usual_form(text: &[u8]) -> Option<Timestamp> {
    let (&[y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2, b'T', h1, h2, b':', mi1, mi2, b':', s1, s2], rest) =
        text.split_first_chunk::<19>()?
    else {
        return None;
    };
    let two = |tens: u8, ones: u8| {
        let both = tens.is_ascii_digit() && ones.is_ascii_digit();
        both.then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
    };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    let (month, day) = (two(mo1, mo2)?, two(d1, d2)?);
    let (hour, minute, second) = (two(h1, h2)?, two(mi1, mi2)?, two(s1, s2)?);
    // Years that surely fit, no leap day and no leap second: the rest is not worth the care here.
    let longest = match month {
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1700..=2200).contains(&year) || !(1..=12).contains(&month) || !(1..=longest).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let nanosecond = match rest {
        [b'Z'] => 0,
        [b'.', digits @ .., b'Z'] if (1..=9).contains(&digits.len()) => {
            let mut nanosecond = 0;
            for place in 0..9 {
                let digit = digits.get(place).copied().unwrap_or(b'0');
                if !digit.is_ascii_digit() {
                    return None;
                }
                nanosecond = nanosecond * 10 + i64::from(digit - b'0');
            }
            nanosecond
        }
        _ => return None,
    };
    let seconds = ((days_since_epoch(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    Some(Timestamp(seconds * 1_000_000_000 + nanosecond))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, after Howard Hinnant's "chrono-compatible low-level date
/// algorithms"; years from 1 on.
const fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day is the last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.to_offset_date_time().format(&Rfc3339).map_err(|_| fmt::Error)?;
        formatter.write_str(&text)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_it_read() {
        for text in ["2026-01-01T00:00:00Z", "2026-01-01T00:00:15.5Z", "1999-12-31T23:59:59.000000001Z"] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_leap_second_is_the_end_of_the_second_before_it_and_other_years_are_refused() {
        let leap: Timestamp = "2016-12-31T23:59:60Z".parse().unwrap();
        assert_eq!(leap.to_string(), "2016-12-31T23:59:59.999999999Z");
        for far in ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2262-04-12T00:00:00Z"] {
            let error = far.parse::<Timestamp>().unwrap_err().to_string();
            assert!(error.contains("between the years 1678 and 2261"), "{error}");
        }
    }

    #[test]
    fn the_usual_form_reads_as_the_general_one_does() {
        for year in [1700, 1899, 1900, 1969, 1970, 1972, 2000, 2023, 2024, 2026, 2100, 2200] {
            for month in 1..=12 {
                for day in 1..=32 {
                    let text = format!("{year}-{month:02}-{day:02}T23:59:58.012345678Z");
                    let general = OffsetDateTime::parse(&text, &Rfc3339).ok().map(Timestamp::from);
                    let leap_day = (month, day) == (2, 29);
                    assert_eq!(from_usual_form(text.as_bytes()), general.filter(|_| !leap_day), "{text}");
                }
            }
        }
        for text in ["2026-01-01T00:00:00+00:00", "2026-01-01T00:00:60Z", "2026-01-01T24:00:00Z"] {
            assert_eq!(from_usual_form(text.as_bytes()), None, "{text}");
        }
        assert_eq!("2024-02-29T00:00:00Z".parse::<Timestamp>().unwrap().to_string(), "2024-02-29T00:00:00Z");
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "yesterday",
            "2026-01-01",
            "2026-13-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:00.Z",
            "2026-02-30T00:00:00Z",
            "9999-01-01T00:00:00Z",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }
}
