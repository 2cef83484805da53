//! A recovery in words: what became of it, and the incident that it ends.

use super::{Report, Standing, numbers};
use crate::gate::{Decision, Outcome};
use crate::rollback::Times;
use crate::{Duration, Timestamp};

/// The decision as people read it: `proceed`, `hold` or `rollback`; of a recovery `recovered` or `not recovered`.
#[must_use]
pub const fn word(outcome: &Outcome) -> &'static str {
    match (&outcome.recovery, outcome.decision) {
        (None, Decision::Proceed) => "proceed",
        (None, Decision::Hold) => "hold",
        (None, Decision::Rollback) => "rollback",
        (Some(_), Decision::Proceed) => "recovered",
        (Some(_), Decision::Hold | Decision::Rollback) => "not recovered",
    }
}

/// The incident, a sentence each; nothing for the gate of a release.
pub(super) fn incident(outcome: &Outcome) -> Vec<String> {
    let (Some(recovery), Some(times)) = (&outcome.recovery, Times::of(outcome)) else { return Vec::new() };
    let mut lines = Vec::new();
    match &recovery.failed {
        Some(failed) => {
            let release = named(&failed.release, "A release that nobody named");
            lines.push(match failed.reason.as_str() {
                "" => format!("{release} was rolled back."),
                reason => format!("{release} was rolled back: {reason}"),
            });
        }
        None => lines.push("No gate is known to have failed.".to_owned()),
    }
    lines.push(match recovery.redeployed.as_str() {
        "" => "Which version was deployed again was not said.".to_owned(),
        version => format!("{version} was deployed again."),
    });
    let moments: [(Option<Timestamp>, &str); 4] = [
        (times.onset, "the harm began"),
        (times.decided, "the gate decided"),
        (times.rollback_started, "the rollback began"),
        (times.recovered, "the service was known to be well again"),
    ];
    lines.extend(
        moments.into_iter().filter_map(|(at, what)| Some(format!("{}: {what}.", numbers::moment(at?)))),
    );
    lines.push(format!("Time to detect: {}.", length(times.time_to_detect(), "not known")));
    let open = if outcome.decision == Decision::Proceed { "not known" } else { "it is not over" };
    lines.push(format!("Time to restore: {}.", length(times.time_to_restore(), open)));
    lines
}

fn named<'n>(name: &'n str, otherwise: &'n str) -> &'n str {
    if name.is_empty() { otherwise } else { name }
}

fn length(length: Option<Duration>, otherwise: &str) -> String {
    length.map_or_else(|| otherwise.to_owned(), |length| length.rounded().to_string())
}

impl Report {
    /// What a person has to do after the gate over a redeployment.
    pub(super) fn next_of_recovery(&self) -> String {
        if self.outcome.decision == Decision::Proceed {
            let caveats = if self.gate.has_caveats() {
                " Some criteria passed with a reservation, which stands beside them."
            } else {
                ""
            };
            return format!(
                "The service has recovered, as far as the policy sees it. Write down what happened, and find the root cause.{caveats}"
            );
        }
        let first = match self.gate.ended() {
            Some("cancelled" | "incomplete") => {
                "The gate ended before it could decide: run it again, and look at the service until then."
            }
            Some("never served") => {
                "The version that was deployed again does not serve: look at the redeployment first."
            }
            _ => "A person must look at the service now: going back did not prove to be enough.",
        };
        let of = |standing: Standing, words: &str| {
            let rows: Vec<String> = self
                .gate
                .deciding()
                .filter(|row| row.standing == standing)
                .map(|row| format!("`{}`", row.criterion))
                .collect();
            let more = match rows.len().saturating_sub(4) {
                0 => String::new(),
                more => format!("; and {more} more"),
            };
            match rows.get(..4).unwrap_or(&rows) {
                [] => String::new(),
                shown => format!(" {words}: {}{more}.", shown.join("; ")),
            }
        };
        format!("{first}{}{}", of(Standing::Against, "Still wrong"), of(Standing::Open, "Not known"))
    }
}
