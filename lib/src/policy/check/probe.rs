//! The `probe` section.

use super::Checker;
use super::catalogue::{Entry, Measures, Origin, Past};
use crate::Duration;
use crate::criterion::Dimension;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::policy::decode::{Field, Words};
use crate::policy::defaults;
use crate::policy::document::{Check, DegradedWord, Probe};
use crate::policy::node::Text;
use crate::policy::rules::{ReadingKind, SignalRules};
use crate::policy::source_spec::{Degraded, ProbeCheck, ProbeSpec, SourceSpec, VersionCheck};
use crate::transport::{Address, printable};

/// The most addresses of a probe.
const MOST_TARGETS: usize = 1_000;

impl<'d> Checker<'d> {
    pub(super) fn probe(&mut self, probe: &'d Probe, span: Span, interval: Duration) {
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
                Address::Connection(_)
                | Address::Webhook(_)
                | Address::Opened(_)
                | Address::Service(_)
                | Address::Azure(_) => None,
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
            let variables = version.equals.get().map(|text| self.scope.named(text)).unwrap_or_default();
            let path = path.unwrap_or_else(|| defaults::VERSION_PATH.to_owned());
            VersionCheck { path, pointer, equals, variables }
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
                    hung_grain: Some(timeout)
                        .filter(|timeout| *timeout > every && reading != ReadingKind::Value),
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
        if targets.is_empty() {
            return;
        }
        let whole = targets.len() == written && (1..=written).contains(&quorum);
        let spec = SourceSpec::Probe(ProbeSpec {
            targets,
            quorum,
            health,
            ready,
            version,
            timeout,
            interval: every,
            headers,
        });
        if whole {
            self.open = false;
            self.builds(&spec, span);
        }
        self.sources.push(spec);
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
}
