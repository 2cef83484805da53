//! The analysis in words.

use super::detection::{Decides, Detection};
use super::seen::{Readable, SignalTelemetry, is_too_little};
use super::{CriterionTelemetry, REQUIRED, Telemetry};
use crate::gate::CriterionKind;
use crate::numbers::{Measure, bare, percent};
use crate::policy::rules::ReadingKind;
use crate::spelling;
use crate::{Duration, SignalName};

/// What is required and no source gives, in a sentence for the runbook's signals and one for the policy's own.
pub(super) fn of_missing(signals: &[SignalTelemetry]) -> Vec<String> {
    let missing = signals.iter().filter(|signal| signal.readable == Readable::NotConfigured);
    let (of_runbook, of_policy): (Vec<&str>, Vec<&str>) =
        missing.map(|signal| signal.signal.as_str()).partition(|name| super::of_runbook(name));
    let purposes: Vec<&str> =
        REQUIRED.iter().filter(|(name, _)| of_runbook.contains(name)).map(|(_, what)| *what).collect();
    let runbook = (!of_runbook.is_empty()).then(|| {
        format!(
            "no source gives {} ({}), which the runbook requires: use a preset, or add it to `signals`",
            spelling::listed(of_runbook),
            purposes.join("; ")
        )
    });
    let policy = (!of_policy.is_empty()).then(|| {
        format!(
            "no source gives {}, which the policy requires (`gate.require`): use a preset, or add it to `signals`",
            spelling::listed(of_policy)
        )
    });
    runbook.into_iter().chain(policy).collect()
}

/// What should be known of a signal before a deployment, if anything.
pub(super) fn of_signal(signal: &SignalTelemetry) -> Option<String> {
    let name = &signal.signal;
    match &signal.readable {
        Readable::NotConfigured => None,
        // What decides nothing needs no warning.
        _ if !signal.used && !signal.required => None,
        Readable::Not { why } => {
            let from =
                if signal.source.is_empty() { String::new() } else { format!(" from {}", signal.source) };
            Some(format!("`{name}` cannot be read{from}: {why}"))
        }
        Readable::Stale { age } => {
            Some(format!("the newest point of `{name}` is {age} old: a gate would not see what is now"))
        }
        Readable::Now { value, .. } | Readable::TooLittle { value, .. } if is_too_little(name, *value) => {
            Some(match name.as_str() {
                "traces" => {
                    "no spans come (`traces`): turn on the tracing of requests and dependencies".to_owned()
                }
                _ => format!(
                    "only {:.0}% of the telemetry carries an operation id (`{name}`): an error cannot be followed through the service; \
                     pass the trace context on in every call and message",
                    100.0 * value
                ),
            })
        }
        Readable::Now { .. } | Readable::TooLittle { .. } | Readable::Idle => {
            let (cadence, step) = (signal.cadence?, signal.step?);
            // Windows of counts are as wide as their source needs them, by design.
            if signal.reading == Some(ReadingKind::Counts) {
                return None;
            }
            let slow = cadence.as_seconds_f64() > 1.5 * step.as_seconds_f64();
            slow.then(|| format!("points of `{name}` come every {cadence}, not every {step}: set its step or interval to what it is"))
        }
    }
}

/// What should be known of a criterion before a deployment, if anything.
pub(super) fn of_criterion(criterion: &CriterionTelemetry, observe: Duration) -> Option<String> {
    let usual = criterion.usual.as_ref()?;
    blind_spot(criterion, usual, observe, "").or_else(|| {
        let quietest = criterion.quietest.as_ref()?;
        blind_spot(
            criterion,
            quietest,
            observe,
            &format!("in a time as quiet as the quietest {observe} that was seen, "),
        )
    })
}

fn blind_spot(
    criterion: &CriterionTelemetry,
    at: &Detection,
    observe: Duration,
    when: &str,
) -> Option<String> {
    let text = &criterion.criterion;
    if let Some(lacking) = no_baseline(at) {
        return Some(format!("`{text}` cannot be judged yet: {lacking}"));
    }
    let traffic = at.requests_per_second.map(|rate| format!("at {}, ", traffic(rate))).unwrap_or_default();
    if let Decides::No { why } = &at.decides {
        return Some(format!("{when}{traffic}`{text}` cannot decide and would hold a good release: {why}"));
    }
    if criterion.kind == CriterionKind::Rollback && at.found_after.is_none() {
        let smallest = match at.smallest {
            Some(rate) => format!("; the smallest error rate that it would find is {}", percent(rate)),
            None => String::new(),
        };
        return Some(format!(
            "{when}{traffic}`{text}` would not find twice its threshold within a watch of {observe}{smallest}: watch longer, or raise the traffic"
        ));
    }
    None
}

/// Which baselines are missing, and how to get them.
fn no_baseline(at: &Detection) -> Option<String> {
    let names = at.without_baseline.iter().map(SignalName::as_str);
    (!at.without_baseline.is_empty()).then(|| {
        format!(
            "no baseline of {} is known: record one with `runbook-gate baseline` while the service is well",
            spelling::listed(names)
        )
    })
}

/// `3 requests a minute`, `12 requests a second`.
fn traffic(per_second: f64) -> String {
    let (number, unit) = match per_second {
        rate if rate >= 2.0 => (rate, "second"),
        rate if rate * 60.0 >= 0.95 => (rate * 60.0, "minute"),
        rate => (rate * 3600.0, "hour"),
    };
    let number = if number >= 10.0 { format!("{number:.0}") } else { trimmed(format!("{number:.1}")) };
    let noun = if number == "1" { "request" } else { "requests" };
    let a = if unit == "hour" { "an" } else { "a" };
    format!("{number} {noun} {a} {unit}")
}

fn trimmed(number: String) -> String {
    number.strip_suffix(".0").map_or(number.clone(), str::to_owned)
}

/// The whole analysis as plain text.
pub(super) fn text(telemetry: &Telemetry) -> String {
    let width = telemetry.signals.iter().map(|signal| signal.signal.len()).max().unwrap_or(0);
    let mut lines = vec!["Signals".to_owned()];
    for signal in &telemetry.signals {
        let name = &signal.signal;
        let state = match &signal.readable {
            Readable::Now { age, value } => {
                let cadence =
                    signal.cadence.map(|cadence| format!(", a point every {cadence}")).unwrap_or_default();
                format!("can be read: {}, {age} old{cadence}", value_of(signal, *value))
            }
            Readable::TooLittle { age, value } => {
                format!("TOO LITTLE: {}, {age} old", value_of(signal, *value))
            }
            Readable::Idle => "can be read: no traffic".to_owned(),
            Readable::Stale { age } => format!("STALE: {age} old"),
            Readable::Not { why } => format!("CANNOT be read: {why}"),
            Readable::NotConfigured => "not configured".to_owned(),
        };
        let source = if signal.source.is_empty() { String::new() } else { format!("  ({})", signal.source) };
        let unused = match signal.used || signal.readable == Readable::NotConfigured {
            true => "",
            false => "; no criterion reads it",
        };
        lines.push(format!("  {name:width$}  {state}{unused}{source}"));
    }
    lines.push("Criteria".to_owned());
    for criterion in &telemetry.criteria {
        lines.push(format!("  {}", criterion.criterion));
        match &criterion.usual {
            None => lines.push("    not known: its signals were not read".to_owned()),
            Some(usual) => lines.push(format!("    {}", detection(criterion.kind, usual))),
        }
        if let Some(quietest) = criterion.quietest.as_ref().filter(|at| Some(*at) != criterion.usual.as_ref())
        {
            lines.push(format!("    quietest: {}", detection(criterion.kind, quietest)));
        }
    }
    if !telemetry.warnings.is_empty() {
        lines.push("Warnings".to_owned());
        lines.extend(telemetry.warnings.iter().map(|warning| format!("  - {warning}")));
    }
    lines.push(match telemetry.is_ready() {
        true => "Every required signal can be read.".to_owned(),
        false => format!("A gate would be blind on: {}", telemetry.blind.join(", ")),
    });
    lines.join("\n") + "\n"
}

/// What a signal said, in its unit.
fn value_of(signal: &SignalTelemetry, value: f64) -> String {
    match signal.signal.parse() {
        Ok(name) => Measure::of(&name, signal.reading, []).show(value),
        Err(_) => bare(value),
    }
}

fn detection(kind: CriterionKind, at: &Detection) -> String {
    let mut parts = Vec::new();
    if let Some(rate) = at.requests_per_second {
        let data =
            at.data_after.map(|after| format!(" it needs {after} for enough requests")).unwrap_or_default();
        parts.push(format!("at {}{data}", traffic(rate)));
    }
    if let Some(lacking) = no_baseline(at) {
        parts.push(lacking);
        return parts.join("; ");
    }
    match (&at.decides, kind, at.found_after) {
        (Decides::No { why }, ..) => parts.push(format!("CANNOT decide: {why}")),
        (Decides::Yes, CriterionKind::Verify, _) => parts.push("can decide".to_owned()),
        (Decides::Yes, CriterionKind::Rollback, Some(after)) => {
            parts.push(format!("finds twice its threshold after {after}"))
        }
        (Decides::Yes, CriterionKind::Rollback, None) => {
            parts.push("does NOT find twice its threshold in this watch".to_owned())
        }
    }
    if let Some(rate) = at.smallest {
        parts.push(format!("smallest error rate found: {}", percent(rate)));
    }
    parts.join("; ")
}
