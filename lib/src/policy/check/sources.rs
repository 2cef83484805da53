//! Sources as they are written to sources that can be built.

use super::Checker;
use super::catalogue::{Entry, Measures, Origin, Past, usual};
use super::groups::Groups;
use super::servers::{Server, Targets};
use crate::criterion::Dimension;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::policy::decode::Field;
use crate::policy::rules::{ReadBy, ReadingKind, SignalRules};
use crate::policy::source_spec::{PrometheusRead, ScrapeRead, SourceSpec};
use crate::source;
use crate::transport::{Address, AzureApi, printable};
use crate::{Duration, SignalName};

impl Checker<'_> {
    /// Reads every source of the policy.
    pub(super) fn read_sources(&mut self, interval: Duration) {
        let mut groups = Groups::default();
        if let Field::Given(probe, span) = &self.document.probe {
            self.probe(probe, *span, interval);
        }
        let server = self.policy_server(interval);
        let targets = self.policy_targets(interval);
        self.presets(server.as_ref(), targets.as_ref(), &mut groups, interval);
        self.signals(server.as_ref(), targets.as_ref(), &mut groups, interval);
        self.sources.extend(groups.finish());
        let document = self.document;
        let nothing_written = document.probe.is_missing()
            && (document.presets.is_missing() || document.presets.get().is_some_and(Vec::is_empty))
            && (document.signals.is_missing()
                || document.signals.get().is_some_and(|signals| signals.0.is_empty()));
        if nothing_written {
            let found = Diagnostic::new(Code::NoSource, Span::default(), "the policy reads no signal");
            self.say(
                found
                    .help("add the address of the service: `probe: { url: \"https://orders.contoso.com\" }`"),
            );
        }
    }

    /// Adds a signal of a Prometheus server to its source, where it can be built.
    pub(super) fn prometheus_source(
        &mut self,
        server: &Server,
        signal: SignalName,
        read: PrometheusRead,
        groups: &mut Groups,
        span: Span,
    ) {
        let Some(mut spec) = server.spec() else { return };
        spec.signals.push((signal, read));
        self.builds(&SourceSpec::Prometheus(spec.clone()), span);
        groups.prometheus(spec);
    }

    /// Adds a signal of `/metrics` endpoints to its source, where it can be built.
    pub(super) fn scrape_source(
        &mut self,
        targets: &Targets,
        signal: SignalName,
        read: ScrapeRead,
        groups: &mut Groups,
        span: Span,
    ) {
        let Some(mut spec) = targets.spec() else { return };
        spec.signals.push((signal, read));
        self.builds(&SourceSpec::Scrape(spec.clone()), span);
        groups.scrape(spec);
    }

    /// Says why a source cannot be built: its own code knows its queries and selectors best.
    pub(super) fn builds(&mut self, spec: &SourceSpec, span: Span) {
        if self.open {
            return;
        }
        if let Err(error) = source::build(spec) {
            self.say(Diagnostic::new(Code::InvalidSource, span, error.to_string()));
        }
    }

    /// Adds a signal; two that claim one name are an error, except that a written one beats a preset's.
    pub(super) fn give(&mut self, name: SignalName, entry: Entry) {
        let (origin, span) = (entry.origin, entry.span);
        let Some(before) = self.catalogue.insert(name.clone(), entry) else { return };
        let found = match (before.origin, origin) {
            (Origin::Preset(_), Origin::Written) => return,
            (Origin::Probe, _) => {
                Diagnostic::new(Code::SignalTwice, span, format!("`{name}` is given by the probe as well"))
                    .help("rename this signal, or leave out the probe's check: `health: none`")
            }
            _ => Diagnostic::new(Code::SignalTwice, span, format!("two presets give `{name}`"))
                .help("write the signal in `signals`: that one then counts"),
        };
        self.say(found.also(before.span, "given here first"));
    }
}

/// What a Prometheus signal is.
pub(super) fn prometheus_entry(
    name: &SignalName,
    read: &PrometheusRead,
    server: &Server,
    origin: Origin,
    span: Span,
) -> Entry {
    let spec = server.spec().map(|mut spec| {
        spec.signals.push((name.clone(), read.clone()));
        SourceSpec::Prometheus(spec)
    });
    let reading = match read {
        PrometheusRead::Value { .. } => ReadingKind::Value,
        PrometheusRead::Ratio { .. } => ReadingKind::Counts,
    };
    let mut rules = SignalRules::new(reading, server.step);
    rules.read_by = ReadBy::Other;
    rules.ingestion_delay = server.ingestion_delay;
    rules.low_traffic_below = low_traffic(name);
    rules.source = server.words();
    let measures =
        if reading == ReadingKind::Counts { Measures::Known(Dimension::Ratio) } else { usual(name) };
    let grain = spec.and_then(|spec| grain(&spec)).unwrap_or(server.step);
    Entry { rules, measures, grain, hung_grain: None, past: Past::Readable, origin, span }
}

/// What a signal of a `/metrics` endpoint is.
pub(super) fn scrape_entry(
    name: &SignalName,
    read: &ScrapeRead,
    targets: &Targets,
    origin: Origin,
    span: Span,
) -> Entry {
    let reading = match read {
        ScrapeRead::Ratio { .. } => ReadingKind::Counts,
        _ => ReadingKind::Value,
    };
    let mut rules = SignalRules::new(reading, targets.every());
    rules.read_by = ReadBy::Other;
    rules.source = targets.words();
    rules.low_traffic_below = match read {
        ScrapeRead::Quantile { quantile, .. } if *quantile > 0.95 => 100,
        _ => low_traffic(name),
    };
    let measures = match read {
        ScrapeRead::Ratio { .. } => Measures::Known(Dimension::Ratio),
        ScrapeRead::Rate { .. } if name.as_str() == "request_rate" => Measures::Known(Dimension::Rate),
        ScrapeRead::Increase { .. } => Measures::Things,
        ScrapeRead::Rate { .. } | ScrapeRead::Gauge { .. } | ScrapeRead::Quantile { .. } => usual(name),
    };
    let past = Past::Lost("scrape");
    Entry { rules, measures, grain: targets.every(), hung_grain: None, past, origin, span }
}

/// The grain of a source's one signal, as the source itself says it.
fn grain(spec: &SourceSpec) -> Option<Duration> {
    let built = source::build(spec).ok()?;
    built.signals().first().map(|signal| signal.step)
}

/// A quantile far out needs more requests behind it.
pub(super) fn low_traffic(name: &SignalName) -> u32 {
    if name.as_str().contains("p99") { 100 } else { 20 }
}

/// Where a source reads, in words without secrets.
pub(super) fn words(kind: &str, address: &Address) -> String {
    match address {
        Address::Url(url) | Address::Opened(url) => format!("{kind} {}", printable(url)),
        Address::Connection(name) => format!("{kind} connection {name}"),
        Address::Service(service) => format!("{kind} {}", service.name()),
        Address::Azure(AzureApi::Prometheus(url)) => format!("{kind} {}", printable(url)),
        Address::Azure(api) => format!("{kind} {}", api.name()),
        Address::Webhook(_) => format!("{kind} webhook"),
    }
}
