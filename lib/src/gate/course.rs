//! The course of a signal in a fixed number of cells.

use super::outcome::{COURSE_CELLS, Cell};
use super::series::{Known, Nanos};

#[derive(Clone, Copy, Debug, Default)]
struct Stretch {
    count: u64,
    low: f64,
    high: f64,
    sum: f64,
    bad: f64,
    total: f64,
}

/// Cells of equal time from the start to the latest end that the gate may have.
#[derive(Clone, Debug, Default)]
pub(super) struct Course {
    from: Nanos,
    width: Nanos,
    cells: Vec<Stretch>,
}

impl Course {
    pub(super) fn new(from: Nanos, to: Nanos) -> Self {
        let cells = COURSE_CELLS as Nanos;
        let length = to.saturating_sub(from).max(1);
        let width = length / cells + Nanos::from(length % cells > 0);
        Self { from, width, cells: vec![Stretch::default(); COURSE_CELLS] }
    }

    pub(super) fn add(&mut self, at: Nanos, known: Known) {
        let number = known.number();
        let Some(cell) = self.place(at).and_then(|place| self.cells.get_mut(place)) else { return };
        cell.low = if cell.count == 0 { number } else { cell.low.min(number) };
        cell.high = if cell.count == 0 { number } else { cell.high.max(number) };
        cell.count += 1;
        cell.sum += number;
        if let Known::Counts(counts) = known {
            cell.bad += counts.bad();
            cell.total += counts.total();
        }
    }

    /// The cells up to a time.
    pub(super) fn cells(&self, to: Nanos) -> Vec<Cell> {
        let end = self.place(to).map_or(0, |place| place + 1);
        let read = |stretch: &Stretch| match stretch.count {
            0 => Cell::Missing,
            count => Cell::Known {
                low: stretch.low,
                mean: if stretch.total > 0.0 {
                    stretch.bad / stretch.total
                } else {
                    stretch.sum / count as f64
                },
                high: stretch.high,
            },
        };
        self.cells.iter().take(end).map(read).collect()
    }

    /// A cell holds the times after its start up to its end.
    fn place(&self, at: Nanos) -> Option<usize> {
        let since = at.saturating_sub(self.from).saturating_sub(1);
        if self.width == 0 || at < self.from {
            return None;
        }
        usize::try_from(since.max(0) / self.width).ok().filter(|place| *place < self.cells.len())
    }
}
