//! Where nothing is known of a signal.

use super::Drawing;
use crate::Timestamp;
use crate::gate::trace::{Missing, MissingKind, Stretch};

/// A stretch of time that no known sample speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Exclusive.
    pub from: Timestamp,
    /// Inclusive.
    pub to: Timestamp,
    /// How many samples are absent; none where none came at all.
    pub samples: u64,
    /// What it says of the service.
    pub kind: GapKind,
    /// Why the first sample is absent.
    pub words: String,
}

/// What a gap says of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapKind {
    /// It had no or little traffic.
    LowTraffic,
    /// Nothing.
    NotKnown,
}

/// All gaps, oldest first. A known sample speaks for its step back, and half a step more, as sources are late.
pub(super) fn gaps(drawing: &Drawing<'_>, stretches: &[Stretch]) -> Vec<Gap> {
    let mut gaps = Gaps { drawing, found: Vec::new(), known_to: drawing.axis.from, waiting: None };
    for stretch in stretches {
        if stretch.known.is_none() {
            gaps.wait(stretch);
            continue;
        }
        let begins = stretch.from - drawing.step;
        gaps.close(begins);
        if stretch.absent.is_some() || stretch.widest > drawing.step.plus(drawing.step.divided_by(2)) {
            // Neighbours that stand together, and something is missing: nobody can say any more where.
            gaps.known_to = begins.max(gaps.known_to);
            gaps.wait(stretch);
            gaps.close(stretch.to);
        }
        gaps.known_to = stretch.to.max(gaps.known_to);
    }
    gaps.close(drawing.axis.to);
    gaps.found
}

struct Gaps<'d> {
    drawing: &'d Drawing<'d>,
    found: Vec<Gap>,
    /// The time up to which something is known, or a gap was found.
    known_to: Timestamp,
    /// Absent samples since then.
    waiting: Option<Waiting>,
}

#[derive(Clone, Copy)]
struct Waiting {
    to: Timestamp,
    missing: Missing,
    kind: GapKind,
}

impl Gaps<'_> {
    fn wait(&mut self, stretch: &Stretch) {
        let Some(missing) = stretch.absent else { return };
        let kind = match self.drawing.trace.reasons.get(missing.reason).map(|reason| reason.kind) {
            Some(MissingKind::LowTraffic) => GapKind::LowTraffic,
            Some(MissingKind::NotKnown) | None => GapKind::NotKnown,
        };
        self.waiting = Some(match self.waiting {
            None => Waiting { to: stretch.to, missing, kind },
            Some(waiting) => Waiting {
                to: stretch.to,
                missing: Missing {
                    samples: waiting.missing.samples.saturating_add(missing.samples),
                    ..waiting.missing
                },
                kind: if waiting.kind == kind { kind } else { GapKind::NotKnown },
            },
        });
    }

    /// Something is known again from here on.
    fn close(&mut self, again: Timestamp) {
        let slack = self.drawing.step.divided_by(2);
        let waiting = self.waiting.take();
        let to = waiting.map_or(again, |waiting| waiting.to.max(again)).min(self.drawing.axis.to);
        if to <= self.known_to || (waiting.is_none() && to <= self.known_to + slack) {
            return;
        }
        self.found.push(Gap {
            from: self.known_to,
            to,
            samples: waiting.map_or(0, |waiting| waiting.missing.samples),
            kind: waiting.map_or(GapKind::NotKnown, |waiting| waiting.kind),
            words: match waiting {
                None => "no sample came".to_owned(),
                Some(waiting) => self
                    .drawing
                    .trace
                    .reasons
                    .get(waiting.missing.reason)
                    .map_or_else(|| "no-data".to_owned(), |reason| reason.words.clone()),
            },
        });
        self.known_to = to;
    }
}
