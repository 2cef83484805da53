//! Signals that share a server or an endpoint become one source: a scrape is read once for all of them.

use std::collections::HashMap;

use crate::Duration;
use crate::policy::source_spec::{AzureLogsSpec, AzureMonitorSpec, PrometheusSpec, ScrapeSpec, SourceSpec};
use crate::transport::{Address, AzureApi, Header};

/// Sources in the making, in the order in which they were met.
#[derive(Default)]
pub(super) struct Groups {
    sources: Vec<SourceSpec>,
    places: HashMap<String, usize>,
}

impl Groups {
    /// Adds signals of a Prometheus server.
    pub(super) fn prometheus(&mut self, spec: PrometheusSpec) {
        let times = [spec.step, spec.scrape_interval, spec.ingestion_delay, spec.timeout];
        let key = key("prometheus", std::slice::from_ref(&spec.address), &times, &spec.headers);
        match self.places.get(&key).and_then(|place| self.sources.get_mut(*place)) {
            Some(SourceSpec::Prometheus(known)) => known.signals.extend(spec.signals),
            _ => self.add(key, SourceSpec::Prometheus(spec)),
        }
    }

    /// Adds signals of `/metrics` endpoints.
    pub(super) fn scrape(&mut self, spec: ScrapeSpec) {
        let key = key("scrape", &spec.targets, &[spec.interval, spec.timeout], &spec.headers);
        match self.places.get(&key).and_then(|place| self.sources.get_mut(*place)) {
            Some(SourceSpec::Scrape(known)) => known.signals.extend(spec.signals),
            _ => self.add(key, SourceSpec::Scrape(spec)),
        }
    }

    /// Adds metrics of Azure resources.
    pub(super) fn azure_monitor(&mut self, spec: AzureMonitorSpec) {
        let times = key("azure-monitor", &[], &[spec.step, spec.ingestion_delay, spec.timeout], &[]);
        let key = format!("{times}{:?}", spec.resources);
        match self.places.get(&key).and_then(|place| self.sources.get_mut(*place)) {
            Some(SourceSpec::AzureMonitor(known)) => known.signals.extend(spec.signals),
            _ => self.add(key, SourceSpec::AzureMonitor(spec)),
        }
    }

    /// Adds queries of logs of Azure.
    pub(super) fn azure_logs(&mut self, spec: AzureLogsSpec) {
        let times = key("azure-logs", &[], &[spec.ingestion_delay, spec.timeout], &[]);
        let key = format!("{times}{:?}", spec.scope);
        match self.places.get(&key).and_then(|place| self.sources.get_mut(*place)) {
            Some(SourceSpec::AzureLogs(known)) => known.signals.extend(spec.signals),
            _ => self.add(key, SourceSpec::AzureLogs(spec)),
        }
    }

    /// The sources.
    pub(super) fn finish(self) -> Vec<SourceSpec> {
        self.sources
    }

    fn add(&mut self, key: String, spec: SourceSpec) {
        self.places.insert(key, self.sources.len());
        self.sources.push(spec);
    }
}

/// Equal keys ask the same servers in the same way.
fn key(kind: &str, addresses: &[Address], times: &[Duration], headers: &[Header]) -> String {
    let mut key = format!("{kind}\n");
    for address in addresses {
        match address {
            Address::Url(url) => key.extend(["u", url.as_str(), "\n"]),
            Address::Opened(url) => key.extend(["o", url.as_str(), "\n"]),
            Address::Connection(name) => key.extend(["c", name, "\n"]),
            Address::Service(service) => key.extend(["s", service.name(), "\n"]),
            Address::Azure(AzureApi::Prometheus(url)) => key.extend(["p", url.as_str(), "\n"]),
            Address::Azure(api) => key.extend(["a", api.name(), "\n"]),
            Address::Webhook(secret) => key.extend(["w", secret.reveal(), "\n"]),
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
