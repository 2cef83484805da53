//! The gate: a pure state machine from the journal's lines to a decision.
//!
//! It does no I/O, reads no clock and starts no thread. The live driver and a replay feed it the same lines and get the
//! same outcome.

pub mod outcome;

use crate::Timestamp;
use crate::journal::Line;
use crate::policy::rules::GateRules;

pub use outcome::{
    CriterionKind, CriterionOutcome, CriterionStatus, Decision, Explanation, Outcome, Progress,
};

/// The state machine.
///
/// Lines go in by [`Gate::apply`], in order; once it returns a decision, or the journal ends, [`Gate::finish`] gives the
/// outcome.
#[derive(Debug)]
pub struct Gate {
    rules: GateRules,
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
    /// A `signal` or `baseline` line after the first sample.
    #[error("a {0} line after the first sample")]
    Late(&'static str),
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
        Self { rules }
    }

    /// Takes the journal's next line.
    ///
    /// # Errors
    /// Where the line cannot stand there.
    pub fn apply(&mut self, _line: &Line) -> Result<Step, GateError> {
        Ok(Step::Watching)
    }

    /// The end of the watch as it is known now (extended where it is), once the gate has started.
    #[must_use]
    pub fn end(&self) -> Option<Timestamp> {
        None
    }

    /// How things stand, for a live line: cheap.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress::default()
    }

    /// The outcome: of the decision that was made, or of a journal that ended here.
    #[must_use]
    pub fn finish(self) -> Outcome {
        let _ = &self.rules;
        Outcome::default()
    }
}
