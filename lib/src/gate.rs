//! The gate: a pure state machine from the journal's lines to a decision.
//!
//! It does no I/O, reads no clock and starts no thread. The live driver and a replay feed it the same lines and get the
//! same outcome.
//!
//! Samples wait until a `tick` line says that everything up to its time has settled; then each sample time that has not been
//! evaluated is, in order of time, with all signals' samples of one time together. A journal without `tick` lines is evaluated
//! in the same order by [`Gate::finish`] or at its `end` line; of a long one, only so much waits that memory stays bounded,
//! and what comes after its time was evaluated is counted as late.

mod course;
mod explain;
mod flapping;
mod instant;
mod judge;
pub mod outcome;
mod pending;
mod predicate;
mod ranks;
mod recovery;
mod remarks;
mod series;
mod standing;
mod strict;
mod sustained;
mod threshold;
pub mod trace;
mod verdict;
mod verification;
mod watch;
mod wording;

use crate::journal::Line;
use crate::policy::rules::GateRules;
use crate::{SignalName, Timestamp};

use series::{Nanos, moment};
use watch::Watch;

pub use outcome::{
    CriterionKind, CriterionOutcome, CriterionStatus, Decision, Ending, Explanation, Outcome, Progress,
};
pub use recovery::{FailedGate, Recovery, recovery_rules};

/// Notes that are kept.
const MOST_NOTES: usize = 200;
/// Names of signals that the policy does not have, that are counted one by one.
const MOST_IGNORED: usize = 200;
/// Samples that wait in a journal without ticks, before the oldest are evaluated.
const MOST_WAITING: usize = 200_000;

/// The state machine.
///
/// Lines go in by [`Gate::apply`], in order; once it returns a decision, or the journal ends, [`Gate::finish`] gives the
/// outcome.
///
/// ```
/// use runbook_gate::gate::{Decision, Gate};
/// use runbook_gate::journal::Line;
/// use runbook_gate::policy::rules::{Configured, GateCriterion, GateRules, ReadingKind, SignalRules};
/// use runbook_gate::sample::{Sample, State};
/// use runbook_gate::{Duration, Timestamp};
///
/// let step = Duration::from_secs(15);
/// let rules = GateRules::new(Duration::ZERO, Duration::from_secs(600), step)
///     .with_signal("smoke".parse()?, SignalRules::new(ReadingKind::State, step))
///     .with_rollback(GateCriterion { criterion: "smoke failing".parse()?, configured: Configured::Yes });
/// let mut gate = Gate::new(rules);
/// let t: Timestamp = "2026-01-01T00:00:00Z".parse()?;
/// gate.apply(&Line::Start { t, environment: "production".into(), policy_sha256: String::new() })?;
/// let failing = Sample::from_state(State::Failing);
/// gate.apply(&Line::Sample { t: t + step, signal: "smoke".parse()?, sample: failing })?;
/// gate.apply(&Line::Tick { t: t + step })?;
/// let outcome = gate.finish();
/// assert_eq!(outcome.decision, Decision::Rollback);
/// assert_eq!(outcome.reason, "smoke failed 1 of 1 probes at 00:00:15 UTC");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Gate {
    watch: Watch,
    environment: String,
    policy_sha256: String,
    recovery: Option<Recovery>,
    notes: Vec<String>,
    ignored: Vec<(SignalName, u64)>,
    ticks: Ticks,
    waiting: usize,
    newest_line: Option<Nanos>,
}

/// Whether the journal says when to evaluate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ticks {
    NoneSeen,
    Seen,
}

/// A line that the gate cannot take where it stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// The first line is not `start`.
    #[error("the journal does not begin with a start line")]
    NoStart,
    /// A second `start` line.
    #[error("a second start line")]
    SecondStart,
    /// A second `recovery` line.
    #[error("a second recovery line")]
    SecondRecovery,
    /// A line of the heading after the first sample.
    #[error("a {0} line after the first sample")]
    Late(&'static str),
    /// A second `signal` or `baseline` line of a signal: nobody can say which is right.
    #[error("a second {0} line of {1}; keep the right one")]
    Second(&'static str, SignalName),
}

/// Whether the gate goes on after a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Go on.
    Watching,
    /// It is decided: stop feeding and call [`Gate::finish`].
    Decided,
}

impl Gate {
    /// A gate that has seen nothing.
    #[must_use]
    pub fn new(rules: GateRules) -> Self {
        Self {
            watch: Watch::new(rules),
            environment: String::new(),
            policy_sha256: String::new(),
            recovery: None,
            notes: Vec::new(),
            ignored: Vec::new(),
            ticks: Ticks::NoneSeen,
            waiting: 0,
            newest_line: None,
        }
    }

    /// Takes the journal's next line.
    ///
    /// # Errors
    /// Where the line cannot stand there: something before `start`, a second `start`, a line of the heading after the first
    /// sample, or a second one of its signal. The gate is then as it was before.
    pub fn apply(&mut self, line: &Line) -> Result<Step, GateError> {
        match line {
            Line::Start { t, environment, policy_sha256 } => {
                if self.watch.started() {
                    return Err(GateError::SecondStart);
                }
                self.environment.clone_from(environment);
                self.policy_sha256.clone_from(policy_sha256);
                self.watch.start(t.as_nanos());
                return Ok(self.step());
            }
            _ if !self.watch.started() => return Err(GateError::NoStart),
            _ if self.watch.decided() => return Ok(Step::Decided),
            Line::Recovery(recovery) => {
                self.before_samples("recovery")?;
                if self.recovery.is_some() {
                    return Err(GateError::SecondRecovery);
                }
                self.recovery = Some(recovery.clone());
                self.watch.judge_recovery();
            }
            Line::Signal { signal, step } => {
                self.before_samples("signal")?;
                self.watch.set_step(signal, *step)?;
            }
            Line::Baseline { signal, baseline } => {
                self.before_samples("baseline")?;
                self.watch.set_baseline(signal, baseline)?;
            }
            Line::Sample { t, signal, sample } => {
                if self.watch.put_aside(signal, t.as_nanos(), sample) {
                    self.waiting += 1;
                } else {
                    self.ignore(signal);
                }
                if self.waiting > MOST_WAITING {
                    self.watch.evaluate_oldest(MOST_WAITING / 2);
                    self.waiting = self.watch.waiting();
                }
            }
            Line::Tick { t } => {
                self.ticks = Ticks::Seen;
                self.settle(t.as_nanos());
            }
            Line::End { t } => self.settle(t.as_nanos()),
            Line::Note { t, signal, text, clears } => {
                if let Some(signal) = signal {
                    self.watch.remark(signal, t.as_nanos(), text, clears.as_deref());
                }
                self.note(text);
            }
            Line::Request { t, decision, by } => {
                self.catch_up(t.as_nanos());
                match decision {
                    Decision::Proceed => {
                        self.note("a request to proceed was ignored: a gate proves that by itself")
                    }
                    Decision::Hold | Decision::Rollback => {
                        self.watch.request(t.as_nanos(), *decision, by);
                    }
                }
            }
            Line::Unserved { t, reason } => {
                self.catch_up(t.as_nanos());
                self.watch.unserved(t.as_nanos(), reason);
            }
            Line::Cancel { t, by } => {
                self.catch_up(t.as_nanos());
                self.watch.cancel(t.as_nanos(), by);
            }
            Line::Decision { .. } => {}
        }
        Ok(self.step())
    }

    /// The end of the watch as it is known now (extended where it is), once the gate has started.
    #[must_use]
    pub fn end(&self) -> Option<Timestamp> {
        self.watch.end().map(moment)
    }

    /// How things stand, for a live line: cheap.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.watch.progress()
    }

    /// The outcome: of the decision that was made, or of a journal that ended here.
    #[must_use]
    pub fn finish(mut self) -> Outcome {
        // Without ticks nothing has been evaluated yet; with them, what came after the last one has not settled.
        if self.ticks == Ticks::NoneSeen {
            self.watch.evaluate_to(Nanos::MAX);
        }
        let mut outcome = self.watch.outcome(self.newest_line);
        outcome.environment = self.environment;
        outcome.policy_sha256 = self.policy_sha256;
        outcome.recovery = self.recovery;
        outcome.notes = self.notes;
        self.ignored.sort();
        outcome.ignored = self.ignored;
        outcome
    }

    fn step(&self) -> Step {
        if self.watch.decided() { Step::Decided } else { Step::Watching }
    }

    /// Everything up to this time has settled.
    fn settle(&mut self, t: Nanos) {
        self.newest_line = self.newest_line.max(Some(t));
        self.watch.settle(t);
        self.waiting = self.watch.waiting();
    }

    /// In a journal without ticks, what came before a person's word is evaluated before it.
    fn catch_up(&mut self, t: Nanos) {
        self.newest_line = self.newest_line.max(Some(t));
        if self.ticks == Ticks::NoneSeen {
            self.watch.evaluate_to(t);
        }
    }

    fn before_samples(&self, what: &'static str) -> Result<(), GateError> {
        if self.watch.sampled() { Err(GateError::Late(what)) } else { Ok(()) }
    }

    fn note(&mut self, text: &str) {
        if self.notes.len() < MOST_NOTES && !self.notes.iter().any(|note| note == text) {
            self.notes.push(text.to_owned());
        }
    }

    fn ignore(&mut self, signal: &SignalName) {
        if let Some((_, count)) = self.ignored.iter_mut().find(|(name, _)| name == signal) {
            *count += 1;
        } else if self.ignored.len() < MOST_IGNORED {
            self.ignored.push((signal.clone(), 1));
        }
    }
}

#[cfg(test)]
mod tests;
