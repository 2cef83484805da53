//! An incident's times: since when, how long until it was seen, how long until it was over.

use crate::gate::{Decision, Outcome};
use crate::rollback::{Release, VerdictRecord};
use crate::{Duration, Timestamp};

/// What happened, from the first harm to the recovery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// The decision that began it.
    pub verdict: VerdictRecord,
    /// What was gone back to, where that is known.
    pub target: Option<Release>,
    /// When the rollback began.
    pub rollback_started: Option<Timestamp>,
    /// What the gate said after the rollback.
    pub recovery: Option<VerdictRecord>,
}

/// The moments of an incident, as far as they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// When the harm began.
    pub onset: Option<Timestamp>,
    /// When the gate decided.
    pub decided: Option<Timestamp>,
    /// When the rollback began.
    pub rollback_started: Option<Timestamp>,
    /// When a gate knew that the service is well again; `None` as long as none does.
    pub recovered: Option<Timestamp>,
}

impl Times {
    /// The moments of the incident that a gate over a redeployment ends; `None` for the gate of a release.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Option<Self> {
        let recovery = outcome.recovery.as_ref()?;
        let failed = recovery.failed.as_ref();
        Some(Self {
            onset: failed.and_then(|failed| failed.onset),
            decided: failed.and_then(|failed| failed.decided_at),
            rollback_started: recovery.rollback_started,
            recovered: outcome.decided_at.filter(|_| outcome.decision == Decision::Proceed),
        })
    }

    /// From the first harm to the decision; `None` where either is not known.
    ///
    /// ```
    /// use runbook_gate::rollback::Times;
    /// use runbook_gate::{Duration, Timestamp};
    /// let at = |seconds| Some(Timestamp::from_secs(seconds));
    /// let times = Times { onset: at(0), decided: at(300), recovered: at(900), ..Times::default() };
    /// assert_eq!(times.time_to_detect(), Some(Duration::from_secs(300)));
    /// assert_eq!(times.time_to_restore(), Some(Duration::from_secs(900)));
    /// ```
    #[must_use]
    pub fn time_to_detect(&self) -> Option<Duration> {
        between(self.onset, self.decided)
    }

    /// From the first harm, or from the decision where that is not known, until the service was known to be well again.
    #[must_use]
    pub fn time_to_restore(&self) -> Option<Duration> {
        between(self.onset.or(self.decided), self.recovered)
    }
}

impl Incident {
    /// Its moments.
    #[must_use]
    pub fn times(&self) -> Times {
        let recovery = self.recovery.as_ref().filter(|recovery| recovery.proves_good());
        Times {
            onset: self.verdict.onset,
            decided: self.verdict.decided_at,
            rollback_started: self.rollback_started,
            recovered: recovery.and_then(|recovery| recovery.decided_at),
        }
    }

    /// From the first harm to the decision; `None` where either is not known.
    #[must_use]
    pub fn time_to_detect(&self) -> Option<Duration> {
        self.times().time_to_detect()
    }

    /// From the first harm until the gate knew that the service is well again; `None` as long as it is not.
    #[must_use]
    pub fn time_to_restore(&self) -> Option<Duration> {
        self.times().time_to_restore()
    }

    /// How it stands, in words.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match &self.recovery {
            Some(recovery) if recovery.proves_good() => "recovered",
            Some(_) => "not recovered",
            None => "not recovered yet",
        }
    }

    /// The times, in order, each with what happened.
    #[must_use]
    pub fn timeline(&self) -> Vec<(Timestamp, String)> {
        let verdict = &self.verdict;
        let mut times: Vec<(Timestamp, String)> = [
            (verdict.started_at, format!("the gate began to watch {}", verdict.release.words())),
            (verdict.onset, "the harm began".to_owned()),
            (verdict.decided_at, format!("the gate said {}: {}", verdict.decision, verdict.reason)),
            (self.rollback_started, format!("the rollback began{}", self.to_target())),
        ]
        .into_iter()
        .filter_map(|(time, what)| Some((time?, what)))
        .collect();
        if let Some(recovery) = &self.recovery {
            let said = if recovery.proves_good() { "recovered" } else { "not recovered" };
            times.extend(recovery.decided_at.map(|at| (at, format!("{said}: {}", recovery.reason))));
        }
        times.sort_by_key(|(time, _)| *time);
        times
    }

    fn to_target(&self) -> String {
        self.target.as_ref().map(|target| format!(" to {}", target.words())).unwrap_or_default()
    }
}

/// A clock that went backwards measures nothing.
fn between(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<Duration> {
    let (from, to) = (from?, to?);
    (from <= to).then(|| to.since(from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Enforcement;
    use crate::rollback::Profile;

    fn at(minute: u64) -> Option<Timestamp> {
        Some("2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + Duration::from_secs(60 * minute))
    }

    fn verdict(decision: Decision, onset: Option<Timestamp>, decided_at: Option<Timestamp>) -> VerdictRecord {
        VerdictRecord {
            service: "orders-api".into(),
            environment: "production".into(),
            profile: Profile::Deployment,
            decision,
            enforcement: Enforcement::Enforce,
            reason: "r".into(),
            criterion: None,
            release: Release { run: Some(9), version: "1.9.0".into(), commit: String::new() },
            judged_in: Some(9),
            started_at: at(0),
            onset,
            decided_at,
            policy_sha256: String::new(),
            pre_existing: Vec::new(),
            images: None,
        }
    }

    fn incident() -> Incident {
        Incident {
            verdict: verdict(Decision::Rollback, at(5), at(10)),
            target: None,
            rollback_started: at(11),
            recovery: Some(verdict(Decision::Proceed, None, at(20))),
        }
    }

    #[test]
    fn times_are_measured_from_the_first_harm() {
        let incident = incident();
        assert_eq!(incident.time_to_detect(), Some(Duration::from_secs(300)));
        assert_eq!(incident.time_to_restore(), Some(Duration::from_secs(900)));
        let words: Vec<String> = incident.timeline().into_iter().map(|(_, what)| what).collect();
        assert_eq!(
            words,
            [
                "the gate began to watch 1.9.0 (run 9)",
                "the harm began",
                "the gate said rollback: r",
                "the rollback began",
                "recovered: r"
            ]
        );
    }

    #[test]
    fn a_service_that_is_not_well_again_has_no_time_to_restore() {
        let mut incident = incident();
        incident.recovery = Some(verdict(Decision::Hold, None, at(20)));
        assert_eq!(incident.time_to_restore(), None);
        assert_eq!(incident.timeline().last().map(|(_, what)| what.as_str()), Some("not recovered: r"));
        incident.recovery = None;
        assert_eq!(incident.time_to_restore(), None);
    }

    #[test]
    fn a_clock_that_went_backwards_measures_nothing() {
        let mut incident = incident();
        incident.verdict.onset = at(30);
        assert_eq!((incident.time_to_detect(), incident.time_to_restore()), (None, None));
    }
}
