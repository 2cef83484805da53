//! Azure Monitor: metrics of resources, logs by KQL, new errors, and alerts.
//!
//! Their points come late and lie on the clock's whole steps. A point is asked for once its `ingestion_delay` has passed: what
//! is newer is not whole yet, and no evidence.

mod alerts;
mod errors;
mod iso;
mod kql;
mod logs;
mod metrics;
mod refusal;

pub use kql::KqlError;
pub(crate) use logs::{columns_of, describe as describe_logs, step_of};

pub(super) use alerts::Alerts;
pub(super) use errors::Errors;
pub(super) use logs::Logs;
pub(super) use metrics::Metrics;

use super::due::{Align, Grid};
use crate::Duration;

/// How many points before the newest are asked for again.
const OVERLAP: u32 = 2;

/// The points of a signal: each spans its step, back from its time.
const fn grid(step: Duration, delay: Duration) -> Grid {
    Grid { step, span: step, delay, align: Align::Clock }
}
