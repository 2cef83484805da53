//! The `signals` section: one source each, and what its absence means.

use super::Checker;
use super::catalogue::{Entry, Measures, Origin, Past, usual};
use super::sources::{Groups, Server, ServerKeys, TargetKeys, Targets, low_traffic, prometheus_entry, words};
use crate::Duration;
use crate::SignalName;
use crate::criterion::Dimension;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::policy::decode::Field;
use crate::policy::defaults;
use crate::policy::document::{Command, HttpJson, MissingWord, Prometheus, Scrape, Signal, UnitWord};
use crate::policy::node::Text;
use crate::policy::rules::{DataContract, FailingRule, OnMissing, ReadingKind, SignalRules};
use crate::policy::source_spec::{
    CommandSpec, HttpJsonRead, HttpJsonSpec, PrometheusRead, ScrapeRead, SourceSpec,
};

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
            let texts = [
                document.resource.get(),
                document.metric.get(),
                document.aggregation.get(),
                document.filter.get(),
            ];
            for text in texts.into_iter().flatten() {
                let _ = self.known(text);
            }
            let failing = self.failing(&document.failing);
            let times = [&document.every, &document.ingestion_delay, &document.timeout];
            let [every, ..] = times.map(|time| self.length(time, interval));
            self.later_signal(at, &name, "azure-monitor", every, failing);
        } else if let Some(document) = signal.log_analytics.get() {
            for text in [document.workspace.get(), document.query.get()].into_iter().flatten() {
                let _ = self.known(text);
            }
            let failing = self.failing(&document.failing);
            let times = [&document.every, &document.ingestion_delay, &document.timeout];
            let [every, ..] = times.map(|time| self.length(time, interval));
            self.later_signal(at, &name, "log-analytics", every, failing);
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
        ];
        let given = kinds.iter().filter(|(_, missing)| !missing).count();
        if given == 1 {
            return true;
        }
        let names = crate::policy::spelling::listed(kinds.iter().map(|(name, _)| *name));
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

    fn prometheus_signal(
        &mut self,
        at: &Text,
        name: &SignalName,
        document: &Prometheus,
        server: &Server,
        groups: &mut Groups,
    ) {
        if !server.has_address()
            && document.url.is_missing()
            && document.connection.is_missing()
            && !self.names_a_server()
        {
            self.no_server(at.span);
        }
        let query = document.query.get().map(|text| self.known(text));
        let bad = document.bad.get().map(|text| self.known(text));
        let total = document.total.get().map(|text| self.known(text));
        let empty = document.empty.get().map(|number| number.0.get());
        let failing = self.failing(&document.failing);
        let written = [&document.query, &document.bad, &document.total].map(|field| !field.is_missing());
        let read = match written {
            [true, false, _] => PrometheusRead::Value {
                query: query.flatten().unwrap_or_default(),
                total: total.flatten(),
                empty,
            },
            [false, true, true] => {
                self.doubt_empty_bad(document, empty);
                PrometheusRead::Ratio {
                    bad: bad.flatten().unwrap_or_default(),
                    total: total.flatten().unwrap_or_default(),
                    empty,
                }
            }
            _ => return self.wrong_reading(at, "`query` for a number, or `bad` and `total` for counts"),
        };
        let mut entry = prometheus_entry(name, &read, server, Origin::Written, at.span);
        self.apply_failing(&mut entry, failing, document.failing.span());
        groups.prometheus(server, name.clone(), read);
        self.give(name.clone(), entry);
    }

    fn scrape_signal(
        &mut self,
        at: &Text,
        name: &SignalName,
        document: &Scrape,
        targets: &Targets,
        groups: &mut Groups,
    ) {
        let nothing_named =
            document.url.is_missing() && document.urls.is_missing() && document.connection.is_missing();
        if targets.is_empty() && nothing_named && self.document.scrape.is_missing() {
            self.say(
                Diagnostic::new(Code::NoServer, at.span, "no `/metrics` endpoint is named for this").help(
                    "add `scrape: { url: \"http://orders:8080/metrics\" }` to the policy, or `url` here",
                ),
            );
        }
        let failing = self.failing(&document.failing);
        let quantile = self.share(&document.quantile);
        let mut text = |field: &Field<crate::policy::decode::Words>| {
            field.get().and_then(|text| self.known(text)).unwrap_or_default()
        };
        let forms = [
            !document.bad.is_missing() || !document.total.is_missing(),
            !document.rate.is_missing(),
            !document.increase.is_missing(),
            !document.gauge.is_missing(),
            !document.histogram.is_missing() || !document.quantile.is_missing(),
        ];
        let whole = (document.bad.is_missing() == document.total.is_missing())
            && (document.histogram.is_missing() == document.quantile.is_missing());
        let (read, reading) = match forms {
            [true, false, false, false, false] if whole => (
                ScrapeRead::Ratio { bad: text(&document.bad), total: text(&document.total) },
                ReadingKind::Counts,
            ),
            [false, true, false, false, false] => {
                (ScrapeRead::Rate { counter: text(&document.rate) }, ReadingKind::Value)
            }
            [false, false, true, false, false] => {
                (ScrapeRead::Increase { counter: text(&document.increase) }, ReadingKind::Value)
            }
            [false, false, false, true, false] => {
                (ScrapeRead::Gauge { gauge: text(&document.gauge) }, ReadingKind::Value)
            }
            [false, false, false, false, true] if whole => {
                let quantile = quantile.unwrap_or(0.5);
                if quantile <= 0.0 || quantile >= 1.0 {
                    let span = document.quantile.span().unwrap_or(at.span);
                    self.say(
                        Diagnostic::new(Code::InvalidShare, span, "a quantile lies between 0 and 1")
                            .help("write `95%` or `0.95`"),
                    );
                }
                (
                    ScrapeRead::Quantile { histogram: text_of(self, &document.histogram), quantile },
                    ReadingKind::Value,
                )
            }
            _ => {
                let forms = "`bad` and `total`, `rate`, `increase`, `gauge`, or `histogram` and `quantile`";
                return self.wrong_reading(at, forms);
            }
        };
        let mut rules = SignalRules::new(reading, targets.every());
        rules.source = targets.words();
        rules.low_traffic_below = match &read {
            ScrapeRead::Quantile { quantile, .. } if *quantile > 0.95 => 100,
            _ => low_traffic(name),
        };
        let measures = match &read {
            ScrapeRead::Ratio { .. } => Measures::Known(Dimension::Ratio),
            ScrapeRead::Rate { .. } => Measures::Known(Dimension::Rate),
            ScrapeRead::Increase { .. } => Measures::Things,
            ScrapeRead::Gauge { .. } | ScrapeRead::Quantile { .. } => usual(name),
        };
        let grain = targets.every();
        let mut entry = Entry {
            rules,
            measures,
            grain,
            past: Past::Lost("scrape"),
            origin: Origin::Written,
            span: at.span,
        };
        self.apply_failing(&mut entry, failing, document.failing.span());
        groups.scrape(targets, name.clone(), read);
        self.give(name.clone(), entry);
    }

    fn http_json_signal(&mut self, at: &Text, name: &SignalName, document: &HttpJson, interval: Duration) {
        if document.url.is_missing() && document.connection.is_missing() {
            self.say(Diagnostic::new(
                Code::MissingKey,
                at.span,
                "`http-json` needs the key `url` or `connection`",
            ));
        }
        let address = self.address(&document.url, &document.connection);
        let headers = self.headers(&document.headers, address.as_slice());
        let expect = self.comparison(&document.expect);
        let failing = self.failing(&document.failing);
        let empty = document.empty.get().map(|number| number.0.get());
        let every = self.positive(&document.every, interval);
        let timeout = self.positive(&document.timeout, defaults::QUERY_TIMEOUT);
        let [value, bad, total] = [&document.value, &document.bad, &document.total].map(|field| {
            (!field.is_missing(), field.get().and_then(|text| self.pointer(text)).unwrap_or_default())
        });
        let (read, reading) = match [value, bad, total] {
            [(true, pointer), (false, _), (false, _)] => {
                let reading =
                    if document.expect.is_missing() { ReadingKind::Value } else { ReadingKind::State };
                (HttpJsonRead::Value { pointer, expect }, reading)
            }
            [(false, _), (true, bad), (true, total)] if document.expect.is_missing() => {
                (HttpJsonRead::Ratio { bad, total }, ReadingKind::Counts)
            }
            _ => return self.wrong_reading(at, "`value` for a number, or `bad` and `total` for counts"),
        };
        let mut rules = SignalRules::new(reading, every);
        rules.source =
            address.as_ref().map_or_else(|| "http-json".to_owned(), |address| words("http-json", address));
        rules.low_traffic_below = low_traffic(name);
        let measures =
            if reading == ReadingKind::Counts { Measures::Known(Dimension::Ratio) } else { usual(name) };
        let mut entry = Entry {
            rules,
            measures,
            grain: every,
            past: Past::Lost("http-json"),
            origin: Origin::Written,
            span: at.span,
        };
        self.apply_failing(&mut entry, failing, document.failing.span());
        if let Some(address) = address {
            let signal = name.clone();
            let spec = HttpJsonSpec { signal, address, read, empty, interval: every, timeout, headers };
            self.sources.push(SourceSpec::HttpJson(spec));
        }
        self.give(name.clone(), entry);
    }

    fn command_signal(&mut self, at: &Text, name: &SignalName, document: &Command, interval: Duration) {
        let every = self.positive(&document.every, interval);
        let timeout = self.positive(&document.timeout, defaults::COMMAND_TIMEOUT);
        let run = self.command_line(document);
        let retries = document.retries.get().map_or(0, |retries| retries.0);
        if retries > 10 {
            let span = document.retries.span().unwrap_or(at.span);
            self.say(Diagnostic::new(Code::InvalidNumber, span, "a command is tried again at most 10 times"));
        }
        let mut rules = SignalRules::new(ReadingKind::State, every);
        rules.source =
            run.first().map_or_else(|| "command".to_owned(), |program| format!("command {program}"));
        let entry = Entry {
            rules,
            measures: Measures::Unknown,
            grain: every,
            past: Past::Lost("command"),
            origin: Origin::Written,
            span: at.span,
        };
        self.sources.push(SourceSpec::Command(CommandSpec {
            signal: name.clone(),
            run,
            every,
            timeout,
            retries,
        }));
        self.give(name.clone(), entry);
    }

    /// The program and its arguments; a secret may not stand there, for every process can read them.
    pub(super) fn command_line(&mut self, document: &Command) -> Vec<String> {
        let Some(words) = document.run.get() else { return Vec::new() };
        if words.is_empty() {
            let span = document.run.span().unwrap_or_default();
            self.say(
                Diagnostic::new(Code::SourceReading, span, "a command needs a program")
                    .help("write `run: [\"./smoke.sh\"]`"),
            );
        }
        words.iter().filter_map(|word| self.known(&word.value)).collect()
    }

    fn later_signal(
        &mut self,
        at: &Text,
        name: &SignalName,
        kind: &'static str,
        every: Duration,
        failing: Option<FailingRule>,
    ) {
        self.unsupported(kind, at.span);
        let mut rules = SignalRules::new(ReadingKind::Value, every);
        kind.clone_into(&mut rules.source);
        rules.failing = failing;
        let entry = Entry {
            rules,
            measures: usual(name),
            grain: every.max(Duration::from_secs(60)),
            past: Past::Readable,
            origin: Origin::Written,
            span: at.span,
        };
        self.sources.push(SourceSpec::Unsupported { kind: kind.to_owned(), signals: vec![name.clone()] });
        self.give(name.clone(), entry);
    }

    fn failing(&mut self, field: &Field<crate::policy::decode::ComparisonText>) -> Option<FailingRule> {
        let (cmp, quantity) = self.comparison(field)?;
        Some(FailingRule { cmp, threshold: quantity.base() })
    }

    fn apply_failing(&mut self, entry: &mut Entry, failing: Option<FailingRule>, span: Option<Span>) {
        if let (Some(span), false) = (span, entry.rules.reading == ReadingKind::Value) {
            self.say(
                Diagnostic::new(Code::SourceReading, span, "`failing` is for a signal that is a number")
                    .help("counts are judged by a criterion such as `> 5% for 5m`; remove `failing`"),
            );
            return;
        }
        entry.rules.failing = failing;
    }

    fn wrong_reading(&mut self, at: &Text, forms: &str) {
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

    /// Whether the policy names a Prometheus server somewhere, be it a wrong one.
    fn names_a_server(&self) -> bool {
        !self.document.prometheus.is_missing()
    }
}

fn text_of(checker: &mut Checker<'_>, field: &Field<crate::policy::decode::Words>) -> String {
    field.get().and_then(|text| checker.known(text)).unwrap_or_default()
}
