//! Servers and endpoints that several signals share.

use super::Checker;
use super::sources::words;
use crate::Duration;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::policy::decode::{Field, Length, Placed, UrlText, Words};
use crate::policy::defaults;
use crate::policy::document::{
    Headers, Preset, Prometheus, PrometheusPreset, PrometheusServer, Scrape, ScrapePreset, ScrapeTarget,
};
use crate::policy::source_spec::{PrometheusSpec, ScrapeSpec};
use crate::transport::{Address, AzureApi, Header};

/// The keys that say where a Prometheus server is and how it is asked.
#[derive(Clone, Copy)]
pub(super) struct ServerKeys<'d> {
    url: &'d Field<UrlText>,
    connection: &'d Field<Words>,
    azure: &'d Field<UrlText>,
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
                    azure: &document.azure,
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
    pub(super) const fn names_a_server(&self) -> bool {
        !self.url.is_missing() || !self.connection.is_missing() || !self.azure.is_missing()
    }
}

/// A Prometheus server, whole.
#[derive(Clone, Debug)]
pub(super) struct Server {
    address: Option<Address>,
    pub(super) step: Duration,
    scrape_interval: Duration,
    pub(super) ingestion_delay: Duration,
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
target_keys!(ScrapeTarget, Scrape, ScrapePreset);

impl TargetKeys<'_> {
    pub(super) const fn names_a_target(&self) -> bool {
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

impl<'d> Checker<'d> {
    /// The server of signals that name none: the policy's, or that of its one preset that names one.
    pub(super) fn policy_server(&mut self, interval: Duration) -> Option<Server> {
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
        let address =
            if own { self.server_address(keys) } else { base.and_then(|base| base.address.clone()) };
        let headers = if own || !keys.headers.is_missing() {
            self.headers(keys.headers, address.as_slice())
        } else {
            base.map(|base| base.headers.clone()).unwrap_or_default()
        };
        let delay = match (&address, base) {
            (Some(Address::Azure(_)), _) if own => defaults::AZURE_PROMETHEUS_DELAY,
            (_, Some(base)) => base.ingestion_delay,
            _ => Duration::ZERO,
        };
        Server {
            step: self.positive(keys.step, base.map_or(interval, |base| base.step)),
            scrape_interval: self.positive(
                keys.scrape_interval,
                base.map_or(defaults::SCRAPE_INTERVAL, |base| base.scrape_interval),
            ),
            ingestion_delay: self.length(keys.ingestion_delay, delay),
            timeout: self.positive(keys.timeout, base.map_or(defaults::QUERY_TIMEOUT, |base| base.timeout)),
            address,
            headers,
        }
    }

    /// The one place that a server's keys name.
    fn server_address(&mut self, keys: ServerKeys<'d>) -> Option<Address> {
        let Some(azure) = keys.azure.get() else { return self.address(keys.url, keys.connection) };
        if let Some(span) = keys.url.span().or(keys.connection.span()) {
            let message = "`azure` stands in place of `url` and `connection`";
            self.say(Diagnostic::new(Code::SourceReading, span, message).help("keep one of them"));
            return None;
        }
        self.url(azure).map(|url| Address::Azure(AzureApi::Prometheus(url)))
    }

    pub(super) fn policy_targets(&mut self, interval: Duration) -> Option<Targets> {
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

    pub(super) fn no_endpoint(&mut self, span: Span) {
        self.say(
            Diagnostic::new(Code::NoServer, span, "no `/metrics` endpoint is named for this")
                .help("add `scrape: { url: \"http://orders:8080/metrics\" }` to the policy, or `url` here"),
        );
    }

    pub(super) fn no_server(&mut self, span: Span) {
        self.say(Diagnostic::new(Code::NoServer, span, "no Prometheus server is named for this").help(
            "add `prometheus: { url: \"http://prometheus:9090\" }` to the policy, or `url` or `connection` here",
        ));
    }
}

impl Server {
    /// Whether it can be asked.
    pub(super) const fn has_address(&self) -> bool {
        self.address.is_some()
    }

    /// Where it reads, in words.
    pub(super) fn words(&self) -> String {
        self.address.as_ref().map_or_else(|| "prometheus".to_owned(), |address| words("prometheus", address))
    }

    /// The source that reads it, without signals yet.
    pub(super) fn spec(&self) -> Option<PrometheusSpec> {
        Some(PrometheusSpec {
            address: self.address.clone()?,
            step: self.step,
            scrape_interval: self.scrape_interval,
            timeout: self.timeout,
            ingestion_delay: self.ingestion_delay,
            signals: Vec::new(),
            headers: self.headers.clone(),
        })
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

    /// The source that reads them, without signals yet.
    pub(super) fn spec(&self) -> Option<ScrapeSpec> {
        (!self.addresses.is_empty()).then(|| ScrapeSpec {
            targets: self.addresses.clone(),
            interval: self.every,
            timeout: self.timeout,
            signals: Vec::new(),
            headers: self.headers.clone(),
        })
    }
}
