//! From times and readings to places in a picture.

use super::{Axis, Drawing};
use crate::Timestamp;
use crate::policy::rules::ReadingKind;
use crate::report::numbers::Measure;

/// The width of the drawn part, in its own units.
pub const WIDTH: f64 = 1000.0;
/// The height of the drawn part, in its own units, which are pixels.
pub const HEIGHT: f64 = 140.0;

/// The readings that a plot shows, from its lower to its upper edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// At the lower edge.
    pub bottom: f64,
    /// At the upper edge.
    pub top: f64,
}

impl Scale {
    /// From zero, or the lowest reading where that is lower, to a round number above everything that is drawn.
    pub(super) fn new(drawing: &Drawing<'_>) -> Self {
        if drawing.reading == ReadingKind::State {
            return Self { bottom: -0.15, top: 1.15 };
        }
        let known = drawing.trace.stretches.iter().filter_map(|stretch| stretch.known);
        let numbers = known
            .flat_map(|known| [known.low, known.high])
            .chain(drawing.lines.iter().map(|line| line.value))
            .chain(drawing.baseline.iter().flat_map(|baseline| [baseline.median.get(), baseline.p95.get()]))
            .filter(|number| number.is_finite());
        let (low, high) =
            numbers.fold((0.0_f64, 0.0_f64), |(low, high), number| (low.min(number), high.max(number)));
        // No share is above all of it.
        let top = match (drawing.measure, high <= 1.0) {
            (Measure::Share, true) => round_up(high).min(1.0),
            _ => round_up(high),
        };
        let bottom = -round_up(-low);
        Self { bottom, top: if top > bottom { top } else { bottom + 1.0 } }
    }

    /// How far below the upper edge a reading is, within the picture.
    pub(super) fn y(&self, number: f64) -> f64 {
        // Halved before, as the span of two finite numbers may not be finite.
        let share = (self.top / 2.0 - number / 2.0) / (self.top / 2.0 - self.bottom / 2.0);
        if share.is_finite() { share.clamp(0.0, 1.0) * HEIGHT } else { HEIGHT }
    }
}

impl Axis {
    /// How far along the picture a time is, 0 to 1.
    pub(super) fn share(&self, at: Timestamp) -> f64 {
        let whole = self.to.since(self.from).as_nanos();
        if whole == 0 {
            return 0.0;
        }
        (at.since(self.from).as_nanos() as f64 / whole as f64).clamp(0.0, 1.0)
    }

    /// The place of a time, in the picture's own units.
    pub(super) fn x(&self, at: Timestamp) -> f64 {
        self.share(at) * WIDTH
    }
}

/// The next of 1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten that leaves some room; 0 for 0.
fn round_up(number: f64) -> f64 {
    if number <= 0.0 || !number.is_finite() {
        return 0.0;
    }
    let wanted = number * 1.05;
    if !wanted.is_finite() {
        return f64::MAX;
    }
    let power = libm::pow(10.0, libm::floor(libm::log10(wanted)));
    let rounded = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0]
        .into_iter()
        .map(|step| step * power)
        .find(|rounded| *rounded >= wanted);
    rounded.filter(|rounded| rounded.is_finite()).unwrap_or(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_is_a_round_number_above() {
        for (number, top) in [(0.0, 0.0), (0.082, 0.1), (0.05, 0.06), (1.0, 1.5), (9.9, 15.0), (412.0, 500.0)]
        {
            assert!((round_up(number) - top).abs() < 1e-12 * top.max(1.0), "{number}: {}", round_up(number));
        }
        assert_eq!(round_up(f64::MAX), f64::MAX);
        assert!(round_up(5e-324) > 0.0);
    }
}
