//! The `gate` section: the watch, the baseline and the criteria.

use std::collections::BTreeMap;

use super::Checker;
use super::criteria::Written;
use super::values::at_word;
use crate::criterion::parse_comparison;
use crate::diagnostic::{Code, Diagnostic, Severity, Span};
use crate::policy::decode::{CriterionText, Field, Placed};
use crate::policy::rules::{Configured, GateCriterion, GateRules, ReadingKind, SignalRules};
use crate::policy::{BaselineRule, defaults, document};
use crate::{Duration, Finite, SignalName};

/// The longest watch.
const LONGEST_WATCH: Duration = Duration::from_secs(7 * 86_400);
/// The shortest interval.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

/// When the gate watches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    pub(super) warmup: Duration,
    pub(super) observe: Duration,
    pub(super) interval: Duration,
    pub(super) steady: Duration,
}

impl Checker<'_> {
    pub(super) fn watch(&mut self) -> Watch {
        let Some(gate) = self.document.gate.get() else {
            return Watch {
                warmup: defaults::WARMUP,
                observe: defaults::OBSERVE,
                interval: defaults::INTERVAL,
                steady: defaults::STEADY,
            };
        };
        let watch = Watch {
            warmup: self.length(&gate.warmup, defaults::WARMUP),
            observe: self.positive(&gate.observe, defaults::OBSERVE),
            interval: self.positive(&gate.interval, defaults::INTERVAL),
            steady: self.positive(&gate.steady, defaults::STEADY),
        };
        for (field, length) in [(&gate.warmup, watch.warmup), (&gate.observe, watch.observe)] {
            if let (Some(span), true) = (field.span(), length > LONGEST_WATCH) {
                let message = format!(
                    "a gate watches at most {}d",
                    LONGEST_WATCH.as_nanos() / Duration::from_secs(86_400).as_nanos()
                );
                self.say(Diagnostic::new(Code::InvalidWatch, span, message));
            }
        }
        let span = gate.interval.span().or(gate.observe.span()).unwrap_or_default();
        if watch.interval < SHORTEST_INTERVAL {
            let message = format!("the interval is at least {SHORTEST_INTERVAL}");
            self.say(Diagnostic::new(Code::InvalidWatch, span, message));
        }
        // A length that was refused is said already.
        let read = self.findings.iter().all(|found| found.code() != Code::InvalidDuration);
        if watch.interval.times(2) > watch.observe
            && read
            && (gate.interval.get().is_some() || gate.observe.get().is_some())
        {
            let message = format!(
                "in a watch of {} an interval of {} leaves fewer than two polls",
                watch.observe, watch.interval
            );
            self.say(
                Diagnostic::new(Code::InvalidWatch, span, message)
                    .help("shorten `interval`, or lengthen `observe`"),
            );
        }
        watch
    }

    pub(super) fn baseline(&mut self) -> BaselineRule {
        let document = self.document;
        let Some(baseline) = document.gate.get().and_then(|gate| gate.baseline.get()) else {
            return BaselineRule::Before(defaults::BASELINE_BEFORE);
        };
        match baseline {
            document::Baseline::None => BaselineRule::None,
            document::Baseline::Before(length) => {
                BaselineRule::Before(self.whole_length(length).unwrap_or(defaults::BASELINE_BEFORE))
            }
            document::Baseline::Offset(length) => {
                BaselineRule::Offset(self.whole_length(length).unwrap_or(defaults::BASELINE_BEFORE))
            }
            document::Baseline::Recorded(path) => BaselineRule::Recorded(self.line(path).unwrap_or_default()),
            document::Baseline::Fixed(entries) => {
                let mut numbers = BTreeMap::new();
                for (name, value) in &entries.0 {
                    let Some(signal) = self.signal_name(name) else { continue };
                    let Some(known) = self.known(&value.value) else { continue };
                    match parse_comparison(&format!("> {known}")) {
                        Ok((_, quantity)) => {
                            numbers.extend(Finite::new(quantity.base()).map(|number| (signal, number)));
                        }
                        Err(error) => {
                            let found = at_word(Code::InvalidBaseline, &value.value, "", &error);
                            self.say(found.help("write a number with its unit, such as `200ms` or `0.2%`"));
                        }
                    }
                }
                BaselineRule::Fixed(numbers)
            }
        }
    }

    fn whole_length(&mut self, text: &crate::policy::node::Text) -> Option<Duration> {
        let length = self.duration(text)?;
        if length.is_zero() || length > LONGEST_WATCH.times(5) {
            self.say(Diagnostic::new(
                Code::InvalidBaseline,
                text.span,
                "a baseline lies between a moment and 35 days back",
            ));
            return None;
        }
        Some(length)
    }

    /// The engine's rules: criteria as written, or the runbook's.
    pub(super) fn gate(&mut self, watch: &Watch, baseline: &BaselineRule) -> GateRules {
        let gate = self.document.gate.get();
        let mut rules = GateRules::new(watch.warmup, watch.observe, watch.interval)
            .with_steady(watch.steady)
            .with_min_requests(
                gate.and_then(|gate| gate.min_requests.get()).map_or(defaults::MIN_REQUESTS, |n| n.0),
            )
            .with_min_coverage(
                gate.and_then(|gate| self.share(&gate.min_coverage)).unwrap_or(defaults::MIN_COVERAGE),
            );
        let missing = Field::Missing;
        let rollback =
            self.criteria(gate.map_or(&missing, |gate| &gate.rollback_when), defaults::ROLLBACK_WHEN);
        let verify = self.criteria(gate.map_or(&missing, |gate| &gate.verify), defaults::VERIFY);
        self.judge_states(&rollback, &verify);
        self.thresholds(&rollback, &verify);
        let required = self.required();
        self.doubts(watch, baseline, &rollback, &verify);
        self.doubt_required(&required);
        for (name, entry) in self.catalogue.iter() {
            let mut signal = entry.rules.clone();
            signal.amount = entry.measures.amount();
            if let BaselineRule::Fixed(numbers) = baseline {
                signal.baseline = numbers.get(name).copied();
            }
            rules = rules.with_signal(name.clone(), signal);
        }
        for criterion in rollback.iter().chain(&verify) {
            for (signal, reading) in criterion.readings() {
                let known = rules.signals().contains_key(signal);
                if !known && criterion.configured == Configured::Yes {
                    let mut unread = SignalRules::new(reading, watch.interval);
                    "no source".clone_into(&mut unread.source);
                    rules = rules.with_signal(signal.clone(), unread);
                }
            }
        }
        self.nothing_to_judge(&rollback, &verify);
        let rules = required.into_iter().map(|(name, _)| name).fold(rules, GateRules::with_required);
        let made =
            |written: Written| GateCriterion { criterion: written.criterion, configured: written.configured };
        let rules = rollback.into_iter().map(made).fold(rules, GateRules::with_rollback);
        verify.into_iter().map(made).fold(rules, GateRules::with_verify)
    }

    /// The signals that the policy itself requires, with their places.
    fn required(&mut self) -> Vec<(SignalName, Span)> {
        let document = self.document;
        let listed = document.gate.get().and_then(|gate| gate.require.get());
        let mut required: Vec<(SignalName, Span)> = Vec::new();
        for Placed { value, .. } in listed.into_iter().flatten() {
            let Some(name) = self.signal_name(value) else { continue };
            if !required.iter().any(|(known, _)| *known == name) {
                required.push((name, value.span));
            }
        }
        required
    }

    /// A policy that judges nothing would always proceed.
    fn nothing_to_judge(&mut self, rollback: &[Written], verify: &[Written]) {
        let judged = rollback.iter().chain(verify).any(|criterion| criterion.configured == Configured::Yes);
        let gate = self.document.gate.get();
        // A written criterion that is not known yet may judge something once its variables are.
        let empty = |list: &Field<Vec<Placed<CriterionText>>>| {
            list.is_missing() || list.get().is_some_and(Vec::is_empty)
        };
        let nothing_written = gate.is_none_or(|gate| empty(&gate.rollback_when) && empty(&gate.verify));
        if judged || !nothing_written || !self.is_clean() {
            return;
        }
        let span = gate.and_then(|gate| gate.rollback_when.span().or(gate.verify.span())).unwrap_or_default();
        self.say(
            Diagnostic::new(
                Code::NoCriteria,
                span,
                "the policy judges nothing: no criterion has a signal with a source",
            )
            .help("add a criterion on one of its signals to `gate.rollback_when` or `gate.verify`"),
        );
    }

    /// Whether nothing was refused so far, so that what is missing is really missing.
    fn is_clean(&self) -> bool {
        self.clean && !self.findings.iter().any(|found| found.severity() == Severity::Error)
    }
}

impl Written {
    /// The signals it reads, and how.
    pub(super) fn readings(&self) -> Vec<(&SignalName, ReadingKind)> {
        use crate::criterion::Comparison;
        let kind = |comparison: &Comparison| match comparison {
            Comparison::Threshold { .. } => ReadingKind::Value,
            Comparison::State { .. } => ReadingKind::State,
        };
        self.criterion
            .comparisons()
            .iter()
            .map(|comparison| (comparison.signal(), kind(comparison)))
            .collect()
    }
}
