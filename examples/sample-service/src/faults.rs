//! What is wrong with the service: switches that the command line sets first and `POST /faults` changes later.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The longest delay that can be asked for, so that a request always ends.
pub const MAX_LATENCY_MS: u64 = 10_000;

/// The switches as they stand.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Faults {
    /// Share of requests to the business routes that fail with 500, 0 to 1.
    pub error_ratio: f64,
    /// Milliseconds added to each business request.
    pub latency_ms: u64,
    /// Whether `/health` and `/ready` answer 503.
    pub unhealthy: bool,
    /// Seconds of a flapping service: healthy this long, unhealthy this long, and again. 0 is steady.
    pub flap_seconds: u64,
}

/// A change of the switches: what is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// See [`Faults::error_ratio`].
    pub error_ratio: Option<f64>,
    /// See [`Faults::latency_ms`].
    pub latency_ms: Option<u64>,
    /// See [`Faults::unhealthy`].
    pub unhealthy: Option<bool>,
    /// See [`Faults::flap_seconds`].
    pub flap_seconds: Option<u64>,
}

/// Why switches cannot be set so.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultsError {
    /// No share.
    #[error("error_ratio is a share of requests: write a number from 0 to 1, such as 0.2 for 20 %")]
    ErrorRatio,
    /// Longer than any client waits.
    #[error("latency_ms is at most {MAX_LATENCY_MS}")]
    Latency,
}

/// Whether the service says that it is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Answers 200.
    Well,
    /// Answers 503.
    Unwell,
}

impl Faults {
    /// The switches after a change.
    ///
    /// # Errors
    /// When a switch would have no meaning; nothing is changed then.
    ///
    /// ```
    /// use sample_service::faults::{Change, Faults};
    ///
    /// let changed = Faults::default().changed(&Change { error_ratio: Some(0.2), ..Change::default() })?;
    /// assert_eq!(changed.error_ratio, 0.2);
    /// # Ok::<(), sample_service::faults::FaultsError>(())
    /// ```
    pub fn changed(&self, change: &Change) -> Result<Self, FaultsError> {
        let faults = Self {
            error_ratio: change.error_ratio.unwrap_or(self.error_ratio),
            latency_ms: change.latency_ms.unwrap_or(self.latency_ms),
            unhealthy: change.unhealthy.unwrap_or(self.unhealthy),
            flap_seconds: change.flap_seconds.unwrap_or(self.flap_seconds),
        };
        if !(0.0..=1.0).contains(&faults.error_ratio) {
            return Err(FaultsError::ErrorRatio);
        }
        if faults.latency_ms > MAX_LATENCY_MS {
            return Err(FaultsError::Latency);
        }
        Ok(faults)
    }

    /// What the health endpoints say, this long after the switches were set.
    #[must_use]
    pub fn health(&self, since_set: Duration) -> Health {
        let flapped = match self.flap_seconds {
            0 => false,
            period => (since_set.as_secs() / period) % 2 == 1,
        };
        if self.unhealthy || flapped { Health::Unwell } else { Health::Well }
    }

    /// What business request number `n` meets.
    #[must_use]
    pub fn strike(&self, seed: u64, n: u64) -> Strike {
        // Two draws of one request must not go together: a slow request is no likelier to fail.
        let error_draw = unit(mix(seed ^ mix(n)));
        let work_draw = unit(mix(seed ^ mix(n) ^ 0x5851_f42d_4c95_7f2d));
        let work_ms = 3.0 + 12.0 * work_draw * work_draw;
        let work = Duration::from_secs_f64(work_ms / 1000.0) + Duration::from_millis(self.latency_ms);
        Strike { work, fails: error_draw < self.error_ratio }
    }
}

/// What one request meets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strike {
    /// How long its work takes: 3 to 15 ms, and what the switch adds.
    pub work: Duration,
    /// Whether it ends with 500.
    pub fails: bool,
}

/// `SplitMix64`'s output function (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
fn mix(n: u64) -> u64 {
    let z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// 53 random bits as a number in [0, 1).
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failures(ratio: f64, seed: u64) -> Vec<u64> {
        let faults = Faults { error_ratio: ratio, ..Faults::default() };
        (0..10_000).filter(|&n| faults.strike(seed, n).fails).collect()
    }

    #[test]
    fn the_same_seed_fails_the_same_requests() {
        assert_eq!(failures(0.2, 7), failures(0.2, 7));
        assert_ne!(failures(0.2, 7), failures(0.2, 8));
    }

    #[test]
    fn the_share_of_failures_is_the_one_asked_for() {
        assert_eq!(failures(0.0, 1).len(), 0);
        assert_eq!(failures(1.0, 1).len(), 10_000);
        let share = failures(0.2, 1).len();
        assert!((1_800..=2_200).contains(&share), "{share} of 10000");
    }

    #[test]
    fn work_takes_3_to_15_ms_and_the_added_latency() {
        let plain = Faults::default();
        let slow = Faults { latency_ms: 300, ..Faults::default() };
        for n in 0..1_000 {
            let work = plain.strike(1, n).work;
            assert!(work >= Duration::from_millis(3) && work < Duration::from_millis(15), "{work:?}");
            assert_eq!(slow.strike(1, n).work, work + Duration::from_millis(300));
        }
    }

    #[test]
    fn a_flapping_service_is_well_first_and_then_unwell_in_turn() {
        let faults = Faults { flap_seconds: 5, ..Faults::default() };
        let at = |seconds| faults.health(Duration::from_secs(seconds));
        assert_eq!(
            [at(0), at(4), at(5), at(9), at(10)],
            [Health::Well, Health::Well, Health::Unwell, Health::Unwell, Health::Well]
        );
    }

    #[test]
    fn a_change_keeps_what_it_leaves_out() {
        let before = Faults { latency_ms: 50, unhealthy: true, ..Faults::default() };
        let after = before.changed(&Change { error_ratio: Some(0.5), ..Change::default() });
        assert_eq!(after, Ok(Faults { error_ratio: 0.5, ..before }));
    }

    #[test]
    fn meaningless_switches_are_refused() {
        let none = Faults::default();
        for ratio in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            let change = Change { error_ratio: Some(ratio), ..Change::default() };
            assert_eq!(none.changed(&change), Err(FaultsError::ErrorRatio));
        }
        let change = Change { latency_ms: Some(MAX_LATENCY_MS + 1), ..Change::default() };
        assert_eq!(none.changed(&change), Err(FaultsError::Latency));
    }
}
