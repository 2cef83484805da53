//! The `signals` section: one source each, and what its absence means.

use super::Checker;
use super::catalogue::{Entry, Measures};
use super::groups::Groups;
use super::servers::{Server, ServerKeys, TargetKeys, Targets};
use crate::criterion::Dimension;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::policy::decode::{ComparisonText, Field};
use crate::policy::document::{MissingWord, Signal, UnitWord};
use crate::policy::node::Text;
use crate::policy::rules::{DataContract, FailingRule, OnMissing, ReadingKind};
use crate::spelling;
use crate::{Duration, SignalName};

/// The most signals of a policy.
const MOST_SIGNALS: usize = 500;

impl<'d> Checker<'d> {
    pub(super) fn signals(
        &mut self,
        server: Option<&Server>,
        targets: Option<&Targets>,
        groups: &mut Groups,
        interval: Duration,
    ) {
        let Some(signals) = self.document.signals.get() else { return };
        if let Some((name, _)) = signals.0.get(MOST_SIGNALS) {
            let message = format!("a policy has at most {MOST_SIGNALS} signals");
            self.say(Diagnostic::new(Code::PolicyTooLarge, name.span, message));
        }
        for (name, signal) in signals.0.iter().take(MOST_SIGNALS) {
            let Some(parsed) = self.signal_name(name) else { continue };
            self.signal(name, parsed, &signal.value, (server, targets), groups, interval);
        }
    }

    fn signal(
        &mut self,
        at: &Text,
        name: SignalName,
        signal: &'d Signal,
        (server, targets): (Option<&Server>, Option<&Targets>),
        groups: &mut Groups,
        interval: Duration,
    ) {
        if !self.has_one_source(at, signal) {
            return;
        }
        let before = self.catalogue.get(&name).cloned();
        self.open = false;
        if let Some(document) = signal.prometheus.get() {
            let server = self.server(ServerKeys::from(document), server, interval);
            self.prometheus_signal(at, &name, document, &server, groups);
        } else if let Some(document) = signal.scrape.get() {
            let targets = self.targets(TargetKeys::from(document), targets, interval);
            self.scrape_signal(at, &name, document, &targets, groups);
        } else if let Some(document) = signal.http_json.get() {
            self.http_json_signal(at, &name, document, interval);
        } else if let Some(document) = signal.command.get() {
            self.command_signal(at, &name, document, interval);
        } else if let Some(document) = signal.azure_monitor.get() {
            self.azure_monitor_signal(at, &name, document, groups);
        } else if let Some(document) = signal.log_analytics.get() {
            self.log_analytics_signal(at, &name, document, groups);
        } else if let Some(document) = signal.application_insights.get() {
            self.application_insights_signal(at, &name, document, groups);
        } else if let Some(document) = signal.azure_alerts.get() {
            self.azure_alerts_signal(at, &name, document);
        }
        self.contract(&name, signal, before.as_ref());
    }

    fn has_one_source(&mut self, at: &Text, signal: &Signal) -> bool {
        let kinds = [
            ("prometheus", signal.prometheus.is_missing()),
            ("scrape", signal.scrape.is_missing()),
            ("http-json", signal.http_json.is_missing()),
            ("command", signal.command.is_missing()),
            ("azure-monitor", signal.azure_monitor.is_missing()),
            ("log-analytics", signal.log_analytics.is_missing()),
            ("application-insights", signal.application_insights.is_missing()),
            ("azure-alerts", signal.azure_alerts.is_missing()),
        ];
        let given = kinds.iter().filter(|(_, missing)| !missing).count();
        if given == 1 {
            return true;
        }
        let names = spelling::listed(kinds.iter().map(|(name, _)| *name));
        self.say(if given == 0 {
            Diagnostic::new(
                Code::SourceKind,
                at.span,
                format!("the signal `{}` names no source", at.text.escape_debug()),
            )
            .help(format!("add one of {names}"))
        } else {
            Diagnostic::new(
                Code::SourceKind,
                at.span,
                format!("the signal `{}` names several sources", at.text.escape_debug()),
            )
            .help("keep one: a signal is read in one place")
        });
        false
    }

    pub(super) fn failing(&mut self, field: &Field<ComparisonText>) -> Option<FailingRule> {
        let (cmp, quantity) = self.comparison(field)?;
        Some(FailingRule { cmp, threshold: quantity.base() })
    }

    pub(super) fn apply_failing(
        &mut self,
        entry: &mut Entry,
        failing: Option<FailingRule>,
        span: Option<Span>,
    ) {
        if let (Some(span), false) = (span, entry.rules.reading == ReadingKind::Value) {
            self.say(
                Diagnostic::new(Code::SourceReading, span, "`failing` is for a signal that is a number")
                    .help("counts are judged by a criterion such as `> 5% for 5m`; remove `failing`"),
            );
            return;
        }
        entry.rules.failing = failing;
    }

    pub(super) fn wrong_reading(&mut self, at: &Text, forms: &str) {
        let message = format!("it is not clear what `{}` reads", at.text.escape_debug());
        self.say(Diagnostic::new(Code::SourceReading, at.span, message).help(format!("write {forms}")));
    }

    /// What the signal's entry says beside its source.
    fn contract(&mut self, name: &SignalName, signal: &Signal, before: Option<&Entry>) {
        let Some(entry) = self.catalogue.get_mut(name) else { return };
        if before.is_some_and(|before| before.span == entry.span) {
            return;
        }
        let missing = |field: &Field<MissingWord>| match field.get() {
            Some(MissingWord::Pass) => OnMissing::Pass,
            Some(MissingWord::Hold) | None => OnMissing::Hold,
        };
        entry.rules.contract = DataContract {
            on_no_data: missing(&signal.on_no_data),
            on_low_traffic: missing(&signal.on_low_traffic),
            on_error: missing(&signal.on_error),
        };
        if let Some(below) = signal.low_traffic_below.get() {
            entry.rules.low_traffic_below = below.0;
        }
        let Field::Given(unit, span) = &signal.unit else { return };
        let declared = match unit {
            UnitWord::Ratio => Measures::Known(Dimension::Ratio),
            UnitWord::Seconds => Measures::Known(Dimension::Time),
            UnitWord::Bytes => Measures::Known(Dimension::Size),
            UnitWord::PerSecond => Measures::Known(Dimension::Rate),
            UnitWord::Count => Measures::Things,
        };
        let counts = entry.rules.reading == ReadingKind::Counts;
        entry.measures = declared;
        if counts && *unit != UnitWord::Ratio {
            self.say(
                Diagnostic::new(Code::UnitMismatch, *span, "bad of total is a ratio, whatever is counted")
                    .help("remove `unit`, or read one number with `query` or `value`"),
            );
        }
    }
}
