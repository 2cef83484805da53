//! What resources of Azure tell by themselves, so that a policy needs the id of a resource and no query.
//!
//! | preset | resource | signals |
//! |---|---|---|
//! | `application-insights` | `Microsoft.Insights/components` | requests, errors, latency, dependencies, exceptions, availability tests, traces |
//! | `app-service` | `Microsoft.Web/serverfarms` | `cpu_saturation`, `memory_saturation`, `http_queue` |
//! | `container-app` | `Microsoft.App/containerApps` | `cpu_saturation`, `memory_saturation`, `restarts` |
//! | `aks` | `Microsoft.ContainerService/managedClusters` | `cpu_saturation`, `memory_saturation`, `disk_saturation` of the nodes |
//! | `sql` | `Microsoft.Sql/servers/databases` | `database_cpu_saturation` and its like, `deadlocks` |
//! | `service-bus` | `Microsoft.ServiceBus/namespaces` | `queue_depth`, `dead_letters` |

use crate::policy::source_spec::{Aggregation, LogColumns, LogRead, Metric, MetricRead};
use crate::{SignalName, SignalNameError};

/// A preset of a resource's metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceKind {
    /// An App Service plan, which web apps and functions share.
    AppService,
    /// A container app.
    ContainerApp,
    /// A cluster of Azure Kubernetes Service.
    Aks,
    /// A database of Azure SQL.
    Sql,
    /// A namespace of Service Bus.
    ServiceBus,
}

/// The type that a resource of Application Insights has.
pub const APPLICATION_INSIGHTS: &str = "Microsoft.Insights/components";

/// A signal, the metric's name, and how it is aggregated.
type Row = (&'static str, &'static str, Aggregation);

impl ResourceKind {
    /// Its key in a policy.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::AppService => "app-service",
            Self::ContainerApp => "container-app",
            Self::Aks => "aks",
            Self::Sql => "sql",
            Self::ServiceBus => "service-bus",
        }
    }

    /// The type of its resource.
    #[must_use]
    pub const fn resource_type(self) -> &'static str {
        match self {
            Self::AppService => "Microsoft.Web/serverfarms",
            Self::ContainerApp => "Microsoft.App/containerApps",
            Self::Aks => "Microsoft.ContainerService/managedClusters",
            Self::Sql => "Microsoft.Sql/servers/databases",
            Self::ServiceBus => "Microsoft.ServiceBus/namespaces",
        }
    }

    const fn rows(self) -> &'static [Row] {
        use Aggregation::{Average, Maximum, Total};
        match self {
            Self::AppService => &[
                ("cpu_saturation", "CpuPercentage", Average),
                ("memory_saturation", "MemoryPercentage", Average),
                ("http_queue", "HttpQueueLength", Average),
            ],
            Self::ContainerApp => &[
                ("cpu_saturation", "CpuPercentage", Average),
                ("memory_saturation", "MemoryPercentage", Average),
                ("restarts", "RestartCount", Maximum),
            ],
            Self::Aks => &[
                ("cpu_saturation", "node_cpu_usage_percentage", Average),
                ("memory_saturation", "node_memory_working_set_percentage", Maximum),
                ("disk_saturation", "node_disk_usage_percentage", Maximum),
            ],
            Self::Sql => &[
                ("database_cpu_saturation", "cpu_percent", Average),
                ("database_memory_saturation", "sql_instance_memory_percent", Average),
                ("database_storage_saturation", "storage_percent", Maximum),
                ("database_workers_saturation", "workers_percent", Average),
                ("deadlocks", "deadlock", Total),
            ],
            Self::ServiceBus => &[
                ("queue_depth", "ActiveMessages", Average),
                ("dead_letters", "DeadletteredMessages", Average),
            ],
        }
    }

    /// The signals. `filter` chooses among the dimensions: one queue of a namespace.
    ///
    /// ```
    /// use runbook_gate::source::preset::azure::ResourceKind;
    /// assert_eq!(ResourceKind::ServiceBus.signals(None)?.len(), 2);
    /// # Ok::<(), runbook_gate::SignalNameError>(())
    /// ```
    ///
    /// # Errors
    /// Never: the names are names of signals.
    pub fn signals(self, filter: Option<&str>) -> Result<Vec<(SignalName, MetricRead)>, SignalNameError> {
        self.rows()
            .iter()
            .map(|(signal, name, aggregation)| {
                let metric = Metric {
                    name: (*name).to_owned(),
                    aggregation: *aggregation,
                    filter: filter.map(str::to_owned),
                    namespace: None,
                };
                Ok((signal.parse()?, MetricRead::Value { metric, empty: None }))
            })
            .collect()
    }
}

/// The signals of Application Insights. `role` chooses one service where several write into one resource; it has neither
/// quotes nor backslashes.
///
/// Sampling keeps one item for several: each counts as often as its `ItemCount` says.
///
/// ```
/// let signals = runbook_gate::source::preset::azure::application_insights(None)?;
/// assert!(signals.iter().any(|(signal, _)| signal.as_str() == "latency_p95"));
/// # Ok::<(), runbook_gate::SignalNameError>(())
/// ```
///
/// # Errors
/// Never: the names are names of signals.
pub fn application_insights(role: Option<&str>) -> Result<Vec<(SignalName, LogRead)>, SignalNameError> {
    let chosen = role.map_or_else(String::new, |role| format!("\n| where AppRoleName == '{role}'"));
    let of = |table: &str, summary: &str| {
        format!("{table}{chosen}\n| summarize {summary} by bin(TimeGenerated, $step)")
    };
    // One query for everything about requests.
    let requests = format!(
        "{}\n| extend rate = toreal(requests) / ($step / 1s)",
        of(
            "AppRequests",
            "requests = sum(ItemCount), failed = sumif(ItemCount, Success == false), \
             p50 = percentilew(DurationMs, ItemCount, 50) / 1000.0, p95 = percentilew(DurationMs, ItemCount, 95) / 1000.0, \
             p99 = percentilew(DurationMs, ItemCount, 99) / 1000.0"
        )
    );
    let value = |column: &str, total: Option<&str>| LogColumns::Value {
        value: column.to_owned(),
        total: total.map(str::to_owned),
    };
    let ratio = |bad: &str, total: &str| LogColumns::Ratio { bad: bad.to_owned(), total: total.to_owned() };
    let rows: [(&str, String, LogColumns); 10] = [
        ("request_rate", requests.clone(), value("rate", None)),
        ("error_rate", requests.clone(), ratio("failed", "requests")),
        ("latency_p50", requests.clone(), value("p50", Some("requests"))),
        ("latency_p95", requests.clone(), value("p95", Some("requests"))),
        ("latency_p99", requests, value("p99", Some("requests"))),
        (
            "dependency_failures",
            of("AppDependencies", "failed = sumif(ItemCount, Success == false), calls = sum(ItemCount)"),
            ratio("failed", "calls"),
        ),
        // Requests beside them show that telemetry comes at all: a minute without exceptions is then known to be one.
        (
            "exceptions",
            of("union AppRequests, AppExceptions", "value = sumif(ItemCount, Type == 'AppExceptions')"),
            value("value", None),
        ),
        (
            "availability_tests",
            of("AppAvailabilityResults", "passed = countif(Success == true), runs = count()"),
            ratio("passed", "runs"),
        ),
        (
            "correlation_ids",
            of(
                "union AppRequests, AppDependencies, AppTraces, AppExceptions",
                "carrying = sumif(ItemCount, isnotempty(OperationId)), items = sum(ItemCount)",
            ),
            ratio("carrying", "items"),
        ),
        ("traces", of("union AppRequests, AppDependencies", "value = sum(ItemCount)"), value("value", None)),
    ];
    rows.into_iter()
        .map(|(signal, query, columns)| {
            Ok((signal.parse()?, LogRead { query, step: None, columns, empty: None }))
        })
        .collect()
}
