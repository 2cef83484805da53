//! `P for D in W`: so much of the trailing window, for a service that flaps.

use std::collections::VecDeque;

use super::predicate::{Part, Strength, View, step, times, truth};
use super::series::{Nanos, length};
use super::sustained::Finding;
use crate::gate::outcome::Distance;

#[derive(Debug)]
pub(super) struct Flapping {
    duration: Nanos,
    within: Nanos,
    step: Nanos,
    signals: Signals,
    /// True samples in the trailing window, and what each counts.
    held: VecDeque<(Nanos, Nanos)>,
    sum: Nanos,
    newest: Option<Nanos>,
    longest: Nanos,
}

/// Whether its samples come from one signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signals {
    One,
    Several,
}

impl Flapping {
    pub(super) fn new(duration: Nanos, within: Nanos, parts: &[Part], view: &View<'_>) -> Self {
        let one = parts.windows(2).all(|pair| matches!(pair, [a, b] if a.series == b.series));
        Self {
            duration,
            within,
            step: step(parts, view.series),
            signals: if one { Signals::One } else { Signals::Several },
            held: VecDeque::new(),
            sum: 0,
            newest: None,
            longest: 0,
        }
    }

    pub(super) fn at(&mut self, parts: &[Part], view: &View<'_>, at: Nanos) -> Option<Finding> {
        // A signal that comes behind the others adds nothing to times that have been judged.
        if self.newest.is_some_and(|newest| at <= newest) {
            return None;
        }
        let oldest = at.saturating_sub(self.within);
        while let Some((_, counts)) = self.held.front().copied().filter(|(time, _)| *time <= oldest) {
            self.sum = self.sum.saturating_sub(counts);
            self.held.pop_front();
        }
        let now = truth(parts, view, at, Strength::Plain);
        let counts = self.counts(at);
        self.newest = Some(at);
        if now != Some(true) {
            return None;
        }
        self.held.push_back((at, counts));
        self.sum = self.sum.saturating_add(counts);
        self.longest = self.longest.max(self.sum);
        (self.sum >= self.duration).then_some(Finding {
            at,
            window: (oldest.max(view.watch_from), at),
            confidence: None,
            needed: None,
            observed: Vec::new(),
        })
    }

    /// What a sample counts. Samples of several signals come in between each other; time is then counted once.
    fn counts(&self, at: Nanos) -> Nanos {
        match (self.signals, self.newest) {
            (Signals::Several, Some(before)) => self.step.min(at.saturating_sub(before)),
            _ => self.step,
        }
    }

    /// Tells again what holds before `at`, because samples came late.
    pub(super) fn look_again(&mut self, parts: &[Part], view: &View<'_>, at: Nanos) {
        let oldest = at.saturating_sub(self.within);
        let newest = self.newest.take();
        self.held.clear();
        for time in times(parts, view, (oldest, at.saturating_sub(1))) {
            if truth(parts, view, time, Strength::Plain) == Some(true) {
                self.held.push_back((time, self.counts(time)));
            }
            self.newest = Some(time);
        }
        self.sum = self.held.iter().map(|(_, counts)| counts).sum();
        self.newest = self.newest.max(newest);
    }

    pub(super) fn distance(&self) -> Distance {
        if self.sum > 0 {
            Distance::Breaching { held: length(self.sum), needed: length(self.duration) }
        } else {
            Distance::Clear
        }
    }

    pub(super) fn longest(&self) -> Nanos {
        self.longest
    }
}
