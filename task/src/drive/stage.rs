//! What the driver stands on: time, and sources that work elsewhere.

use runbook_gate::Timestamp;
use runbook_gate::gate::Decision;
use runbook_gate::source::{PollWindow, Polled, Serving};

use super::witness::Fault;

/// Time and workers. One implementation has threads and a clock, another has neither, for tests.
pub trait Stage {
    /// The time: it never goes back, whatever the wall clock does.
    fn now(&self) -> Timestamp;

    /// Gives a source a job; it must not have one already.
    fn start(&mut self, source: usize, job: Job);

    /// Waits for the next event, at most until the time given.
    fn next(&mut self, until: Timestamp) -> Event;

    /// What was remarked since the last time, in order.
    fn remarks(&mut self) -> Vec<String> {
        Vec::new()
    }
}

/// What a source is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// What is new.
    Poll(PollWindow),
    /// A window of the past.
    History(PollWindow),
    /// Whether the deployed version serves.
    Serving(PollWindow),
}

/// What a source answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To a poll.
    Polled(Polled),
    /// To a question for the past; `None` where the source has none.
    History(Option<Polled>),
    /// To a question for the version.
    Serving(Serving),
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The time has come.
    Reached,
    /// A source has done its job.
    Done {
        /// Which.
        source: usize,
        /// What it answered.
        answer: Answer,
        /// What the network made of it, where something was wrong.
        fault: Option<Fault>,
    },
    /// Somebody wants the gate to stop.
    Cancelled {
        /// Who or what.
        by: String,
    },
    /// A person asks for this decision: `hold` or `rollback`.
    Requested {
        /// Which.
        decision: Decision,
        /// Who or what says it.
        by: String,
    },
    /// Something that a reader should know, and that ends nothing. No stage gives it to the driver: see [`Stage::remarks`].
    Remarked {
        /// In words.
        text: String,
    },
    /// A source's thread has ended by a panic.
    Crashed {
        /// Which.
        source: usize,
    },
}
