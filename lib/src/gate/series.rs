//! One signal's samples: those that wait for a tick, those that windows still reach, and what the watch comes to.

mod absences;
mod known;
mod late;

use std::collections::VecDeque;

use super::course::Course;
use super::outcome::SignalSummary;
use super::pending::{Entry, Lack, Pending, Read};
use super::remarks::Remarks;
use super::trace::Tracing;
use crate::policy::rules::{ReadingKind, SignalRules};
use crate::sample::{Absence, Reading, Sample, State};
use crate::{Baseline, Duration, Finite, SignalName, Timestamp};
use known::state_of;

pub(super) use known::{Known, Point, Pooled, Totals};

/// Nanoseconds, as a moment or as a length of time.
pub(super) type Nanos = i64;

/// The shortest time after which a sample is stale.
const STALE_AFTER: Nanos = 60_000_000_000;

/// So many late points may wait, however few points there are.
const FEWEST_LATE: usize = 1024;

#[derive(Debug)]
pub(super) struct Series {
    pub name: SignalName,
    pub rules: SignalRules,
    pub baseline: Option<Baseline>,
    pub step: Nanos,
    pub totals: Totals,
    /// The longest duration of a criterion that reads it; nothing where none has one.
    pub judged_over: Nanos,
    /// Points that were put in late: criteria have not seen them at their time.
    pub put_in_late: u64,
    pub remarks: Remarks,
    pending: Pending,
    points: VecDeque<Point>,
    /// Points that came late, until windows are judged again.
    late: Vec<(Nanos, Known)>,
    /// The newest point that no window reaches any more.
    forgotten: Option<Nanos>,
    absences: VecDeque<(Nanos, Lack)>,
    reasons: Vec<(Absence, u64)>,
    keep: Nanos,
    watch_from: Nanos,
    newest_known: Option<Nanos>,
    evaluated_to: Option<Nanos>,
    newest_absent: bool,
    course: Course,
    step_said: StepSaid,
    tracing: Tracing,
}

/// Whether the journal has said the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StepSaid {
    No,
    Yes,
}

/// What became of the samples of one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// A new known sample of the watch: criteria that read it are due.
    Known,
    /// Nothing to evaluate: absent, or before the watch.
    Nothing,
    /// Its time had been evaluated.
    Late,
}

impl Series {
    pub(super) fn new(name: SignalName, rules: SignalRules) -> Self {
        let step = nanos(rules.step).max(1);
        Self {
            name,
            rules,
            baseline: None,
            step,
            totals: Totals::default(),
            judged_over: 0,
            put_in_late: 0,
            pending: Pending::default(),
            points: VecDeque::new(),
            late: Vec::new(),
            forgotten: None,
            absences: VecDeque::new(),
            reasons: Vec::new(),
            keep: 0,
            watch_from: Nanos::MIN,
            newest_known: None,
            evaluated_to: None,
            newest_absent: false,
            course: Course::default(),
            step_said: StepSaid::No,
            tracing: Tracing::default(),
            remarks: Remarks::default(),
        }
    }

    /// Takes the step that the journal says; false where it has said one before.
    pub(super) fn set_step(&mut self, step: Nanos) -> bool {
        let first = self.step_said == StepSaid::No;
        if first {
            self.step = step.max(1);
            self.step_said = StepSaid::Yes;
        }
        first
    }

    /// Fixes what depends on the start of the gate.
    pub(super) fn prepare(&mut self, watch_from: Nanos, course: Course) {
        self.watch_from = watch_from;
        self.course = course;
    }

    /// Makes sure that windows of this length can be judged.
    pub(super) fn keep_at_least(&mut self, length: Nanos) {
        self.keep = self.keep.max(length.saturating_add(self.staleness()));
    }

    /// Makes sure that it can be told on which side of this limit medians and percentiles over the watch lie.
    pub(super) fn keep_ranks(&mut self, limit: Finite) {
        self.totals.ranks.get_or_insert_default().split_at(limit);
    }

    /// A known sample covers at most this much time.
    pub(super) fn staleness(&self) -> Nanos {
        staleness(self.step)
    }

    /// The step that its samples show, where that is shorter than the one that is said: a journal that says too long a one
    /// must not make a blind end look covered.
    pub(super) fn shown_step(&self) -> Nanos {
        let Totals { known, first, .. } = &self.totals;
        let gaps = Nanos::try_from(known.saturating_sub(1)).unwrap_or(Nanos::MAX);
        match (first, self.newest_known) {
            (Some(first), Some(newest)) if gaps > 0 && newest > *first => {
                self.step.min((newest.saturating_sub(*first) / gaps).max(1))
            }
            _ => self.step,
        }
    }

    /// Puts a sample aside until its time is evaluated.
    pub(super) fn put_aside(&mut self, at: Nanos, sample: &Sample) {
        let read = self.read(sample);
        self.pending.push(Entry { at, read });
    }

    /// The earliest time that waits.
    pub(super) fn next_time(&mut self) -> Option<Nanos> {
        self.pending.next_time()
    }

    /// Takes in the samples of one time.
    pub(super) fn take(&mut self, at: Nanos) -> Taken {
        let Some(read) = self.pending.take(at) else { return Taken::Nothing };
        let late = self.evaluated_to.is_some_and(|to| at <= to);
        if late {
            if let Read::Known(known) = read {
                self.late.push((at, known));
                // However many come before the next evaluation, they take no more room than the points.
                if self.late.len() > self.points.len().max(FEWEST_LATE) {
                    self.put_in_late_points();
                }
            }
            return Taken::Late;
        }
        // While everything that they may reach is still there.
        self.put_in_late_points();
        self.evaluated_to = Some(at);
        match read {
            Read::Absent(reason) => {
                self.newest_absent = true;
                self.tracing.absent(at, reason);
                if at > self.watch_from {
                    self.absent(at, reason);
                }
                Taken::Nothing
            }
            Read::Known(known) => {
                self.newest_absent = false;
                self.course.add(at, known);
                self.tracing.known(at, known);
                let from = self.cover_from(self.newest_known, at);
                self.newest_known = Some(at);
                if at <= self.watch_from {
                    return Taken::Nothing;
                }
                self.sum(at, from, known);
                self.points.push_back(Point { at, from, known });
                self.forget(at);
                Taken::Known
            }
        }
    }

    /// The known samples in `(after, to]`, oldest first.
    pub(super) fn points(
        &self,
        after: Nanos,
        to: Nanos,
    ) -> impl DoubleEndedIterator<Item = &Point> + ExactSizeIterator {
        let first = self.points.partition_point(|point| point.at <= after);
        let end = self.points.partition_point(|point| point.at <= to).max(first);
        self.points.range(first..end)
    }

    /// The newest known sample at `at` that is not stale.
    pub(super) fn fresh(&self, at: Nanos) -> Option<&Point> {
        self.newest(at).filter(|point| at.saturating_sub(point.at) <= self.staleness())
    }

    /// Whether its newest sample is known, newer than `beyond`, and no older than two steps.
    pub(super) fn speaks(&self, at: Nanos, beyond: Option<Nanos>) -> bool {
        let recent = |point: &Point| at.saturating_sub(point.at) <= self.step.saturating_mul(2);
        let newer = |point: &Point| beyond.is_none_or(|beyond| point.at > beyond);
        !self.newest_absent && self.newest(at).is_some_and(|point| recent(point) && newer(point))
    }

    /// The newest known sample at `at`.
    pub(super) fn newest(&self, at: Nanos) -> Option<&Point> {
        match self.points.back() {
            Some(point) if point.at <= at => Some(point),
            _ => self.points(Nanos::MIN, at).next_back(),
        }
    }

    /// The covered share of `(after, to]`; nothing of an empty window is covered.
    pub(super) fn coverage(&self, after: Nanos, to: Nanos) -> f64 {
        let length = to.saturating_sub(after);
        if length <= 0 {
            return 0.0;
        }
        let covered: Nanos =
            self.points(after, to).map(|point| point.at.saturating_sub(point.from.max(after))).sum();
        covered as f64 / length as f64
    }

    /// How many known samples lie in `(after, to]`.
    pub(super) fn count(&self, after: Nanos, to: Nanos) -> usize {
        self.points(after, to).len()
    }

    /// The counts in `(after, to]`, summed afresh: a difference of running sums would lose what is small beside the rest.
    pub(super) fn pooled(&self, after: Nanos, to: Nanos) -> Pooled {
        let mut pooled = Pooled::default();
        self.points(after, to).for_each(|point| pooled.add(point.known));
        pooled
    }

    /// How many samples wait.
    pub(super) fn waiting(&self) -> usize {
        self.pending.len()
    }

    pub(super) fn summary(&self, to: Nanos) -> SignalSummary {
        let mut absent: Vec<(String, u64)> = self
            .reasons
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(reason, count)| (reason.to_string(), *count))
            .collect();
        absent.sort();
        let length = to.saturating_sub(self.watch_from);
        let counts = (self.rules.reading == ReadingKind::Counts && self.totals.known > 0)
            .then(|| (self.totals.counts.bad(), self.totals.counts.total()));
        SignalSummary {
            signal: self.name.clone(),
            reading: self.rules.reading,
            step: Duration::from_nanos(self.step.unsigned_abs()),
            source: self.rules.source.clone(),
            known: self.totals.known,
            absent,
            remark: self
                .remarks
                .newest()
                .filter(|_| self.totals.known == 0)
                .map(|remark| remark.text.clone()),
            coverage: if length > 0 { self.totals.covered as f64 / length as f64 } else { 0.0 },
            last: self.totals.last.map(|(_, value)| value),
            lowest: self.totals.low,
            highest: self.totals.high,
            counts,
            baseline: self.baseline.clone(),
            course: self.course.cells(to),
            trace: self.tracing.trace(to, &self.reasons),
        }
    }

    /// What a sample is to this signal.
    fn read(&mut self, sample: &Sample) -> Read {
        let absence = match sample {
            Sample::Absent(absence) => absence.clone(),
            Sample::Known(Reading::Counts(counts)) if counts.total() <= 0.0 => Absence::NoTraffic,
            Sample::Known(Reading::Counts(counts)) => {
                let rate = counts.bad() / counts.total();
                return Read::Known(match self.rules.reading {
                    ReadingKind::Counts => Known::Counts(*counts),
                    ReadingKind::Value => Known::Value(rate),
                    ReadingKind::State => Known::State(Known::Counts(*counts).state(self.rules.failing)),
                });
            }
            Sample::Known(Reading::Value { value, .. }) => match self.rules.refusal(sample) {
                Some(absence) => absence,
                None => {
                    return Read::Known(match self.rules.reading {
                        ReadingKind::State => Known::State(state_of(self.rules.failing, value.get())),
                        ReadingKind::Counts | ReadingKind::Value => Known::Value(value.get()),
                    });
                }
            },
        };
        Read::Absent(self.reason(absence))
    }

    fn cover_from(&self, before: Option<Nanos>, at: Nanos) -> Nanos {
        let stale = at.saturating_sub(self.staleness());
        before.map_or(stale, |before| before.max(stale)).max(self.watch_from)
    }

    fn sum(&mut self, at: Nanos, from: Nanos, known: Known) {
        let totals = &mut self.totals;
        totals.known += 1;
        totals.first = Some(totals.first.map_or(at, |first| first.min(at)));
        totals.covered = totals.covered.saturating_add(at.saturating_sub(from));
        let number = known.number();
        totals.failed += u64::from(known.state(self.rules.failing) == State::Failing);
        totals.counts.add(known);
        totals.sum.add(number);
        totals.low = Some(totals.low.map_or(number, |low| low.min(number)));
        totals.high = Some(totals.high.map_or(number, |high| high.max(number)));
        if totals.last.is_none_or(|(newest, _)| newest < at) {
            totals.last = Some((at, number));
        }
        if let Some(ranks) = &mut totals.ranks {
            ranks.add(number);
        }
    }

    fn forget(&mut self, at: Nanos) {
        let oldest = at.saturating_sub(self.keep);
        while self.points.len() > 1 && self.points.front().is_some_and(|point| point.at <= oldest) {
            self.forgotten = self.points.pop_front().map(|point| point.at);
        }
        while self.absences.front().is_some_and(|(at, _)| *at <= oldest) {
            self.absences.pop_front();
        }
    }
}

/// A sample of a signal with this step covers at most this much time.
pub(super) fn staleness(step: Nanos) -> Nanos {
    step.saturating_mul(3).max(STALE_AFTER)
}

/// A length of time in signed nanoseconds.
pub(super) fn nanos(duration: Duration) -> Nanos {
    Nanos::try_from(duration.as_nanos()).unwrap_or(Nanos::MAX)
}

/// A length of time; nothing for a negative one.
pub(super) fn length(nanos: Nanos) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))
}

/// The moment of a time.
pub(super) const fn moment(at: Nanos) -> Timestamp {
    Timestamp::from_nanos(at)
}
