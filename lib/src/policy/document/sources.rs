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
    /// A metric of an Azure resource.
    AzureMonitor, "`azure-monitor`" {
        /// The id of the resource.
        "resource" => resource: Words, required;
        /// The name of the metric.
        "metric" => metric: Words, required;
        /// How the metric is aggregated: Average, Total, Count, Minimum or Maximum.
        "aggregation" => aggregation: Words;
        /// A filter on its dimensions.
        "filter" => filter: Words;
        /// What an empty answer means; left out, it is absent.
        "empty" => empty: Number;
        /// What counts as failing: "> 0".
        "failing" => failing: ComparisonText;
        /// How often it asks.
        "every" => every: Length;
        /// How late points come.
        "ingestion_delay" => ingestion_delay: Length;
        /// The longest that one query takes.
        "timeout" => timeout: Length;
    }
}

document! {
    /// A query to a Log Analytics workspace; it gives `value`, or `bad` and `total`.
    LogAnalytics, "`log-analytics`" {
        /// The id of the workspace.
        "workspace" => workspace: Words, required;
        /// KQL.
        "query" => query: Words, required;
        /// What an empty answer means; left out, it is absent.
        "empty" => empty: Number;
        /// What counts as failing: "> 0".
        "failing" => failing: ComparisonText;
        /// How often it asks.
        "every" => every: Length;
        /// How late points come.
        "ingestion_delay" => ingestion_delay: Length;
        /// The longest that one query takes.
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
        /// Queues and topics of Azure Service Bus: `queue_depth` and `dead_letters`.
        one "service-bus" => ServiceBus(ResourcePreset);
        /// Requests of Application Insights.
        one "app-insights" => AppInsights(ResourcePreset);
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
        /// The preset's name: http-server, aspnet or prometheus-net.
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
        /// The id of the resource.
        "resource" => resource: Words, required;
    }
}
