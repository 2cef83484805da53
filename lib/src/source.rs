//! Sources: where signals are read. A source asks, and says what it read; it decides nothing.
//!
//! [`build`] turns a valid policy's [`SourceSpec`] into a [`Source`]; the driver polls it and journals what it gives.

mod azure;
mod command;
#[cfg(test)]
mod double;
mod due;
mod http_json;
pub mod preset;
mod probe;
mod prometheus;
#[cfg(test)]
mod properties;
mod remark;
mod scrape;
mod selector;
mod track;
mod unanswered;

use std::collections::BTreeMap;

use crate::policy::rules::ReadingKind;
use crate::policy::source_spec::{CommandSpec, SourceSpec};
use crate::sample::Sample;
use crate::transport::Transport;
use crate::{Duration, SignalName, SignalNameError, Timestamp};

pub use azure::KqlError;
pub(crate) use azure::{columns_of, describe_logs, step_of};
pub use prometheus::QueryError;
pub(crate) use prometheus::{check_query, check_query_of_counts};
pub(crate) use remark::place;
pub use selector::SelectorError;

/// A place where signals are read.
///
/// A source keeps what it needs between polls (the counters of the last scrape, the time of the last point). The driver
/// calls `poll` on one thread at a time.
pub trait Source: Send {
    /// Where it reads, in words without secrets: `prometheus http://prometheus:9090`.
    fn describe(&self) -> String;

    /// The signals that it gives, with the grain of each.
    fn signals(&self) -> Vec<SourceSignal>;

    /// How often it wants to be polled.
    fn interval(&self) -> Duration;

    /// Reads what is new. Every signal that has a point due gets an observation: a reading, or an absence with its
    /// reason. A point that was given before is given again only where it changed.
    fn poll(&mut self, window: &PollWindow, world: &World<'_>) -> Polled;

    /// Reads a past window at once, for a baseline; `None` where the source has no past (a probe, a command).
    fn history(&mut self, window: &PollWindow, world: &World<'_>) -> Option<Polled>;

    /// Asks now whether the deployed version serves. The gate starts when the answer is [`Serving::Deployed`] or
    /// [`Serving::NotConfigured`].
    fn serving(&mut self, window: &PollWindow, world: &World<'_>) -> Serving {
        let _ = (window, world);
        Serving::NotConfigured
    }

    /// What it asks for each signal, for people: the query with its variables expanded.
    fn queries(&self) -> Vec<ShownQuery> {
        Vec::new()
    }

    /// Says that a recorded baseline has known samples of this source: what it asks has answered before, and no answer
    /// from now on is a failure rather than an absence.
    fn answered_in_baseline(&mut self) {}
}

/// Which version serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Serving {
    /// The policy asks for no version here.
    NotConfigured,
    /// The deployed version serves on as many targets as the quorum asks for.
    Deployed,
    /// Another version serves.
    Other {
        /// The versions found, each once, at most five, printable.
        found: Vec<String>,
    },
    /// It could not be found out.
    Unknown {
        /// In words without secrets.
        why: String,
    },
}

/// One signal of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSignal {
    /// Its name.
    pub signal: SignalName,
    /// What its samples are.
    pub reading: ReadingKind,
    /// The grain of its points. Counts cover one step each and do not overlap.
    pub step: Duration,
    /// The time that one point tells of, back from its own: a step of counts, the window of a rate or a quantile; nothing
    /// for a moment.
    pub span: Duration,
    /// How late its points come.
    pub ingestion_delay: Duration,
}

/// What is asked for a signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownQuery {
    /// The signal.
    pub signal: SignalName,
    /// In the language of the source, of one line or several.
    pub text: String,
}

/// What one poll asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollWindow {
    /// The gate's start (or a baseline's): no point before it is wanted.
    pub start: Timestamp,
    /// When the poll was scheduled: a source without times of its own speaks of this one.
    pub scheduled: Timestamp,
    /// What points that span a time are aligned to, so that none of them straddles it: the start of the watch (the end
    /// of the warm-up) for a gate, the end of the window for a baseline.
    pub anchor: Timestamp,
    /// How long the poll may take.
    pub timeout: Duration,
}

/// What a source may use while it polls.
#[derive(Clone, Copy)]
pub struct World<'w> {
    /// The network.
    pub transport: &'w dyn Transport,
    /// Commands of the repository; refused unless allowed.
    pub commands: &'w dyn Commands,
}

/// Runs commands.
pub trait Commands: Send + Sync {
    /// Runs a command to its end or its timeout, with a scrubbed environment and bounded output.
    ///
    /// # Errors
    /// When it could not be run at all, or is not allowed.
    fn run(&self, command: &CommandSpec) -> Result<CommandEnd, CommandError>;
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandEnd {
    /// It exited by itself.
    Exited {
        /// Its exit code; `None` where a signal ended it.
        code: Option<i32>,
        /// The last lines that it printed, bounded.
        output: String,
    },
    /// It was ended at its timeout.
    TimedOut,
}

/// Why a command was not run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// Commands are not allowed here.
    #[error("the command `{program}` is not run: {why}")]
    NotAllowed {
        /// The program.
        program: String,
        /// Why, and what would allow it.
        why: String,
    },
    /// The program could not be started.
    #[error("cannot start `{program}`: {why}")]
    NotStarted {
        /// The program.
        program: String,
        /// In words.
        why: String,
    },
    /// Whoever ran it waited no longer.
    #[error("the command `{program}` was not waited for: {why}")]
    Halted {
        /// The program.
        program: String,
        /// Why not.
        why: String,
    },
}

/// What a poll gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Polled {
    /// Readings and absences, each at the time it speaks of.
    pub observations: Vec<Observation>,
    /// What a reader should know: a degraded body, warnings of a server, the version that serves.
    pub notes: Vec<SourceNote>,
}

/// A sample of a signal at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// The time it speaks of.
    pub at: Timestamp,
    /// The signal.
    pub signal: SignalName,
    /// What was read.
    pub sample: Sample,
}

/// A remark of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceNote {
    /// The signal concerned, if it is one.
    pub signal: Option<SignalName>,
    /// In words without secrets, at most 300 characters.
    pub text: String,
    /// Of good news: whose earlier remarks hold no more. They name it.
    pub clears: Option<String>,
}

/// A source that cannot be built as the policy says it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// There is nowhere to ask.
    #[error("the {kind} source has no target; name at least one URL")]
    NoTargets {
        /// Its key in the policy.
        kind: &'static str,
    },
    /// There is nothing to read.
    #[error("the {kind} source gives no signal; name at least one")]
    NoSignals {
        /// Its key in the policy.
        kind: &'static str,
    },
    /// A probe without a check.
    #[error("the probe checks nothing; give it `health`, `ready` or `version`")]
    NoChecks,
    /// A quorum that no number of passing targets can be.
    #[error("a quorum of {quorum} cannot be reached with {targets} targets; use 1 to {targets}")]
    Quorum {
        /// As written.
        quorum: usize,
        /// How many there are.
        targets: usize,
    },
    /// An interval of nothing.
    #[error("the {kind} source would ask without a pause; give it an interval of at least 1s")]
    NoInterval {
        /// Its key in the policy.
        kind: &'static str,
    },
    /// A query that cannot be asked.
    #[error("the query of `{signal}` cannot be asked: {why}")]
    Query {
        /// The signal.
        signal: SignalName,
        /// Why not.
        why: QueryError,
    },
    /// KQL that cannot be asked.
    #[error("the query of `{signal}` cannot be asked: {why}")]
    Kql {
        /// The signal.
        signal: SignalName,
        /// Why not.
        why: KqlError,
    },
    /// A step that metrics do not have.
    #[error("metrics of Azure have no step of {step}; there are 1m, 5m, 15m, 30m, 1h, 6h, 12h and 1d")]
    Step {
        /// As written.
        step: Duration,
    },
    /// Too many resources, or none.
    #[error("a source of metrics has 1 to {most} resources")]
    Resources {
        /// The most.
        most: usize,
    },
    /// Resources that cannot be asked together.
    #[error("resources that are read together are of one kind and in one subscription")]
    UnlikeResources,
    /// A text that is no JSON pointer.
    #[error(
        "`{pointer}` of `{signal}` is not a JSON pointer; write the path with slashes, such as /metrics/0/value"
    )]
    Pointer {
        /// The signal.
        signal: SignalName,
        /// As written.
        pointer: String,
    },
    /// A selector that cannot be read.
    #[error("the selector of `{signal}` cannot be read: {why}")]
    Selector {
        /// The signal.
        signal: SignalName,
        /// What is wrong.
        why: SelectorError,
    },
    /// A quantile that is none.
    #[error("the quantile of `{signal}` must be from 0 to 1; the 95th percentile is 0.95")]
    Quantile {
        /// The signal.
        signal: SignalName,
    },
    /// A histogram without a name.
    #[error(
        "the histogram of `{signal}` has no name; write it without `_bucket`, such as http_request_duration_seconds"
    )]
    UnnamedHistogram {
        /// The signal.
        signal: SignalName,
    },
    /// A command of nothing.
    #[error("`{signal}` runs nothing; write the program and its arguments as a list")]
    NoCommand {
        /// The signal.
        signal: SignalName,
    },
    /// A name that no signal can have.
    #[error(transparent)]
    Name(#[from] SignalNameError),
}

/// Whether a selector of series can be read.
pub(crate) fn check_selector(text: &str) -> Result<(), SelectorError> {
    selector::Selector::parse(text).map(drop)
}

/// Builds a source. Nothing is asked yet.
///
/// The result's [`Source::signals`] are what the specification gives, with step and kind: a policy can ask them.
///
/// # Errors
/// Where the specification cannot work: a query, selector, pointer or quorum that is wrong.
pub fn build(spec: &SourceSpec) -> Result<Box<dyn Source>, SourceError> {
    Ok(match spec {
        SourceSpec::Probe(spec) => Box::new(probe::Probe::new(spec)?),
        SourceSpec::Prometheus(spec) => Box::new(prometheus::Prometheus::new(spec)?),
        SourceSpec::Scrape(spec) => Box::new(scrape::Scrape::new(spec)?),
        SourceSpec::HttpJson(spec) => Box::new(http_json::HttpJson::new(spec)?),
        SourceSpec::Command(spec) => Box::new(command::Command::new(spec)?),
        SourceSpec::AzureMonitor(spec) => Box::new(azure::Metrics::new(spec)?),
        SourceSpec::AzureLogs(spec) => Box::new(azure::Logs::new(spec)?),
        SourceSpec::AzureErrors(spec) => Box::new(azure::Errors::new(spec)?),
        SourceSpec::AzureAlerts(spec) => Box::new(azure::Alerts::new(spec)?),
    })
}

/// Says why signals of a source answer nothing, where its server can be asked for that cheaply: a name of a metric that it does
/// not have, and which are near. For people, before a deployment; it sends at most one request, bounded in size and time.
#[must_use]
pub fn why_silent(
    spec: &SourceSpec,
    silent: &[SignalName],
    transport: &dyn Transport,
) -> BTreeMap<SignalName, String> {
    match spec {
        SourceSpec::Prometheus(spec) => prometheus::why_silent(spec, silent, transport),
        _ => BTreeMap::new(),
    }
}

/// The name of a signal that a source gives by itself.
fn named(name: &str) -> Result<SignalName, SignalNameError> {
    name.parse()
}

/// An interval that is one.
fn interval_of(kind: &'static str, interval: Duration) -> Result<Duration, SourceError> {
    if interval.is_zero() { Err(SourceError::NoInterval { kind }) } else { Ok(interval) }
}
