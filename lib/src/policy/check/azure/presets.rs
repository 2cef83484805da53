//! Presets of Azure: the signals of a resource by its id.

use super::{Signal, reading_of};
use crate::SignalName;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::policy::check::Checker;
use crate::policy::check::catalogue::{Origin, Past};
use crate::policy::check::groups::Groups;
use crate::policy::decode::{Field, Length, Words};
use crate::policy::defaults;
use crate::policy::document::{ApplicationInsightsPreset, ResourcePreset, ServiceBusPreset};
use crate::policy::node::Text;
use crate::policy::rules::ReadingKind;
use crate::policy::source_spec::{
    AzureErrorsSpec, AzureLogsSpec, AzureMonitorSpec, LogScope, Resources, SourceSpec,
};
use crate::source::preset::azure::{self, APPLICATION_INSIGHTS, ResourceKind};

/// What presets of a resource's metrics have in common.
#[derive(Clone, Copy)]
pub(in crate::policy::check) struct ResourceKeys<'d> {
    resource: &'d Field<Words>,
    entity: Option<&'d Field<Words>>,
    ingestion_delay: &'d Field<Length>,
    timeout: &'d Field<Length>,
}

impl<'d> From<&'d ResourcePreset> for ResourceKeys<'d> {
    fn from(preset: &'d ResourcePreset) -> Self {
        let ResourcePreset { resource, ingestion_delay, timeout } = preset;
        Self { resource, entity: None, ingestion_delay, timeout }
    }
}

impl<'d> From<&'d ServiceBusPreset> for ResourceKeys<'d> {
    fn from(preset: &'d ServiceBusPreset) -> Self {
        let ServiceBusPreset { resource, entity, ingestion_delay, timeout } = preset;
        Self { resource, entity: Some(entity), ingestion_delay, timeout }
    }
}

impl Checker<'_> {
    pub(in crate::policy::check) fn resource_preset(
        &mut self,
        kind: ResourceKind,
        keys: ResourceKeys<'_>,
        groups: &mut Groups,
        origin: Origin,
        span: Span,
    ) {
        let delay = self.length(keys.ingestion_delay, defaults::AZURE_METRICS_DELAY);
        let timeout = self.positive(keys.timeout, defaults::AZURE_TIMEOUT);
        let resource = keys.resource.get().and_then(|text| self.resource(text, Some(kind.resource_type())));
        let entity = keys.entity.and_then(Field::get).and_then(|text| self.unquoted(text));
        let filter = entity.map(|entity| format!("EntityName eq '{entity}'"));
        let given = kind.signals(filter.as_deref()).unwrap_or_default();
        let step = defaults::AZURE_STEP;
        for (name, read) in self.not_written(given) {
            let source = format!("azure-monitor {}", kind.resource_type());
            let signal =
                Signal { name: &name, reading: ReadingKind::Value, step, delay, source, origin, span };
            let entry = signal.entry(Past::Readable);
            if let Some(resource) = &resource {
                groups.azure_monitor(AzureMonitorSpec {
                    resources: Resources::One(resource.clone()),
                    step,
                    ingestion_delay: delay,
                    timeout,
                    signals: vec![(name.clone(), read)],
                });
            }
            self.give(name, entry);
        }
    }

    pub(in crate::policy::check) fn application_insights_preset(
        &mut self,
        document: &ApplicationInsightsPreset,
        groups: &mut Groups,
        origin: Origin,
        span: Span,
    ) {
        let delay = self.length(&document.ingestion_delay, defaults::AZURE_LOGS_DELAY);
        let timeout = self.positive(&document.timeout, defaults::AZURE_TIMEOUT);
        let known = self.positive(&document.known_errors, defaults::KNOWN_ERRORS);
        let resource =
            document.resource.get().and_then(|text| self.resource(text, Some(APPLICATION_INSIGHTS)));
        let role = document.role.get().and_then(|text| self.unquoted(text));
        let step = defaults::AZURE_STEP;
        let source = || "application-insights".to_owned();
        for (name, read) in self.not_written(azure::application_insights(role.as_deref()).unwrap_or_default())
        {
            let reading = reading_of(&read.columns);
            let entry = Signal { name: &name, reading, step, delay, source: source(), origin, span }
                .entry(Past::Readable);
            if let Some(resource) = &resource {
                let scope = LogScope::Resource(resource.clone());
                let signals = vec![(name.clone(), read)];
                groups.azure_logs(AzureLogsSpec { scope, ingestion_delay: delay, timeout, signals });
            }
            self.give(name, entry);
        }
        let errors = "new_errors".parse::<SignalName>().ok().map(|name| (name, ()));
        for (name, ()) in self.not_written(errors.into_iter().collect()) {
            let reading = ReadingKind::Value;
            let signal = Signal { name: &name, reading, step, delay, source: source(), origin, span };
            let entry = signal.entry(Past::Lost("application-insights"));
            if let Some(resource) = resource.clone() {
                let (signal, role) = (name.clone(), role.clone());
                let spec = AzureErrorsSpec { signal, resource, role, known, ingestion_delay: delay, timeout };
                self.sources.push(SourceSpec::AzureErrors(spec));
            }
            self.give(name, entry);
        }
    }

    /// A text that stands between quotes in a query.
    fn unquoted(&mut self, text: &Text) -> Option<String> {
        let known = self.line(text)?;
        if known.contains(['\'', '"', '\\']) {
            let message = "this name may have no quotes and no backslash";
            self.say(Diagnostic::new(Code::SourceReading, text.span, message));
            return None;
        }
        Some(known)
    }
}
