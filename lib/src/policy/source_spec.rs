//! Where signals are read, as a valid policy says it, with every `${NAME}` already expanded.

use url::Url;

use crate::azure::{Guid, ResourceId};
use crate::criterion::{Cmp, Quantity};
use crate::policy::rules::Amount;
use crate::transport::{Address, Header, Region};
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
    /// Metrics of Azure resources.
    AzureMonitor(AzureMonitorSpec),
    /// KQL to Log Analytics or Application Insights.
    AzureLogs(AzureLogsSpec),
    /// Error patterns that were not there before the deployment.
    AzureErrors(AzureErrorsSpec),
    /// Alerts of Azure Monitor.
    AzureAlerts(AzureAlertsSpec),
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
    /// The variables from outside the policy that `equals` is made of.
    pub variables: Vec<String>,
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
    /// What its number is an amount of; nothing for a state, and where that is not known.
    pub amount: Option<Amount>,
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
    /// One number; a boolean is 1 or 0, unless the number is an amount of something.
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

/// Metrics of Azure resources.
#[derive(Clone, Debug)]
pub struct AzureMonitorSpec {
    /// Which.
    pub resources: Resources,
    /// The grain of the points; metrics have 1m, 5m, 15m, 30m, 1h, 6h, 12h and 1d.
    pub step: Duration,
    /// How late points are whole.
    pub ingestion_delay: Duration,
    /// The longest that one query takes.
    pub timeout: Duration,
    /// One metric, or one of counts, a signal.
    pub signals: Vec<(SignalName, MetricRead)>,
}

/// One resource, or several of a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resources {
    /// One.
    One(ResourceId),
    /// Several of one kind, subscription and region, put together.
    Several {
        /// Where they are.
        region: Region,
        /// Which.
        ids: Vec<ResourceId>,
    },
}

impl Resources {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[ResourceId] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several { ids, .. } => ids,
        }
    }
}

/// What metrics are read for.
#[derive(Clone, Debug, PartialEq)]
pub enum MetricRead {
    /// A number.
    Value {
        /// The metric.
        metric: Metric,
        /// What a missing point means.
        empty: Option<f64>,
    },
    /// Counts.
    Ratio {
        /// The metric of bad events.
        bad: Metric,
        /// The metric of all events.
        total: Metric,
        /// What a missing point of `bad` means while `total` has one.
        empty: Option<f64>,
    },
}

impl MetricRead {
    /// The metrics that are asked for.
    pub fn metrics(&self) -> impl Iterator<Item = &Metric> {
        let (first, second) = match self {
            Self::Value { metric, .. } => (metric, None),
            Self::Ratio { bad, total, .. } => (bad, Some(total)),
        };
        std::iter::once(first).chain(second)
    }
}

/// A metric of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name in the API: `CpuPercentage`.
    pub name: String,
    /// How its values of one step become one.
    pub aggregation: Aggregation,
    /// What chooses among its dimensions: `EntityName eq 'orders'`.
    pub filter: Option<String>,
    /// Its namespace, where the resource has several.
    pub namespace: Option<String>,
}

/// How values become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aggregation {
    /// Their mean.
    Average,
    /// Their sum.
    Total,
    /// The highest.
    Maximum,
    /// The lowest.
    Minimum,
    /// How many they are.
    Count,
}

impl Aggregation {
    /// As the API takes it.
    #[must_use]
    pub const fn parameter(self) -> &'static str {
        match self {
            Self::Average => "average",
            Self::Total => "total",
            Self::Maximum => "maximum",
            Self::Minimum => "minimum",
            Self::Count => "count",
        }
    }

    /// One number of several resources' numbers; NaN of none.
    #[must_use]
    pub fn combine(self, numbers: &[f64]) -> f64 {
        let sum: f64 = numbers.iter().sum();
        match self {
            Self::Average => sum / numbers.len() as f64,
            Self::Total | Self::Count => sum,
            Self::Maximum => numbers.iter().copied().fold(f64::NAN, f64::max),
            Self::Minimum => numbers.iter().copied().fold(f64::NAN, f64::min),
        }
    }
}

/// KQL to Log Analytics or Application Insights.
#[derive(Clone, Debug)]
pub struct AzureLogsSpec {
    /// Where.
    pub scope: LogScope,
    /// How late rows come.
    pub ingestion_delay: Duration,
    /// The longest that one query takes.
    pub timeout: Duration,
    /// One query a signal; signals of one query share it.
    pub signals: Vec<(SignalName, LogRead)>,
}

/// Where logs are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogScope {
    /// A Log Analytics workspace, by its own id.
    Workspace(Guid),
    /// What a resource has written into its workspace.
    Resource(ResourceId),
    /// An application of Application Insights, by its own id.
    Application(Guid),
}

/// What a query is read for.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRead {
    /// KQL; `$step` expands.
    pub query: String,
    /// The grain of its rows: what it bins by. `None` takes what the query says, or 1m.
    pub step: Option<Duration>,
    /// Which columns.
    pub columns: LogColumns,
    /// What a missing row means; of counts, that there were no bad events is not told by it.
    pub empty: Option<f64>,
}

/// The columns of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogColumns {
    /// A number.
    Value {
        /// Its column.
        value: String,
        /// The column of the requests behind it.
        total: Option<String>,
    },
    /// Counts.
    Ratio {
        /// The column of bad events.
        bad: String,
        /// The column of all events.
        total: String,
    },
}

/// Error patterns that were not there before the deployment.
#[derive(Clone, Debug)]
pub struct AzureErrorsSpec {
    /// The signal that it gives: how many patterns are new.
    pub signal: SignalName,
    /// The Application Insights resource.
    pub resource: ResourceId,
    /// The role of the service, where several write into one resource.
    pub role: Option<String>,
    /// A pattern that was there so long before the deployment is known.
    pub known: Duration,
    /// How late rows come.
    pub ingestion_delay: Duration,
    /// The longest that one query takes.
    pub timeout: Duration,
}

/// Alerts of Azure Monitor.
#[derive(Clone, Debug)]
pub struct AzureAlertsSpec {
    /// The signal that it gives: how many alerts have fired since the deployment.
    pub signal: SignalName,
    /// What they watch.
    pub resources: Vec<ResourceId>,
    /// Rules that must be there and enabled, by name.
    pub rules: Vec<String>,
    /// How often it asks.
    pub step: Duration,
    /// The longest that one request takes.
    pub timeout: Duration,
}
