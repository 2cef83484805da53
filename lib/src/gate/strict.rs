//! `P for D strict`: every sample, as the `for` of an alerting rule asks it.

use super::predicate::{Part, Strength, View, step, times, truth};
use super::series::{Nanos, length};
use super::sustained::Finding;
use crate::gate::outcome::Distance;

#[derive(Debug)]
pub(super) struct Strict {
    duration: Nanos,
    staleness: Nanos,
    newest: Option<(Nanos, bool)>,
    since: Option<Nanos>,
    held: Nanos,
    longest: Nanos,
}

impl Strict {
    pub(super) fn new(duration: Nanos, parts: &[Part], view: &View<'_>) -> Self {
        let stale =
            parts.iter().filter_map(|part| view.series.get(part.series)).map(|series| series.staleness());
        Self {
            duration,
            staleness: stale.max().unwrap_or_else(|| step(parts, view.series)),
            newest: None,
            since: None,
            held: 0,
            longest: 0,
        }
    }

    /// How far back its explanation reads.
    pub(super) fn reach(&self) -> Nanos {
        self.duration.saturating_mul(2)
    }

    pub(super) fn at(&mut self, parts: &[Part], view: &View<'_>, at: Nanos) -> Option<Finding> {
        // A signal that comes behind the others adds nothing to times that have been judged.
        if self.newest.is_some_and(|(newest, _)| at <= newest) {
            return None;
        }
        // An unknown sample neither adds nor resets.
        let now = truth(parts, view, at, Strength::Plain)?;
        match (self.newest, now) {
            (Some((before, true)), true) => {
                let gap = at.saturating_sub(before);
                if gap <= self.staleness {
                    self.held = self.held.saturating_add(gap);
                }
            }
            (_, true) => self.since = Some(at),
            (_, false) => {
                self.held = 0;
                self.since = None;
            }
        }
        self.newest = Some((at, now));
        self.longest = self.longest.max(self.held);
        (now && self.held >= self.duration).then_some(Finding {
            at,
            window: (self.since.unwrap_or(at).min(at), at),
            confidence: None,
            needed: None,
            observed: Vec::new(),
        })
    }

    /// Tells again what has held before `at`, because samples came late.
    pub(super) fn look_again(&mut self, parts: &[Part], view: &View<'_>, at: Nanos) {
        let before = (self.held, self.since, self.newest);
        let times = times(parts, view, (view.watch_from, at.saturating_sub(1)));
        let broken = |time: &Nanos| truth(parts, view, *time, Strength::Plain) == Some(false);
        let whole = !times.iter().any(broken);
        (self.held, self.since, self.newest) = (0, None, None);
        for time in times {
            // What it trips by now it trips by at `at`, if it still holds then.
            let _ = self.at(parts, view, time);
        }
        if whole {
            // It may have begun before the samples that are kept.
            self.held = self.held.max(before.0);
            self.since = before.1.or(self.since);
        }
        self.newest = self.newest.or(before.2);
    }

    pub(super) fn distance(&self) -> Distance {
        match self.newest {
            Some((_, true)) => Distance::Breaching { held: length(self.held), needed: length(self.duration) },
            _ => Distance::Clear,
        }
    }

    pub(super) fn longest(&self) -> Nanos {
        self.longest
    }
}
