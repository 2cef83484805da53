//! One rollback criterion: its predicate as it has to hold, and as it was written.

use super::flapping::Flapping;
use super::instant;
use super::outcome::{Distance, Observed};
use super::predicate::{Manner, Part, Seen, Strength, Test, Verdict, View, times, truth, verdict};
use super::series::{Nanos, Series, nanos};
use super::strict::Strict;
use super::sustained::{Finding, Look, Sustained, tail};
use super::threshold::{Limit, Role, limit};
use crate::Finite;
use crate::criterion::{Criterion, Form};

/// A rollback criterion over the gate's series.
#[derive(Debug)]
pub(super) struct Judge {
    pub criterion: Criterion,
    /// The series it reads, each once.
    pub series: Vec<usize>,
    /// The thresholds of its comparisons, in their order.
    pub limits: Vec<Limit>,
    /// Its duration; nothing for an instant one.
    pub duration: Nanos,
    /// What has to hold.
    pub effective: Track,
    /// What is written, where a baseline that was already beyond it asks for more.
    as_written: Option<Track>,
    /// Whether every threshold is known.
    pub thresholds: Thresholds,
    pub tripped: Option<Finding>,
    /// Where it would have tripped, had it not been so before, or had the baseline been known.
    pub would_trip: Option<Finding>,
    /// When a number that would have told was none.
    pub no_number: Option<Nanos>,
}

/// Whether every threshold of a criterion is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thresholds {
    Known,
    /// Only the other comparisons are judged: what they rule out is ruled out.
    SomeUnknown,
    NoneKnown,
}

/// Whether a criterion is running at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Running {
    Yes,
    No,
    /// It was, where it was last seen, and nothing has been seen since.
    LastSeen,
}

/// A predicate with what its form remembers.
#[derive(Debug)]
pub(super) struct Track {
    pub parts: Vec<Part>,
    form: FormState,
    /// Late samples of its signals that it has looked at.
    late: u64,
}

#[derive(Debug)]
enum FormState {
    Instant,
    Sustained(Sustained),
    Strict(Strict),
    Flapping(Flapping, Nanos),
}

impl Judge {
    pub(super) fn new(criterion: &Criterion, series: Vec<usize>, view: &View<'_>, min_requests: u32) -> Self {
        let mut limits = Vec::new();
        let mut parts = Vec::new();
        let mut adjusted = Vec::new();
        let mut differs = false;
        for (index, comparison) in criterion.comparisons().iter().enumerate() {
            let place = criterion_series(comparison.signal(), view);
            let Some(found) = place.and_then(|place| Some((place, view.series.get(place)?))) else {
                continue;
            };
            let limit = limit(criterion, comparison, found.1, Role::Rollback, min_requests);
            if let Some(part) = Part::new(index, comparison, found, limit.number) {
                let more = part.with_pre_existing(&limit);
                differs |= more.is_some();
                adjusted.push(more.unwrap_or_else(|| part.clone()));
                parts.push(part);
            }
            limits.push(limit);
        }
        let thresholds = match parts.len() {
            0 => Thresholds::NoneKnown,
            known if known < criterion.comparisons().len() => Thresholds::SomeUnknown,
            _ => Thresholds::Known,
        };
        let form = criterion.form();
        Self {
            criterion: criterion.clone(),
            series,
            limits,
            duration: nanos(form.duration()),
            as_written: differs.then(|| Track::new(form, parts, view)),
            effective: Track::new(form, adjusted, view),
            thresholds,
            tripped: None,
            would_trip: None,
            no_number: None,
        }
    }

    /// How far back it reads.
    pub(super) fn reach(&self) -> Nanos {
        self.effective.reach().max(self.as_written.as_ref().map_or(0, Track::reach))
    }

    /// The limits that percentiles of a series over the watch are compared with.
    pub(super) fn percentile_limits(&self, series: usize) -> impl Iterator<Item = Finite> {
        let as_written = self.as_written.iter().flat_map(|track| &track.parts);
        let parts = self.effective.parts.iter().chain(as_written).filter(move |part| part.series == series);
        parts.filter_map(Part::percentile_limit)
    }

    /// Judges the samples at `at`; true where it trips.
    pub(super) fn at(&mut self, view: &View<'_>, at: Nanos) -> bool {
        if self.thresholds == Thresholds::NoneKnown {
            return false;
        }
        if let Some(track) = &mut self.as_written
            && self.would_trip.is_none()
        {
            match track.at(view, at) {
                Look::Tripped(finding) => self.would_trip = Some(finding),
                Look::NoNumber => self.no_number = Some(at),
                Look::Clear => {}
            }
        }
        let finding = match self.effective.at(view, at) {
            Look::Tripped(finding) => finding,
            Look::NoNumber => {
                self.no_number = Some(at);
                return false;
            }
            Look::Clear => return false,
        };
        match self.thresholds {
            Thresholds::Known => self.tripped = Some(finding),
            _ => self.would_trip = self.would_trip.take().or(Some(finding)),
        }
        self.tripped.is_some()
    }

    /// Whether its newest fifth is bad at `at`.
    pub(super) fn running(&self, view: &View<'_>, at: Nanos) -> Running {
        match self.thresholds {
            Thresholds::NoneKnown => Running::No,
            _ => self.effective.running(self.duration, view, at),
        }
    }

    /// Whether it can be told to run or trip: an unknown threshold makes it unknown instead.
    pub(super) fn decides(&self) -> bool {
        self.thresholds == Thresholds::Known
    }

    pub(super) fn distance(&self, view: &View<'_>, now: Nanos) -> Distance {
        let blind = self
            .series
            .iter()
            .any(|place| view.series.get(*place).is_none_or(|series| series.fresh(now).is_none()));
        if self.tripped.is_some() {
            Distance::Tripped
        } else if blind || !self.decides() {
            Distance::Unknown
        } else {
            match self.effective.distance(now) {
                // What is not seen any more has not become clear.
                Distance::Clear
                    if self.each(view).any(|series| !series.speaks(now, self.effective.beyond_at())) =>
                {
                    Distance::Unknown
                }
                distance => distance,
            }
        }
    }

    fn each<'s>(&'s self, view: &'s View<'_>) -> impl Iterator<Item = &'s Series> {
        self.series.iter().filter_map(|place| view.series.get(*place))
    }
}

impl Track {
    fn new(form: Form, parts: Vec<Part>, view: &View<'_>) -> Self {
        let form = match form {
            Form::Instant => FormState::Instant,
            Form::Sustained { duration } => {
                FormState::Sustained(Sustained::new(nanos(duration), &parts, view))
            }
            Form::Strict { duration } => FormState::Strict(Strict::new(nanos(duration), &parts, view)),
            Form::Flapping { duration, within } => {
                let within = nanos(within);
                FormState::Flapping(Flapping::new(nanos(duration), within, &parts, view), within)
            }
        };
        Self { parts, form, late: 0 }
    }

    fn reach(&self) -> Nanos {
        match &self.form {
            FormState::Instant => 0,
            FormState::Strict(strict) => strict.reach(),
            FormState::Sustained(sustained) => sustained.reach(),
            FormState::Flapping(_, within) => *within,
        }
    }

    fn at(&mut self, view: &View<'_>, at: Nanos) -> Look {
        let late = self.parts.iter().filter_map(|part| view.series.get(part.series));
        let late = late.map(|series| series.put_in_late).sum();
        if late != self.late {
            self.late = late;
            self.look_again(view, at);
        }
        let mut look = match &mut self.form {
            FormState::Instant => instant::at(&self.parts, view, at),
            FormState::Sustained(sustained) => sustained.at(&self.parts, view, at),
            FormState::Strict(strict) => strict.at(&self.parts, view, at).into(),
            FormState::Flapping(flapping, _) => flapping.at(&self.parts, view, at).into(),
        };
        if let Look::Tripped(finding) = &mut look {
            // Now, because windows are forgotten later.
            finding.observed = observed(&self.parts, view, finding.window);
        }
        look
    }

    fn look_again(&mut self, view: &View<'_>, at: Nanos) {
        match &mut self.form {
            FormState::Instant => {}
            FormState::Sustained(sustained) => sustained.look_again(&self.parts, view, at),
            FormState::Strict(strict) => strict.look_again(&self.parts, view, at),
            FormState::Flapping(flapping, _) => flapping.look_again(&self.parts, view, at),
        }
    }

    fn distance(&self, now: Nanos) -> Distance {
        match &self.form {
            FormState::Instant => Distance::Clear,
            FormState::Sustained(sustained) => sustained.distance(now),
            FormState::Strict(strict) => strict.distance(),
            FormState::Flapping(flapping, _) => flapping.distance(),
        }
    }

    /// The newest time at which it was seen beyond its threshold.
    fn beyond_at(&self) -> Option<Nanos> {
        match &self.form {
            FormState::Sustained(sustained) => sustained.beyond_at(),
            FormState::Instant | FormState::Strict(_) | FormState::Flapping(..) => None,
        }
    }

    /// The longest time that it was beyond its threshold.
    pub(super) fn longest(&self) -> Nanos {
        match &self.form {
            FormState::Instant => 0,
            FormState::Sustained(sustained) => sustained.longest(),
            FormState::Strict(strict) => strict.longest(),
            FormState::Flapping(flapping, _) => flapping.longest(),
        }
    }

    fn running(&self, duration: Nanos, view: &View<'_>, at: Nanos) -> Running {
        if matches!(self.form, FormState::Instant) {
            return Running::No;
        }
        let tail = tail(duration, super::predicate::step(&self.parts, view.series));
        let newest = self
            .parts
            .iter()
            .filter_map(|part| view.series.get(part.series)?.newest(at))
            .map(|point| point.at)
            .max();
        let Some(newest) = newest else { return Running::No };
        let (seen_at, state) =
            if newest > at.saturating_sub(tail) { (at, Running::Yes) } else { (newest, Running::LastSeen) };
        let newest = (seen_at.saturating_sub(tail), seen_at);
        let running = match self.form {
            // These ask every sample, however few requests it has.
            FormState::Strict(_) | FormState::Flapping(..) => {
                self.bad(view, newest) || self.true_throughout(view, newest)
            }
            FormState::Instant | FormState::Sustained(_) => self.bad(view, newest),
        };
        if running { state } else { Running::No }
    }

    /// Bad, and beyond the threshold.
    fn bad(&self, view: &View<'_>, window: (Nanos, Nanos)) -> bool {
        let mut seen = Seen::default();
        verdict(&self.parts, view, window, &mut seen) == Verdict::Bad
            && self.parts.iter().filter(|part| part.manner == Manner::Ratio).all(|part| {
                view.series.get(part.series).is_some_and(|series| {
                    part.see(series, window, &mut seen);
                    part.holds(seen.bad / seen.total)
                })
            })
    }

    fn true_throughout(&self, view: &View<'_>, window: (Nanos, Nanos)) -> bool {
        let times = times(&self.parts, view, window).into_iter();
        let mut known = times.filter_map(|time| truth(&self.parts, view, time, Strength::Plain)).peekable();
        known.peek().is_some() && known.all(|truth| truth)
    }
}

/// What is seen of each part in a window.
pub(super) fn observed(parts: &[Part], view: &View<'_>, window: (Nanos, Nanos)) -> Vec<(usize, Observed)> {
    let mut seen = Seen::default();
    let observe = |part: &Part| {
        let series = view.series.get(part.series)?;
        if let Test::Limit { aggregate: Some(aggregate), limit, .. } = part.test {
            let shown = instant::shown(series, aggregate, limit);
            return Some((part.comparison, shown.map_or(Observed::Nothing, Observed::Value)));
        }
        part.see(series, window, &mut seen);
        Some((part.comparison, part.observed(&mut seen)))
    };
    parts.iter().filter_map(observe).collect()
}

/// Where a signal stands among the gate's series.
pub(super) fn criterion_series(signal: &crate::SignalName, view: &View<'_>) -> Option<usize> {
    view.series.iter().position(|series| series.name == *signal)
}
