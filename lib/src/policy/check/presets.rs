//! Ready-made signals.

use super::Checker;
use super::catalogue::Origin;
use super::groups::Groups;
use super::servers::{Server, ServerKeys, TargetKeys, Targets};
use super::sources::{prometheus_entry, scrape_entry};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::policy::decode::{Field, Placed, Words};
use crate::policy::document::Preset;
use crate::source::preset::azure::ResourceKind;
use crate::source::preset::{self, PresetError};
use crate::spelling;
use crate::{Duration, SignalName};

impl<'d> Checker<'d> {
    pub(super) fn presets(
        &mut self,
        server: Option<&Server>,
        targets: Option<&Targets>,
        groups: &mut Groups,
        interval: Duration,
    ) {
        for (index, placed) in self.document.presets.get().into_iter().flatten().enumerate() {
            let Placed { value: preset, span } = placed;
            let origin = Origin::Preset(index);
            self.open = false;
            match preset {
                Preset::Prometheus(document) => {
                    let keys = ServerKeys::from(document);
                    let server = self.server(keys, server, interval);
                    if !server.has_address()
                        && !keys.names_a_server()
                        && self.document.prometheus.is_missing()
                    {
                        self.no_server(*span);
                    }
                    let read = (preset::NAMES.as_slice(), preset::prometheus);
                    let signals = self.preset(&document.preset, &document.selector, *span, read);
                    for (signal, read) in self.not_written(signals) {
                        let entry = prometheus_entry(&signal, &read, &server, origin, *span);
                        self.prometheus_source(&server, signal.clone(), read, groups, *span);
                        self.give(signal, entry);
                    }
                }
                Preset::Scrape(document) => {
                    let keys = TargetKeys::from(document);
                    let targets = self.targets(keys, targets, interval);
                    if targets.is_empty() && !keys.names_a_target() && self.document.scrape.is_missing() {
                        self.no_endpoint(*span);
                    }
                    let read = (preset::SCRAPED.as_slice(), preset::scrape);
                    let signals = self.preset(&document.preset, &document.selector, *span, read);
                    for (signal, read) in self.not_written(signals) {
                        let entry = scrape_entry(&signal, &read, &targets, origin, *span);
                        self.scrape_source(&targets, signal.clone(), read, groups, *span);
                        self.give(signal, entry);
                    }
                }
                Preset::ApplicationInsights(document) => {
                    self.application_insights_preset(document, groups, origin, *span);
                }
                Preset::AppService(document) => {
                    self.resource_preset(ResourceKind::AppService, document.into(), groups, origin, *span);
                }
                Preset::ContainerApp(document) => {
                    self.resource_preset(ResourceKind::ContainerApp, document.into(), groups, origin, *span);
                }
                Preset::Aks(document) => {
                    self.resource_preset(ResourceKind::Aks, document.into(), groups, origin, *span);
                }
                Preset::Sql(document) => {
                    self.resource_preset(ResourceKind::Sql, document.into(), groups, origin, *span);
                }
                Preset::ServiceBus(document) => {
                    self.resource_preset(ResourceKind::ServiceBus, document.into(), groups, origin, *span);
                }
            }
        }
    }

    /// The signals of a preset; none where its name or selector is wrong or not known yet.
    fn preset<T>(
        &mut self,
        name: &Field<Words>,
        selector: &Field<Words>,
        span: Span,
        (names, read): (&[&'static str], impl Fn(&str, &str) -> Result<Vec<(SignalName, T)>, PresetError>),
    ) -> Vec<(SignalName, T)> {
        let labels: Option<String> = match selector.get() {
            // While the selector is open its signals are known all the same.
            Some(text) => Some(self.known(text).unwrap_or_default()),
            None => Some(String::new()),
        };
        let (Some(name), Some(labels)) = (name.get(), labels) else { return Vec::new() };
        let Some(known) = self.line(name) else { return Vec::new() };
        let error = match read(&known, &labels) {
            Ok(signals) => return signals,
            Err(error) => error,
        };
        let found = match error {
            PresetError::NotScraped { name: known } => {
                let message = format!("the preset `{known}` cannot be read from a `/metrics` endpoint");
                Diagnostic::new(Code::UnknownPreset, name.span, message)
                    .help("read it from a Prometheus server, or write its signals in `signals`")
            }
            PresetError::Unknown { .. } => {
                let message = format!("there is no preset `{}`", known.escape_debug());
                let found = Diagnostic::new(Code::UnknownPreset, name.span, message);
                match spelling::nearest(&known, names.iter().copied()) {
                    Some(near) => found.label(format!("did you mean `{near}`?")),
                    None => {
                        found.help(format!("the presets are {}", spelling::listed(names.iter().copied())))
                    }
                }
            }
            PresetError::Selector(_) | PresetError::Name(_) => {
                Diagnostic::new(Code::SourceReading, selector.span().unwrap_or(span), error.to_string())
            }
        };
        self.say(found);
        Vec::new()
    }

    /// The signals that the policy does not write itself: a written one beats a preset's.
    pub(super) fn not_written<T>(&self, signals: Vec<(SignalName, T)>) -> Vec<(SignalName, T)> {
        let written = self.document.signals.get();
        let is_written = |signal: &SignalName| {
            written.is_some_and(|written| written.0.iter().any(|(name, _)| name.as_str() == signal.as_str()))
        };
        signals.into_iter().filter(|(signal, _)| !is_written(signal)).collect()
    }
}
