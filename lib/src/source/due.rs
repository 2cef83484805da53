//! Which points a poll asks for: new ones, aligned, none that speaks of a time before the start.

use crate::source::PollWindow;
use crate::{Duration, Timestamp};

/// The most points that one query asks for; servers refuse more than 11,000.
const MOST_POINTS: i64 = 10_000;

/// The grid of a signal's points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    /// From point to point.
    pub(super) step: Duration,
    /// What a point spans, back from its time; nothing for a moment.
    pub(super) span: Duration,
    /// How late points come.
    pub(super) delay: Duration,
    /// What the points are aligned to.
    pub(super) align: Align,
}

/// What points are aligned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    /// The start of the watch: the server gives points for any time.
    Watch,
    /// Whole steps of the clock in UTC: the service has points for these times only.
    Clock,
}

/// The points of one query, in milliseconds; at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Due {
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) step: i64,
}

impl Grid {
    /// The points that are due and were not answered before; `overlap` goes back over points that were, for late data.
    ///
    /// `answered` is the newest point that a query has answered for.
    pub(super) fn due(self, window: &PollWindow, answered: Option<i64>, overlap: u32) -> Option<Due> {
        let step = milliseconds(self.step).max(1);
        let span = milliseconds(self.span);
        let anchor = match self.align {
            Align::Watch => instant(window.anchor),
            Align::Clock => 0,
        };
        // The first point whose span does not reach before the start. A moment at the start itself is of the time before.
        let earliest = instant(window.start).saturating_add(span.max(1));
        let earliest = match answered {
            Some(answered) => earliest
                .max(answered.saturating_add(step).saturating_sub(step.saturating_mul(i64::from(overlap)))),
            None => earliest,
        };
        let latest = instant(window.scheduled).saturating_sub(milliseconds(self.delay));
        let mut first = anchor + (earliest - anchor).div_euclid(step) * step;
        if first < earliest {
            first += step;
        }
        let last = anchor + (latest - anchor).div_euclid(step) * step;
        let last = last.min(first.saturating_add(step.saturating_mul(MOST_POINTS - 1)));
        // Only what was answered before is not worth a query.
        let news = answered.is_none_or(|answered| last > answered);
        (first <= last && news).then_some(Due { first, last, step })
    }

    /// Whether a point's span reaches over the anchor: it would mix the warm-up with the watch.
    pub(super) fn straddles(self, at: i64, window: &PollWindow) -> bool {
        let anchor = instant(window.anchor);
        at > anchor && at.saturating_sub(milliseconds(self.span)) < anchor
    }
}

impl Due {
    /// The times of the points.
    pub(super) fn times(self) -> impl Iterator<Item = i64> {
        let count = (self.last - self.first) / self.step.max(1);
        (0..=count).map(move |index| self.first + index * self.step)
    }
}

/// Milliseconds since the Unix epoch; what is finer is cut off.
fn instant(at: Timestamp) -> i64 {
    at.as_nanos().div_euclid(1_000_000)
}

/// A duration in milliseconds, rounded up; at most ten years.
fn milliseconds(duration: Duration) -> i64 {
    let whole = duration.min(Duration::LONGEST).as_nanos().div_ceil(1_000_000);
    i64::try_from(whole).unwrap_or(i64::MAX)
}

/// A time in milliseconds as a timestamp.
pub(super) const fn timestamp(milliseconds: i64) -> Timestamp {
    Timestamp::from_nanos(milliseconds.saturating_mul(1_000_000))
}

/// A time in milliseconds as the API takes it: seconds.
pub(super) fn seconds(milliseconds: i64) -> String {
    let sign = if milliseconds < 0 { "-" } else { "" };
    let size = milliseconds.unsigned_abs();
    format!("{sign}{}.{:03}", size / 1000, size % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1000;

    fn grid(step: u64, span: u64, delay: u64) -> Grid {
        Grid {
            step: Duration::from_secs(step),
            span: Duration::from_secs(span),
            delay: Duration::from_secs(delay),
            align: Align::Watch,
        }
    }

    fn window(start: i64, anchor: i64, scheduled: i64) -> PollWindow {
        PollWindow {
            start: Timestamp::from_secs(start),
            scheduled: Timestamp::from_secs(scheduled),
            anchor: Timestamp::from_secs(anchor),
            timeout: Duration::from_secs(5),
        }
    }

    fn due(first: i64, last: i64, step: i64) -> Option<Due> {
        Some(Due { first: first * S, last: last * S, step: step * S })
    }

    #[test]
    fn the_first_poll_asks_from_the_start_and_the_next_for_what_is_new() {
        let moments = grid(15, 0, 0);
        assert_eq!(
            moments.due(&window(1000, 1060, 1000), None, 2),
            None,
            "the start itself is before the release"
        );
        assert_eq!(moments.due(&window(1000, 1060, 1047), None, 2), due(1015, 1045, 15));
        assert_eq!(moments.due(&window(1000, 1060, 1061), Some(1045 * S), 0), due(1060, 1060, 15));
        assert_eq!(moments.due(&window(1000, 1060, 1061), Some(1045 * S), 2), due(1030, 1060, 15));
        assert_eq!(moments.due(&window(1000, 1060, 1059), Some(1045 * S), 2), None, "nothing is new");
    }

    #[test]
    fn windows_of_counts_are_aligned_to_the_watch_and_never_reach_before_the_start() {
        let counts = grid(60, 60, 10);
        // The warm-up of 90 s ends at 1090: windows end at 1090, 1150, …
        assert_eq!(counts.due(&window(1000, 1090, 1099), None, 0), None);
        assert_eq!(counts.due(&window(1000, 1090, 1100), None, 0), due(1090, 1090, 60));
        assert_eq!(counts.due(&window(1000, 1090, 1400), None, 0), due(1090, 1390, 60));
        assert!(!counts.straddles(1150 * S, &window(1000, 1090, 1400)));
        assert!(grid(15, 60, 0).straddles(1105 * S, &window(1000, 1090, 1400)));
        assert!(!grid(15, 60, 0).straddles(1090 * S, &window(1000, 1090, 1400)));
    }

    #[test]
    fn points_of_the_clock_lie_on_whole_steps_and_none_reaches_over_the_anchor() {
        let minutes = Grid { align: Align::Clock, ..grid(60, 60, 180) };
        // From 1000 s on, the first whole minute that lies after the start ends at 1080 s.
        assert_eq!(minutes.due(&window(1000, 1090, 1259), None, 2), None);
        assert_eq!(minutes.due(&window(1000, 1090, 1260), None, 2), due(1080, 1080, 60));
        assert_eq!(minutes.due(&window(1000, 1090, 1441), None, 2), due(1080, 1260, 60));
        assert!(minutes.straddles(1140 * S, &window(1000, 1090, 1441)));
        assert!(!minutes.straddles(1200 * S, &window(1000, 1090, 1441)));
    }

    #[test]
    fn a_long_past_is_read_in_pieces() {
        let first = grid(1, 0, 0).due(&window(0, 0, 100_000), None, 0).unwrap();
        assert_eq!((first.first, first.last, first.times().count()), (S, 10_000 * S, 10_000));
        let next = grid(1, 0, 0).due(&window(0, 0, 100_000), Some(first.last), 0).unwrap();
        assert_eq!(next.first, 10_001 * S);
    }

    #[test]
    fn extreme_times_do_not_overflow() {
        let far = PollWindow {
            start: Timestamp::from_nanos(i64::MIN),
            scheduled: Timestamp::from_nanos(i64::MAX),
            anchor: Timestamp::from_nanos(i64::MAX),
            timeout: Duration::ZERO,
        };
        let longest = Grid {
            step: Duration::LONGEST,
            span: Duration::LONGEST,
            delay: Duration::LONGEST,
            align: Align::Watch,
        };
        let _ = longest.due(&far, Some(i64::MIN / 2), u32::MAX);
        assert!(grid(0, 0, 0).due(&far, None, 1).is_some());
    }

    #[test]
    fn times_are_written_in_seconds() {
        assert_eq!(seconds(1_500), "1.500");
        assert_eq!(seconds(-1), "-0.001");
    }
}
