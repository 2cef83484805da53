//! Lines held back until they can go in order of time.

use std::collections::BTreeMap;

use super::Line;
use crate::Timestamp;

/// Lines by their time, and within one time in the order they came.
#[derive(Debug, Default)]
pub(super) struct Held {
    by_time: BTreeMap<Timestamp, Vec<(u64, Line)>>,
    count: usize,
}

impl Held {
    /// Holds a line; `number` is its place in the journal.
    pub(super) fn push(&mut self, t: Timestamp, number: u64, line: Line) {
        self.by_time.entry(t).or_default().push((number, line));
        self.count += 1;
    }

    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// The lines of the earliest time.
    pub(super) fn pop_earliest(&mut self) -> Option<(Timestamp, Vec<(u64, Line)>)> {
        let (t, lines) = self.by_time.pop_first()?;
        self.count = self.count.saturating_sub(lines.len());
        Some((t, lines))
    }

    /// All lines in the order they came.
    pub(super) fn into_journal_order(self) -> Vec<(u64, Line)> {
        let mut lines: Vec<(u64, Line)> = self.by_time.into_values().flatten().collect();
        lines.sort_by_key(|(number, _)| *number);
        lines
    }
}
