//! Usual metrics of HTTP servers, so that a policy needs no queries.
//!
//! | preset | metrics | duration histogram | status label |
//! |---|---|---|---|
//! | `http-server` | OpenTelemetry, stable conventions | `http_server_request_duration_seconds` | `http_response_status_code` |
//! | `aspnet` | the same, with Kestrel's and .NET's saturation (ASP.NET Core 8 and later) | `http_server_request_duration_seconds` | `http_response_status_code` |
//! | `http-server-v1` | OpenTelemetry, conventions before 1.23 | `http_server_duration_milliseconds` | `http_status_code` |
//! | `prometheus-net` | prometheus-net on ASP.NET Core | `http_request_duration_seconds` | `code` |
//! | `http-requests` | `http_requests_total`, as client libraries teach it | `http_request_duration_seconds` | `code` or `status` |
//!
//! Each gives `request_rate` (in a second), `error_rate` (counts; status 5xx of all), `latency_p50`, `latency_p95` and
//! `latency_p99` (seconds, with the requests behind them), and signals of saturation.

pub mod azure;

use super::selector::{Selector, SelectorError};
use crate::policy::source_spec::{PrometheusRead, ScrapeRead};
use crate::{SignalName, SignalNameError};

/// Why a preset cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PresetError {
    /// A name that no preset has.
    #[error("no preset is named `{name}`; there are {}", NAMES.join(", "))]
    Unknown {
        /// As written.
        name: String,
    },
    /// A preset of a Prometheus server alone.
    #[error("the preset `{name}` cannot be read from a `/metrics` endpoint; those that can be are {}", SCRAPED.join(", "))]
    NotScraped {
        /// As written.
        name: &'static str,
    },
    /// A selector that cannot be read.
    #[error("the preset's selector cannot be read: {0}; write labels, such as app=\"orders\"")]
    Selector(#[from] SelectorError),
    /// A name that no signal can have.
    #[error(transparent)]
    Name(#[from] SignalNameError),
}

/// The names of all presets.
pub const NAMES: [&str; 5] = ["http-server", "aspnet", "http-server-v1", "prometheus-net", "http-requests"];

/// The names of those that are read from a `/metrics` endpoint too.
pub const SCRAPED: [&str; 4] = ["http-server", "aspnet", "prometheus-net", "http-requests"];

/// What a server calls its metrics.
struct Metrics {
    /// The histogram of request durations, without `_bucket`.
    durations: &'static str,
    /// How many of the histogram's units a second has.
    units_per_second: u32,
    /// The counter of requests.
    requests: &'static str,
    /// The labels that may carry the status code.
    status: &'static [&'static str],
    /// Signals of saturation.
    saturation: &'static [Saturation],
}

enum Saturation {
    /// The sum of a gauge.
    Gauge { signal: &'static str, metric: &'static str },
    /// The increase of a counter in a second.
    Rate { signal: &'static str, metric: &'static str },
}

const PROCESS: [Saturation; 2] = [
    Saturation::Rate { signal: "cpu_cores", metric: "process_cpu_seconds_total" },
    Saturation::Gauge { signal: "memory", metric: "process_resident_memory_bytes" },
];

fn metrics(preset: &str) -> Option<Metrics> {
    Some(match preset {
        "http-server" => Metrics {
            durations: "http_server_request_duration_seconds",
            units_per_second: 1,
            requests: "http_server_request_duration_seconds_count",
            status: &["http_response_status_code"],
            saturation: &[Saturation::Gauge {
                signal: "active_requests",
                metric: "http_server_active_requests",
            }],
        },
        "aspnet" => Metrics {
            durations: "http_server_request_duration_seconds",
            units_per_second: 1,
            requests: "http_server_request_duration_seconds_count",
            status: &["http_response_status_code"],
            saturation: &[
                Saturation::Gauge { signal: "active_requests", metric: "http_server_active_requests" },
                Saturation::Gauge { signal: "queued_requests", metric: "kestrel_queued_requests" },
                Saturation::Gauge { signal: "thread_pool_queue", metric: "dotnet_thread_pool_queue_length" },
                Saturation::Rate { signal: "cpu_cores", metric: "dotnet_process_cpu_time_seconds_total" },
                Saturation::Gauge { signal: "memory", metric: "dotnet_process_memory_working_set_bytes" },
            ],
        },
        "http-server-v1" => Metrics {
            durations: "http_server_duration_milliseconds",
            units_per_second: 1000,
            requests: "http_server_duration_milliseconds_count",
            status: &["http_status_code"],
            saturation: &[Saturation::Gauge {
                signal: "active_requests",
                metric: "http_server_active_requests",
            }],
        },
        "prometheus-net" => Metrics {
            durations: "http_request_duration_seconds",
            units_per_second: 1,
            requests: "http_requests_received_total",
            status: &["code"],
            saturation: &PROCESS,
        },
        "http-requests" => Metrics {
            durations: "http_request_duration_seconds",
            units_per_second: 1,
            requests: "http_requests_total",
            status: &["code", "status"],
            saturation: &PROCESS,
        },
        _ => return None,
    })
}

/// The queries of a preset for a Prometheus server. `selector` are labels that choose the service, `app="orders"`;
/// nothing chooses all that the server knows.
///
/// # Errors
/// An unknown name, or a selector that cannot be read.
///
/// ```
/// use runbook_gate::source::preset;
///
/// let signals = preset::prometheus("http-server", "app=\"orders\"")?;
/// assert!(signals.iter().any(|(signal, _)| signal.as_str() == "error_rate"));
/// assert!(preset::prometheus("http-servers", "").is_err());
/// # Ok::<(), preset::PresetError>(())
/// ```
pub fn prometheus(name: &str, selector: &str) -> Result<Vec<(SignalName, PrometheusRead)>, PresetError> {
    let metrics = found(name)?;
    let labels = Selector::parse_labels(selector)?.to_string();
    let of = |metric: &str, more: &str| {
        let comma = if labels.is_empty() || more.is_empty() { "" } else { "," };
        format!("{metric}{{{labels}{comma}{more}}}")
    };
    let value = |query| PrometheusRead::Value { query, total: None, empty: None };
    let mut signals = Vec::new();
    let mut give = |signal: &str, read| -> Result<(), SignalNameError> {
        signals.push((signal.parse()?, read));
        Ok(())
    };
    give("request_rate", value(format!("sum(rate({}[$window]))", of(metrics.requests, ""))))?;
    // `total` asks for the status label as well: a server that names it otherwise gives no counts, not a rate of zero.
    let counted = |status: &str| {
        let of_label = |label: &&str| {
            format!("increase({}[$window])", of(metrics.requests, &format!("{label}{status}")))
        };
        let parts: Vec<String> = metrics.status.iter().map(of_label).collect();
        format!("sum({})", parts.join(" or "))
    };
    let (bad, total) = (counted("=~\"5..\""), counted("!=\"\""));
    // A server without one error has no series for it: then none were bad.
    give("error_rate", PrometheusRead::Ratio { bad, total, empty: Some(0.0) })?;
    let behind = format!("sum(increase({}_count{{{labels}}}[$window]))", metrics.durations);
    let buckets = of(&format!("{}_bucket", metrics.durations), "");
    for (signal, quantile) in QUANTILES {
        let seconds = match metrics.units_per_second {
            1 => String::new(),
            units => format!(" / {units}"),
        };
        let query =
            format!("histogram_quantile({quantile}, sum by (le) (rate({buckets}[$window]))){seconds}");
        give(signal, PrometheusRead::Value { query, total: Some(behind.clone()), empty: None })?;
    }
    for saturation in metrics.saturation {
        match saturation {
            Saturation::Gauge { signal, metric } => give(signal, value(format!("sum({})", of(metric, ""))))?,
            Saturation::Rate { signal, metric } => {
                give(signal, value(format!("sum(rate({}[$window]))", of(metric, ""))))?;
            }
        }
    }
    Ok(signals)
}

/// The same preset read from a service's own `/metrics`. A preset that counts in milliseconds cannot be read so: its
/// durations would need arithmetic. Of labels that may carry the status the first is read, so `http-requests` reads `code`.
///
/// # Errors
/// As [`prometheus`]; also a preset that is not one of [`SCRAPED`].
///
/// ```
/// use runbook_gate::source::preset;
/// assert_eq!(preset::scrape("prometheus-net", "")?.len(), preset::prometheus("prometheus-net", "")?.len());
/// # Ok::<(), preset::PresetError>(())
/// ```
pub fn scrape(name: &str, selector: &str) -> Result<Vec<(SignalName, ScrapeRead)>, PresetError> {
    let metrics = found(name)?;
    let [status, ..] = metrics.status else { return Err(PresetError::Unknown { name: shown(name) }) };
    if let Some(name) = NAMES.into_iter().find(|known| *known == name && !SCRAPED.contains(known)) {
        return Err(PresetError::NotScraped { name });
    }
    let labels = Selector::parse_labels(selector)?.to_string();
    let of = |metric: &str, more: &str| {
        let comma = if labels.is_empty() || more.is_empty() { "" } else { "," };
        format!("{metric}{{{labels}{comma}{more}}}")
    };
    let mut signals = Vec::new();
    let mut give = |signal: &str, read| -> Result<(), SignalNameError> {
        signals.push((signal.parse()?, read));
        Ok(())
    };
    give("request_rate", ScrapeRead::Rate { counter: of(metrics.requests, "") })?;
    let bad = of(metrics.requests, &format!("{status}=~\"5..\""));
    let total = of(metrics.requests, &format!("{status}!=\"\""));
    give("error_rate", ScrapeRead::Ratio { bad, total })?;
    for (signal, quantile) in QUANTILES {
        give(signal, ScrapeRead::Quantile { histogram: of(metrics.durations, ""), quantile })?;
    }
    for saturation in metrics.saturation {
        match saturation {
            Saturation::Gauge { signal, metric } => {
                give(signal, ScrapeRead::Gauge { gauge: of(metric, "") })?
            }
            Saturation::Rate { signal, metric } => {
                give(signal, ScrapeRead::Rate { counter: of(metric, "") })?
            }
        }
    }
    Ok(signals)
}

const QUANTILES: [(&str, f64); 3] = [("latency_p50", 0.5), ("latency_p95", 0.95), ("latency_p99", 0.99)];

fn found(name: &str) -> Result<Metrics, PresetError> {
    metrics(name).ok_or_else(|| PresetError::Unknown { name: shown(name) })
}

fn shown(name: &str) -> String {
    super::remark::bounded(name, 60)
}
