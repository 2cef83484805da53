//! The runbook itself, as a policy: what holds where the policy file says nothing.

use crate::Duration;

/// How long samples count for nothing.
pub(crate) const WARMUP: Duration = Duration::from_secs(60);
/// How long the gate watches.
pub(crate) const OBSERVE: Duration = Duration::from_secs(15 * 60);
/// How often it polls.
pub(crate) const INTERVAL: Duration = Duration::from_secs(15);
/// The fewest requests that a ratio is judged on.
pub(crate) const MIN_REQUESTS: u32 = 30;
/// The share of the watch that a signal must cover.
pub(crate) const MIN_COVERAGE: f64 = 0.5;
/// How long probes must have passed at the end.
pub(crate) const STEADY: Duration = Duration::from_secs(120);
/// The baseline is the time that ended when the deployment began.
pub(crate) const BASELINE_BEFORE: Duration = Duration::from_secs(30 * 60);
/// How often a Prometheus server scrapes the service.
pub(crate) const SCRAPE_INTERVAL: Duration = Duration::from_secs(15);
/// The longest that one probe or scrape takes.
pub(crate) const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest that one query takes.
pub(crate) const QUERY_TIMEOUT: Duration = Duration::from_secs(10);
/// How late metrics of Azure are whole.
pub(crate) const AZURE_METRICS_DELAY: Duration = Duration::from_secs(180);
/// How late logs of Azure come.
pub(crate) const AZURE_LOGS_DELAY: Duration = Duration::from_secs(300);
/// How late points of Azure's managed Prometheus come.
pub(crate) const AZURE_PROMETHEUS_DELAY: Duration = Duration::from_secs(60);
/// The longest that one request to Azure takes.
pub(crate) const AZURE_TIMEOUT: Duration = Duration::from_secs(30);
/// The grain of Azure's metrics and logs.
pub(crate) const AZURE_STEP: Duration = Duration::from_secs(60);
/// An error pattern that was there so long before the deployment is not new.
pub(crate) const KNOWN_ERRORS: Duration = Duration::from_secs(86_400);
/// The longest that one command takes.
pub(crate) const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);
/// Where liveness is asked.
pub(crate) const HEALTH_PATH: &str = "/health";
/// Where readiness is asked.
pub(crate) const READY_PATH: &str = "/ready";
/// Where the version is asked.
pub(crate) const VERSION_PATH: &str = "/version";

/// A line of the runbook as criteria.
pub(crate) struct Line {
    /// The runbook's words.
    pub(crate) runbook: &'static str,
    /// Its criteria: each applies where its signal has a source.
    pub(crate) criteria: &'static [&'static str],
    /// Which of them stands for the line where none of the signals has a source.
    pub(crate) usual: usize,
}

/// What decides `rollback`.
///
/// The latency line has no absolute floor: the runbook has none, and a number that suits every service does not exist. The
/// starter policy writes one beside it.
pub(crate) const ROLLBACK_WHEN: &[Line] = &[
    Line {
        runbook: "error rate > 5% sustained for > 5 minutes",
        criteria: &["error_rate > 5% for 5m"],
        usual: 0,
    },
    Line {
        runbook: "latency degradation > 2x baseline sustained",
        criteria: &[
            "latency_p50 > 2x baseline for 5m",
            "latency_p95 > 2x baseline for 5m",
            "latency_p99 > 2x baseline for 5m",
        ],
        usual: 1,
    },
    Line { runbook: "health checks failing for > 2 minutes", criteria: &["health failing for 2m"], usual: 0 },
    Line { runbook: "critical business flows broken", criteria: &["smoke failing"], usual: 0 },
    Line { runbook: "data integrity concerns", criteria: &["data_integrity failing"], usual: 0 },
];

/// What has to be true at the end.
pub(crate) const VERIFY: &[Line] = &[
    Line { runbook: "error rate < 1%", criteria: &["error_rate < 1%"], usual: 0 },
    Line { runbook: "p95 latency < 500ms", criteria: &["latency_p95 < 500ms"], usual: 0 },
    Line { runbook: "service health checks are green", criteria: &["health passing"], usual: 0 },
    Line { runbook: "key business flows tested", criteria: &["smoke passing"], usual: 0 },
    Line {
        runbook: "dashboards reflect expected metrics",
        criteria: &["request_rate > 0.5x baseline"],
        usual: 0,
    },
    Line {
        runbook: "logs show no new critical errors",
        criteria: &["critical_logs <= baseline + 0", "max(new_errors) < 1"],
        usual: 0,
    },
    Line {
        runbook: "no resource saturation",
        criteria: &[
            "cpu_saturation < 90%",
            "memory_saturation < 90%",
            "disk_saturation < 90%",
            "max(queue_depth) < 1000",
        ],
        usual: 0,
    },
];
