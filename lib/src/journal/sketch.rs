//! Journals for tests: signals that are read every 15 seconds.

use crate::policy::rules::{Configured, GateCriterion};
use crate::{Duration, SignalName, Timestamp};

use super::{Line, write};

pub(crate) const STEP: Duration = Duration::from_secs(15);

/// The `k`th moment of a journal; it starts at 0.
pub(crate) fn t(k: u64) -> Timestamp {
    Timestamp::from_secs(1_767_225_600) + STEP.times(k)
}

pub(crate) fn name(text: &str) -> SignalName {
    text.parse().unwrap()
}

/// A criterion whose signals have sources.
pub(crate) fn criterion(text: &str) -> GateCriterion {
    GateCriterion { criterion: text.parse().unwrap(), configured: Configured::Yes }
}

/// The lines as a file has them.
pub(crate) fn text<'l>(lines: impl IntoIterator<Item = &'l Line>) -> String {
    lines.into_iter().map(|line| write(line) + "\n").collect()
}
