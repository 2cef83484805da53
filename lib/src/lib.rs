//! Runbook Gate's core: from a policy and what a service shows, to a decision that explains itself.
//!
//! ```text
//! runbook.yml ─▶ policy
//!                  │
//!    sources ──▶ samples ──▶ journal ──▶ gate ──▶ outcome ──▶ report
//! ```
//!
//! The library has no clock, no environment, no files and no sockets: it gets them by the traits in [`transport`] and
//! [`source`].

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod azure;
mod baseline;
pub mod checklist;
pub mod criterion;
pub mod devops;
pub mod diagnostic;
mod duration;
pub mod gate;
pub mod github;
pub mod journal;
pub mod json;
pub mod numbers;
pub mod policy;
pub mod registry;
pub mod report;
pub mod rollback;
pub mod sample;
mod secret;
mod signal;
pub mod source;
mod spelling;
pub mod statistics;
mod steering;
pub mod telemetry;
mod timestamp;
pub mod transport;

pub use baseline::Baseline;
pub use duration::{Duration, DurationError};
pub use sample::Finite;
pub use secret::Secret;
pub use signal::{SignalName, SignalNameError};
pub use timestamp::{Timestamp, TimestampError};
