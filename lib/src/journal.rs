//! The journal: everything that the gate saw, in the order it saw it.

use crate::gate::Decision;
use crate::sample::Sample;
use crate::{Baseline, Duration, SignalName, Timestamp};

/// The version of the journal's format that this library writes.
pub const VERSION: u32 = 1;

/// One line of a journal, and one input of the gate.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// The first line: when the gate started, for which environment, by which policy.
    Start {
        /// Start of the warm-up.
        t: Timestamp,
        /// The environment's name.
        environment: String,
        /// SHA-256 of the policy file, in hexadecimal; empty where it is not known.
        policy_sha256: String,
    },
    /// A signal's step.
    Signal {
        /// The signal.
        signal: SignalName,
        /// The grain of its source.
        step: Duration,
    },
    /// A signal's baseline.
    Baseline {
        /// The signal.
        signal: SignalName,
        /// What it was before the deployment.
        baseline: Baseline,
    },
    /// A reading or an absence (`sample` and `absent` lines).
    Sample {
        /// The time that it speaks of.
        t: Timestamp,
        /// The signal.
        signal: SignalName,
        /// What was read.
        sample: Sample,
    },
    /// Everything up to this time has settled: evaluate.
    Tick {
        /// Up to when.
        t: Timestamp,
    },
    /// Something a reader should know: a degraded body, a changed version. Never evaluated.
    Note {
        /// When.
        t: Timestamp,
        /// The signal concerned.
        signal: Option<SignalName>,
        /// In words without secrets.
        text: String,
    },
    /// An operator asked for this decision.
    Request {
        /// When.
        t: Timestamp,
        /// `hold` or `rollback`.
        decision: Decision,
        /// Who or what asked.
        by: String,
    },
    /// The gate was cancelled.
    Cancel {
        /// When.
        t: Timestamp,
        /// Who or what cancelled it.
        by: String,
    },
    /// What the gate decided; replay does not read it back as input.
    Decision {
        /// When it was decided.
        t: Timestamp,
        /// What.
        decision: Decision,
        /// Why.
        reason: String,
    },
    /// The last line of a whole journal.
    End {
        /// When the gate stopped watching.
        t: Timestamp,
    },
}
