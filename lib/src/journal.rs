//! The journal: everything that the gate saw, in the order it saw it.
//!
//! One JSON object a line (NDJSON), append-only, flushed a line at a time, so that a killed process leaves a journal that
//! still reads. [`write()`] makes a line of text, [`parse_line`] reads one, [`replay()`] feeds a whole journal to a gate.
//!
//! ```text
//! {"kind":"start","version":1,"t":"2026-01-01T00:00:00Z","environment":"production","policy_sha256":"…"}
//! {"kind":"recovery","redeployed":"1.3.0","failed":"1.4.0","reason":"…","onset":"2025-12-31T23:40:00Z"}
//! {"kind":"signal","signal":"latency_p95","step":15}
//! {"kind":"baseline","signal":"latency_p95","median":0.21,"p95":0.30,"worst":0.24,"count":120}
//! {"kind":"baseline","signal":"error_rate","median":0.002,"p95":0.004,"count":120,"bad":61,"total":30510}
//! {"kind":"sample","t":"2026-01-01T00:00:15Z","signal":"latency_p95","value":0.412,"total":240}
//! {"kind":"sample","t":"2026-01-01T00:00:15Z","signal":"error_rate","bad":3,"total":250}
//! {"kind":"absent","t":"2026-01-01T00:00:30Z","signal":"latency_p95","reason":"timeout"}
//! {"kind":"tick","t":"2026-01-01T00:00:30Z"}
//! {"kind":"note","t":"2026-01-01T00:00:31Z","signal":"health","text":"the body says Degraded"}
//! {"kind":"request","t":"2026-01-01T00:00:40Z","decision":"rollback","by":"operator"}
//! {"kind":"cancel","t":"2026-01-01T00:00:41Z","by":"SIGTERM"}
//! {"kind":"decision","t":"2026-01-01T00:00:41Z","decision":"hold","reason":"cancelled by SIGTERM"}
//! {"kind":"end","t":"2026-01-01T00:16:00Z"}
//! ```
//!
//! Seconds, ratios from 0 to 1, bytes and counts are plain numbers; `t` is RFC 3339; `step` is in seconds. A `baseline`
//! may say its `window` (two times) and its `source`. A `recovery` line may say all or nothing of what went before; it stands at
//! most once, and a reader that does not know its kind refuses the journal instead of judging it as a release. Of a signal there is one `signal` line and one `baseline` line at most. A
//! text above 4,000 bytes is cut, by writer and reader alike. A reader tolerates keys that it does not know, so that other tools
//! may add theirs, and blank lines, CRLF line ends and a byte order mark at the beginning; it refuses kinds that it does
//! not know, lines longer than [`MAX_LINE`] bytes, and a key written twice.

mod order;
mod parse;
mod read;
mod replay;
mod text;
mod usual;
mod write;

pub use parse::{LineError, parse_line};
pub use read::{MAX_LINE, ReadError, Reader, Torn};
pub use replay::{HELD_LINES, ReplayError, Replayed, replay};
pub use write::write;

use crate::gate::{Decision, Recovery};
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
    /// The gate is over the redeployment of an earlier version, and is judged as that.
    Recovery(Recovery),
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
        /// Whose earlier remarks hold no more, where this one is good news: a check that passes again.
        clears: Option<String>,
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
    /// The deployed version never served, so nothing was watched.
    Unserved {
        /// When it was given up.
        t: Timestamp,
        /// What served instead, in words.
        reason: String,
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

#[cfg(test)]
pub(crate) mod sketch;
#[cfg(test)]
mod tests;
