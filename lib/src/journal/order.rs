//! Lines held back until they can go in order of time.

use std::collections::BTreeMap;

use super::Line;
use crate::Timestamp;

/// Lines by their time, and within one time in the order they came.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// The lines of the newest time, which the next line mostly shares.
    open: Option<(Timestamp, Vec<(u64, Line)>)>,
    by_time: BTreeMap<Timestamp, Vec<(u64, Line)>>,
    count: usize,
}

impl Held {
    /// Holds a line; `number` is its place in the journal.
    pub(super) fn push(&mut self, t: Timestamp, number: u64, line: Line) {
        self.count += 1;
        match &mut self.open {
            Some((open, lines)) if *open == t => lines.push((number, line)),
            _ => {
                self.close();
                self.open = Some((t, vec![(number, line)]));
            }
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// The lines of the earliest time.
    pub(super) fn pop_earliest(&mut self) -> Option<(Timestamp, Vec<(u64, Line)>)> {
        self.close();
        let (t, lines) = self.by_time.pop_first()?;
        self.count = self.count.saturating_sub(lines.len());
        Some((t, lines))
    }

    /// All lines in the order they came.
    pub(super) fn into_journal_order(mut self) -> Vec<(u64, Line)> {
        self.close();
        let mut lines: Vec<(u64, Line)> = self.by_time.into_values().flatten().collect();
        lines.sort_by_key(|(number, _)| *number);
        lines
    }

    fn close(&mut self) {
        if let Some((t, mut lines)) = self.open.take() {
            self.by_time.entry(t).or_default().append(&mut lines);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_out_by_time_and_as_they_came() {
        let times = [3, 3, 1, 2, 3, 1].map(Timestamp::from_secs);
        let held = || {
            let mut held = Held::default();
            for (number, t) in times.into_iter().enumerate() {
                held.push(t, number as u64, Line::Tick { t });
            }
            held
        };
        let numbers =
            |lines: Vec<(u64, Line)>| lines.into_iter().map(|(number, _)| number).collect::<Vec<_>>();
        let mut by_time = held();
        let mut seen = Vec::new();
        while let Some((_, lines)) = by_time.pop_earliest() {
            seen.push(numbers(lines));
        }
        assert_eq!(seen, [vec![2, 5], vec![3], vec![0, 1, 4]]);
        assert_eq!(by_time.len(), 0);
        assert_eq!(numbers(held().into_journal_order()), [0, 1, 2, 3, 4, 5]);
    }
}
