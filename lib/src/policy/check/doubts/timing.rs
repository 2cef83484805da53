//! Durations, steps and single samples: whether there is enough in the watch to judge by.

use super::super::Checker;
use super::super::criteria::Written;
use super::super::gate::Watch;
use super::bad_direction;
use crate::criterion::{Aggregate, Comparison, Form};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::policy::rules::{Configured, ReadingKind};
use crate::spelling;
use crate::{Duration, SignalName};

impl Checker<'_> {
    /// Where a setting of the watch stands, to point at for one of the runbook's criteria.
    fn watch_span(
        &self,
        written: &Written,
        key: impl Fn(&crate::policy::document::Gate) -> Option<Span>,
    ) -> Span {
        if written.is_explicit() {
            return written.place("for");
        }
        self.document.gate.get().and_then(key).unwrap_or_default()
    }

    pub(super) fn doubt_durations(&mut self, written: &Written, watch: &Watch) {
        if written.configured != Configured::Yes {
            return;
        }
        let form = written.criterion.form();
        let (needed, what) = match form {
            Form::Instant => return,
            Form::Sustained { duration } | Form::Strict { duration } => (duration, "holds for"),
            Form::Flapping { within, .. } => (within, "looks back"),
        };
        if needed > watch.observe {
            let message = format!(
                "`{}` {what} {needed}, and the gate watches for {}: it can hardly ever decide",
                written.criterion.text(),
                watch.observe
            );
            let span = self.watch_span(written, |gate| gate.observe.span());
            self.say(
                Diagnostic::new(Code::WatchTooShort, span, message)
                    .help(format!("set `observe` to {needed} or more")),
            );
            return;
        }
        let grain = written.criterion.signals().into_iter().filter_map(|signal| {
            let entry = self.catalogue.get(signal)?;
            Some((entry.grain, signal.clone()))
        });
        let Some((grain, signal)) = grain.max() else { return };
        let duration = form.duration();
        let source = self.catalogue.get(&signal).map(|entry| entry.span);
        let span = self.watch_span(written, |gate| gate.interval.span().or(source));
        if matches!(form, Form::Sustained { .. }) && duration < grain.times(2) {
            let message = format!(
                "`{signal}` has a point every {grain}, so `for {duration}` is judged over {}",
                grain.times(2)
            );
            self.say(
                Diagnostic::new(Code::DurationBelowTwoSteps, span, message)
                    .help("read the signal more often, or write a longer duration"),
            );
        } else if matches!(form, Form::Sustained { .. }) && duration < grain.times(3) {
            let message = format!(
                "`{signal}` has a point every {grain}: too few in {duration} to tell a blip from a trend"
            );
            self.say(Diagnostic::new(Code::IntervalTooCoarse, span, message).help(format!(
                "read it at least every {}, or write a longer duration",
                duration.divided_by(3).rounded()
            )));
        } else {
            self.doubt_hanging(written, duration);
        }
    }

    /// A probe is not asked again while it waits: a service that hangs has one point per time-out.
    fn doubt_hanging(&mut self, written: &Written, duration: Duration) {
        if !matches!(written.criterion.form(), Form::Sustained { .. }) {
            return;
        }
        let hung = written.criterion.signals().into_iter().filter_map(|signal| {
            let entry = self.catalogue.get(signal)?;
            Some((entry.hung_grain?, signal.clone(), entry.span))
        });
        let Some((grain, signal, span)) = hung.max_by_key(|(grain, ..)| *grain) else { return };
        if duration >= grain.times(3) {
            return;
        }
        let message = format!(
            "a service that hangs has a point of `{signal}` only every {grain}, the probe's `timeout`: too few in {duration} to decide by"
        );
        let enough = duration.divided_by(3).min(Duration::from_secs(1)).rounded();
        self.say(
            Diagnostic::new(Code::IntervalTooCoarse, span, message)
                .help(format!("set the probe's `timeout` to {enough}, or write a longer duration")),
        );
    }

    /// Signals that have so few points in the whole watch that one of them decides, and no duration can be judged.
    pub(super) fn doubt_steps(&mut self, watch: &Watch, rollback: &[Written], verify: &[Written]) {
        let criteria =
            || rollback.iter().chain(verify).filter(|written| written.configured == Configured::Yes);
        let mut findings = Vec::new();
        for (signal, entry) in self.catalogue.iter() {
            if entry.grain.times(2) <= watch.observe {
                continue;
            }
            let reads = |written: &&Written| written.criterion.signals().contains(&signal);
            // Judged over two steps, which this watch has not.
            let lasts = |written: &Written| matches!(written.criterion.form(), Form::Sustained { .. });
            let (never, decided): (Vec<&Written>, Vec<&Written>) =
                criteria().filter(reads).partition(|written| lasts(written));
            let listed = |list: &[&Written]| spelling::listed(list.iter().map(|w| w.criterion.text()));
            let (all, few) = if entry.grain < watch.observe {
                ("at most two", "one or two points decide")
            } else {
                ("at most one", "one point decides")
            };
            let mut consequences = Vec::new();
            if !decided.is_empty() {
                consequences.push(format!("{few} {}, and without any the gate holds", listed(&decided)));
            }
            if !never.is_empty() {
                consequences.push(format!("{} can never trip", listed(&never)));
            }
            if consequences.is_empty() {
                continue;
            }
            let (points, help) = match entry.rules.reading {
                ReadingKind::Counts if entry.grain > entry.rules.step => (
                    format!("is counted over windows of {}", entry.grain),
                    "a window spans at least four of the server's scrapes: correct `scrape_interval`, or",
                ),
                ReadingKind::Counts | ReadingKind::Value | ReadingKind::State => {
                    (format!("has a point every {}", entry.grain), "read it more often, or")
                }
            };
            let message = format!(
                "`{signal}` {points}, and a watch of {} has {all} of them: {}",
                watch.observe,
                consequences.join("; ")
            );
            findings.push(
                Diagnostic::new(Code::StepBeyondWatch, entry.span, message)
                    .help(format!("{help} set `observe` to {} or more", entry.grain.times(4))),
            );
        }
        self.findings.append(&mut findings);
    }

    /// A written rollback criterion that one sample can trip.
    pub(super) fn doubt_moments(&mut self, written: &Written) {
        if !written.is_explicit() || written.criterion.form() != Form::Instant {
            return;
        }
        let text = written.criterion.text();
        let comparisons = written.criterion.comparisons();
        if let Some(found) = comparisons.iter().find_map(|comparison| aggregated(written, comparison)) {
            self.say(found);
        } else if comparisons.iter().all(|comparison| fluctuates(comparison.signal())) {
            let signals = spelling::listed(written.criterion.signals().into_iter().map(SignalName::as_str));
            let message = format!("`{text}` rolls back at the first such sample, and {signals} fluctuates");
            let usual = if comparisons.iter().any(is_state) { "2m" } else { "5m" };
            self.say(
                Diagnostic::new(Code::NoDuration, written.span(), message)
                    .help(format!("say how long it has to hold: `{text} for {usual}`")),
            );
        }
    }
}

const fn is_state(comparison: &Comparison) -> bool {
    matches!(comparison, Comparison::State { .. })
}

/// Whether a single sample of a signal of the vocabulary says little.
fn fluctuates(signal: &SignalName) -> bool {
    matches!(signal.as_str(), "health" | "ready")
        || (bad_direction(signal).is_some() && signal.as_str() != "critical_logs")
}

/// An aggregate in a rollback criterion is of the watch so far, and judged again at every sample.
fn aggregated(written: &Written, comparison: &Comparison) -> Option<Diagnostic> {
    let Comparison::Threshold { operand, .. } = comparison else { return None };
    let aggregate = operand.aggregate?;
    let what = match aggregate {
        Aggregate::Max | Aggregate::Min | Aggregate::Last => "one sample trips it",
        Aggregate::Avg | Aggregate::Median | Aggregate::Percentile(_) => {
            "at the beginning of the watch it is of few samples, or of one"
        }
    };
    let message = format!("`{}` is taken over the watch so far, at every sample: {what}", operand);
    let word = aggregate.to_string();
    let plain = written.criterion.text().replace(&operand.to_string(), operand.signal.as_str());
    Some(
        Diagnostic::new(Code::AggregateInRollback, written.place(&word), message)
            .help(format!("write `{plain} for 5m`, or judge it at the end, in `verify`")),
    )
}
