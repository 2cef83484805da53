//! The course of a signal as a line of blocks.

use crate::Duration;
use crate::criterion::Direction;
use crate::gate::outcome::Cell;

/// The mark of a stretch without a known sample.
pub const GAP: char = '?';

/// What a drawn course means, with its mark of a gap as the report writes it.
pub(super) fn legend(gap: &str) -> String {
    format!(
        "A course goes from the start to the decision; {gap} is a stretch without a known sample. A known sample covers up to \
         1m before it, or three steps where they are longer."
    )
}

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A signal's course against a criterion's threshold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    cells: Vec<Option<f64>>,
    limit: Option<Limit>,
}

/// Where trouble begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// The threshold, in base units.
    pub threshold: f64,
    /// On which side of it trouble is.
    pub direction: Direction,
}

/// One character of a drawn course.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// A block, or [`GAP`].
    pub character: char,
    /// What it says.
    pub side: Side,
}

/// On which side of the threshold a stretch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Within it, or there is none.
    Within,
    /// Beyond it.
    Beyond,
    /// Not known.
    Unknown,
}

impl Course {
    /// A course from an outcome's cells, each `width` long, of a signal whose samples speak for `step` each.
    #[must_use]
    pub fn new(cells: &[Cell], width: Duration, step: Duration, limit: Option<Limit>) -> Self {
        let mut course: Vec<Option<f64>> = cells
            .iter()
            .map(|cell| match cell {
                Cell::Known { mean, .. } if mean.is_finite() => Some(*mean),
                _ => None,
            })
            .collect();
        // A sample speaks for its step back: of a signal read once a minute, cells of 15 seconds are no gaps.
        let behind = match width.as_nanos() {
            0 => 0,
            width => step.as_nanos().div_ceil(width).saturating_sub(1),
        };
        let mut carried: Option<(f64, u64)> = None;
        for cell in course.iter_mut().rev() {
            match (*cell, carried) {
                (Some(value), _) => carried = Some((value, behind)),
                (None, Some((value, left))) if left > 0 => {
                    *cell = Some(value);
                    carried = Some((value, left - 1));
                }
                (None, _) => carried = None,
            }
        }
        Self { cells: course, limit }
    }

    /// Whether there is nothing to draw.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The course in at most `width` characters. A character stands for the worst of its cells; where at least half of them
    /// are not known, it is a gap. The lowest block is the lowest value, or zero if that is lower; the highest is the
    /// highest value or the threshold.
    #[must_use]
    pub fn draw(&self, width: usize) -> Vec<Mark> {
        let known = || self.cells.iter().flatten().copied();
        let threshold = self.limit.map(|limit| limit.threshold).filter(|threshold| threshold.is_finite());
        let bottom = known().chain(threshold).fold(0.0, f64::min);
        let top = known().chain(threshold).fold(0.0, f64::max);
        let count = self.cells.len().min(width);
        (0..count)
            .map(|index| {
                let from = index * self.cells.len() / count;
                let to = (index + 1) * self.cells.len() / count;
                let group = self.cells.get(from..to).unwrap_or_default();
                let missing = group.iter().filter(|cell| cell.is_none()).count();
                match self.worst(group) {
                    Some(value) if missing * 2 < group.len() => {
                        Mark { character: block(value, bottom, top), side: self.side(value) }
                    }
                    _ => Mark { character: GAP, side: Side::Unknown },
                }
            })
            .collect()
    }

    fn worst(&self, group: &[Option<f64>]) -> Option<f64> {
        let below = self.limit.is_some_and(|limit| limit.direction == Direction::Below);
        group.iter().flatten().copied().reduce(if below { f64::min } else { f64::max })
    }

    fn side(&self, value: f64) -> Side {
        match self.limit {
            Some(Limit { threshold, direction: Direction::Above }) if value > threshold => Side::Beyond,
            Some(Limit { threshold, direction: Direction::Below }) if value < threshold => Side::Beyond,
            _ => Side::Within,
        }
    }
}

fn block(value: f64, bottom: f64, top: f64) -> char {
    // Halved before, as the span of two finite numbers may not be finite.
    let span = top / 2.0 - bottom / 2.0;
    let share = if span > 0.0 { (value / 2.0 - bottom / 2.0) / span } else { 0.0 };
    let highest = BLOCKS.len() - 1;
    // Halved before, as the span of two finite numbers may not be finite.
    let share =
        if share.is_finite() { share } else { (value / 2.0 - bottom / 2.0) / (top / 2.0 - bottom / 2.0) };
    let place = (share * highest as f64).round().clamp(0.0, highest as f64) as usize;
    BLOCKS.get(place).copied().unwrap_or(GAP)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(mean: f64) -> Cell {
        Cell::Known { low: mean, mean, high: mean }
    }

    fn drawn(course: &Course, width: usize) -> String {
        course.draw(width).iter().map(|mark| mark.character).collect()
    }

    const STEP: Duration = Duration::from_secs(15);

    #[test]
    fn a_rise_is_a_rise_and_a_gap_is_a_gap() {
        let cells: Vec<Cell> = (0..8).map(|n| cell(f64::from(n))).collect();
        assert_eq!(drawn(&Course::new(&cells, STEP, STEP, None), 60), "▁▂▃▄▅▆▇█");
        let gap = [cell(1.0), Cell::Missing, Cell::Missing, cell(1.0)];
        assert_eq!(drawn(&Course::new(&gap, STEP, STEP, None), 60), "█??█");
        assert_eq!(drawn(&Course::new(&[], STEP, STEP, None), 60), "");
        assert_eq!(drawn(&Course::new(&[Cell::Missing; 3], STEP, STEP, None), 2), "??");
    }

    #[test]
    fn a_sample_speaks_for_its_step_and_no_longer() {
        let cells = [Cell::Missing, Cell::Missing, Cell::Missing, Cell::Missing, cell(1.0), Cell::Missing];
        let minute = Duration::from_secs(60);
        assert_eq!(drawn(&Course::new(&cells, STEP, minute, None), 60), "?████?");
    }

    #[test]
    fn a_short_spike_is_seen_in_few_characters() {
        let mut cells = vec![cell(0.1); 60];
        cells[31] = cell(1.0);
        let above = Some(Limit { threshold: 0.5, direction: Direction::Above });
        let course = Course::new(&cells, STEP, STEP, above);
        let marks = course.draw(10);
        assert_eq!(marks.iter().filter(|mark| mark.side == Side::Beyond).count(), 1);
        assert!(drawn(&course, 10).contains('█'));
        let below = Some(Limit { threshold: 0.05, direction: Direction::Below });
        cells[31] = cell(0.0);
        assert!(Course::new(&cells, STEP, STEP, below).draw(10).iter().any(|mark| mark.side == Side::Beyond));
    }

    #[test]
    fn numbers_at_the_edge_draw_something() {
        let cells = [cell(f64::MAX), cell(f64::MIN), cell(0.0), cell(f64::NAN)];
        assert_eq!(drawn(&Course::new(&cells, STEP, STEP, None), 60), "█▁▅?");
    }
}
