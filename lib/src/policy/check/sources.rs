//! Sources as they are written to sources that can be built.

use std::collections::HashMap;

use super::catalogue::{Catalogue, Entry, Measures, Origin, Past, usual};
use super::{Checker, presets};
use crate::criterion::Dimension;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::policy::decode::{Field, Length, Placed, UrlText, Words};
use crate::policy::defaults;
use crate::policy::document::{
    Check, DegradedWord, Headers, Preset, Probe, Prometheus, PrometheusPreset, PrometheusServer, Scrape,
    ScrapeTarget,
};
use crate::policy::node::Text;
use crate::policy::rules::{ReadingKind, SignalRules};
use crate::policy::source_spec::{
    Address, Degraded, Header, ProbeCheck, ProbeSpec, PrometheusRead, PrometheusSpec, ScrapeRead, ScrapeSpec,
    SourceSpec, VersionCheck,
};
use crate::transport::printable;
use crate::{Duration, SignalName};

/// The most addresses of one source.
const MOST_TARGETS: usize = 1_000;

/// The keys that say where a Prometheus server is and how it is asked.
#[derive(Clone, Copy)]
pub(super) struct ServerKeys<'d> {
    url: &'d Field<UrlText>,
    connection: &'d Field<Words>,
    step: &'d Field<Length>,
    scrape_interval: &'d Field<Length>,
    ingestion_delay: &'d Field<Length>,
    timeout: &'d Field<Length>,
    headers: &'d Field<Headers>,
}

macro_rules! server_keys {
    ($($document:ident),+) => { $(
        impl<'d> From<&'d $document> for ServerKeys<'d> {
            fn from(document: &'d $document) -> Self {
                Self {
                    url: &document.url,
                    connection: &document.connection,
                    step: &document.step,
                    scrape_interval: &document.scrape_interval,
                    ingestion_delay: &document.ingestion_delay,
                    timeout: &document.timeout,
                    headers: &document.headers,
                }
            }
        }
    )+ };
}
server_keys!(PrometheusServer, Prometheus, PrometheusPreset);

impl ServerKeys<'_> {
    const fn names_a_server(&self) -> bool {
        !self.url.is_missing() || !self.connection.is_missing()
    }
}

/// A Prometheus server, whole.
#[derive(Clone, Debug)]
pub(super) struct Server {
    address: Option<Address>,
    step: Duration,
    scrape_interval: Duration,
    ingestion_delay: Duration,
    timeout: Duration,
    headers: Vec<Header>,
}

/// The keys that say which `/metrics` endpoints are read, and how.
#[derive(Clone, Copy)]
pub(super) struct TargetKeys<'d> {
    url: &'d Field<UrlText>,
    urls: &'d Field<Vec<Placed<UrlText>>>,
    connection: &'d Field<Words>,
    every: &'d Field<Length>,
    timeout: &'d Field<Length>,
    headers: &'d Field<Headers>,
}

macro_rules! target_keys {
    ($($document:ident),+) => { $(
        impl<'d> From<&'d $document> for TargetKeys<'d> {
            fn from(document: &'d $document) -> Self {
                Self {
                    url: &document.url,
                    urls: &document.urls,
                    connection: &document.connection,
                    every: &document.every,
                    timeout: &document.timeout,
                    headers: &document.headers,
                }
            }
        }
    )+ };
}
target_keys!(ScrapeTarget, Scrape);

impl TargetKeys<'_> {
    const fn names_a_target(&self) -> bool {
        !self.url.is_missing() || !self.urls.is_missing() || !self.connection.is_missing()
    }
}

/// The `/metrics` endpoints of a source, whole.
#[derive(Clone, Debug)]
pub(super) struct Targets {
    addresses: Vec<Address>,
    every: Duration,
    timeout: Duration,
    headers: Vec<Header>,
}

/// Sources that share a server or an endpoint become one, so that a scrape is read once for all its signals.
#[derive(Default)]
pub(super) struct Groups {
    prometheus: HashMap<String, (usize, PrometheusSpec)>,
    scrape: HashMap<String, (usize, ScrapeSpec)>,
    next: usize,
}

impl<'d> Checker<'d> {
    /// Reads every source of the policy.
    pub(super) fn read_sources(&mut self, interval: Duration) {
        let mut groups = Groups::default();
        if let Field::Given(probe, span) = &self.document.probe {
            self.probe(probe, *span, interval);
        }
        let server = self.policy_server(interval);
        let targets = self.policy_targets(interval);
        self.presets(server.as_ref(), &mut groups, interval);
        self.signals(server.as_ref(), targets.as_ref(), &mut groups, interval);
        self.finish_groups(groups);
        let document = self.document;
        let nothing_written = document.probe.is_missing()
            && document.presets.get().is_none_or(Vec::is_empty)
            && document.signals.get().is_none_or(|signals| signals.0.is_empty());
        if nothing_written
            && !matches!(document.signals, Field::Invalid)
            && !matches!(document.presets, Field::Invalid)
        {
            let found = Diagnostic::new(Code::NoSource, Span::default(), "the policy reads no signal");
            self.say(
                found
                    .help("add the address of the service: `probe: { url: \"https://orders.contoso.com\" }`"),
            );
        }
    }

    fn probe(&mut self, probe: &'d Probe, span: Span, interval: Duration) {
        let not_given: Field<Words> = Field::Missing;
        let addresses = self.addresses(&probe.url, &probe.urls, &not_given);
        if probe.url.is_missing() && probe.urls.is_missing() {
            let found = Diagnostic::new(Code::MissingKey, span, "`probe` needs the key `url`");
            self.say(found.help("write the base address of the service, or several as `urls`"));
        }
        let targets: Vec<_> = addresses
            .iter()
            .filter_map(|address| match address {
                Address::Url(url) => Some(url.clone()),
                Address::Connection(_) => None,
            })
            .collect();
        if targets.len() > MOST_TARGETS {
            let message = format!("a probe has at most {MOST_TARGETS} addresses");
            self.say(Diagnostic::new(Code::SourceReading, span, message));
        }
        let written = probe.urls.get().map_or(1, Vec::len);
        let quorum = match &probe.quorum {
            Field::Given(quorum, span) => {
                let quorum = quorum.0 as usize;
                if quorum == 0 || quorum > written {
                    let message = format!("a quorum of {quorum} is not possible with {written} address(es)");
                    let found = Diagnostic::new(Code::InvalidQuorum, *span, message);
                    self.say(found.help(format!("write a number from 1 to {written}")));
                }
                quorum
            }
            _ => written,
        };
        let health = self.check(&probe.health, defaults::HEALTH_PATH);
        let ready = self.check(&probe.ready, defaults::READY_PATH);
        let version = probe.version.get().map(|version| {
            let path = version.path.get().and_then(|path| self.path(path));
            let pointer = version.json.get().and_then(|pointer| self.pointer(pointer));
            let equals = version.equals.get().and_then(|equals| self.line(equals)).unwrap_or_default();
            VersionCheck { path: path.unwrap_or_else(|| defaults::VERSION_PATH.to_owned()), pointer, equals }
        });
        let timeout = self.positive(&probe.timeout, defaults::PROBE_TIMEOUT);
        let every = self.positive(&probe.every, interval);
        let headers = self.headers(&probe.headers, &addresses);
        let source = match targets.as_slice() {
            [] => "probe".to_owned(),
            [one] => format!("probe {}", printable(one)),
            [first, rest @ ..] => format!("probe {} and {} more", printable(first), rest.len()),
        };
        let mut give = |name: &str, reading: ReadingKind, measures: Measures| {
            if let Ok(name) = name.parse() {
                let mut rules = SignalRules::new(reading, every);
                rules.source.clone_from(&source);
                let entry = Entry {
                    rules,
                    measures,
                    grain: every,
                    past: Past::Lost("probe"),
                    origin: Origin::Probe,
                    span,
                };
                let _ = self.catalogue.insert(name, entry);
            }
        };
        if health.is_some() || ready.is_some() {
            give("health", ReadingKind::State, Measures::Unknown);
            give("probe_latency", ReadingKind::Value, Measures::Known(Dimension::Time));
            give("availability", ReadingKind::Counts, Measures::Known(Dimension::Ratio));
        }
        if ready.is_some() {
            give("ready", ReadingKind::State, Measures::Unknown);
        }
        if version.is_some() {
            give("version", ReadingKind::State, Measures::Unknown);
        }
        if !targets.is_empty() {
            self.sources.push(SourceSpec::Probe(ProbeSpec {
                targets,
                quorum,
                health,
                ready,
                version,
                timeout,
                interval: every,
                headers,
            }));
        }
    }

    fn check(&mut self, field: &Field<Check>, usual: &str) -> Option<ProbeCheck> {
        let plain = |path: String| ProbeCheck { path, expect: vec![200], degraded: Degraded::Passing };
        match field {
            Field::Missing | Field::Invalid => Some(plain(usual.to_owned())),
            Field::Given(Check::None, _) => None,
            Field::Given(Check::Path(text), _) => {
                Some(plain(self.path(text).unwrap_or_else(|| usual.to_owned())))
            }
            Field::Given(Check::Full(check), _) => {
                let path = check.path.get().and_then(|text| self.path(text));
                let mut made = plain(path.unwrap_or_else(|| usual.to_owned()));
                if let Some(codes) = check.expect.get() {
                    made.expect =
                        codes.iter().filter_map(|code| self.status(code.value.0, code.span)).collect();
                    if codes.is_empty() {
                        let span = check.expect.span().unwrap_or_default();
                        self.say(Diagnostic::new(
                            Code::InvalidNumber,
                            span,
                            "no status code would pass this check",
                        ));
                    }
                }
                if check.degraded.get() == Some(&DegradedWord::Failing) {
                    made.degraded = Degraded::Failing;
                }
                Some(made)
            }
        }
    }

    fn status(&mut self, code: u32, span: Span) -> Option<u16> {
        match u16::try_from(code) {
            Ok(code) if (100..=599).contains(&code) => Some(code),
            _ => {
                self.say(Diagnostic::new(
                    Code::InvalidNumber,
                    span,
                    format!("`{code}` is not an HTTP status code"),
                ));
                None
            }
        }
    }

    /// A path under an address, with its query.
    fn path(&mut self, text: &Text) -> Option<String> {
        let known = self.known(text)?;
        let printable = known.chars().all(|c| ('!'..='~').contains(&c));
        if known.starts_with('/') && !known.starts_with("//") && printable {
            return Some(known);
        }
        let found =
            Diagnostic::new(Code::InvalidPath, text.span, "a path begins with one `/` and has no spaces");
        self.say(if known.contains("://") {
            found.help("the address stands in `url`; here stands only what follows it, such as `/health`")
        } else {
            found.help(format!(
                "write `/{}`",
                known.trim_start_matches('/').replace(' ', "%20").escape_debug()
            ))
        });
        None
    }

    /// The server of signals that name none: the policy's, or that of its one preset that names one.
    fn policy_server(&mut self, interval: Duration) -> Option<Server> {
        let document = self.document;
        let mut named =
            document.presets.get().into_iter().flatten().filter_map(|preset| match &preset.value {
                Preset::Prometheus(preset) => {
                    Some(ServerKeys::from(preset)).filter(ServerKeys::names_a_server)
                }
                _ => None,
            });
        let keys = match (document.prometheus.get(), named.next(), named.next()) {
            (Some(server), ..) => ServerKeys::from(server),
            (None, Some(only), None) => only,
            _ => return None,
        };
        Some(self.server(keys, None, interval))
    }

    /// A server. What the keys leave out comes from `base`; its headers only where its address does too, so that no
    /// secret reaches another host.
    pub(super) fn server(
        &mut self,
        keys: ServerKeys<'d>,
        base: Option<&Server>,
        interval: Duration,
    ) -> Server {
        let own = keys.names_a_server();
        let address = if own {
            self.address(keys.url, keys.connection)
        } else {
            base.and_then(|base| base.address.clone())
        };
        let headers = if own || !keys.headers.is_missing() {
            self.headers(keys.headers, address.as_slice())
        } else {
            base.map(|base| base.headers.clone()).unwrap_or_default()
        };
        Server {
            step: self.positive(keys.step, base.map_or(interval, |base| base.step)),
            scrape_interval: self.positive(
                keys.scrape_interval,
                base.map_or(defaults::SCRAPE_INTERVAL, |base| base.scrape_interval),
            ),
            ingestion_delay: self
                .length(keys.ingestion_delay, base.map_or(Duration::ZERO, |base| base.ingestion_delay)),
            timeout: self.positive(keys.timeout, base.map_or(defaults::QUERY_TIMEOUT, |base| base.timeout)),
            address,
            headers,
        }
    }

    fn policy_targets(&mut self, interval: Duration) -> Option<Targets> {
        let target = self.document.scrape.get()?;
        Some(self.targets(TargetKeys::from(target), None, interval))
    }

    /// Endpoints; what the keys leave out comes from `base`, as with [`Checker::server`].
    pub(super) fn targets(
        &mut self,
        keys: TargetKeys<'d>,
        base: Option<&Targets>,
        interval: Duration,
    ) -> Targets {
        let own = keys.names_a_target();
        let addresses = if own {
            self.addresses(keys.url, keys.urls, keys.connection)
        } else {
            base.map(|base| base.addresses.clone()).unwrap_or_default()
        };
        let headers = if own || !keys.headers.is_missing() {
            self.headers(keys.headers, &addresses)
        } else {
            base.map(|base| base.headers.clone()).unwrap_or_default()
        };
        Targets {
            every: self.positive(keys.every, base.map_or(interval, |base| base.every)),
            timeout: self.positive(keys.timeout, base.map_or(defaults::PROBE_TIMEOUT, |base| base.timeout)),
            addresses,
            headers,
        }
    }

    fn presets(&mut self, server: Option<&Server>, groups: &mut Groups, interval: Duration) {
        for (index, preset) in self.document.presets.get().into_iter().flatten().enumerate() {
            match &preset.value {
                Preset::Prometheus(document) => {
                    let server = self.server(ServerKeys::from(document), server, interval);
                    self.prometheus_preset(document, &server, (index, preset.span), groups);
                }
                Preset::ServiceBus(document) => {
                    let resource = document.resource.get();
                    self.unsupported_preset(
                        "service-bus",
                        &["queue_depth", "dead_letters"],
                        resource,
                        (index, preset.span),
                        interval,
                    );
                }
                Preset::AppInsights(document) => {
                    let signals = ["request_rate", "error_rate", "latency_p50", "latency_p95", "latency_p99"];
                    self.unsupported_preset(
                        "app-insights",
                        &signals,
                        document.resource.get(),
                        (index, preset.span),
                        interval,
                    );
                }
            }
        }
    }

    fn prometheus_preset(
        &mut self,
        document: &PrometheusPreset,
        server: &Server,
        (index, span): (usize, Span),
        groups: &mut Groups,
    ) {
        if server.address.is_none() && document.url.is_missing() && document.connection.is_missing() {
            self.no_server(span);
        }
        let selector: Option<String> = match document.selector.get() {
            Some(text) => self.known(text),
            None => Some(String::new()),
        };
        let (Some(name), Some(selector)) = (document.preset.get(), selector) else { return };
        let Some(known) = self.line(name) else { return };
        match presets::prometheus(&known, &selector) {
            Ok(signals) => {
                for (signal, read) in signals {
                    let written = self.document.signals.get();
                    let replaced =
                        written.is_some_and(|w| w.0.iter().any(|(name, _)| name.as_str() == signal.as_str()));
                    if !replaced {
                        let entry = prometheus_entry(&signal, &read, server, Origin::Preset(index), span);
                        groups.prometheus(server, signal.clone(), read);
                        self.give(signal, entry);
                    }
                }
            }
            Err(presets::Refused::Name { near }) => {
                let message = format!("there is no preset `{}`", known.escape_debug());
                let found = Diagnostic::new(Code::UnknownPreset, name.span, message);
                self.say(match near {
                    Some(near) => found.label(format!("did you mean `{near}`?")),
                    None => found.help(format!("the presets are {}", presets::names())),
                });
            }
            Err(presets::Refused::Selector(why)) => {
                let span = document.selector.span().unwrap_or(span);
                self.say(
                    Diagnostic::new(Code::SourceReading, span, why)
                        .help("write label matchers without braces, such as app=\"orders\""),
                );
            }
        }
    }

    fn unsupported_preset(
        &mut self,
        kind: &'static str,
        signals: &[&str],
        resource: Option<&Words>,
        (index, span): (usize, Span),
        interval: Duration,
    ) {
        if let Some(resource) = resource {
            let _ = self.line(resource);
        }
        self.unsupported(kind, span);
        let mut given = Vec::new();
        for signal in signals.iter().filter_map(|name| name.parse::<SignalName>().ok()) {
            let reading =
                if signal.as_str() == "error_rate" { ReadingKind::Counts } else { ReadingKind::Value };
            let mut rules = SignalRules::new(reading, interval);
            kind.clone_into(&mut rules.source);
            let measures = usual(&signal);
            let grain = Duration::from_secs(60);
            given.push(signal.clone());
            self.give(
                signal,
                Entry { rules, measures, grain, past: Past::Readable, origin: Origin::Preset(index), span },
            );
        }
        self.sources.push(SourceSpec::Unsupported { kind: kind.to_owned(), signals: given });
    }

    /// Warns of a source that this build cannot read.
    pub(super) fn unsupported(&mut self, kind: &str, span: Span) {
        let message = format!("this version cannot read `{kind}` sources yet");
        self.say(
            Diagnostic::new(Code::UnsupportedSource, span, message)
                .help("`validate` accepts it; `verify` refuses to run with it"),
        );
    }

    pub(super) fn no_server(&mut self, span: Span) {
        self.say(Diagnostic::new(Code::NoServer, span, "no Prometheus server is named for this").help(
            "add `prometheus: { url: \"http://prometheus:9090\" }` to the policy, or `url` or `connection` here",
        ));
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

    fn finish_groups(&mut self, groups: Groups) {
        let mut sources: Vec<(usize, SourceSpec)> = Vec::new();
        sources.extend(groups.prometheus.into_values().map(|(at, spec)| (at, SourceSpec::Prometheus(spec))));
        sources.extend(groups.scrape.into_values().map(|(at, spec)| (at, SourceSpec::Scrape(spec))));
        sources.sort_by_key(|(at, _)| *at);
        self.sources.extend(sources.into_iter().map(|(_, spec)| spec));
    }
}

impl Server {
    /// Whether it can be asked.
    pub(super) const fn has_address(&self) -> bool {
        self.address.is_some()
    }

    /// The grain of a signal's points: counts span at least four scrapes.
    pub(super) fn grain(&self, read: &PrometheusRead) -> Duration {
        match read {
            PrometheusRead::Value { .. } => self.step,
            PrometheusRead::Ratio { .. } => self.step.max(self.scrape_interval.times(4)),
        }
    }
}

impl Targets {
    pub(super) const fn is_empty(&self) -> bool {
        self.addresses.is_empty()
    }

    pub(super) const fn every(&self) -> Duration {
        self.every
    }

    /// Where it reads, in words.
    pub(super) fn words(&self) -> String {
        self.addresses.first().map_or_else(|| "scrape".to_owned(), |address| words("scrape", address))
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
    let reading = match read {
        PrometheusRead::Value { .. } => ReadingKind::Value,
        PrometheusRead::Ratio { .. } => ReadingKind::Counts,
    };
    let mut rules = SignalRules::new(reading, server.step);
    rules.ingestion_delay = server.ingestion_delay;
    rules.low_traffic_below = low_traffic(name);
    rules.source = server
        .address
        .as_ref()
        .map_or_else(|| "prometheus".to_owned(), |address| words("prometheus", address));
    let measures =
        if reading == ReadingKind::Counts { Measures::Known(Dimension::Ratio) } else { usual(name) };
    Entry { rules, measures, grain: server.grain(read), past: Past::Readable, origin, span }
}

/// A quantile far out needs more requests behind it.
pub(super) fn low_traffic(name: &SignalName) -> u32 {
    if name.as_str().contains("p99") { 100 } else { 20 }
}

/// Where a source reads, in words without secrets.
pub(super) fn words(kind: &str, address: &Address) -> String {
    match address {
        Address::Url(url) => format!("{kind} {}", printable(url)),
        Address::Connection(name) => format!("{kind} connection {name}"),
    }
}

impl Groups {
    pub(super) fn prometheus(&mut self, server: &Server, signal: SignalName, read: PrometheusRead) {
        let Some(address) = &server.address else { return };
        let times = [server.step, server.scrape_interval, server.ingestion_delay, server.timeout];
        let key = group_key(std::slice::from_ref(address), &times, &server.headers);
        self.next += 1;
        let at = self.next;
        let (_, spec) = self.prometheus.entry(key).or_insert_with(|| {
            let spec = PrometheusSpec {
                address: address.clone(),
                step: server.step,
                scrape_interval: server.scrape_interval,
                timeout: server.timeout,
                ingestion_delay: server.ingestion_delay,
                signals: Vec::new(),
                headers: server.headers.clone(),
            };
            (at, spec)
        });
        spec.signals.push((signal, read));
    }

    pub(super) fn scrape(&mut self, targets: &Targets, signal: SignalName, read: ScrapeRead) {
        if targets.addresses.is_empty() {
            return;
        }
        let key = group_key(&targets.addresses, &[targets.every, targets.timeout], &targets.headers);
        self.next += 1;
        let at = self.next;
        let (_, spec) = self.scrape.entry(key).or_insert_with(|| {
            let spec = ScrapeSpec {
                targets: targets.addresses.clone(),
                interval: targets.every,
                timeout: targets.timeout,
                signals: Vec::new(),
                headers: targets.headers.clone(),
            };
            (at, spec)
        });
        spec.signals.push((signal, read));
    }
}

/// Equal keys ask the same servers in the same way.
fn group_key(addresses: &[Address], times: &[Duration], headers: &[Header]) -> String {
    let mut key = String::new();
    for address in addresses {
        match address {
            Address::Url(url) => key.extend(["u", url.as_str(), "\n"]),
            Address::Connection(name) => key.extend(["c", name, "\n"]),
        }
    }
    for time in times {
        key.push_str(&time.as_nanos().to_string());
        key.push('\n');
    }
    for header in headers {
        key.extend([header.name.as_str(), ":", header.value.reveal(), "\n"]);
    }
    key
}

/// Whether the catalogue has what a probe gives.
pub(super) fn has_probe(catalogue: &Catalogue) -> bool {
    catalogue.iter().any(|(_, entry)| entry.origin == Origin::Probe)
}
