//! `P for D`: sustained by evidence.
//!
//! Asking every sample to breach is undone by one lucky sample; counting breaches rolls back on two short blips. Here a
//! window as a whole has to be beyond the threshold with confidence, and throughout.

use std::collections::VecDeque;

use super::predicate::{
    Manner, Part, Seen, Strength, Verdict, View, Whole, confidence, step, times, truth, verdict,
};
use super::series::Nanos;
use crate::gate::outcome::{Distance, Observed};
use crate::gate::series::length;

/// A window is cut into at most so many parts.
const MOST_PARTS: Nanos = 5;
/// A window with too few requests widens to at most so many durations.
const WIDEST: Nanos = 6;
/// So much of the window has to be covered.
const COVERED: f64 = 0.5;

/// What a look at a criterion comes to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Look {
    /// It does not trip.
    Clear,
    Tripped(Finding),
    /// A number that would tell is none: nobody can say.
    NoNumber,
}

impl From<Option<Finding>> for Look {
    fn from(found: Option<Finding>) -> Self {
        found.map_or(Self::Clear, Self::Tripped)
    }
}

/// The window in which a criterion tripped.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Finding {
    pub at: Nanos,
    /// From (exclusive), to.
    pub window: (Nanos, Nanos),
    /// The smallest posterior of its ratios.
    pub confidence: Option<f64>,
    pub needed: Option<f64>,
    /// What was seen of each comparison.
    pub observed: Vec<(usize, Observed)>,
}

#[derive(Debug)]
pub(super) struct Sustained {
    duration: Nanos,
    /// The duration, but two steps at least.
    window: Nanos,
    parts: Nanos,
    /// The newest fifth of the duration, or the newest step.
    tail: Nanos,
    needed: f64,
    /// Times of the samples beyond the threshold in the trailing duration and tail.
    beyond: VecDeque<Nanos>,
    streak: Option<(Nanos, Nanos)>,
    longest: Nanos,
    seen: Seen,
}

impl Sustained {
    pub(super) fn new(duration: Nanos, parts: &[Part], view: &View<'_>) -> Self {
        let step = step(parts, view.series);
        let window = duration.max(step.saturating_mul(2));
        Self {
            duration,
            window,
            parts: (window / step).clamp(1, MOST_PARTS),
            tail: tail(duration, step),
            needed: confidence(duration, view.observe),
            beyond: VecDeque::new(),
            streak: None,
            longest: 0,
            seen: Seen::default(),
        }
    }

    /// How far back it reads.
    pub(super) fn reach(&self) -> Nanos {
        self.window.saturating_mul(WIDEST).max(self.duration.saturating_add(self.tail))
    }

    /// Judges the window that ends at `at`.
    pub(super) fn at(&mut self, parts: &[Part], view: &View<'_>, at: Nanos) -> Look {
        if truth(parts, view, at, Strength::Likely) == Some(true) {
            self.note_beyond(at);
        }
        let oldest = self.oldest(at);
        while self.beyond.front().is_some_and(|time| *time <= oldest) {
            self.beyond.pop_front();
        }
        // The cheap conditions first.
        if !self.lasts(at) || !self.may_be_beyond(parts, view, at) {
            return Look::Clear;
        }
        let Some(window) = self.enough(parts, view, at) else { return Look::Clear };
        match (self.whole(parts, view, window), self.throughout(parts, view, window)) {
            (Whole::Beyond(confidence), Verdict::Bad) => Look::Tripped(Finding {
                at,
                window,
                confidence,
                needed: confidence.map(|_| self.needed),
                observed: Vec::new(),
            }),
            (Whole::No, _) | (_, Verdict::Good | Verdict::Unclear) => Look::Clear,
            (Whole::NoNumber, _) | (_, Verdict::NoNumber) => Look::NoNumber,
        }
    }

    /// Tells again which samples are beyond, because some came late.
    pub(super) fn look_again(&mut self, parts: &[Part], view: &View<'_>, at: Nanos) {
        let beyond = |time: &Nanos| truth(parts, view, *time, Strength::Likely) == Some(true);
        self.beyond = times(parts, view, (self.oldest(at), Nanos::MAX)).into_iter().filter(beyond).collect();
    }

    /// The trailing duration and its tail begin here.
    fn oldest(&self, at: Nanos) -> Nanos {
        at.saturating_sub(self.duration.saturating_add(self.tail))
    }

    /// Old enough, and still going.
    fn lasts(&self, at: Nanos) -> bool {
        let first = self.beyond.front();
        let last = self.beyond.iter().rev().find(|time| **time <= at);
        first.zip(last).is_some_and(|(first, last)| {
            last.saturating_sub(*first) >= self.duration && *last > at.saturating_sub(self.tail)
        })
    }

    /// False where too few samples are beyond for the window to be: cheaper than its median.
    fn may_be_beyond(&self, parts: &[Part], view: &View<'_>, at: Nanos) -> bool {
        let [part] = parts else { return true };
        let Some(series) = view.series.get(part.series) else { return false };
        if part.manner == Manner::Ratio || !part.is_one_sided() {
            return true;
        }
        let after = at.saturating_sub(self.window);
        let beyond = self.beyond.len() - self.beyond.partition_point(|time| *time <= after);
        // A median beyond the threshold has half of the samples there, and four fifths are more than half. A window
        // longer than the duration holds samples that are not kept here.
        self.window > self.duration || 2 * beyond >= series.count(after, at)
    }

    /// The window that is covered and has enough requests, wider where it must be.
    fn enough(&mut self, parts: &[Part], view: &View<'_>, at: Nanos) -> Option<(Nanos, Nanos)> {
        // By whole durations: no window reaches before the watch.
        let length = self.window;
        let window = (1..=WIDEST)
            .map(|times| (at.saturating_sub(length.saturating_mul(times)), at))
            .take_while(|(after, _)| *after >= view.watch_from)
            .find(|window| self.has_requests(parts, view, *window))?;
        let covered = parts.iter().all(|part| {
            view.series.get(part.series).is_some_and(|series| series.coverage(window.0, window.1) >= COVERED)
        });
        covered.then_some(window)
    }

    fn has_requests(&mut self, parts: &[Part], view: &View<'_>, window: (Nanos, Nanos)) -> bool {
        parts.iter().filter(|part| part.manner == Manner::Ratio).all(|part| {
            view.series.get(part.series).is_some_and(|series| {
                part.see(series, window, &mut self.seen);
                self.seen.total >= view.min_requests
            })
        })
    }

    /// Whether the window as a whole is beyond, with the smallest posterior.
    fn whole(&mut self, parts: &[Part], view: &View<'_>, window: (Nanos, Nanos)) -> Whole {
        let mut all = Whole::Beyond(None);
        for part in parts {
            let Some(series) = view.series.get(part.series) else { return Whole::No };
            part.see(series, window, &mut self.seen);
            all = match (all, part.whole(&mut self.seen, self.needed)) {
                (_, Whole::No) => return Whole::No,
                (Whole::Beyond(Some(least)), Whole::Beyond(Some(sure))) => {
                    Whole::Beyond(Some(least.min(sure)))
                }
                (Whole::Beyond(least), Whole::Beyond(sure)) => Whole::Beyond(least.or(sure)),
                _ => Whole::NoNumber,
            };
        }
        all
    }

    /// Bad: at most one part of the window is good, at least two are bad, and neither the oldest nor the newest is good.
    fn throughout(&mut self, parts: &[Part], view: &View<'_>, window: (Nanos, Nanos)) -> Verdict {
        let (mut good, mut bad) = (0, 0);
        for index in 0..self.parts {
            let (after, to) = cut(window, index, self.parts);
            match verdict(parts, view, (after, to), &mut self.seen) {
                Verdict::Good if index == 0 || index + 1 == self.parts => return Verdict::Good,
                Verdict::Good => good += 1,
                Verdict::Bad => bad += 1,
                Verdict::NoNumber => return Verdict::NoNumber,
                Verdict::Unclear => {}
            }
        }
        if good <= 1 && bad >= 2 { Verdict::Bad } else { Verdict::Unclear }
    }

    fn note_beyond(&mut self, at: Nanos) {
        self.streak = match self.streak {
            Some((first, last)) if at.saturating_sub(last) <= self.tail => Some((first, at.max(last))),
            _ => Some((at, at)),
        };
        if let Some((first, last)) = self.streak {
            self.longest = self.longest.max(last.saturating_sub(first));
        }
        match self.beyond.back() {
            Some(last) if *last >= at => {
                let place = self.beyond.partition_point(|time| *time < at);
                if self.beyond.get(place) != Some(&at) {
                    self.beyond.insert(place, at);
                }
            }
            _ => self.beyond.push_back(at),
        }
    }

    /// The newest sample that was beyond.
    pub(super) fn beyond_at(&self) -> Option<Nanos> {
        self.streak.map(|(_, last)| last)
    }

    /// How far it is from tripping.
    pub(super) fn distance(&self, now: Nanos) -> Distance {
        match self.streak {
            Some((first, last)) if now.saturating_sub(last) < self.tail => Distance::Breaching {
                held: length(last.saturating_sub(first)),
                needed: length(self.duration),
            },
            _ => Distance::Clear,
        }
    }

    /// The longest time that it was beyond.
    pub(super) fn longest(&self) -> Nanos {
        self.longest
    }
}

/// The newest fifth of a duration, or the newest step where that is longer.
pub(super) fn tail(duration: Nanos, step: Nanos) -> Nanos {
    (duration / 5).max(step)
}

/// The `index`th of `parts` equal parts of a window.
fn cut(window: (Nanos, Nanos), index: Nanos, parts: Nanos) -> (Nanos, Nanos) {
    let (from, to) = (i128::from(window.0), i128::from(window.1));
    let edge = |index: Nanos| (from + (to - from) * i128::from(index) / i128::from(parts.max(1))) as Nanos;
    (edge(index), edge(index + 1))
}
