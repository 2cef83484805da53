//! One signal's samples: those that wait for a tick, those that windows still reach, and sums over the watch.

use std::collections::VecDeque;

use super::course::Course;
use super::outcome::SignalSummary;
use super::pending::{Entry, Lack, Pending, Read};
use crate::policy::rules::{FailingRule, OnMissing, ReadingKind, SignalRules};
use crate::sample::{Absence, Counts, Reading, Sample, State};
use crate::{Baseline, Duration, SignalName, Timestamp};

/// Nanoseconds, as a moment or as a length of time.
pub(super) type Nanos = i64;

/// The shortest time after which a sample is stale.
const STALE_AFTER: Nanos = 60_000_000_000;

/// Different reasons of absence that one signal remembers; the rest is counted together.
const MOST_REASONS: usize = 24;

/// What is known of a signal at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Known {
    Counts(Counts),
    Value(f64),
    State(State),
}

/// A known sample in the watch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    /// The time it speaks of.
    pub at: Nanos,
    /// It covers the time from here.
    pub from: Nanos,
    pub known: Known,
    /// Sums over the watch up to here, so that a window's sums are one subtraction.
    sums: Sums,
}

/// Running sums of a series.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub points: u64,
    pub bad: f64,
    pub total: f64,
    pub covered: Nanos,
}

/// Sums over the known samples of the watch.
#[derive(Clone, Debug, Default)]
pub(super) struct Totals {
    pub known: u64,
    pub covered: Nanos,
    pub bad: f64,
    pub total: f64,
    pub sum: f64,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub last: Option<(Nanos, f64)>,
    pub failed: u64,
    /// Every reading, where a criterion needs the median or a percentile of them.
    pub values: Option<Vec<f64>>,
}

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
    pending: Pending,
    points: VecDeque<Point>,
    absences: VecDeque<(Nanos, Lack)>,
    reasons: Vec<(Absence, u64)>,
    keep: Nanos,
    watch_from: Nanos,
    newest_known: Option<Nanos>,
    evaluated_to: Option<Nanos>,
    newest_absent: bool,
    course: Course,
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
            absences: VecDeque::new(),
            reasons: Vec::new(),
            keep: 0,
            watch_from: Nanos::MIN,
            newest_known: None,
            evaluated_to: None,
            newest_absent: false,
            course: Course::default(),
        }
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

    /// Makes sure that medians and percentiles over the watch can be told.
    pub(super) fn keep_values(&mut self) {
        self.totals.values.get_or_insert_with(Vec::new);
    }

    /// A known sample covers at most this much time.
    pub(super) fn staleness(&self) -> Nanos {
        self.step.saturating_mul(3).max(STALE_AFTER)
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
                self.insert_late(at, known);
            }
            return Taken::Late;
        }
        self.evaluated_to = Some(at);
        match read {
            Read::Absent(reason) => {
                self.newest_absent = true;
                if at > self.watch_from {
                    self.absent(at, reason);
                }
                Taken::Nothing
            }
            Read::Known(known) => {
                self.newest_absent = false;
                self.course.add(at, known);
                let from = self.cover_from(self.newest_known, at);
                self.newest_known = Some(at);
                if at <= self.watch_from {
                    return Taken::Nothing;
                }
                self.sum(at, from, known);
                let sums = Sums {
                    points: self.totals.known,
                    bad: self.totals.bad,
                    total: self.totals.total,
                    covered: self.totals.covered,
                };
                self.points.push_back(Point { at, from, known, sums });
                self.forget(at);
                Taken::Known
            }
        }
    }

    /// The known samples in `(after, to]`, oldest first.
    pub(super) fn points(&self, after: Nanos, to: Nanos) -> impl DoubleEndedIterator<Item = &Point> {
        let first = self.points.partition_point(|point| point.at <= after);
        let end = self.points.partition_point(|point| point.at <= to).max(first);
        self.points.range(first..end)
    }

    /// The newest known sample at `at` that is not stale.
    pub(super) fn fresh(&self, at: Nanos) -> Option<&Point> {
        self.newest(at).filter(|point| at.saturating_sub(point.at) <= self.staleness())
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
        // Only the oldest point can cover time before the window.
        let Some(oldest) = self.points(after, to).next() else { return 0.0 };
        let before = after.saturating_sub(oldest.from).max(0);
        self.sums(after, to).covered.saturating_sub(before) as f64 / length as f64
    }

    /// The sums over the known samples in `(after, to]`.
    pub(super) fn sums(&self, after: Nanos, to: Nanos) -> Sums {
        let mut points = self.points(after, to);
        let Some(oldest) = points.next() else { return Sums::default() };
        let newest = points.next_back().unwrap_or(oldest);
        let own = oldest.own();
        Sums {
            points: newest.sums.points - oldest.sums.points + own.points,
            bad: (newest.sums.bad - oldest.sums.bad) + own.bad,
            total: (newest.sums.total - oldest.sums.total) + own.total,
            covered: newest.sums.covered.saturating_sub(oldest.sums.covered).saturating_add(own.covered),
        }
    }

    /// Whether the newest sample, known or not, is absent.
    pub(super) fn newest_is_absent(&self) -> bool {
        self.newest_absent
    }

    /// The reasons why samples in `(after, to]` are absent; none at all is no data.
    pub(super) fn lacks(&self, after: Nanos, to: Nanos) -> Vec<Lack> {
        let mut lacks: Vec<Lack> = Vec::new();
        for (at, lack) in &self.absences {
            if *at > after && *at <= to && !lacks.contains(lack) {
                lacks.push(*lack);
            }
        }
        if lacks.is_empty() {
            lacks.push(Lack::NoData);
        }
        lacks
    }

    /// The reasons why samples of the watch are absent.
    pub(super) fn lacks_of_watch(&self) -> Vec<Lack> {
        let mut lacks: Vec<Lack> = Vec::new();
        for (absence, count) in &self.reasons {
            let lack = Lack::of(absence);
            if *count > 0 && !lacks.contains(&lack) {
                lacks.push(lack);
            }
        }
        if lacks.is_empty() {
            lacks.push(Lack::NoData);
        }
        lacks
    }

    /// What the data contract says of such a lack.
    pub(super) fn contract(&self, lack: Lack) -> OnMissing {
        match lack {
            Lack::NoData => self.rules.contract.on_no_data,
            Lack::LowTraffic => self.rules.contract.on_low_traffic,
            Lack::Error => self.rules.contract.on_error,
        }
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
            .then_some((self.totals.bad, self.totals.total));
        SignalSummary {
            signal: self.name.clone(),
            reading: self.rules.reading,
            step: Duration::from_nanos(self.step.unsigned_abs()),
            source: self.rules.source.clone(),
            known: self.totals.known,
            absent,
            coverage: if length > 0 { self.totals.covered as f64 / length as f64 } else { 0.0 },
            last: self.totals.last.map(|(_, value)| value),
            lowest: self.totals.low,
            highest: self.totals.high,
            counts,
            baseline: self.baseline.clone(),
            course: self.course.cells(to),
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
            Sample::Known(Reading::Value { value, total }) => match (self.rules.reading, total) {
                (ReadingKind::Counts, _) => Absence::Error("a number where counts were expected".to_owned()),
                (_, Some(total)) if total.get() < f64::from(self.rules.low_traffic_below) => {
                    if total.get() <= 0.0 { Absence::NoTraffic } else { Absence::LowTraffic }
                }
                (ReadingKind::Value, _) => return Read::Known(Known::Value(value.get())),
                (ReadingKind::State, _) => {
                    return Read::Known(Known::State(state_of(self.rules.failing, value.get())));
                }
            },
        };
        Read::Absent(self.reason(absence))
    }

    /// The number of a reason, which is remembered with a count of zero.
    fn reason(&mut self, absence: Absence) -> u16 {
        let place = self.reasons.iter().position(|(known, _)| *known == absence).unwrap_or_else(|| {
            if self.reasons.len() < MOST_REASONS {
                self.reasons.push((absence, 0));
            } else if self.reasons.len() == MOST_REASONS {
                self.reasons.push((Absence::Error("others".to_owned()), 0));
            }
            self.reasons.len() - 1
        });
        place as u16
    }

    fn absent(&mut self, at: Nanos, reason: u16) {
        if let Some((absence, count)) = self.reasons.get_mut(usize::from(reason)) {
            *count += 1;
            self.absences.push_back((at, Lack::of(absence)));
        }
        self.forget(at);
    }

    fn cover_from(&self, before: Option<Nanos>, at: Nanos) -> Nanos {
        let stale = at.saturating_sub(self.staleness());
        before.map_or(stale, |before| before.max(stale)).max(self.watch_from)
    }

    fn sum(&mut self, at: Nanos, from: Nanos, known: Known) {
        let totals = &mut self.totals;
        totals.known += 1;
        totals.covered = totals.covered.saturating_add(at.saturating_sub(from));
        let number = known.number();
        totals.failed += u64::from(known.state(self.rules.failing) == State::Failing);
        if let Known::Counts(counts) = known {
            totals.bad += counts.bad();
            totals.total += counts.total();
        }
        totals.sum += number;
        totals.low = Some(totals.low.map_or(number, |low| low.min(number)));
        totals.high = Some(totals.high.map_or(number, |high| high.max(number)));
        if totals.last.is_none_or(|(newest, _)| newest < at) {
            totals.last = Some((at, number));
        }
        if let Some(values) = &mut totals.values {
            values.push(number);
        }
    }

    /// A point that came after its time was evaluated still counts in the windows to come.
    fn insert_late(&mut self, at: Nanos, known: Known) {
        let oldest = self.evaluated_to.unwrap_or(at).saturating_sub(self.keep);
        let place = self.points.partition_point(|point| point.at < at);
        let there = self.points.get(place).is_some_and(|point| point.at == at);
        if at <= self.watch_from || at < oldest || there {
            return;
        }
        let before = place.checked_sub(1).and_then(|place| self.points.get(place)).map(|point| point.at);
        let from = self.cover_from(before, at);
        let earlier = match place.checked_sub(1).and_then(|place| self.points.get(place)) {
            Some(point) => point.sums,
            None => self.points.front().map_or_else(Sums::default, |next| next.sums.less(next.own())),
        };
        let mut covered_twice = 0;
        if let Some(next) = self.points.get_mut(place) {
            covered_twice = at.saturating_sub(next.from).max(0);
            next.from = next.from.max(at);
        }
        let mut point = Point { at, from, known, sums: Sums::default() };
        let own = point.own();
        point.sums = earlier.plus(own);
        let added = own.less(Sums { covered: covered_twice, ..Sums::default() });
        for later in self.points.range_mut(place..) {
            later.sums = later.sums.plus(added);
        }
        self.points.insert(place, point);
        self.put_in_late += 1;
        self.newest_known = self.newest_known.max(Some(at));
        self.sum(at, from, known);
        self.totals.covered = self.totals.covered.saturating_sub(covered_twice);
        self.course.add(at, known);
    }

    fn forget(&mut self, at: Nanos) {
        let oldest = at.saturating_sub(self.keep);
        while self.points.len() > 1 && self.points.front().is_some_and(|point| point.at <= oldest) {
            self.points.pop_front();
        }
        while self.absences.front().is_some_and(|(at, _)| *at <= oldest) {
            self.absences.pop_front();
        }
    }
}

impl Point {
    /// What it adds to the sums.
    fn own(&self) -> Sums {
        let (bad, total) = match self.known {
            Known::Counts(counts) => (counts.bad(), counts.total()),
            Known::Value(_) | Known::State(_) => (0.0, 0.0),
        };
        Sums { points: 1, bad, total, covered: self.at.saturating_sub(self.from) }
    }
}

impl Sums {
    fn plus(self, other: Self) -> Self {
        Self {
            points: self.points + other.points,
            bad: self.bad + other.bad,
            total: self.total + other.total,
            covered: self.covered.saturating_add(other.covered),
        }
    }

    fn less(self, other: Self) -> Self {
        Self {
            points: self.points.saturating_sub(other.points),
            bad: self.bad - other.bad,
            total: self.total - other.total,
            covered: self.covered.saturating_sub(other.covered),
        }
    }
}

impl Known {
    /// One number: the rate of counts, 1 for passing and 0 for failing.
    pub(super) fn number(self) -> f64 {
        match self {
            Self::Counts(counts) => counts.bad() / counts.total(),
            Self::Value(value) => value,
            Self::State(State::Passing) => 1.0,
            Self::State(State::Failing) => 0.0,
        }
    }

    /// Passing or failing, by the signal's rule for numbers.
    pub(super) fn state(self, failing: Option<FailingRule>) -> State {
        match self {
            Self::State(state) => state,
            Self::Value(value) => state_of(failing, value),
            Self::Counts(_) => {
                state_of(failing, if failing.is_some() { self.number() } else { 1.0 - self.number() })
            }
        }
    }
}

/// Without a rule, 1 is passing and 0 is failing.
fn state_of(failing: Option<FailingRule>, value: f64) -> State {
    let fails = failing.map_or(value < 0.5, |rule| rule.cmp.holds(value, rule.threshold));
    if fails { State::Failing } else { State::Passing }
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
