//! From how every criterion stands to the decision and its reason.

use super::outcome::{CriterionKind, CriterionOutcome, CriterionStatus, Decision, Ending, Outcome};
use super::recovery::Purpose;
use super::series::{Nanos, Series, length, moment};
use super::standing::{Standing, not_configured};
use super::watch::{Cause, Times, Watch};
use super::wording;
use crate::Duration;
use crate::policy::rules::{Configured, GateCriterion};

impl Watch {
    /// The outcome now; `newest_line` is the time of the newest tick, request or end.
    pub(super) fn outcome(&mut self, newest_line: Option<Nanos>) -> Outcome {
        let Some(times) = self.times else {
            return Outcome {
                reason: "the journal has no start line: nothing was watched".to_owned(),
                ending: Ending::Incomplete,
                ..Outcome::default()
            };
        };
        self.prepare();
        self.put_in_late_points();
        let (at, cause) = match &self.closing {
            Some(closing) => (closing.at, closing.cause.clone()),
            None => {
                let newest = self.newest.max(newest_line).unwrap_or(times.start);
                (newest.clamp(times.start, self.end().unwrap_or(times.end)), Cause::Unsettled)
            }
        };
        let criteria = self.criteria(times, at);
        let ending = match &cause {
            Cause::Tripped(_) | Cause::Watched => Ending::Complete,
            Cause::Unsettled => Ending::Incomplete,
            Cause::Requested { by, .. } => Ending::Requested { by: by.clone() },
            Cause::Unserved { .. } => Ending::Unserved,
            Cause::Cancelled { by } => Ending::Cancelled { by: by.clone() },
        };
        let verdict = self.verdict(times, at, &cause, &criteria);
        Outcome {
            decision: verdict.decision,
            decided_at: Some(moment(at)),
            criterion: verdict.criterion,
            reason: verdict.reason,
            also: verdict.also,
            started_at: Some(moment(times.start)),
            watch_from: Some(moment(times.watch_from)),
            watch_to: Some(moment(times.end)),
            extended_by: if self.extension.is_some() {
                length(at.saturating_sub(times.end))
            } else {
                Duration::ZERO
            },
            ending,
            criteria,
            signals: self.series.iter().map(|series: &Series| series.summary(at)).collect(),
            late: self.late,
            ..Outcome::default()
        }
    }

    fn criteria(&self, times: Times, at: Nanos) -> Vec<CriterionOutcome> {
        let standing = Standing {
            view: self.view(times),
            at,
            min_coverage: self.rules.min_coverage(),
            steady: self.rules.steady(),
        };
        let rollback = self.rules.rollback_when().iter().zip(&self.judges).enumerate();
        let rollback = rollback.map(|(index, (rule, judge))| match judge {
            Some(judge) => standing.rollback(judge, self.running_in_extension(index)),
            None => unconfigured(rule, CriterionKind::Rollback),
        });
        let verify = self.rules.verify().iter().zip(&self.verifiers).map(|(rule, verifier)| match verifier {
            Some(verifier) => standing.verify(verifier),
            None => unconfigured(rule, CriterionKind::Verify),
        });
        rollback.chain(verify).collect()
    }

    fn verdict(&self, times: Times, at: Nanos, cause: &Cause, criteria: &[CriterionOutcome]) -> Verdict {
        let mut against: Vec<&CriterionOutcome> =
            criteria.iter().filter(|criterion| weight(criterion.status).is_some()).collect();
        against.sort_by_key(|criterion| weight(criterion.status));
        let sentences = |from: usize| against.iter().skip(from).map(|c| sentence(c)).collect::<Vec<_>>();
        let by_word = |decision: Decision, reason: String| Verdict {
            decision,
            criterion: None,
            reason,
            also: sentences(0),
        };
        match cause {
            Cause::Tripped(index) => match criteria.get(*index) {
                Some(tripped) => Verdict {
                    decision: Decision::Rollback,
                    criterion: Some(tripped.criterion.clone()),
                    reason: tripped.explanation.summary.clone(),
                    also: Vec::new(),
                },
                None => by_word(Decision::Rollback, "a rollback criterion tripped".to_owned()),
            },
            Cause::Requested { decision, by } => {
                let what = if *decision == Decision::Rollback { "a rollback" } else { "a hold" };
                let asked = format!("{by} asked for {what} at {} UTC", wording::clock(at));
                match self.purpose {
                    Purpose::Release => by_word(*decision, asked),
                    // What is watched was gone back to: a job that goes back once more would go to nobody knows what.
                    Purpose::Recovery => by_word(Decision::Hold, asked),
                }
            }
            Cause::Unserved { why } => Verdict {
                decision: Decision::Hold,
                criterion: None,
                reason: why.clone(),
                // Nothing was watched: that every criterion is unknown says nothing more.
                also: Vec::new(),
            },
            Cause::Cancelled { by } => by_word(
                Decision::Hold,
                format!("the gate was cancelled by {by} at {} UTC", wording::clock(at)),
            ),
            Cause::Unsettled => {
                let ended = format!(
                    "the journal ends at {} UTC, before the watch did at {}",
                    wording::clock(at),
                    wording::clock(self.end().unwrap_or(times.end))
                );
                let running = criteria.iter().find(|c| c.status == CriterionStatus::Running);
                match running.filter(|_| self.extension.is_some()) {
                    // The watch itself was over: what had not cleared is why.
                    Some(running) => Verdict {
                        decision: Decision::Hold,
                        criterion: Some(running.criterion.clone()),
                        reason: format!("{}; {ended}", sentence(running)),
                        also: sentences(0).into_iter().filter(|other| *other != sentence(running)).collect(),
                    },
                    None => by_word(Decision::Hold, ended),
                }
            }
            Cause::Watched => {
                if let Some(first) = against.first() {
                    return Verdict {
                        decision: Decision::Hold,
                        criterion: Some(first.criterion.clone()),
                        reason: sentence(first),
                        also: sentences(1),
                    };
                }
                let judged = criteria.iter().filter(|c| c.status != CriterionStatus::NotConfigured).count();
                if judged == 0 {
                    return by_word(
                        Decision::Hold,
                        "nothing was judged: no criterion of the policy has a source".to_owned(),
                    );
                }
                let read = |series: &&Series| criteria.iter().any(|one| one.signals.contains(&series.name));
                let known = self.series.iter().filter(read).map(|series| series.totals.known).sum();
                Verdict {
                    decision: Decision::Proceed,
                    criterion: None,
                    reason: proceed(length(at.saturating_sub(times.watch_from)), criteria, known),
                    also: Vec::new(),
                }
            }
        }
    }
}

struct Verdict {
    decision: Decision,
    criterion: Option<String>,
    reason: String,
    also: Vec<String>,
}

fn unconfigured(rule: &GateCriterion, kind: CriterionKind) -> CriterionOutcome {
    let missing = match &rule.configured {
        Configured::No { missing } => missing.as_slice(),
        Configured::Yes => &[],
    };
    not_configured(&rule.criterion, kind, missing)
}

/// What speaks for `hold`, the heaviest first.
const fn weight(status: CriterionStatus) -> Option<u8> {
    match status {
        CriterionStatus::Failed => Some(0),
        CriterionStatus::Running => Some(1),
        CriterionStatus::PreExisting => Some(2),
        CriterionStatus::Unknown => Some(3),
        CriterionStatus::Tripped
        | CriterionStatus::Clear
        | CriterionStatus::Passed
        | CriterionStatus::NotConfigured => None,
    }
}

fn sentence(criterion: &CriterionOutcome) -> String {
    let summary = &criterion.explanation.summary;
    match criterion.status {
        CriterionStatus::Unknown => format!("`{}` is unknown: {summary}", criterion.criterion),
        CriterionStatus::PreExisting => format!("pre-existing: {summary}"),
        _ => summary.clone(),
    }
}

/// `known` counts the known samples of what the criteria read.
fn proceed(watched: Duration, criteria: &[CriterionOutcome], known: u64) -> String {
    let count = |status: CriterionStatus| criteria.iter().filter(|c| c.status == status).count();
    let (clear, passed) = (count(CriterionStatus::Clear), count(CriterionStatus::Passed));
    let plural = |number: usize, one: &str, many: &str| {
        if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
    };
    let mut parts = Vec::new();
    if clear > 0 {
        parts.push(format!("{} clear", plural(clear, "rollback criterion", "rollback criteria")));
    }
    if passed > 0 {
        parts.push(format!("{} passed", plural(passed, "verification criterion", "verification criteria")));
    }
    let caveats = criteria.iter().filter(|criterion| criterion.caveat.is_some()).count();
    let caveats = match caveats {
        0 => String::new(),
        _ if known == 0 => "; nothing is known of any of their signals".to_owned(),
        some => format!("; {}", plural(some, "caveat", "caveats")),
    };
    format!("watched for {watched}: {}{caveats}", parts.join(", "))
}
