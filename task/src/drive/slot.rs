//! One source's schedule: when it is due, and up to when its data has settled.

use runbook_gate::source::SourceSignal;
use runbook_gate::{Duration, Timestamp};

/// What the driver knows of a source.
#[derive(Clone, Debug)]
pub struct Watched {
    /// Where it reads, in words without secrets.
    pub name: String,
    /// What it gives.
    pub signals: Vec<SourceSignal>,
    /// How often it is polled.
    pub interval: Duration,
    /// How late its points come.
    pub ingestion_delay: Duration,
    /// How long a poll may take.
    pub timeout: Duration,
    /// What a poll reads.
    pub reads: Reads,
    /// Which of its first answers show a mistake in the policy.
    pub trial: Trial,
}

/// How a source is tried before the watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trial {
    /// It is asked, and what it answers must make sense.
    Answers,
    /// It is asked, and only its address can be wrong: what a probe finds is a fact.
    AddressOnly,
    /// It is not asked: a command has effects and may take long.
    None,
}

/// What a poll reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// The moment of the poll: between polls there is nothing to come.
    Moments,
    /// Points of the past, with times of their own.
    Ranges,
    /// Points of the past that tell what has happened since the start: there is no earlier time to compare them with.
    Since,
}

/// Ticks wait for a poll that is under way, but not longer than this: a slow source delays no other. What such a source
/// says later speaks of when it was said.
const LONGEST_HOLD_OF_MOMENTS: Duration = Duration::from_secs(10);
/// Points of the past have times of their own, and count for less when those have been evaluated: they are worth a longer
/// wait.
const LONGEST_HOLD_OF_RANGES: Duration = Duration::from_secs(60);

/// A source whose last poll gave nothing is waited for no longer than this, until it gives something again: a dead one
/// costs the others its whole hold once.
const HOLD_OF_SILENT: Duration = Duration::from_secs(1);

/// A source in its course.
#[derive(Debug)]
pub struct Slot<'w> {
    pub watched: &'w Watched,
    start: Timestamp,
    /// When the gate began to poll: later than `start` where that is past.
    begun: Timestamp,
    /// The newest poll that was started or missed.
    last: Option<Timestamp>,
    busy: Option<Timestamp>,
    /// What the newest answered poll was scheduled for.
    answered: Timestamp,
    manner: Manner,
    missed: u64,
}

/// What the newest poll came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// None has come to an end.
    New,
    /// It gave what there was.
    Answers,
    /// It failed, or was no longer waited for.
    Silent,
}

/// Whether a poll was left out for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    First,
    Again,
}

impl<'w> Slot<'w> {
    pub fn new(watched: &'w Watched, start: Timestamp, now: Timestamp) -> Self {
        Self {
            watched,
            start,
            begun: start.max(now),
            last: None,
            busy: None,
            answered: start,
            manner: Manner::New,
            missed: 0,
        }
    }

    /// Whether the first poll is still under way.
    pub fn has_never_answered(&self) -> bool {
        self.is_busy() && self.manner == Manner::New
    }

    pub const fn is_busy(&self) -> bool {
        self.busy.is_some()
    }

    pub fn start(&mut self, scheduled: Timestamp) {
        self.last = Some(scheduled);
        self.busy = Some(scheduled);
    }

    pub fn miss(&mut self, scheduled: Timestamp) -> Missed {
        self.last = Some(scheduled);
        self.missed += 1;
        if self.missed == 1 { Missed::First } else { Missed::Again }
    }

    pub fn finish(&mut self, now: Timestamp, manner: Manner) {
        if let Some(scheduled) = self.busy.take() {
            self.answered = scheduled;
            let in_time = now < scheduled + self.longest_hold();
            self.manner = if in_time { manner } else { Manner::Silent };
        }
    }

    /// The poll that is due now: the newest one of the schedule that is not in the future.
    pub fn due(&self, now: Timestamp, end: Timestamp) -> Option<Timestamp> {
        let mut due = self.after(self.last, end).filter(|next| *next <= now)?;
        // After a stall the polls between are gone; only the newest one is made up for.
        let behind = now.min(end).since(due).as_nanos() / self.interval().as_nanos();
        if behind > 0 && due <= end {
            due = due + self.interval().times(behind);
        }
        Some(due)
    }

    /// The first poll of the schedule after `last`.
    fn after(&self, last: Option<Timestamp>, end: Timestamp) -> Option<Timestamp> {
        let next = match last {
            // Whatever is read of the past is read at once.
            None => return Some(self.begun),
            Some(last) => {
                let passed = last.since(self.start).as_nanos() / self.interval().as_nanos();
                self.start + self.interval().times(passed + 1)
            }
        };
        if next <= end {
            return Some(next);
        }
        // Once more when the points of the end are there.
        let closing = end + self.watched.ingestion_delay;
        (self.watched.reads != Reads::Moments && last.is_none_or(|last| last < closing)).then_some(closing)
    }

    fn interval(&self) -> Duration {
        self.watched.interval.max(Duration::from_millis(1))
    }

    /// How long ticks wait for a poll under way. The last one, of the end, is waited for whatever the one before gave.
    fn hold(&self, scheduled: Timestamp, end: Timestamp) -> Duration {
        match self.manner {
            Manner::Silent if scheduled < end => self.longest_hold().min(HOLD_OF_SILENT),
            Manner::New | Manner::Silent | Manner::Answers => self.longest_hold(),
        }
    }

    /// How long ticks wait for a poll at most.
    pub fn longest_hold(&self) -> Duration {
        self.watched.timeout.min(match self.watched.reads {
            Reads::Moments => LONGEST_HOLD_OF_MOMENTS,
            Reads::Ranges | Reads::Since => LONGEST_HOLD_OF_RANGES,
        })
    }

    /// Up to when no more data is expected.
    pub fn settled(&self, now: Timestamp, end: Timestamp) -> Timestamp {
        let delay = self.watched.ingestion_delay;
        let answered = self.answered - delay;
        let expected = match (self.busy, self.watched.reads) {
            (None, Reads::Ranges | Reads::Since) => answered,
            (None, Reads::Moments) => now - delay,
            (Some(scheduled), _) if now >= scheduled + self.hold(scheduled, end) => now - delay,
            (Some(scheduled), Reads::Moments) => scheduled - delay - Duration::from_nanos(1),
            (Some(_), Reads::Ranges | Reads::Since) => answered,
        };
        expected.max(answered)
    }

    /// When something changes by itself: a poll is due, or one is no longer waited for.
    pub fn next_wake(&self, now: Timestamp, end: Timestamp) -> Option<Timestamp> {
        let next = self.after(self.last, end).filter(|next| *next > now);
        let released = self.busy.map(|scheduled| scheduled + self.hold(scheduled, end));
        let released = released.filter(|at| *at > now);
        next.into_iter().chain(released).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_secs(0) + Duration::from_secs(seconds)
    }

    fn watched(reads: Reads, delay: u64) -> Watched {
        Watched {
            name: "test".into(),
            signals: Vec::new(),
            interval: Duration::from_secs(15),
            ingestion_delay: Duration::from_secs(delay),
            timeout: Duration::from_secs(5),
            reads,
            trial: Trial::Answers,
        }
    }

    #[test]
    fn polls_lie_on_the_grid_of_the_start() {
        let watched = watched(Reads::Moments, 0);
        let mut slot = Slot::new(&watched, at(100), at(100));
        let mut seen = Vec::new();
        for now in 100..=165 {
            if let Some(due) = slot.due(at(now), at(160)) {
                slot.start(due);
                slot.finish(due, Manner::Answers);
                seen.push(due);
            }
        }
        assert_eq!(seen, [at(100), at(115), at(130), at(145), at(160)]);
    }

    #[test]
    fn a_late_loop_makes_up_for_the_newest_poll_only() {
        let watched = watched(Reads::Moments, 0);
        let mut slot = Slot::new(&watched, at(100), at(100));
        slot.start(at(100));
        slot.finish(at(100), Manner::Answers);
        assert_eq!(slot.due(at(147), at(400)), Some(at(145)));
    }

    #[test]
    fn the_past_is_read_at_once_and_then_on_the_grid() {
        let watched = watched(Reads::Ranges, 30);
        let mut slot = Slot::new(&watched, at(100), at(207));
        assert_eq!(slot.due(at(207), at(400)), Some(at(207)));
        slot.start(at(207));
        slot.finish(at(207), Manner::Answers);
        assert_eq!(slot.due(at(208), at(400)), None);
        assert_eq!(slot.next_wake(at(208), at(400)), Some(at(220)));
    }

    #[test]
    fn a_source_of_ranges_is_asked_once_more_when_the_end_has_settled() {
        let watched = watched(Reads::Ranges, 20);
        let mut slot = Slot::new(&watched, at(100), at(100));
        slot.start(at(160));
        slot.finish(at(160), Manner::Answers);
        assert_eq!(slot.next_wake(at(161), at(160)), Some(at(180)));
        slot.start(at(180));
        slot.finish(at(180), Manner::Answers);
        assert_eq!(slot.due(at(999), at(160)), None);
        assert_eq!(slot.settled(at(181), at(400)), at(160));
    }

    #[test]
    fn a_poll_under_way_holds_ticks_back_for_a_bounded_time() {
        let watched = watched(Reads::Moments, 0);
        let mut slot = Slot::new(&watched, at(100), at(100));
        slot.start(at(100));
        slot.finish(at(100), Manner::Answers);
        slot.start(at(115));
        assert!(slot.settled(at(117), at(400)) < at(115));
        assert!(slot.settled(at(120), at(400)) >= at(115));
        slot.finish(at(117), Manner::Answers);
        assert_eq!(slot.settled(at(117), at(400)), at(117));
    }

    #[test]
    fn points_of_the_past_settle_by_their_polls() {
        let watched = watched(Reads::Ranges, 20);
        let mut slot = Slot::new(&watched, at(100), at(100));
        slot.start(at(145));
        slot.finish(at(145), Manner::Answers);
        assert_eq!(slot.settled(at(159), at(400)), at(125));
        slot.start(at(160));
        assert_eq!(slot.settled(at(161), at(400)), at(125), "the poll has not answered");
        assert_eq!(slot.settled(at(165), at(400)), at(145), "it is no longer waited for");
    }
}
