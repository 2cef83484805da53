//! The readings of a watch by size: on which side of a limit a percentile lies, exactly and in bounded memory.

use crate::{Finite, statistics};

/// Readings that are kept to be shown; of more, every second one, every fourth and so on.
const MOST_KEPT: usize = 16_384;

/// The readings of a watch, split at the limits that criteria compare their percentiles with.
#[derive(Clone, Debug)]
pub(super) struct Ranks {
    splits: Vec<Split>,
    kept: Vec<f64>,
    /// One reading of so many is kept.
    stride: u64,
    count: u64,
}

/// The readings on each side of a limit.
#[derive(Clone, Debug)]
struct Split {
    limit: f64,
    below: u64,
    equal: u64,
    /// The greatest below.
    under: f64,
    /// The least above.
    over: f64,
}

impl Default for Ranks {
    fn default() -> Self {
        Self { splits: Vec::new(), kept: Vec::new(), stride: 1, count: 0 }
    }
}

impl Ranks {
    /// Says before the first reading that percentiles will be compared with this limit.
    pub(super) fn split_at(&mut self, limit: Finite) {
        let limit = limit.get();
        if !self.splits.iter().any(|split| split.limit == limit) {
            let (under, over) = (f64::NEG_INFINITY, f64::INFINITY);
            self.splits.push(Split { limit, below: 0, equal: 0, under, over });
        }
    }

    pub(super) fn add(&mut self, number: f64) {
        for split in &mut self.splits {
            if number < split.limit {
                split.below += 1;
                split.under = split.under.max(number);
            } else if number > split.limit {
                split.over = split.over.min(number);
            } else {
                split.equal += 1;
            }
        }
        if self.count.is_multiple_of(self.stride) {
            if self.kept.len() == MOST_KEPT {
                let mut place = 0_usize;
                self.kept.retain(|_| {
                    place += 1;
                    place % 2 == 1
                });
                self.stride *= 2;
            }
            if self.count.is_multiple_of(self.stride) {
                self.kept.push(number);
            }
        }
        self.count += 1;
    }

    /// A number that compares with the limit as the percentile (0 to 100) does; `None` before the first reading, and of a
    /// limit that was not named.
    pub(super) fn beside(&self, limit: Finite, percent: f64) -> Option<f64> {
        let split = self.splits.iter().find(|split| split.limit == limit.get())?;
        let last = self.count.checked_sub(1)?;
        let (lower, share) = statistics::place(last, percent);
        // The number of this rank, or one on the same side.
        let ranked = |rank: u64| match rank {
            _ if rank < split.below => split.under,
            _ if rank < split.below + split.equal => split.limit,
            _ => split.over,
        };
        let low = ranked(lower);
        Some(if share > 0.0 { statistics::between(low, ranked(lower + 1), share) } else { low })
    }

    /// The percentile to show: exact while every reading is kept, and always on the right side of the limit.
    pub(super) fn shown(&self, limit: Finite, percent: f64) -> Option<f64> {
        let shown = statistics::percentile(&mut self.kept.clone(), percent)?;
        let beside = self.beside(limit, percent)?;
        Some(match limit.get() {
            limit if beside < limit => shown.min(beside),
            limit if beside > limit => shown.max(beside),
            limit => limit,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn finite(number: f64) -> Finite {
        Finite::new(number).unwrap()
    }

    fn ranks(limit: f64, numbers: &[f64]) -> Ranks {
        let mut ranks = Ranks::default();
        ranks.split_at(finite(limit));
        numbers.iter().for_each(|number| ranks.add(*number));
        ranks
    }

    proptest! {
        #[test]
        fn the_side_is_that_of_the_percentile(
            numbers in proptest::collection::vec(-4..5_i32, 1..40), limit in -4..5_i32, percent in 1..100_u8,
        ) {
            let mut numbers: Vec<f64> = numbers.into_iter().map(f64::from).collect();
            let limit = f64::from(limit);
            let ranks = ranks(limit, &numbers);
            let percent = f64::from(percent);
            let exact = statistics::percentile(&mut numbers, percent).unwrap();
            let beside = ranks.beside(finite(limit), percent).unwrap();
            prop_assert_eq!(beside.partial_cmp(&limit), exact.partial_cmp(&limit));
            prop_assert_eq!(ranks.shown(finite(limit), percent).unwrap(), exact);
        }
    }

    #[test]
    fn more_readings_than_are_kept_take_no_more_room_and_still_decide_exactly() {
        // One in three thousand of them makes the median fall on the other side.
        let count = 10 * MOST_KEPT as u32;
        let numbers: Vec<f64> = (0..count).map(|place| if place % 2 == 0 { 1.0 } else { 3.0 }).collect();
        let mut ranks = ranks(2.5, &numbers);
        assert_eq!(ranks.beside(finite(2.5), 50.0), Some(2.0));
        ranks.add(4.0);
        assert_eq!(ranks.beside(finite(2.5), 50.0), Some(3.0));
        assert!(ranks.shown(finite(2.5), 50.0).unwrap() >= 3.0);
        assert!(ranks.kept.len() <= MOST_KEPT);
    }

    #[test]
    fn nothing_is_known_of_no_readings_and_of_other_limits() {
        assert_eq!(ranks(1.0, &[]).beside(finite(1.0), 50.0), None);
        assert_eq!(ranks(1.0, &[2.0]).beside(finite(3.0), 50.0), None);
    }
}
