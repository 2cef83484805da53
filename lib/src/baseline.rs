//! What a signal was before the deployment.

use crate::sample::{Counts, Reading, Sample};
use crate::{Duration, Finite, Timestamp, statistics};

/// A signal's past, as numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// The middle of the known samples (of a ratio: of the samples' rates).
    pub median: Finite,
    /// The 95th percentile of the known samples.
    pub p95: Finite,
    /// The highest median over a criterion's duration that the baseline itself showed, where that was computed.
    pub worst: Option<Finite>,
    /// Known samples.
    pub count: u64,
    /// Pooled counts of a ratio.
    pub counts: Option<Counts>,
    /// What the baseline covers: from, to.
    pub window: Option<(Timestamp, Timestamp)>,
    /// Where it came from, in words without secrets.
    pub source: Option<String>,
}

impl Baseline {
    /// The [`Baseline::source`] of a number that the policy itself gives.
    pub const FIXED: &'static str = "policy";

    /// Fewer known samples are no baseline.
    pub const FEWEST_SAMPLES: usize = 5;

    /// A number that the policy itself gives: it needs no samples behind it.
    ///
    /// ```
    /// use runbook_gate::{Baseline, Finite};
    /// let baseline = Baseline::fixed(Finite::new(0.2).unwrap());
    /// assert!(baseline.is_fixed());
    /// ```
    #[must_use]
    pub fn fixed(number: Finite) -> Self {
        Self {
            median: number,
            p95: number,
            worst: None,
            count: 0,
            counts: None,
            window: None,
            source: Some(Self::FIXED.to_owned()),
        }
    }

    /// Whether the policy itself gives it.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        self.source.as_deref() == Some(Self::FIXED)
    }

    /// The baseline of what was observed before a deployment, in any order; `None` where that is too little: fewer than 5
    /// known samples, or, of counts, fewer than `min_requests` in all.
    ///
    /// `worst` is the highest median of any window of length `judged_over` that lies whole in the observations and holds at
    /// least three of them; `None` where no criterion compares the signal over a duration. Of counts there is no `worst`.
    ///
    /// ```
    /// use runbook_gate::sample::Sample;
    /// use runbook_gate::{Baseline, Duration, Timestamp};
    ///
    /// let start: Timestamp = "2026-01-01T00:00:00Z".parse()?;
    /// let observed: Vec<(Timestamp, Sample)> = (0..40_u64)
    ///     .map(|i| (start + Duration::from_secs(15 * i), Sample::from_number(0.2 + 0.001 * i as f64)))
    ///     .collect();
    /// let baseline = Baseline::from_observations(&observed, Some(Duration::from_secs(300)), 30).unwrap();
    /// assert_eq!(baseline.count, 40);
    /// assert!((baseline.median.get() - 0.2195).abs() < 1e-9);
    /// assert!((baseline.worst.unwrap().get() - 0.2295).abs() < 1e-9);
    /// assert!(Baseline::from_observations(&observed[..4], None, 30).is_none());
    /// # Ok::<(), runbook_gate::TimestampError>(())
    /// ```
    #[must_use]
    pub fn from_observations(
        observed: &[(Timestamp, Sample)],
        judged_over: Option<Duration>,
        min_requests: u32,
    ) -> Option<Self> {
        let mut known: Vec<(Timestamp, f64)> = Vec::new();
        let (mut bad, mut total, mut counted) = (0.0, 0.0, 0_usize);
        for (t, sample) in observed {
            match sample {
                Sample::Known(Reading::Value { value, .. }) => known.push((*t, value.get())),
                Sample::Known(Reading::Counts(counts)) if counts.total() > 0.0 => {
                    known.push((*t, counts.bad() / counts.total()));
                    bad += counts.bad();
                    total += counts.total();
                    counted += 1;
                }
                Sample::Known(Reading::Counts(_)) | Sample::Absent(_) => {}
            }
        }
        known.sort_by_key(|(t, _)| *t);
        let ratio = counted > 0 && counted == known.len();
        let enough =
            if ratio { total >= f64::from(min_requests) } else { known.len() >= Self::FEWEST_SAMPLES };
        if !enough {
            return None;
        }
        let mut values: Vec<f64> = known.iter().map(|(_, value)| *value).collect();
        let window = known.first().zip(known.last()).map(|((from, _), (to, _))| (*from, *to));
        Some(Self {
            median: Finite::new(statistics::median(&mut values)?)?,
            p95: Finite::new(statistics::percentile(&mut values, 95.0)?)?,
            worst: judged_over.filter(|_| !ratio).and_then(|length| worst(&known, length)),
            count: known.len() as u64,
            counts: if ratio { Counts::new(bad, total) } else { None },
            window,
            source: None,
        })
    }
}

/// The highest median of a window of this length that lies whole in the observations.
fn worst(known: &[(Timestamp, f64)], length: Duration) -> Option<Finite> {
    let (first, _) = known.first()?;
    let mut oldest = 0;
    let mut values: Vec<f64> = Vec::new();
    let mut highest: Option<f64> = None;
    for (newest, (to, _)) in known.iter().enumerate() {
        while known.get(oldest).is_some_and(|(t, _)| *t <= *to - length) {
            oldest += 1;
        }
        if to.since(*first) < length || newest < oldest + 2 {
            continue;
        }
        values.clear();
        values.extend(known.iter().take(newest + 1).skip(oldest).map(|(_, value)| *value));
        let median = statistics::median(&mut values)?;
        highest = Some(highest.map_or(median, |highest| highest.max(median)));
    }
    highest.and_then(Finite::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(samples: impl IntoIterator<Item = Sample>) -> Vec<(Timestamp, Sample)> {
        let step = Duration::from_secs(15);
        samples
            .into_iter()
            .enumerate()
            .map(|(place, sample)| (Timestamp::from_secs(0) + step.times(place as u64), sample))
            .collect()
    }

    #[test]
    fn counts_are_pooled_and_have_no_worst() {
        let samples = (0..10).map(|place| Sample::from_counts(f64::from(place % 2), 10.0));
        let found =
            Baseline::from_observations(&observed(samples), Some(Duration::from_secs(60)), 30).unwrap();
        let counts = found.counts.unwrap();
        assert_eq!((counts.bad(), counts.total()), (5.0, 100.0));
        assert_eq!((found.median.get(), found.count, found.worst), (0.05, 10, None));
        assert_eq!(found.window, Some((Timestamp::from_secs(0), Timestamp::from_secs(135))));
    }

    #[test]
    fn too_little_is_no_baseline() {
        let four = observed((0..4).map(|place| Sample::from_number(f64::from(place))));
        assert!(Baseline::from_observations(&four, None, 30).is_none());
        let quiet = observed((0..29).map(|_| Sample::from_counts(0.0, 1.0)));
        assert!(Baseline::from_observations(&quiet, None, 30).is_none());
        let enough = observed([Sample::from_counts(0.0, 30.0)]);
        assert!(Baseline::from_observations(&enough, None, 30).is_some());
        let absent = observed((0..90).map(|_| Sample::from_number(f64::NAN)));
        assert!(Baseline::from_observations(&absent, None, 30).is_none());
        assert!(Baseline::from_observations(&[], None, 0).is_none());
    }

    #[test]
    fn absent_samples_are_left_out() {
        let samples = [0.1, f64::NAN, 0.2, 0.3, f64::INFINITY, 0.4, 0.5].map(Sample::from_number);
        let found = Baseline::from_observations(&observed(samples), None, 30).unwrap();
        assert_eq!((found.count, found.median.get()), (5, 0.3));
    }

    #[test]
    fn the_worst_is_the_highest_median_of_a_whole_window() {
        // A minute of 0.9 in half an hour of 0.2: the highest median over a minute sees it, that over five does not.
        let samples =
            (0..120).map(|place| Sample::from_number(if (60..64).contains(&place) { 0.9 } else { 0.2 }));
        let observed = observed(samples);
        let worst = |seconds| {
            let found = Baseline::from_observations(&observed, Some(Duration::from_secs(seconds)), 30);
            found.unwrap().worst.map(Finite::get)
        };
        assert_eq!(worst(60), Some(0.9));
        assert_eq!(worst(300), Some(0.2));
        assert_eq!(worst(36_000), None);
    }

    #[test]
    fn the_order_does_not_matter() {
        let mut observed = observed((0..50).map(|place| Sample::from_number(f64::from(place * 7 % 13))));
        let there = Baseline::from_observations(&observed, Some(Duration::from_secs(60)), 30);
        observed.reverse();
        assert_eq!(Baseline::from_observations(&observed, Some(Duration::from_secs(60)), 30), there);
    }
}
