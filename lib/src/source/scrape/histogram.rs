//! Histograms of cumulative buckets, and their quantiles.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// An upper bound of a bucket, ordered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound(pub(super) f64);

impl PartialEq for Bound {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Bound {}

impl PartialOrd for Bound {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Bound {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Observations at or below each bound; the last bound is +Inf where the histogram is whole.
pub(super) type Buckets = BTreeMap<Bound, f64>;

/// A quantile by linear interpolation inside its bucket, and what stands behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quantile {
    /// The value; NaN where there is none.
    pub(super) value: f64,
    /// Observations.
    pub(super) total: f64,
    /// Whether it lies above the highest bound, which is then given instead.
    pub(super) place: Place,
}

/// Where a quantile lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Between two bounds.
    Within,
    /// Above the highest bound: the value is at least as large as what is given.
    Beyond,
}

/// The quantile `q` (0 to 1) of a histogram, as Prometheus' `histogram_quantile` gives it for classic histograms
/// (`bucketQuantile` in promql/quantile.go): linear inside a bucket, the lowest bucket begins at 0 where its bound is
/// above 0, and above the highest finite bound it is that bound.
pub(super) fn quantile(q: f64, buckets: &Buckets) -> Quantile {
    let none = |total| Quantile { value: f64::NAN, total, place: Place::Within };
    // Counts that fall from one bucket to the next come from series that were read at different times.
    let mut highest = 0.0_f64;
    let counts: Vec<(f64, f64)> = buckets
        .iter()
        .map(|(bound, count)| {
            highest = highest.max(*count);
            (bound.0, highest)
        })
        .collect();
    let [finite @ .., (top, total)] = counts.as_slice() else { return none(f64::NAN) };
    let (total, Some((highest_bound, _))) = (*total, finite.last()) else { return none(*total) };
    if *top != f64::INFINITY || total.is_nan() || total <= 0.0 {
        return none(total);
    }
    let rank = q * total;
    let index = finite.partition_point(|(_, count)| *count < rank);
    let Some((end, count)) = finite.get(index) else {
        return Quantile { value: *highest_bound, total, place: Place::Beyond };
    };
    let value = match index.checked_sub(1).and_then(|before| finite.get(before)) {
        None if *end <= 0.0 => *end,
        None => end * (rank / count),
        Some((start, below)) => start + (end - start) * ((rank - below) / (count - below)),
    };
    Quantile { value, total, place: Place::Within }
}

/// Adds the observations of one histogram to another's, bound by bound.
pub(super) fn add(sum: &mut Buckets, more: &Buckets) {
    for (bound, count) in more {
        *sum.entry(*bound).or_insert(0.0) += count;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(buckets: &[(f64, f64)]) -> Buckets {
        buckets.iter().map(|(bound, count)| (Bound(*bound), *count)).collect()
    }

    const INF: f64 = f64::INFINITY;

    #[test]
    fn quantiles_are_interpolated_inside_their_bucket() {
        // Worked out by hand from the definition; random histograms are compared with a real server elsewhere.
        for (what, q, buckets, expected) in [
            ("inside a bucket", 0.5, vec![(0.1, 10.0), (0.5, 30.0), (1.0, 40.0), (INF, 40.0)], 0.3),
            ("in the first bucket", 0.1, vec![(0.1, 10.0), (0.5, 30.0), (INF, 40.0)], 0.04),
            ("above the highest bound", 0.99, vec![(0.1, 10.0), (0.5, 30.0), (INF, 40.0)], 0.5),
            ("a negative first bound", 0.05, vec![(-1.0, 5.0), (1.0, 10.0), (INF, 10.0)], -1.0),
            ("counts that fall", 0.5, vec![(0.1, 10.0), (0.5, 8.0), (1.0, 20.0), (INF, 20.0)], 0.1),
        ] {
            let got = quantile(q, &of(&buckets)).value;
            assert!((got - expected).abs() < 1e-12, "{what}: {got}");
        }
    }

    #[test]
    fn there_is_no_quantile_without_a_whole_histogram() {
        for (what, buckets) in [
            ("nothing", vec![]),
            ("only +Inf", vec![(INF, 10.0)]),
            ("no +Inf", vec![(0.1, 5.0), (1.0, 10.0)]),
            ("no observation", vec![(0.1, 0.0), (INF, 0.0)]),
        ] {
            assert!(quantile(0.95, &of(&buckets)).value.is_nan(), "{what}");
        }
    }

    proptest! {
        #[test]
        fn a_quantile_lies_between_the_bounds_of_its_bucket_and_grows_with_q(
            steps in prop::collection::vec((0.001_f64..10.0, 0.0_f64..1000.0), 1..12),
            q in 0.0_f64..=1.0,
            more in 0.0_f64..=1.0,
        ) {
            let (mut bound, mut count) = (0.0, 0.0);
            let mut buckets = Buckets::new();
            for (width, observations) in steps {
                bound += width;
                count += observations;
                buckets.insert(Bound(bound), count);
            }
            buckets.insert(Bound(INF), count + 1.0);
            let got = quantile(q, &buckets).value;
            // q 0 in an empty first bucket is 0 of 0.
            prop_assert!(got.is_nan() && q == 0.0 || (0.0..=bound * 1.000_001).contains(&got), "{}", got);
            let larger = quantile((q + more).min(1.0), &buckets).value;
            prop_assert!(got.is_nan() || larger >= got - 1e-9, "{} {}", got, larger);
        }
    }
}
