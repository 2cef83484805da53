//! What was read of a signal, sample by sample: for pictures, never for decisions.

use super::pending::Lack;
use super::series::{Known, Nanos, moment};
use crate::sample::{Absence, State};
use crate::{Duration, Timestamp};

/// A trace has at most so many stretches.
pub const MOST_STRETCHES: usize = 4_000;

/// The samples of a signal from the start of the warm-up to the decision, in order of time.
///
/// Each stands in a stretch of its own. Of a signal with more than [`MOST_STRETCHES`] of them, neighbours stand together, so that memory
/// does not grow with the gate; the lowest and the highest of them, and what is absent, are kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// Oldest first.
    pub stretches: Vec<Stretch>,
    /// Why samples are absent; stretches name them by number.
    pub reasons: Vec<Reason>,
}

/// One sample, or neighbours that stand together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// The time of the first.
    pub from: Timestamp,
    /// The time of the last.
    pub to: Timestamp,
    /// What is known of it.
    pub known: Option<Reading>,
    /// What is not.
    pub absent: Option<Missing>,
    /// The longest time between neighbours in it.
    pub widest: Duration,
}

/// The known samples of a stretch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// How many.
    pub samples: u64,
    /// How many of them fail, where the signal is passing or failing.
    pub failed: u64,
    /// The lowest: a number, or the rate of its counts; 1 is passing, 0 is failing.
    pub low: f64,
    /// The highest.
    pub high: f64,
    /// `bad` and `total`, added up, where the samples are counts.
    pub counts: Option<(f64, f64)>,
}

/// The absent samples of a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    /// How many.
    pub samples: u64,
    /// The number of the first one's reason.
    pub reason: usize,
}

/// Why a sample is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// In words; they may come from outside.
    pub words: String,
    /// Whether somebody asked for nothing, or something is wrong.
    pub kind: MissingKind,
}

/// What an absence says of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingKind {
    /// It had no or little traffic.
    LowTraffic,
    /// Nothing: its source did not know, or did not answer.
    NotKnown,
}

/// A trace that grows.
#[derive(Clone, Debug, Default)]
pub(super) struct Tracing {
    stretches: Vec<Stretch>,
    /// A stretch takes in so many samples before the next one begins; a power of two.
    together: u64,
}

impl Tracing {
    pub(super) fn known(&mut self, at: Nanos, known: Known) {
        self.add(Stretch { known: Some(Reading::of(known)), ..Stretch::at(at) });
    }

    pub(super) fn absent(&mut self, at: Nanos, reason: u16) {
        let missing = Missing { samples: 1, reason: usize::from(reason) };
        self.add(Stretch { absent: Some(missing), ..Stretch::at(at) });
    }

    /// A known sample of a time that had been taken for absent, or passed over.
    pub(super) fn known_late(&mut self, at: Nanos, known: Known) {
        let one = Stretch { known: Some(Reading::of(known)), ..Stretch::at(at) };
        let place = self.stretches.partition_point(|stretch| stretch.to < one.from);
        match self.stretches.get_mut(place) {
            Some(there) if there.from == one.from && there.to == one.to && there.known.is_none() => {
                *there = one
            }
            Some(there) if there.from <= one.from => *there = there.with(one),
            _ => self.stretches.insert(place, one),
        }
        self.shrink();
    }

    fn add(&mut self, one: Stretch) {
        match self.stretches.last_mut() {
            Some(last) if last.samples() < self.together => *last = last.with(one),
            _ => self.stretches.push(one),
        }
        self.shrink();
    }

    fn shrink(&mut self) {
        if self.stretches.len() <= MOST_STRETCHES {
            return;
        }
        self.together = self.together.max(1).saturating_mul(2);
        self.stretches =
            self.stretches.chunks(2).filter_map(|pair| pair.iter().copied().reduce(Stretch::with)).collect();
    }

    /// The trace up to a time.
    pub(super) fn trace(&self, to: Nanos, reasons: &[(Absence, u64)]) -> Trace {
        let to = moment(to);
        let reason = |(absence, _): &(Absence, u64)| Reason {
            words: absence.to_string(),
            kind: match Lack::of(absence) {
                Lack::LowTraffic => MissingKind::LowTraffic,
                Lack::NoData | Lack::Error => MissingKind::NotKnown,
            },
        };
        let mut stretches: Vec<Stretch> =
            self.stretches.iter().filter(|stretch| stretch.from <= to).copied().collect();
        // Only reasons that a stretch names, in the order of their first.
        let mut named: Vec<usize> = Vec::new();
        for missing in stretches.iter_mut().filter_map(|stretch| stretch.absent.as_mut()) {
            let place = named.iter().position(|known| *known == missing.reason).unwrap_or_else(|| {
                named.push(missing.reason);
                named.len() - 1
            });
            missing.reason = place;
        }
        Trace {
            stretches,
            reasons: named.iter().filter_map(|place| reasons.get(*place)).map(reason).collect(),
        }
    }
}

impl Stretch {
    const fn at(at: Nanos) -> Self {
        Self { from: moment(at), to: moment(at), known: None, absent: None, widest: Duration::ZERO }
    }

    /// How many samples it holds.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.known.map_or(0, |known| known.samples) + self.absent.map_or(0, |absent| absent.samples)
    }

    /// Both as one, of which `later` is not the earlier.
    ///
    /// ```
    /// use runbook_gate::gate::trace::{Reading, Stretch};
    /// use runbook_gate::{Duration, Timestamp};
    ///
    /// let at = |seconds, number| Stretch {
    ///     from: Timestamp::from_secs(seconds),
    ///     to: Timestamp::from_secs(seconds),
    ///     known: Some(Reading { samples: 1, failed: 0, low: number, high: number, counts: None }),
    ///     absent: None,
    ///     widest: Duration::ZERO,
    /// };
    /// let both = at(0, 3.0).with(at(15, 5.0));
    /// assert_eq!(both.to.since(both.from), Duration::from_secs(15));
    /// assert_eq!(both.known.map(|known| (known.low, known.high, known.samples)), Some((3.0, 5.0, 2)));
    /// ```
    #[must_use]
    pub fn with(self, later: Self) -> Self {
        Self {
            from: self.from.min(later.from),
            to: self.to.max(later.to),
            // Nothing lies between where one takes in the other.
            widest: self.widest.max(later.widest).max(later.from.since(self.to)),
            known: match (self.known, later.known) {
                (Some(one), Some(other)) => Some(one.with(other)),
                (one, other) => one.or(other),
            },
            absent: match (self.absent, later.absent) {
                (Some(one), Some(other)) => {
                    Some(Missing { samples: one.samples.saturating_add(other.samples), ..one })
                }
                (one, other) => one.or(other),
            },
        }
    }
}

impl Reading {
    fn of(known: Known) -> Self {
        let number = known.number();
        Self {
            samples: 1,
            failed: u64::from(matches!(known, Known::State(State::Failing))),
            low: number,
            high: number,
            counts: match known {
                Known::Counts(counts) => Some((counts.bad(), counts.total())),
                Known::Value(_) | Known::State(_) => None,
            },
        }
    }

    fn with(self, other: Self) -> Self {
        Self {
            samples: self.samples.saturating_add(other.samples),
            failed: self.failed.saturating_add(other.failed),
            low: self.low.min(other.low),
            high: self.high.max(other.high),
            counts: match (self.counts, other.counts) {
                (Some((bad, total)), Some((more, of))) => Some((bad + more, total + of)),
                (one, another) => one.or(another),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(number: f64) -> Known {
        Known::Value(number)
    }

    #[test]
    fn a_long_trace_keeps_every_peak_and_every_absence() {
        let mut tracing = Tracing::default();
        let most = MOST_STRETCHES as i64 * 15;
        for at in 0..most {
            match at {
                7_777 => tracing.known(at, value(-3.0)),
                30_001 => tracing.known(at, value(99.0)),
                50_000 => tracing.absent(at, 0),
                _ => tracing.known(at, value(1.0)),
            }
        }
        let trace = tracing.trace(most, &[(Absence::LowTraffic, 1)]);
        assert!(trace.stretches.len() <= MOST_STRETCHES && trace.stretches.len() > MOST_STRETCHES / 4);
        assert_eq!(trace.stretches.iter().map(Stretch::samples).sum::<u64>(), most as u64);
        let known = || trace.stretches.iter().filter_map(|stretch| stretch.known);
        assert_eq!(known().map(|known| known.low).reduce(f64::min), Some(-3.0));
        assert_eq!(known().map(|known| known.high).reduce(f64::max), Some(99.0));
        assert_eq!(trace.stretches.iter().filter(|stretch| stretch.absent.is_some()).count(), 1);
        assert_eq!(trace.reasons[0].kind, MissingKind::LowTraffic);
        assert!(trace.stretches.windows(2).all(|pair| pair[0].to < pair[1].from));
        assert!(trace.stretches.iter().all(|stretch| stretch.widest <= Duration::from_nanos(1)));
    }

    #[test]
    fn a_hole_inside_a_stretch_is_known() {
        let mut tracing = Tracing::default();
        for at in (0..10_000).chain(20_000..30_000) {
            tracing.known(at, value(1.0));
        }
        let trace = tracing.trace(30_000, &[]);
        let between = trace.stretches.windows(2).map(|pair| pair[1].from.since(pair[0].to));
        let within = trace.stretches.iter().map(|stretch| stretch.widest);
        assert_eq!(between.chain(within).max(), Some(Duration::from_nanos(10_001)));
    }

    #[test]
    fn a_late_sample_takes_its_place() {
        let mut tracing = Tracing::default();
        tracing.known(10, value(1.0));
        tracing.absent(20, 0);
        tracing.known(30, value(3.0));
        tracing.known_late(20, value(2.0));
        tracing.known_late(15, value(1.5));
        let lows: Vec<f64> = tracing
            .trace(30, &[])
            .stretches
            .iter()
            .map(|stretch| stretch.known.map_or(f64::NAN, |known| known.low))
            .collect();
        assert_eq!(lows, [1.0, 1.5, 2.0, 3.0]);
    }

    #[test]
    fn what_is_later_than_the_decision_is_not_in_it() {
        let mut tracing = Tracing::default();
        tracing.known(10, value(1.0));
        tracing.known(20, value(2.0));
        assert_eq!(tracing.trace(15, &[]).stretches.len(), 1);
    }
}
