//! Lines held back until they can go in order of time.

use std::collections::BTreeMap;
use std::ops::Bound;

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

    /// The words that are dated after a time, in the order they came, dated to that time.
    pub(super) fn words_after(&mut self, end: Timestamp) -> Option<Vec<(u64, Line)>> {
        self.close();
        let later = self.by_time.range((Bound::Excluded(end), Bound::Unbounded)).flat_map(|(_, lines)| lines);
        let words = later.filter_map(|(number, line)| Some((*number, word_at(end, line)?)));
        let mut words: Vec<(u64, Line)> = words.collect();
        words.sort_by_key(|(number, _)| *number);
        (!words.is_empty()).then_some(words)
    }

    /// Whether no line is held that is dated to a time or before it.
    pub(super) fn is_empty_until(&self, end: Timestamp) -> bool {
        self.by_time.first_key_value().is_none_or(|(t, _)| *t > end)
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

/// Somebody's word, as one of another time; `None` for lines that are none.
fn word_at(t: Timestamp, line: &Line) -> Option<Line> {
    match line {
        Line::Request { decision, by, .. } => Some(Line::Request { t, decision: *decision, by: by.clone() }),
        Line::Unserved { reason, .. } => Some(Line::Unserved { t, reason: reason.clone() }),
        Line::Cancel { by, .. } => Some(Line::Cancel { t, by: by.clone() }),
        _ => None,
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
