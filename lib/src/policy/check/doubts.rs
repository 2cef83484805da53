//! What may not decide well: each warning names what would happen.

mod order;
mod timing;

use super::Checker;
use super::catalogue::{Entry, Measures, Origin, Past};
use super::criteria::Written;
use super::gate::Watch;
use crate::SignalName;
use crate::criterion::{Comparison, Criterion, Dimension, Direction, Threshold};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::policy::BaselineRule;
use crate::policy::document::Prometheus;
use crate::policy::rules::{Configured, OnMissing, ReadingKind};
use crate::sample::State;
use crate::spelling;

impl Checker<'_> {
    pub(super) fn doubts(
        &mut self,
        watch: &Watch,
        baseline: &BaselineRule,
        rollback: &[Written],
        verify: &[Written],
    ) {
        for written in rollback {
            self.doubt_durations(written, watch);
            self.doubt_moments(written);
            self.doubt_floor(written);
        }
        self.doubt_order(rollback);
        self.doubt_steps(watch, rollback, verify);
        for written in rollback.iter().chain(verify) {
            self.doubt_baseline(written, baseline);
        }
        self.doubt_past(baseline, rollback, verify);
        self.doubt_reversed(rollback, State::Passing, "a release would be rolled back for being well");
        self.doubt_reversed(verify, State::Failing, "a release would be held for being well");
        self.doubt_direction(rollback, Direction::Above, "a clean release would be rolled back");
        self.doubt_direction(verify, Direction::Below, "a clean release would be held");
        self.doubt_unused(rollback, verify);
        self.doubt_percentages();
        self.doubt_nothing(rollback, verify);
    }

    /// Verification that a watch without data passes.
    fn doubt_nothing(&mut self, rollback: &[Written], verify: &[Written]) {
        let mut read = configured(verify).flat_map(|written| written.criterion.signals()).peekable();
        let Some(first) = read.peek().and_then(|signal| self.catalogue.get(signal)) else { return };
        if !read.all(|signal| self.passes_over_missing(signal)) {
            return;
        }
        let span = configured(verify).next().filter(|written| written.is_explicit()).map(Written::span);
        let span = span.unwrap_or(first.span);
        let mut watched = configured(rollback).flat_map(|written| written.criterion.signals());
        let consequence = if watched.all(|signal| self.passes_over_missing(signal)) {
            "an empty watch proceeds"
        } else {
            "a watch that saw nothing of them verifies all"
        };
        let message =
            format!("every signal of the verification criteria passes over missing data: {consequence}");
        self.say(Diagnostic::new(Code::VerifiedByNothing, span, message).help(
            "add a criterion on a signal that holds when nothing is known of it, such as `health passing`",
        ));
    }

    fn passes_over_missing(&self, signal: &SignalName) -> bool {
        self.catalogue.get(signal).is_some_and(|entry| {
            let contract = entry.rules.contract;
            [contract.on_no_data, contract.on_low_traffic, contract.on_error].contains(&OnMissing::Pass)
        })
    }

    /// `> 2x baseline` of something that can be 0.
    fn doubt_floor(&mut self, written: &Written) {
        if !written.is_explicit() {
            return;
        }
        let comparisons = written.criterion.comparisons();
        for comparison in comparisons {
            let Comparison::Threshold { operand, cmp, threshold: Threshold::TimesBaseline(_) } = comparison
            else {
                continue;
            };
            if cmp.direction() != Direction::Above {
                continue;
            }
            let Some(entry) = self.catalogue.get(&operand.signal) else { continue };
            if matches!(entry.measures, Measures::Known(Dimension::Time | Dimension::Size)) {
                continue;
            }
            let has_floor = comparisons.iter().any(|other| {
                matches!(other, Comparison::Threshold { operand: o, threshold: Threshold::Absolute(_), .. } if o.signal == operand.signal)
            });
            if has_floor {
                continue;
            }
            let floor = if entry.is_ratio() { "and > 1%" } else { "and > 10" };
            let message =
                format!("the baseline of `{}` can be 0, and a multiple of 0 decides nothing", operand.signal);
            self.say(
                Diagnostic::new(Code::BaselineWithoutFloor, written.place("baseline"), message)
                    .help(format!("add an absolute floor: `{floor}`")),
            );
        }
    }

    /// A criterion relative to a baseline that there will not be.
    fn doubt_baseline(&mut self, written: &Written, baseline: &BaselineRule) {
        if written.configured != Configured::Yes || !written.criterion.reads_baseline() {
            return;
        }
        let span = if written.is_explicit() {
            written.place("baseline")
        } else {
            self.document.gate.get().and_then(|gate| gate.baseline.span()).unwrap_or_default()
        };
        let text = written.criterion.text();
        for signal in relative_signals(&written.criterion) {
            if self.catalogue.get(signal).is_none() {
                continue;
            }
            let found = match baseline {
                BaselineRule::None => Diagnostic::new(
                    Code::BaselineNone,
                    span,
                    format!("`{text}` needs a baseline, and the policy says that there is none"),
                )
                .help("write another `gate.baseline`, or compare with a number"),
                BaselineRule::Fixed(numbers) if !numbers.contains_key(signal) => Diagnostic::new(
                    Code::BaselineNone,
                    span,
                    format!("`{text}` needs a baseline, and `gate.baseline` gives no number for `{signal}`"),
                )
                .help(format!("add `{signal}` to `fixed`")),
                _ => continue,
            };
            self.say(found);
        }
    }

    /// Criteria that need the past of a source that cannot read it: one warning for each source or written criterion.
    fn doubt_past(&mut self, baseline: &BaselineRule, rollback: &[Written], verify: &[Written]) {
        if !matches!(baseline, BaselineRule::Before(_) | BaselineRule::Offset(_)) {
            return;
        }
        let mut places: Vec<(Span, &'static str, Vec<String>)> = Vec::new();
        for written in rollback.iter().chain(verify).filter(|written| written.configured == Configured::Yes) {
            for signal in relative_signals(&written.criterion) {
                let Some(entry) = self.catalogue.get(signal) else { continue };
                let Past::Lost(kind) = entry.past else { continue };
                let span = if written.is_explicit() { written.place("baseline") } else { entry.span };
                let text = written.criterion.text().to_owned();
                match places.iter_mut().find(|(known, ..)| *known == span) {
                    Some((_, _, texts)) => texts.push(text),
                    None => places.push((span, kind, vec![text])),
                }
            }
        }
        for (span, kind, texts) in places {
            let needs = if texts.len() == 1 { "needs" } else { "need" };
            let texts = spelling::listed(texts.iter().map(String::as_str));
            let message = format!(
                "{texts} {needs} a baseline, and a `{kind}` source cannot read the past: the gate would hold"
            );
            self.say(Diagnostic::new(Code::BaselineWithoutPast, span, message).help(
                "record one before the deployment with `runbook-gate baseline`, and write `baseline: { recorded: baseline.json }`",
            ));
        }
    }

    fn doubt_reversed(&mut self, list: &[Written], state: State, consequence: &str) {
        for written in list.iter().filter(|written| written.is_explicit()) {
            let reversed = written.criterion.comparisons().iter().any(|comparison| {
                matches!(comparison, Comparison::State { state: written, .. } if *written == state)
            });
            if reversed {
                let (word, other) = match state {
                    State::Passing => ("passing", "failing"),
                    State::Failing => ("failing", "passing"),
                };
                self.say(
                    Diagnostic::new(
                        Code::StateReversed,
                        written.place(word),
                        format!("`{word}` here means that {consequence}"),
                    )
                    .help(format!("write `{other}`")),
                );
            }
        }
    }

    /// Thresholds on the wrong side; `of_bad` is where a signal that is bad when high should be compared.
    fn doubt_direction(&mut self, list: &[Written], of_bad: Direction, consequence: &str) {
        for written in list.iter().filter(|written| written.is_explicit()) {
            // With `and`, one comparison may be a guard (`and request_rate > 1`): all have to be reversed.
            let reversed = written.criterion.comparisons().iter().all(|comparison| {
                let Comparison::Threshold { operand, cmp, .. } = comparison else { return false };
                let expected = match (bad_direction(&operand.signal), of_bad) {
                    (Some(Direction::Above), _) => of_bad,
                    (Some(Direction::Below), Direction::Above) => Direction::Below,
                    (Some(Direction::Below), Direction::Below) => Direction::Above,
                    _ => return false,
                };
                cmp.direction() != Direction::Neither && cmp.direction() != expected
            });
            if reversed {
                let text = written.criterion.text();
                self.say(
                    Diagnostic::new(
                        Code::CriterionReversed,
                        written.span(),
                        format!("`{text}` is the wrong way round: {consequence}"),
                    )
                    .help("turn the comparison round: `<` for `>`, or `>` for `<`"),
                );
            }
        }
    }

    /// A required signal that nothing gives leaves every deployment without its telemetry.
    pub(super) fn doubt_required(&mut self, required: &[(SignalName, Span)]) {
        for (name, span) in required {
            if self.catalogue.get(name).is_some() || self.declares(name) {
                continue;
            }
            let message =
                format!("no source gives `{name}`, which `require` asks for: its telemetry is never there");
            let found = Diagnostic::new(Code::RequiredWithoutSource, *span, message);
            let near = spelling::nearest(name.as_str(), self.catalogue.names()).map(str::to_owned);
            self.say(match near {
                Some(near) => found.label(format!("did you mean `{near}`?")),
                None => found.help("give it a source in `signals` or by a preset, or remove it"),
            });
        }
    }

    /// Signals that the policy reads for nothing.
    fn doubt_unused(&mut self, rollback: &[Written], verify: &[Written]) {
        let document = self.document;
        let required = |name: &SignalName| {
            let listed = document.gate.get().and_then(|gate| gate.require.get());
            listed.into_iter().flatten().any(|text| text.value.as_str() == name.as_str())
        };
        let used = |name: &SignalName| {
            required(name)
                || rollback.iter().chain(verify).any(|written| written.criterion.signals().contains(&name))
        };
        // While a criterion could not be read, nobody knows what it uses.
        if self.findings.iter().any(|found| found.code() == Code::InvalidCriterion) {
            return;
        }
        let mut findings = Vec::new();
        let mut groups: Vec<(Origin, Span, bool)> = Vec::new();
        for (name, entry) in self.catalogue.iter() {
            if entry.origin == Origin::Written {
                if !used(name) {
                    let message =
                        format!("no criterion uses `{name}`: it is read and drawn, and decides nothing");
                    findings.push(
                        Diagnostic::new(Code::UnusedSignal, entry.span, message)
                            .help("add a criterion on it to `gate.verify` or `gate.rollback_when`"),
                    );
                }
                continue;
            }
            match groups.iter_mut().find(|(origin, ..)| *origin == entry.origin) {
                Some((_, _, any)) => *any |= used(name),
                None => groups.push((entry.origin, entry.span, used(name))),
            }
        }
        for (origin, span, _) in groups.into_iter().filter(|(_, _, any)| !any) {
            let what = if origin == Origin::Probe { "the probe" } else { "this preset" };
            let message = format!("no criterion uses any signal of {what}");
            findings.push(
                Diagnostic::new(Code::UnusedSignal, span, message)
                    .help("add a criterion, such as `health failing for 2m`, or remove the source"),
            );
        }
        self.findings.append(&mut findings);
    }

    /// A ratio that is read as one number says nothing of how many requests are behind it.
    fn doubt_percentages(&mut self) {
        let found: Vec<Diagnostic> = self
            .catalogue
            .iter()
            .filter(|(name, entry)| reads_a_percentage(name, entry))
            .map(|(name, entry)| {
                let message = format!(
                    "`{name}` is read as one number, so the gate cannot weigh how many requests are behind it"
                );
                Diagnostic::new(Code::PercentageWithoutCounts, entry.span, message)
                    .help("read counts: `bad` and `total` in place of one number")
            })
            .collect();
        self.findings.extend(found);
    }

    /// A service without one error has no series of errors: an empty answer would make the gate blind.
    pub(super) fn doubt_empty_bad(&mut self, document: &Prometheus, empty: Option<f64>) {
        let Some(bad) = document.bad.get() else { return };
        let words = bad.as_str().to_ascii_lowercase();
        let guarded = words.contains("vector(") || words.split_whitespace().any(|word| word == "or");
        // A bare name cannot be a query of counts: nothing is known of it.
        if empty.is_none() && document.empty.is_missing() && !guarded && words.contains('{') {
            let message =
                "while the service has no error this query may answer nothing, and then the gate is blind";
            self.say(
                Diagnostic::new(Code::BadMayBeEmpty, bad.span, message)
                    .help("add `empty: 0` beside it, or `or vector(0)` at its end"),
            );
        }
    }
}

/// The criteria that are judged.
fn configured(list: &[Written]) -> impl Iterator<Item = &Written> {
    list.iter().filter(|written| written.configured == Configured::Yes)
}

/// The signals that are compared with their baselines.
fn relative_signals(criterion: &Criterion) -> impl Iterator<Item = &SignalName> {
    criterion.comparisons().iter().filter_map(|comparison| match comparison {
        Comparison::Threshold { operand, threshold, .. } if !matches!(threshold, Threshold::Absolute(_)) => {
            Some(&operand.signal)
        }
        _ => None,
    })
}

/// Where a signal of the vocabulary is bad: when high or when low.
fn bad_direction(signal: &SignalName) -> Option<Direction> {
    match signal.as_str() {
        "error_rate" | "probe_latency" | "critical_logs" | "queue_depth" => Some(Direction::Above),
        "request_rate" | "availability" => Some(Direction::Below),
        name if name.starts_with("latency_") || name.ends_with("_saturation") => Some(Direction::Above),
        _ => None,
    }
}

fn reads_a_percentage(name: &SignalName, entry: &Entry) -> bool {
    entry.origin == Origin::Written
        && entry.rules.reading == ReadingKind::Value
        && matches!(name.as_str(), "error_rate" | "availability")
}
