//! Sources of Azure as they are written to sources that can be built.

mod presets;

use super::Checker;
use super::catalogue::{Entry, Measures, Origin, Past, usual};
use super::groups::Groups;
use super::sources::low_traffic;
use crate::azure::{Guid, ResourceId};
use crate::criterion::Dimension;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::policy::decode::{Field, Length, Placed, Words};
use crate::policy::defaults;
use crate::policy::document::{
    AggregationWord, ApplicationInsights, AzureAlerts, AzureMonitor, LogAnalytics,
};
use crate::policy::node::Text;
use crate::policy::rules::{ReadBy, ReadingKind, SignalRules};
use crate::policy::source_spec::{
    Aggregation, AzureAlertsSpec, AzureLogsSpec, AzureMonitorSpec, LogColumns, LogRead, LogScope, Metric,
    MetricRead, Resources, SourceSpec,
};
use crate::source::preset::azure::APPLICATION_INSIGHTS;
use crate::source::{columns_of, step_of};
use crate::{Duration, SignalName};

/// A signal of Azure before its source is known.
struct Signal<'n> {
    name: &'n SignalName,
    reading: ReadingKind,
    step: Duration,
    delay: Duration,
    source: String,
    origin: Origin,
    span: Span,
}

impl Signal<'_> {
    fn entry(self, past: Past) -> Entry {
        let mut rules = SignalRules::new(self.reading, self.step);
        rules.read_by = ReadBy::Other;
        rules.ingestion_delay = self.delay;
        rules.low_traffic_below = low_traffic(self.name);
        rules.source = self.source;
        let measures = match self.reading {
            ReadingKind::Counts => Measures::Known(Dimension::Ratio),
            ReadingKind::Value | ReadingKind::State => usual(self.name),
        };
        let (origin, span) = (self.origin, self.span);
        Entry { rules, measures, grain: self.step, hung_grain: None, past, origin, span }
    }
}

impl Checker<'_> {
    pub(super) fn azure_monitor_signal(
        &mut self,
        at: &Text,
        name: &SignalName,
        document: &AzureMonitor,
        groups: &mut Groups,
    ) {
        let resources = self.resources(at, document);
        let step = self.positive(&document.step, defaults::AZURE_STEP);
        let delay = self.length(&document.ingestion_delay, defaults::AZURE_METRICS_DELAY);
        let timeout = self.positive(&document.timeout, defaults::AZURE_TIMEOUT);
        let failing = self.failing(&document.failing);
        let empty = document.empty.get().map(|number| number.0.get());
        let filter = document.filter.get().and_then(|text| self.line(text));
        let namespace = document.namespace.get().and_then(|text| self.line(text));
        let written = document.aggregation.get().copied().map(aggregation);
        let metric = |name: String, usual: Aggregation| Metric {
            name,
            aggregation: written.unwrap_or(usual),
            filter: filter.clone(),
            namespace: namespace.clone(),
        };
        let given = [&document.metric, &document.bad, &document.total].map(|field| !field.is_missing());
        let read = match given {
            [true, false, false] => MetricRead::Value {
                metric: metric(self.words(&document.metric), Aggregation::Average),
                empty,
            },
            [false, true, true] => MetricRead::Ratio {
                bad: metric(self.words(&document.bad), Aggregation::Total),
                total: metric(self.words(&document.total), Aggregation::Total),
                empty,
            },
            _ => return self.wrong_reading(at, "`metric` for a number, or `bad` and `total` for counts"),
        };
        let reading = match read {
            MetricRead::Value { .. } => ReadingKind::Value,
            MetricRead::Ratio { .. } => ReadingKind::Counts,
        };
        let source = "azure-monitor".to_owned();
        let signal = Signal { name, reading, step, delay, source, origin: Origin::Written, span: at.span };
        let mut entry = signal.entry(Past::Readable);
        self.apply_failing(&mut entry, failing, document.failing.span());
        if let Some(resources) = resources {
            let signals = vec![(name.clone(), read)];
            let spec = AzureMonitorSpec { resources, step, ingestion_delay: delay, timeout, signals };
            entry.rules.source = words_of(&spec);
            self.builds(&SourceSpec::AzureMonitor(spec.clone()), at.span);
            groups.azure_monitor(spec);
        }
        self.give(name.clone(), entry);
    }

    /// The one resource, or several with their region.
    fn resources(&mut self, at: &Text, document: &AzureMonitor) -> Option<Resources> {
        let given = [
            !document.resource.is_missing(),
            !document.resources.is_missing(),
            !document.region.is_missing(),
        ];
        match given {
            [true, false, false] => self.resource(document.resource.get()?, None).map(Resources::One),
            [false, true, true] => {
                let ids = self.resource_list(&document.resources)?;
                let text = document.region.get()?;
                let known = self.known(text)?;
                match known.parse() {
                    Ok(region) => Some(Resources::Several { region, ids }),
                    Err(error) => {
                        let error: crate::transport::RegionError = error;
                        self.say(Diagnostic::new(Code::SourceReading, text.span, error.to_string()));
                        None
                    }
                }
            }
            _ => {
                self.wrong_reading(at, "`resource`, or `resources` with their `region`");
                None
            }
        }
    }

    fn resource_list(&mut self, field: &Field<Vec<Placed<Words>>>) -> Option<Vec<ResourceId>> {
        let listed = field.get()?;
        let ids: Vec<ResourceId> = listed.iter().filter_map(|id| self.resource(&id.value, None)).collect();
        (ids.len() == listed.len()).then_some(ids)
    }

    /// The id of a resource; of a type, where only one makes sense.
    fn resource(&mut self, text: &Text, kind: Option<&str>) -> Option<ResourceId> {
        let known = self.line(text)?;
        let id: ResourceId = match known.parse() {
            Ok(id) => id,
            Err(error) => {
                let error: crate::azure::IdError = error;
                self.say(Diagnostic::new(Code::SourceReading, text.span, error.to_string()));
                return None;
            }
        };
        match kind {
            Some(kind) if !id.is_a(kind) => {
                let message = format!("this is the id of a {}, where that of a {kind} is needed", id.kind());
                self.say(Diagnostic::new(Code::SourceReading, text.span, message));
                None
            }
            _ => Some(id),
        }
    }

    fn guid(&mut self, text: &Text) -> Option<Guid> {
        let known = self.line(text)?;
        match known.parse() {
            Ok(id) => Some(id),
            Err(error) => {
                let error: crate::azure::IdError = error;
                self.say(Diagnostic::new(Code::SourceReading, text.span, error.to_string()));
                None
            }
        }
    }

    pub(super) fn log_analytics_signal(
        &mut self,
        at: &Text,
        name: &SignalName,
        document: &LogAnalytics,
        groups: &mut Groups,
    ) {
        let scope = document.workspace.get().and_then(|text| {
            // A workspace has two ids: its own, and that of the resource.
            let resource = self.known(text)?.trim_start().starts_with('/');
            if resource {
                self.resource(text, Some("Microsoft.OperationalInsights/workspaces")).map(LogScope::Resource)
            } else {
                self.guid(text).map(LogScope::Workspace)
            }
        });
        let keys = LogKeys::from(document);
        let failing = (self.failing(&document.failing), document.failing.span());
        self.logs_signal(at, name, scope, keys, failing, groups);
    }

    pub(super) fn application_insights_signal(
        &mut self,
        at: &Text,
        name: &SignalName,
        document: &ApplicationInsights,
        groups: &mut Groups,
    ) {
        let scope = match (document.resource.get(), document.app.get()) {
            (Some(text), None) => self.resource(text, Some(APPLICATION_INSIGHTS)).map(LogScope::Resource),
            (None, Some(text)) => self.guid(text).map(LogScope::Application),
            (Some(_), Some(_)) => return self.wrong_reading(at, "either `resource` or `app`"),
            (None, None) => {
                if document.resource.is_missing() && document.app.is_missing() {
                    return self.wrong_reading(at, "`resource`, or `app`");
                }
                None
            }
        };
        let keys = LogKeys::from(document);
        let failing = (self.failing(&document.failing), document.failing.span());
        self.logs_signal(at, name, scope, keys, failing, groups);
    }

    fn logs_signal(
        &mut self,
        at: &Text,
        name: &SignalName,
        scope: Option<LogScope>,
        keys: LogKeys<'_>,
        failing: (Option<crate::policy::rules::FailingRule>, Option<Span>),
        groups: &mut Groups,
    ) {
        let query = self.words(keys.query);
        let step = keys.step.get().map(|_| self.positive(keys.step, defaults::AZURE_STEP));
        let delay = self.length(keys.ingestion_delay, defaults::AZURE_LOGS_DELAY);
        let timeout = self.positive(keys.timeout, defaults::AZURE_TIMEOUT);
        let columns = columns_of(&query);
        let read = LogRead { step, columns, empty: keys.empty, query };
        let (reading, grain) =
            (reading_of(&read.columns), step_of(&read.query, step).unwrap_or(defaults::AZURE_STEP));
        let source = scope.as_ref().map_or_else(|| keys.kind.to_owned(), crate::source::describe_logs);
        let signal =
            Signal { name, reading, step: grain, delay, source, origin: Origin::Written, span: at.span };
        let mut entry = signal.entry(Past::Readable);
        self.apply_failing(&mut entry, failing.0, failing.1);
        if let Some(scope) = scope {
            let spec =
                AzureLogsSpec { scope, ingestion_delay: delay, timeout, signals: vec![(name.clone(), read)] };
            self.builds(&SourceSpec::AzureLogs(spec.clone()), keys.query.span().unwrap_or(at.span));
            groups.azure_logs(spec);
        }
        self.give(name.clone(), entry);
    }

    pub(super) fn azure_alerts_signal(&mut self, at: &Text, name: &SignalName, document: &AzureAlerts) {
        let resources = self.resource_list(&document.resources);
        let rules =
            document.rules.get().into_iter().flatten().filter_map(|rule| self.line(&rule.value)).collect();
        let step = self.positive(&document.every, defaults::AZURE_STEP);
        let timeout = self.positive(&document.timeout, defaults::AZURE_TIMEOUT);
        let failing = self.failing(&document.failing);
        let signal = Signal {
            name,
            reading: ReadingKind::Value,
            step,
            delay: Duration::ZERO,
            source: "azure-alerts".to_owned(),
            origin: Origin::Written,
            span: at.span,
        };
        let mut entry = signal.entry(Past::Lost("azure-alerts"));
        entry.measures = Measures::Things;
        self.apply_failing(&mut entry, failing, document.failing.span());
        if let Some(resources) = resources {
            let spec = SourceSpec::AzureAlerts(AzureAlertsSpec {
                signal: name.clone(),
                resources,
                rules,
                step,
                timeout,
            });
            self.builds(&spec, at.span);
            self.sources.push(spec);
        }
        self.give(name.clone(), entry);
    }
}

/// The keys of a query of logs.
struct LogKeys<'d> {
    kind: &'static str,
    query: &'d Field<Words>,
    step: &'d Field<Length>,
    empty: Option<f64>,
    ingestion_delay: &'d Field<Length>,
    timeout: &'d Field<Length>,
}

macro_rules! log_keys {
    ($($document:ident $kind:literal),+) => { $(
        impl<'d> From<&'d $document> for LogKeys<'d> {
            fn from(document: &'d $document) -> Self {
                Self {
                    kind: $kind,
                    query: &document.query,
                    step: &document.step,
                    empty: document.empty.get().map(|number| number.0.get()),
                    ingestion_delay: &document.ingestion_delay,
                    timeout: &document.timeout,
                }
            }
        }
    )+ };
}
log_keys!(LogAnalytics "log-analytics", ApplicationInsights "application-insights");

const fn reading_of(columns: &LogColumns) -> ReadingKind {
    match columns {
        LogColumns::Value { .. } => ReadingKind::Value,
        LogColumns::Ratio { .. } => ReadingKind::Counts,
    }
}

const fn aggregation(word: AggregationWord) -> Aggregation {
    match word {
        AggregationWord::Average => Aggregation::Average,
        AggregationWord::Total => Aggregation::Total,
        AggregationWord::Maximum => Aggregation::Maximum,
        AggregationWord::Minimum => Aggregation::Minimum,
        AggregationWord::Count => Aggregation::Count,
    }
}

/// Where metrics are read, in words.
fn words_of(spec: &AzureMonitorSpec) -> String {
    let first = spec.resources.all().first();
    first.map_or_else(String::new, |id| format!("azure-monitor {} {}", id.kind(), id.name()))
}
