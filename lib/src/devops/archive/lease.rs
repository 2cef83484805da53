//! Keeping a run, so that its artifacts are still there when they are deployed again.

use crate::devops::failure::DevOpsError;
use crate::devops::runs::{self, Build, Lease, NewLease};
use crate::numbers::moment;
use crate::{Duration, Timestamp};

use super::AzureDevOpsArchive;

/// For how many days a run is kept.
const DAYS: u16 = 30;
/// A lease of this gate's own that holds at least so long is enough.
const ENOUGH: Duration = Duration::from_secs(15 * 86_400);

/// Until when a run is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// This gate kept it before.
    Already {
        /// Until when.
        until: Timestamp,
    },
    /// From now on.
    Made {
        /// Until when.
        until: Timestamp,
    },
}

impl Retention {
    /// In words: `run 12 is kept until 2026-12-25 10:00:00 UTC`.
    #[must_use]
    pub fn words(&self, run: u64) -> String {
        match self {
            Self::Already { until } => format!("run {run} was kept before, until {}", moment(*until)),
            Self::Made { until } => format!("run {run} is kept until {}", moment(*until)),
        }
    }
}

impl AzureDevOpsArchive<'_> {
    /// Keeps a run for 30 days from `now`, where this gate does not keep it for half as long already: asked again, it makes no
    /// second lease.
    ///
    /// # Errors
    /// Where it is not kept, or that cannot be seen.
    pub fn retain(&self, run: u64, now: Timestamp) -> Result<Retention, DevOpsError> {
        let owner = format!("runbook-gate:{}:{}", self.service, self.at.environment);
        let mut answers = self.client.send_all(&[runs::leases(run), runs::build(run)]).into_iter();
        let mut next = || answers.next().unwrap_or_else(|| super::look::missing(run));
        let leases = next().and_then(|answer| answer.page::<Lease>())?.items;
        let held =
            leases.iter().filter(|lease| lease.owner_id == owner).filter_map(|lease| lease.valid_until);
        if let Some(until) = held.max().filter(|until| *until >= now + ENOUGH) {
            return Ok(Retention::Already { until });
        }
        let definition = next().and_then(|answer| answer.read::<Build>())?.definition.id;
        let made = self.client.keep_run(&NewLease { run, definition, owner, days: DAYS })?;
        let until = made.iter().filter_map(|lease| lease.valid_until).max();
        let until = until.unwrap_or(now + Duration::from_secs(u64::from(DAYS) * 86_400));
        Ok(Retention::Made { until })
    }
}
