//! What a signal was before the deployment.

use crate::sample::Counts;
use crate::{Finite, Timestamp};

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
