//! What each kind of source reads for a signal.

use super::Checker;
use super::catalogue::{Entry, Measures, Origin, Past, usual};
use super::groups::Groups;
use super::servers::{Server, Targets};
use super::sources::{low_traffic, prometheus_entry, scrape_entry, words};
use crate::criterion::Dimension;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::policy::decode::{Field, Words};
use crate::policy::defaults;
use crate::policy::document::{Command, HttpJson, Prometheus, Scrape};
use crate::policy::node::Text;
use crate::policy::rules::{ReadBy, ReadingKind, SignalRules};
use crate::policy::source_spec::{
    CommandSpec, HttpJsonRead, HttpJsonSpec, PrometheusRead, ScrapeRead, SourceSpec,
};
use crate::source::{self, QueryError, SourceError};
use crate::{Duration, SignalName};

impl Checker<'_> {
    pub(super) fn prometheus_signal(
        &mut self,
        at: &Text,
        name: &SignalName,
        document: &Prometheus,
        server: &Server,
        groups: &mut Groups,
    ) {
        let names_none =
            document.url.is_missing() && document.connection.is_missing() && document.azure.is_missing();
        if !server.has_address() && names_none && self.document.prometheus.is_missing() {
            self.no_server(at.span);
        }
        let failing = self.failing(&document.failing);
        let empty = document.empty.get().map(|number| number.0.get());
        let written = [&document.query, &document.bad, &document.total].map(|field| !field.is_missing());
        let read = match written {
            [true, false, _] => PrometheusRead::Value {
                query: self.query(name, &document.query, source::check_query).unwrap_or_default(),
                total: self.query(name, &document.total, source::check_query),
                empty,
            },
            [false, true, true] => {
                self.doubt_empty_bad(document, empty);
                let [bad, total] = [&document.bad, &document.total]
                    .map(|field| self.query(name, field, source::check_query_of_counts).unwrap_or_default());
                PrometheusRead::Ratio { bad, total, empty }
            }
            _ => return self.wrong_reading(at, "`query` for a number, or `bad` and `total` for counts"),
        };
        let mut entry = prometheus_entry(name, &read, server, Origin::Written, at.span);
        self.apply_failing(&mut entry, failing, document.failing.span());
        // What its queries have wrong each for itself is said already.
        let span = document.query.span().or(document.bad.span()).unwrap_or(at.span);
        self.prometheus_source(server, name.clone(), read, groups, span);
        self.give(name.clone(), entry);
    }

    pub(super) fn scrape_signal(
        &mut self,
        at: &Text,
        name: &SignalName,
        document: &Scrape,
        targets: &Targets,
        groups: &mut Groups,
    ) {
        let names_none =
            document.url.is_missing() && document.urls.is_missing() && document.connection.is_missing();
        if targets.is_empty() && names_none && self.document.scrape.is_missing() {
            self.no_endpoint(at.span);
        }
        let failing = self.failing(&document.failing);
        let Some(read) = self.scrape_read(name, document) else {
            let forms = "`bad` and `total`, `rate`, `increase`, `gauge`, or `histogram` and `quantile`";
            return self.wrong_reading(at, forms);
        };
        let mut entry = scrape_entry(name, &read, targets, Origin::Written, at.span);
        self.apply_failing(&mut entry, failing, document.failing.span());
        let span = document.histogram.span().unwrap_or(at.span);
        self.scrape_source(targets, name.clone(), read, groups, span);
        self.give(name.clone(), entry);
    }

    /// What a scrape is read for; `None` where the keys say nothing, half of it, or several things.
    fn scrape_read(&mut self, name: &SignalName, document: &Scrape) -> Option<ScrapeRead> {
        let given = [
            !document.bad.is_missing(),
            !document.total.is_missing(),
            !document.rate.is_missing(),
            !document.increase.is_missing(),
            !document.gauge.is_missing(),
            !document.histogram.is_missing(),
            !document.quantile.is_missing(),
        ];
        Some(match given {
            [true, true, false, false, false, false, false] => {
                let [bad, total] = [&document.bad, &document.total].map(|field| self.selector(name, field));
                ScrapeRead::Ratio { bad, total }
            }
            [false, false, true, false, false, false, false] => {
                ScrapeRead::Rate { counter: self.selector(name, &document.rate) }
            }
            [false, false, false, true, false, false, false] => {
                ScrapeRead::Increase { counter: self.selector(name, &document.increase) }
            }
            [false, false, false, false, true, false, false] => {
                ScrapeRead::Gauge { gauge: self.selector(name, &document.gauge) }
            }
            [false, false, false, false, false, true, true] => {
                let quantile = self.quantile(&document.quantile);
                ScrapeRead::Quantile { histogram: self.selector(name, &document.histogram), quantile }
            }
            _ => return None,
        })
    }

    /// A selector of series, or nothing while it is not known; what is wrong with it is said at its own place.
    fn selector(&mut self, signal: &SignalName, field: &Field<Words>) -> String {
        let Some(text) = field.get() else { return String::new() };
        let Some(known) = self.known(text) else { return String::new() };
        if let Err(why) = source::check_selector(&known) {
            let span = if text.as_str() == known { text.place(why.place(&known)) } else { text.span };
            self.unreadable(span, &SourceError::Selector { signal: signal.clone(), why });
        }
        known
    }

    /// A query, as [`Checker::selector`].
    fn query(
        &mut self,
        signal: &SignalName,
        field: &Field<Words>,
        check: fn(&str) -> Result<(), QueryError>,
    ) -> Option<String> {
        // A query that was refused is said already.
        self.open |= matches!(field, Field::Invalid);
        let text = field.get()?;
        let known = self.known(text)?;
        if let Err(why) = check(&known) {
            self.unreadable(text.span, &SourceError::Query { signal: signal.clone(), why });
        }
        Some(known)
    }

    /// A part of a signal that its source will not read: the signal cannot be built, and nothing more is said of that.
    fn unreadable(&mut self, span: Span, error: &SourceError) {
        self.say(Diagnostic::new(Code::InvalidSource, span, error.to_string()));
        self.open = true;
    }

    /// A text, or nothing while it is not known.
    pub(super) fn words(&mut self, field: &Field<Words>) -> String {
        field.get().and_then(|text| self.known(text)).unwrap_or_default()
    }

    pub(super) fn http_json_signal(
        &mut self,
        at: &Text,
        name: &SignalName,
        document: &HttpJson,
        interval: Duration,
    ) {
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
        rules.read_by = ReadBy::Other;
        rules.source =
            address.as_ref().map_or_else(|| "http-json".to_owned(), |address| words("http-json", address));
        rules.low_traffic_below = low_traffic(name);
        let measures =
            if reading == ReadingKind::Counts { Measures::Known(Dimension::Ratio) } else { usual(name) };
        let mut entry = Entry {
            rules,
            measures,
            grain: every,
            hung_grain: None,
            past: Past::Lost("http-json"),
            origin: Origin::Written,
            span: at.span,
        };
        self.apply_failing(&mut entry, failing, document.failing.span());
        if let Some(address) = address {
            let signal = name.clone();
            let amount = None;
            let spec =
                HttpJsonSpec { signal, address, read, amount, empty, interval: every, timeout, headers };
            let spec = SourceSpec::HttpJson(spec);
            self.builds(&spec, at.span);
            self.sources.push(spec);
        }
        self.give(name.clone(), entry);
    }

    /// Tells sources of documents what their numbers are amounts of, once criteria have said which of them are states.
    pub(super) fn tell_amounts(&mut self) {
        for source in &mut self.sources {
            if let SourceSpec::HttpJson(spec) = source {
                let number = self.catalogue.get(&spec.signal).filter(|entry| !entry.is_state());
                spec.amount = number.and_then(|entry| entry.measures.amount());
            }
        }
    }

    pub(super) fn command_signal(
        &mut self,
        at: &Text,
        name: &SignalName,
        document: &Command,
        interval: Duration,
    ) {
        let every = self.positive(&document.every, interval);
        let timeout = self.positive(&document.timeout, defaults::COMMAND_TIMEOUT);
        let run = self.command_line(document);
        let retries = document.retries.get().map_or(0, |retries| retries.0);
        if retries > 10 {
            let span = document.retries.span().unwrap_or(at.span);
            self.say(Diagnostic::new(Code::InvalidNumber, span, "a command is tried again at most 10 times"));
        }
        let mut rules = SignalRules::new(ReadingKind::State, every);
        rules.read_by = ReadBy::Command;
        rules.source =
            run.first().map_or_else(|| "command".to_owned(), |program| format!("command {program}"));
        let entry = Entry {
            rules,
            measures: Measures::Unknown,
            grain: every,
            hung_grain: None,
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
}
