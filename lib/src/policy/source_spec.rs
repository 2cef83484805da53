//! Where signals are read, as a valid policy says it, with every `${NAME}` already expanded.

use url::Url;

use crate::criterion::{Cmp, Quantity};
use crate::transport::{Address, Header};
use crate::{Duration, SignalName};

/// One source and the signals that it gives.
#[derive(Clone, Debug)]
pub enum SourceSpec {
    /// HTTP probes of the service itself.
    Probe(ProbeSpec),
    /// A `/metrics` endpoint.
    Scrape(ScrapeSpec),
    /// Queries to a Prometheus server.
    Prometheus(PrometheusSpec),
    /// A number in a JSON document.
    HttpJson(HttpJsonSpec),
    /// A command's exit code.
    Command(CommandSpec),
    /// A kind of source that the language has and this build cannot read.
    Unsupported {
        /// Its key in the policy.
        kind: String,
        /// The signals that it would give.
        signals: Vec<SignalName>,
    },
}

/// HTTP probes.
#[derive(Clone, Debug)]
pub struct ProbeSpec {
    /// The bases of the targets, at least one; checks are paths under each.
    pub targets: Vec<Url>,
    /// How many targets must pass for the signal to pass.
    pub quorum: usize,
    /// The liveness check, `health` by default at `/health`.
    pub health: Option<ProbeCheck>,
    /// The readiness check, by default at `/ready`.
    pub ready: Option<ProbeCheck>,
    /// The version check.
    pub version: Option<VersionCheck>,
    /// The longest that one probe takes.
    pub timeout: Duration,
    /// How often it probes.
    pub interval: Duration,
    /// Headers of each probe.
    pub headers: Vec<Header>,
}

/// One check of a probe.
#[derive(Clone, Debug)]
pub struct ProbeCheck {
    /// The path under each target.
    pub path: String,
    /// Status codes that pass; 200 by default.
    pub expect: Vec<u16>,
    /// Whether a body that says `Degraded` fails or passes with a note.
    pub degraded: Degraded,
}

/// What a degraded body means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Degraded {
    /// The check passes, and the report says it.
    #[default]
    Passing,
    /// The check fails.
    Failing,
}

/// Which version serves.
#[derive(Clone, Debug)]
pub struct VersionCheck {
    /// The path under each target.
    pub path: String,
    /// Where in a JSON body the version stands (RFC 6901); the whole trimmed body without it.
    pub pointer: Option<String>,
    /// The version that was deployed.
    pub equals: String,
}

/// A `/metrics` endpoint, in Prometheus text or OpenMetrics.
#[derive(Clone, Debug)]
pub struct ScrapeSpec {
    /// Where; several are added up.
    pub targets: Vec<Address>,
    /// How often it scrapes.
    pub interval: Duration,
    /// The longest that one scrape takes.
    pub timeout: Duration,
    /// What is read from each scrape.
    pub signals: Vec<(SignalName, ScrapeRead)>,
    /// Headers of each request.
    pub headers: Vec<Header>,
}

/// What a scrape is read for.
#[derive(Clone, Debug, PartialEq)]
pub enum ScrapeRead {
    /// Increase of the bad series of the increase of all series, as counts.
    Ratio {
        /// Selector of the bad series, `http_requests_total{code=~"5.."}`.
        bad: String,
        /// Selector of all.
        total: String,
    },
    /// Increase in a second.
    Rate {
        /// Selector of a counter.
        counter: String,
    },
    /// The increase since the last scrape.
    Increase {
        /// Selector of a counter.
        counter: String,
    },
    /// The sum of a gauge's series.
    Gauge {
        /// Selector of a gauge.
        gauge: String,
    },
    /// A quantile of a histogram's increase.
    Quantile {
        /// Selector of a histogram, without `_bucket`.
        histogram: String,
        /// 0 to 1.
        quantile: f64,
    },
}

/// Queries to a Prometheus server.
#[derive(Clone, Debug)]
pub struct PrometheusSpec {
    /// The server's base.
    pub address: Address,
    /// The step of range queries; `$window` is never shorter.
    pub step: Duration,
    /// How often the service is scraped; `$window` spans at least four of them.
    pub scrape_interval: Duration,
    /// The longest that one query takes.
    pub timeout: Duration,
    /// How late points come.
    pub ingestion_delay: Duration,
    /// One query, or one of counts, a signal.
    pub signals: Vec<(SignalName, PrometheusRead)>,
    /// Headers of each request.
    pub headers: Vec<Header>,
}

/// What a Prometheus server is asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum PrometheusRead {
    /// A number.
    Value {
        /// PromQL; `$window` expands.
        query: String,
        /// PromQL of the requests behind it (a quantile).
        total: Option<String>,
        /// What an empty answer means.
        empty: Option<f64>,
    },
    /// Counts.
    Ratio {
        /// PromQL of the bad events in `$window`.
        bad: String,
        /// PromQL of all events in `$window`.
        total: String,
        /// What an empty answer of `bad` means while `total` answers.
        empty: Option<f64>,
    },
}

/// A number in a JSON document over HTTP.
#[derive(Clone, Debug)]
pub struct HttpJsonSpec {
    /// The signal that it gives.
    pub signal: SignalName,
    /// Where.
    pub address: Address,
    /// What is read.
    pub read: HttpJsonRead,
    /// What a missing value means.
    pub empty: Option<f64>,
    /// How often it asks.
    pub interval: Duration,
    /// The longest that one request takes.
    pub timeout: Duration,
    /// Headers of each request.
    pub headers: Vec<Header>,
}

/// JSON pointers (RFC 6901) into the document.
#[derive(Clone, Debug, PartialEq)]
pub enum HttpJsonRead {
    /// One number; a boolean is a state.
    Value {
        /// Where the number stands.
        pointer: String,
        /// What the number must be for the state to pass, `expect: "< 24"`.
        expect: Option<(Cmp, Quantity)>,
    },
    /// Counts.
    Ratio {
        /// Where the bad events stand.
        bad: String,
        /// Where all events stand.
        total: String,
    },
}

/// A command whose exit code is a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandSpec {
    /// The signal that it gives.
    pub signal: SignalName,
    /// Program and arguments; no shell.
    pub run: Vec<String>,
    /// How often it runs.
    pub every: Duration,
    /// The longest that one run takes.
    pub timeout: Duration,
    /// How often a failing run is tried again before it counts.
    pub retries: u32,
}
