//! Lengths and times as Azure's APIs write them: ISO 8601.

use crate::source::due::timestamp;
use crate::{Duration, Timestamp};

/// The lengths that metrics have.
const LENGTHS: [(&str, u64); 8] = [
    ("PT1M", 60),
    ("PT5M", 300),
    ("PT15M", 900),
    ("PT30M", 1800),
    ("PT1H", 3600),
    ("PT6H", 21_600),
    ("PT12H", 43_200),
    ("P1D", 86_400),
];

/// A length of a metric's step; `None` where metrics have no such step.
pub(super) fn length(step: Duration) -> Option<&'static str> {
    LENGTHS.iter().find(|(_, seconds)| Duration::from_secs(*seconds) == step).map(|(text, _)| *text)
}

/// A length as an answer has it.
pub(super) fn parse_length(text: &str) -> Option<Duration> {
    LENGTHS.iter().find(|(known, _)| *known == text).map(|(_, seconds)| Duration::from_secs(*seconds))
}

/// The length between two times in milliseconds, `from/to`.
pub(super) fn timespan(from: i64, to: i64) -> String {
    format!("{}/{}", timestamp(from), timestamp(to))
}

/// From one time up to just before another: the service takes both ends as inside.
pub(super) fn timespan_before(from: i64, to: i64) -> String {
    let end = Timestamp::from_nanos(timestamp(to).as_nanos().saturating_sub(100));
    format!("{}/{end}", timestamp(from))
}

/// A time in an answer, in milliseconds. Azure writes it with a zone or, rarely, without one: then it is UTC.
pub(super) fn parse_time(text: &str) -> Option<i64> {
    let zoned = text.ends_with('Z') || text.get(19..).is_some_and(|tail| tail.contains(['+', '-']));
    let time: Timestamp = if zoned { text.parse().ok()? } else { format!("{text}Z").parse().ok()? };
    Some(time.as_nanos().div_euclid(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_times_are_read_as_they_are_written() {
        assert_eq!(length(Duration::from_secs(60)), Some("PT1M"));
        assert_eq!(length(Duration::from_secs(15)), None);
        assert_eq!(parse_length("PT1H"), Some(Duration::from_secs(3600)));
        assert_eq!(timespan(0, 60_000), "1970-01-01T00:00:00Z/1970-01-01T00:01:00Z");
        assert_eq!(timespan_before(0, 60_000), "1970-01-01T00:00:00Z/1970-01-01T00:00:59.9999999Z");
        for text in [
            "1970-01-01T00:01:00Z",
            "1970-01-01T00:01:00.0000000Z",
            "1970-01-01T00:01:00",
            "1970-01-01T01:01:00+01:00",
        ] {
            assert_eq!(parse_time(text), Some(60_000), "{text}");
        }
        assert_eq!(parse_time("yesterday"), None);
    }
}
