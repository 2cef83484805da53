//! The columns of a plot: a sample each, or those of one column of the picture.

use super::{Drawing, is_beyond};
use crate::Timestamp;
use crate::gate::trace::{Reading, Reason, Stretch};

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The time of the first sample.
    pub from: Timestamp,
    /// The time of the last.
    pub to: Timestamp,
    /// What is known.
    pub known: Option<Reading>,
    /// What is not.
    pub absent: Option<Absent>,
    /// Whether a known sample is beyond a limit.
    pub beyond: bool,
}

/// Absent samples of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    /// How many.
    pub samples: u64,
    /// Why the first is.
    pub words: String,
}

/// All columns, at most as many as the drawing may have.
pub(super) fn columns(drawing: &Drawing<'_>, stretches: &[Stretch]) -> Vec<Column> {
    if stretches.len() <= drawing.columns {
        return stretches.iter().map(|stretch| column(drawing, stretch)).collect();
    }
    let mut columns: Vec<(u64, Stretch)> = Vec::new();
    let count = (drawing.columns * 2 / 3).max(1);
    for stretch in stretches {
        let place = place(drawing, stretch.to, count);
        match columns.last_mut() {
            Some((last, whole)) if *last == place => *whole = whole.with(*stretch),
            _ => columns.push((place, *stretch)),
        }
    }
    columns.iter().map(|(_, stretch)| column(drawing, stretch)).collect()
}

/// In which column of the picture a time is.
fn place(drawing: &Drawing<'_>, at: Timestamp, count: usize) -> u64 {
    let count = count as u128;
    let whole = u128::from(drawing.axis.to.since(drawing.axis.from).as_nanos()).max(1);
    let since = u128::from(at.since(drawing.axis.from).as_nanos());
    u64::try_from((since * count / whole).min(count - 1)).unwrap_or(u64::MAX)
}

fn column(drawing: &Drawing<'_>, stretch: &Stretch) -> Column {
    let words = |reason: usize| {
        drawing.trace.reasons.get(reason).map_or("no-data", |Reason { words, .. }| words.as_str())
    };
    Column {
        from: stretch.from,
        to: stretch.to,
        known: stretch.known,
        absent: stretch
            .absent
            .map(|absent| Absent { samples: absent.samples, words: words(absent.reason).to_owned() }),
        beyond: is_beyond(drawing, stretch),
    }
}
