//! The plot of a signal: its samples against its thresholds and its baseline, with what is missing.
//!
//! A plot is made once, of the outcome's trace, and then drawn ([`svg`]) and listed ([`Plot::rows`]): both say the same. Up to so many
//! samples as the page has room for stand one by one. Of more, those of one column of the picture stand together as a bar from the lowest
//! to the highest of them, so that no peak is lost; gaps are found before that, so that none is lost either.

mod column;
mod gap;
mod scale;
pub mod svg;
#[cfg(test)]
mod tests;

use crate::criterion::{Cmp, Direction};
use crate::gate::CriterionKind;
use crate::gate::trace::{Stretch, Trace};
use crate::policy::rules::ReadingKind;
use crate::report::Limit;
use crate::report::numbers::{self, Measure};
use crate::{Baseline, Duration, SignalName, Timestamp};

pub use column::Column;
pub use gap::{Gap, GapKind};
pub use scale::Scale;

/// A plot has at most so many columns.
pub const MOST_COLUMNS: usize = 240;
/// And at least so many, however many plots a page has.
const FEWEST_COLUMNS: usize = 40;
/// All plots of a page together have about so many.
const COLUMNS_OF_PAGE: usize = 2_050;

/// A signal with all that is drawn of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    pub(super) signal: SignalName,
    pub(super) measure: Measure,
    pub(super) reading: ReadingKind,
    pub(super) step: Duration,
    pub(super) axis: Axis,
    pub(super) scale: Scale,
    pub(super) columns: Vec<Column>,
    pub(super) gaps: Vec<Gap>,
    pub(super) beyond: Vec<Span>,
    pub(super) lines: Vec<Line>,
    pub(super) baseline: Option<Baseline>,
    pub(super) grouped: Option<Grouped>,
    pub(super) role: Role,
}

/// Whether a signal decides anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A criterion reads it.
    Judged,
    /// None does.
    Shown,
}

/// The time that a plot shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Start of the warm-up.
    pub from: Timestamp,
    /// Start of the watch.
    pub watch_from: Timestamp,
    /// End of the watch as planned.
    pub watch_to: Timestamp,
    /// The decision.
    pub to: Timestamp,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Exclusive.
    pub from: Timestamp,
    /// Inclusive.
    pub to: Timestamp,
}

/// A threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// In base units.
    pub value: f64,
    /// How a sample is compared with it.
    pub cmp: Cmp,
    /// What it belongs to.
    pub kind: CriterionKind,
}

/// How many samples stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grouped {
    /// Samples.
    pub samples: u64,
    /// Columns.
    pub columns: usize,
}

/// What a plot is made of.
pub(super) struct Drawing<'d> {
    pub signal: &'d SignalName,
    pub measure: Measure,
    pub reading: ReadingKind,
    pub step: Duration,
    pub trace: &'d Trace,
    pub baseline: Option<&'d Baseline>,
    pub lines: Vec<Line>,
    /// Beyond any of them is trouble.
    pub limits: Vec<Limit>,
    pub axis: Axis,
    pub role: Role,
    /// So many samples stand one by one at most; of more, two thirds as many columns, which take more words.
    pub columns: usize,
}

/// A row of the table of a plot's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The first time.
    pub from: Timestamp,
    /// The last time.
    pub to: Timestamp,
    /// `8.2%`, `210ms to 1.4s`; a dash where nothing is known.
    pub value: String,
    /// `20 of 244`, where the samples are counts.
    pub counts: Option<String>,
    /// `beyond`, `absent: timeout`; empty where there is nothing to say.
    pub note: String,
}

/// How many columns each of so many plots may have.
pub(super) fn columns_each(plots: usize) -> usize {
    COLUMNS_OF_PAGE.checked_div(plots).unwrap_or(MOST_COLUMNS).clamp(FEWEST_COLUMNS, MOST_COLUMNS)
}

impl Plot {
    pub(super) fn new(drawing: &Drawing<'_>) -> Self {
        let stretches = &drawing.trace.stretches;
        let columns = column::columns(drawing, stretches);
        let scale = Scale::new(drawing);
        Self {
            signal: drawing.signal.clone(),
            measure: drawing.measure,
            reading: drawing.reading,
            step: drawing.step,
            axis: drawing.axis,
            scale,
            gaps: gap::gaps(drawing, stretches),
            beyond: beyond(drawing, stretches),
            lines: drawing.lines.clone(),
            baseline: drawing.baseline.cloned(),
            role: drawing.role,
            grouped: (columns.len() < stretches.len()).then(|| Grouped {
                samples: stretches.iter().map(Stretch::samples).sum(),
                columns: columns.len(),
            }),
            columns,
        }
    }

    /// The signal's name.
    #[must_use]
    pub const fn signal(&self) -> &SignalName {
        &self.signal
    }

    /// Whether the signal decides anything.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// How many samples stand together, where they do.
    #[must_use]
    pub const fn grouped(&self) -> Option<Grouped> {
        self.grouped
    }

    /// What its signs mean, of those that it has: the class of each and its words.
    #[must_use]
    pub fn legend(&self) -> Vec<(&'static str, &'static str)> {
        let line = |kind: CriterionKind| self.lines.iter().any(|line| line.kind == kind);
        let gap = |kind: GapKind| self.gaps.iter().any(|gap| gap.kind == kind);
        [
            (line(CriterionKind::Rollback), "rollback", "rollback threshold"),
            (line(CriterionKind::Verify), "verify", "verification threshold"),
            (self.baseline.is_some(), "band", "baseline, median to p95"),
            (!self.beyond.is_empty(), "beyond", "beyond a threshold"),
            (gap(GapKind::NotKnown), "blind", "not known"),
            (gap(GapKind::LowTraffic), "quiet", "low traffic"),
            (self.axis.watch_from > self.axis.from, "warmup", "warm-up"),
        ]
        .into_iter()
        .filter_map(|(shown, class, words)| shown.then_some((class, words)))
        .collect()
    }

    /// What stands in the picture, one row a column.
    pub fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        self.columns.iter().map(|column| self.row(column))
    }

    /// The time of the first sample beyond a limit in `(after, to]`.
    pub(super) fn first_beyond(&self, after: Timestamp, to: Timestamp) -> Option<Timestamp> {
        let inside = |column: &&Column| column.beyond && column.to > after && column.from <= to;
        self.columns.iter().find(inside).map(|column| column.from)
    }

    fn row(&self, column: &Column) -> Row {
        let value = match &column.known {
            None => "\u{2013}".to_owned(),
            Some(known) if self.reading == ReadingKind::State && known.samples > 1 => {
                format!("{} failed", numbers::of(known.failed as f64, known.samples as f64))
            }
            Some(known) if known.low == known.high => self.measure.show(known.low),
            Some(known) => format!("{} to {}", self.measure.show(known.low), self.measure.show(known.high)),
        };
        let mut notes = Vec::new();
        if column.beyond {
            notes.push("beyond".to_owned());
        }
        if column.from < self.axis.watch_from || column.to <= self.axis.watch_from {
            notes.push("warm-up".to_owned());
        }
        if let Some(absent) = &column.absent {
            notes.push(match absent.samples {
                1 => format!("absent: {}", absent.words),
                more => format!("{more} absent: {}", absent.words),
            });
        }
        Row {
            from: column.from,
            to: column.to,
            value,
            counts: column.known.and_then(|known| known.counts).map(|(bad, total)| numbers::of(bad, total)),
            note: notes.join(", "),
        }
    }

    /// What the picture shows, in a sentence or a few, for those who do not see it.
    #[must_use]
    pub fn description(&self) -> String {
        let known = || self.columns.iter().filter_map(|column| column.known);
        let lowest = known().map(|known| known.low).reduce(f64::min);
        let highest = known().map(|known| known.high).reduce(f64::max);
        let mut text = match (lowest, highest) {
            (Some(low), Some(high)) if low == high => format!("Always {}.", self.measure.show(low)),
            (Some(low), Some(high)) => {
                let (low, high) = self.measure.show_apart(low, high);
                format!("Between {low} and {high}.")
            }
            _ => "Never known.".to_owned(),
        };
        for (spans, words) in [
            (self.beyond.iter().map(|span| (span.from, span.to)).collect::<Vec<_>>(), "Beyond a threshold"),
            (self.gaps.iter().map(|gap| (gap.from, gap.to)).collect(), "Not known"),
        ] {
            let said: Vec<String> = spans
                .iter()
                .take(3)
                .map(|(from, to)| format!("{} to {}", numbers::clock(*from), numbers::clock(*to)))
                .collect();
            let more = spans.len().saturating_sub(said.len());
            match (said.is_empty(), more) {
                (true, _) => {}
                (false, 0) => text.push_str(&format!(" {words} from {}.", said.join(", "))),
                (false, more) => {
                    text.push_str(&format!(" {words} from {}, and {more} more times.", said.join(", ")));
                }
            }
        }
        text
    }
}

impl Line {
    /// `rollback > 5%`
    pub(super) fn label(&self, measure: Measure) -> String {
        let kind = match self.kind {
            CriterionKind::Rollback => "rollback",
            CriterionKind::Verify => "verify",
        };
        format!("{kind} {} {}", self.cmp.as_str(), measure.show(self.value))
    }
}

/// Whether a stretch is beyond any of the limits.
fn is_beyond(drawing: &Drawing<'_>, stretch: &Stretch) -> bool {
    stretch.known.is_some_and(|known| match drawing.reading {
        ReadingKind::State => known.failed > 0,
        ReadingKind::Counts | ReadingKind::Value => {
            drawing.limits.iter().any(|limit| match limit.direction {
                Direction::Above => known.high > limit.threshold,
                Direction::Below => known.low < limit.threshold,
                Direction::Neither => false,
            })
        }
    })
}

/// When the signal was beyond a limit: a sample speaks for its step back.
fn beyond(drawing: &Drawing<'_>, stretches: &[Stretch]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut before = drawing.axis.from;
    for stretch in stretches.iter().filter(|stretch| stretch.known.is_some()) {
        let from = (stretch.from - drawing.step).max(before).min(stretch.from);
        before = stretch.to;
        if !is_beyond(drawing, stretch) {
            continue;
        }
        match spans.last_mut() {
            Some(last) if last.to >= from => last.to = stretch.to,
            _ => spans.push(Span { from, to: stretch.to }),
        }
    }
    spans
}
