//! The sources of signals as they are written.

use crate::diagnostic::Diagnostic;
use crate::policy::decode::{
    ComparisonText, Decode, Entries, Length, Number, Placed, Pointer, Scalar, Share, UrlText, Whole, Words,
    choice, document, words, wrong_type,
};
use crate::policy::node::{Node, NodeValue};
use crate::policy::schema::Schemas;

/// Headers of requests, by name.
pub(crate) type Headers = Entries<HeaderValue>;

document! {
    /// HTTP probes of the service.
    Probe, "`probe`" {
        /// The base address of the service; checks are paths under it.
        "url" => url: UrlText;
        /// Several base addresses, in place of `url`.
        "urls" => urls: Vec<Placed<UrlText>>;
        /// How many of the addresses must pass for a probe to pass. Default: all.
        "quorum" => quorum: Whole;
        /// The liveness check: a path, a mapping, or `none`. Default: /health.
        "health" => health: Check;
        /// The readiness check: a path, a mapping, or `none`. Default: /ready.
        "ready" => ready: Check;
        /// Which version must serve. Default: not checked.
        "version" => version: VersionDocument;
        /// The longest that one probe takes. Default: 5s.
        "timeout" => timeout: Length;
        /// How often it probes. Default: the gate's interval.
        "every" => every: Length;
        /// Headers of each probe.
        "headers" => headers: Headers;
    }
}

/// A check of a probe: `none`, a path, or a mapping.
#[derive(Clone, Debug)]
pub(crate) enum Check {
    /// Not checked.
    None,
    /// The path alone.
    Path(Words),
    /// Everything.
    Full(CheckDocument),
}

impl Decode for Check {
    fn decode(node: &Node, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        match &node.value {
            NodeValue::Text(text) if text.as_str() == "none" => Some(Self::None),
            NodeValue::Text(_) => Words::decode(node, findings).map(Self::Path),
            NodeValue::Map(_) => CheckDocument::decode(node, findings).map(Self::Full),
            _ => wrong_type(node, "a path, a mapping or `none`", findings),
        }
    }

    fn schema(schemas: &mut Schemas) -> serde_json::Value {
        let full = CheckDocument::schema(schemas);
        serde_json::json!({ "anyOf": [{ "const": "none" }, { "type": "string", "pattern": "^/|\\$\\{" }, full] })
    }
}

document! {
    /// A check of a probe.
    CheckDocument, "a check" {
        /// The path under each address.
        "path" => path: Words;
        /// Status codes that pass. Default: [200].
        "expect" => expect: Vec<Placed<Whole>>;
        /// What a body that says `Degraded` means. Default: passing.
        "degraded" => degraded: DegradedWord;
    }
}

words! {
    /// What a degraded body means.
    DegradedWord, "`passing` or `failing`" {
        /// The check passes, and the report says it.
        "passing" => Passing;
        /// The check fails.
        "failing" => Failing;
    }
}

document! {
    /// Which version must serve.
    VersionDocument, "`version`" {
        /// The path under each address. Default: /version.
        "path" => path: Words;
        /// Where in a JSON body the version stands: a JSON pointer. Default: the whole body is the version.
        "json" => json: Pointer;
        /// The version that was deployed.
        "equals" => equals: Scalar, required;
    }
}

/// A header's value: a text, or a secret.
#[derive(Clone, Debug)]
pub(crate) enum HeaderValue {
    /// A text that may be printed.
    Plain(Scalar),
    /// A secret.
    Secret(SecretDocument),
}

impl Decode for HeaderValue {
    fn decode(node: &Node, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        match &node.value {
            NodeValue::Map(_) => SecretDocument::decode(node, findings).map(Self::Secret),
            _ => Scalar::decode(node, findings).map(Self::Plain),
        }
    }

    fn schema(schemas: &mut Schemas) -> serde_json::Value {
        let secret = SecretDocument::schema(schemas);
        let plain = Scalar::schema(schemas);
        serde_json::json!({ "anyOf": [plain, secret] })
    }
}

document! {
    /// A secret header value.
    SecretDocument, "a secret" {
        /// The value, with the secret as a variable: "Bearer ${API_TOKEN}".
        "secret" => secret: Words, required;
    }
}

document! {
    /// A Prometheus server.
    PrometheusServer, "`prometheus`" {
        /// The base address of the server.
        "url" => url: UrlText;
        /// A named service connection, in place of a URL.
        "connection" => connection: Words;
        /// The query endpoint of an Azure Monitor workspace (managed Prometheus), in place of a URL.
        "azure" => azure: UrlText;
        /// The step of range queries. Default: the gate's interval.
        "step" => step: Length;
        /// How often the server scrapes the service. Default: 15s.
        "scrape_interval" => scrape_interval: Length;
        /// How late points come. Default: 0s.
        "ingestion_delay" => ingestion_delay: Length;
        /// The longest that one query takes. Default: 10s.
        "timeout" => timeout: Length;
        /// Headers of each request.
        "headers" => headers: Headers;
    }
}

document! {
    /// Queries to a Prometheus server: `query`, or `bad` and `total`.
    Prometheus, "`prometheus`" {
        /// The base address of the server. Default: the policy's `prometheus`, or its one preset's server.
        "url" => url: UrlText;
        /// A named service connection, in place of a URL.
        "connection" => connection: Words;
        /// The query endpoint of an Azure Monitor workspace (managed Prometheus), in place of a URL.
        "azure" => azure: UrlText;
        /// PromQL that gives one number; `$window` expands.
        "query" => query: Words;
        /// PromQL of the bad events in `$window`.
        "bad" => bad: Words;
        /// PromQL of all events in `$window`; beside `query`, the requests behind it.
        "total" => total: Words;
        /// What an empty answer means; left out, it is absent.
        "empty" => empty: Number;
        /// What counts as failing: "> 0".
        "failing" => failing: ComparisonText;
        /// The step of range queries. Default: the server's.
        "step" => step: Length;
        /// How often the server scrapes the service. Default: the server's.
        "scrape_interval" => scrape_interval: Length;
        /// How late points come. Default: the server's.
        "ingestion_delay" => ingestion_delay: Length;
        /// The longest that one query takes. Default: the server's.
        "timeout" => timeout: Length;
        /// Headers of each request. Default: the server's.
        "headers" => headers: Headers;
    }
}

document! {
    /// A `/metrics` endpoint, in Prometheus text or OpenMetrics.
    ScrapeTarget, "`scrape`" {
        /// The address of the endpoint.
        "url" => url: UrlText;
        /// Several addresses, added up, in place of `url`.
        "urls" => urls: Vec<Placed<UrlText>>;
        /// A named service connection, in place of a URL.
        "connection" => connection: Words;
        /// How often it scrapes. Default: the gate's interval.
        "every" => every: Length;
        /// The longest that one scrape takes. Default: 5s.
        "timeout" => timeout: Length;
        /// Headers of each request.
        "headers" => headers: Headers;
    }
}

document! {
    /// What is read from a `/metrics` endpoint: `bad` and `total`, `rate`, `increase`, `gauge`, or `histogram` and `quantile`.
    Scrape, "`scrape`" {
        /// The address of the endpoint. Default: the policy's `scrape`.
        "url" => url: UrlText;
        /// Several addresses, added up, in place of `url`.
        "urls" => urls: Vec<Placed<UrlText>>;
        /// A named service connection, in place of a URL.
        "connection" => connection: Words;
        /// Selector of the counters of bad events: http_requests_total{code=~"5.."}
        "bad" => bad: Words;
        /// Selector of the counters of all events.
        "total" => total: Words;
        /// Selector of a counter, read as events in a second.
        "rate" => rate: Words;
        /// Selector of a counter, read as its increase since the last scrape.
        "increase" => increase: Words;
        /// Selector of a gauge; several series are added up.
        "gauge" => gauge: Words;
        /// Selector of a histogram, without `_bucket`.
        "histogram" => histogram: Words;
        /// Which quantile of the histogram: 0.95 or 95%.
        "quantile" => quantile: Share;
        /// What counts as failing: "> 0".
        "failing" => failing: ComparisonText;
        /// How often it scrapes. Default: the endpoint's.
        "every" => every: Length;
        /// The longest that one scrape takes. Default: the endpoint's.
        "timeout" => timeout: Length;
        /// Headers of each request. Default: the endpoint's.
        "headers" => headers: Headers;
    }
}

document! {
    /// A number in a JSON document: `value`, or `bad` and `total`.
    HttpJson, "`http-json`" {
        /// The address of the document.
        "url" => url: UrlText;
        /// A named service connection, in place of a URL.
        "connection" => connection: Words;
        /// Where the number stands: a JSON pointer. A boolean there is a state.
        "value" => value: Pointer;
        /// What the number must be for the signal to pass.
        "expect" => expect: ComparisonText;
        /// Where the bad events stand: a JSON pointer.
        "bad" => bad: Pointer;
        /// Where all events stand: a JSON pointer.
        "total" => total: Pointer;
        /// What a missing value means; left out, it is absent.
        "empty" => empty: Number;
        /// What counts as failing: "> 0".
        "failing" => failing: ComparisonText;
        /// How often it asks. Default: the gate's interval.
        "every" => every: Length;
        /// The longest that one request takes. Default: 10s.
        "timeout" => timeout: Length;
        /// Headers of each request.
        "headers" => headers: Headers;
    }
}

document! {
    /// A command whose exit code is a state; runs only where commands are allowed.
    Command, "`command`" {
        /// The program and its arguments; no shell.
        "run" => run: Vec<Placed<Scalar>>, required;
        /// How often it runs. Default: the gate's interval.
        "every" => every: Length;
        /// The longest that one run takes. Default: 1m.
        "timeout" => timeout: Length;
        /// How often a failing run is tried again before it counts. Default: 0.
        "retries" => retries: Whole;
    }
}

document! {
    /// Metrics of an Azure resource: `metric`, or `bad` and `total`.
    AzureMonitor, "`azure-monitor`" {
        /// The id of the resource: /subscriptions/…/resourceGroups/…/providers/…
        "resource" => resource: Words;
        /// Several resources of one kind, put together; with `region`, in place of `resource`.
        "resources" => resources: Vec<Placed<Words>>;
        /// The region of `resources`: westeurope.
        "region" => region: Words;
        /// The name of the metric in the API: CpuPercentage.
        "metric" => metric: Words;
        /// The metric of bad events: Http5xx.
        "bad" => bad: Words;
        /// The metric of all events: Requests.
        "total" => total: Words;
        /// How the values of one step become one. Default: Average; Total for `bad` and `total`.
        "aggregation" => aggregation: AggregationWord;
        /// A filter on its dimensions: EntityName eq 'orders'.
        "filter" => filter: Words;
        /// The namespace of the metric, where the resource has several.
        "namespace" => namespace: Words;
        /// What a missing point means; left out, it is absent.
        "empty" => empty: Number;
        /// What counts as failing: "> 0".
        "failing" => failing: ComparisonText;
        /// The grain of its points: 1m, 5m, 15m, 30m, 1h, 6h, 12h or 1d. Default: 1m.
        "step" => step: Length;
        /// How late points are whole. Default: 3m.
        "ingestion_delay" => ingestion_delay: Length;
        /// The longest that one query takes. Default: 30s.
        "timeout" => timeout: Length;
    }
}

words! {
    /// How values become one.
    AggregationWord, "an aggregation" {
        /// Their mean.
        "Average" => Average;
        /// Their sum.
        "Total" => Total;
        /// The highest.
        "Maximum" => Maximum;
        /// The lowest.
        "Minimum" => Minimum;
        /// How many they are.
        "Count" => Count;
    }
}

document! {
    /// A query to a Log Analytics workspace; it gives `value`, or `bad` and `total`.
    LogAnalytics, "`log-analytics`" {
        /// The workspace: its own id, or the id of its resource.
        "workspace" => workspace: Words, required;
        /// KQL; `$step` expands.
        "query" => query: Words, required;
        /// The grain of its rows, which it bins by. Default: what the query bins by, or 1m.
        "step" => step: Length;
        /// What a missing row means; left out, it is absent.
        "empty" => empty: Number;
        /// What counts as failing: "> 0".
        "failing" => failing: ComparisonText;
        /// How late rows come. Default: 5m.
        "ingestion_delay" => ingestion_delay: Length;
        /// The longest that one query takes. Default: 30s.
        "timeout" => timeout: Length;
    }
}

document! {
    /// A query to Application Insights; it gives `value`, or `bad` and `total`.
    ApplicationInsights, "`application-insights`" {
        /// The id of the Application Insights resource; its tables are AppRequests and their like.
        "resource" => resource: Words;
        /// The application's own id, in place of `resource`; its tables are requests and their like.
        "app" => app: Words;
        /// KQL; `$step` expands.
        "query" => query: Words, required;
        /// The grain of its rows, which it bins by. Default: what the query bins by, or 1m.
        "step" => step: Length;
        /// What a missing row means; left out, it is absent.
        "empty" => empty: Number;
        /// What counts as failing: "> 0".
        "failing" => failing: ComparisonText;
        /// How late rows come. Default: 5m.
        "ingestion_delay" => ingestion_delay: Length;
        /// The longest that one query takes. Default: 30s.
        "timeout" => timeout: Length;
    }
}

document! {
    /// How many alerts fired since the deployment began.
    AzureAlerts, "`azure-alerts`" {
        /// The ids of the resources that the alerts are about.
        "resources" => resources: Vec<Placed<Words>>, required;
        /// Names of alert rules that must be there and enabled. Default: at least one must watch each resource.
        "rules" => rules: Vec<Placed<Words>>;
        /// What counts as failing: "> 0".
        "failing" => failing: ComparisonText;
        /// How often it asks. Default: 1m.
        "every" => every: Length;
        /// The longest that one request takes. Default: 30s.
        "timeout" => timeout: Length;
    }
}

document! {
    /// A signal: where it is read (one source), and what its absence means.
    Signal, "a signal" {
        /// Queries to a Prometheus server.
        "prometheus" => prometheus: Prometheus;
        /// A `/metrics` endpoint.
        "scrape" => scrape: Scrape;
        /// A number in a JSON document.
        "http-json" => http_json: HttpJson;
        /// A command's exit code.
        "command" => command: Command;
        /// A metric of an Azure resource.
        "azure-monitor" => azure_monitor: AzureMonitor;
        /// A query to a Log Analytics workspace.
        "log-analytics" => log_analytics: LogAnalytics;
        /// A query to Application Insights.
        "application-insights" => application_insights: ApplicationInsights;
        /// Alerts that fired since the deployment began.
        "azure-alerts" => azure_alerts: AzureAlerts;
        /// What its numbers measure; known for the runbook's signals.
        "unit" => unit: UnitWord;
        /// What it means that no data came. Default: hold.
        "on_no_data" => on_no_data: MissingWord;
        /// What it means that too few requests came. Default: hold.
        "on_low_traffic" => on_low_traffic: MissingWord;
        /// What it means that the source failed. Default: hold.
        "on_error" => on_error: MissingWord;
        /// A value with fewer requests behind it is low traffic. Default: 20, and 100 for p99.
        "low_traffic_below" => low_traffic_below: Whole;
    }
}

words! {
    /// What missing data means.
    MissingWord, "`hold` or `pass`" {
        /// Undecided: a person looks.
        "hold" => Hold;
        /// Passed over, and said in the report.
        "pass" => Pass;
    }
}

words! {
    /// What a signal's numbers measure.
    UnitWord, "a unit" {
        /// A share, 0 to 1.
        "ratio" => Ratio;
        /// Time, in seconds.
        "seconds" => Seconds;
        /// Memory or disk, in bytes.
        "bytes" => Bytes;
        /// Events in a second.
        "per-second" => PerSecond;
        /// A number of things.
        "count" => Count;
    }
}

choice! {
    /// Ready-made signals.
    Preset, "a preset" {
        /// The usual HTTP server metrics, read from a Prometheus server.
        one "prometheus" => Prometheus(PrometheusPreset);
        /// The usual HTTP server metrics, read from a `/metrics` endpoint.
        one "scrape" => Scrape(ScrapePreset);
        /// Requests, errors, latency, dependencies, exceptions and new errors of Application Insights.
        one "application-insights" => ApplicationInsights(ApplicationInsightsPreset);
        /// Saturation of an App Service plan: `cpu_saturation`, `memory_saturation` and `http_queue`.
        one "app-service" => AppService(ResourcePreset);
        /// Saturation of a container app: `cpu_saturation`, `memory_saturation` and `restarts`.
        one "container-app" => ContainerApp(ResourcePreset);
        /// Saturation of a cluster's nodes: `cpu_saturation`, `memory_saturation` and `disk_saturation`.
        one "aks" => Aks(ResourcePreset);
        /// Saturation of an Azure SQL database: `database_cpu_saturation` and its like, `deadlocks`.
        one "sql" => Sql(ResourcePreset);
        /// Queues and topics of Azure Service Bus: `queue_depth` and `dead_letters`.
        one "service-bus" => ServiceBus(ServiceBusPreset);
    }
}

document! {
    /// The usual HTTP server metrics, read from a Prometheus server.
    PrometheusPreset, "the preset" {
        /// The preset's name: http-server, aspnet, http-server-v1, prometheus-net or http-requests.
        "preset" => preset: Words, required;
        /// Label matchers of the service: app="orders".
        "selector" => selector: Words;
        /// The base address of the server. Default: the policy's `prometheus`.
        "url" => url: UrlText;
        /// A named service connection, in place of a URL.
        "connection" => connection: Words;
        /// The query endpoint of an Azure Monitor workspace (managed Prometheus), in place of a URL.
        "azure" => azure: UrlText;
        /// The step of range queries. Default: the gate's interval.
        "step" => step: Length;
        /// How often the server scrapes the service. Default: 15s.
        "scrape_interval" => scrape_interval: Length;
        /// How late points come. Default: 0s.
        "ingestion_delay" => ingestion_delay: Length;
        /// The longest that one query takes. Default: 10s.
        "timeout" => timeout: Length;
        /// Headers of each request.
        "headers" => headers: Headers;
    }
}

document! {
    /// The usual HTTP server metrics, read from a `/metrics` endpoint.
    ScrapePreset, "the preset" {
        /// The preset's name: http-server, aspnet, prometheus-net or http-requests.
        "preset" => preset: Words, required;
        /// Label matchers of the service: app="orders".
        "selector" => selector: Words;
        /// The address of the endpoint. Default: the policy's `scrape`.
        "url" => url: UrlText;
        /// Several addresses, added up, in place of `url`.
        "urls" => urls: Vec<Placed<UrlText>>;
        /// A named service connection, in place of a URL.
        "connection" => connection: Words;
        /// How often it scrapes. Default: the gate's interval.
        "every" => every: Length;
        /// The longest that one scrape takes. Default: 5s.
        "timeout" => timeout: Length;
        /// Headers of each request.
        "headers" => headers: Headers;
    }
}

document! {
    /// Metrics of an Azure resource.
    ResourcePreset, "the preset" {
        /// The id of the resource: /subscriptions/…/resourceGroups/…/providers/…
        "resource" => resource: Words, required;
        /// How late points are whole. Default: 3m.
        "ingestion_delay" => ingestion_delay: Length;
        /// The longest that one query takes. Default: 30s.
        "timeout" => timeout: Length;
    }
}

document! {
    /// Queues and topics of Azure Service Bus.
    ServiceBusPreset, "the preset" {
        /// The id of the namespace: /subscriptions/…/resourceGroups/…/providers/Microsoft.ServiceBus/namespaces/…
        "resource" => resource: Words, required;
        /// One queue or topic. Default: all of the namespace together.
        "entity" => entity: Words;
        /// How late points are whole. Default: 3m.
        "ingestion_delay" => ingestion_delay: Length;
        /// The longest that one query takes. Default: 30s.
        "timeout" => timeout: Length;
    }
}

document! {
    /// What Application Insights tells of a service.
    ApplicationInsightsPreset, "the preset" {
        /// The id of the Application Insights resource: /subscriptions/…/resourceGroups/…/providers/Microsoft.Insights/components/…
        "resource" => resource: Words, required;
        /// The cloud role name of the service, where several write into one resource. Default: all of them.
        "role" => role: Words;
        /// An error pattern that was there so long before the deployment is not new. Default: 1d.
        "known_errors" => known_errors: Length;
        /// How late rows come. Default: 5m.
        "ingestion_delay" => ingestion_delay: Length;
        /// The longest that one query takes. Default: 30s.
        "timeout" => timeout: Length;
    }
}
