//! Whether a gate could see: which signals can be read, how fresh they are, and how long each criterion would need at this
//! traffic. Pure: observations in, an analysis out.
//!
//! How long a criterion needs is not estimated by a formula of its own: a regression is written into a journal at the
//! traffic that was seen, and the [gate](crate::gate) itself judges it.

mod detection;
mod seen;
#[cfg(test)]
mod tests;
mod trial;
mod words;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::gate::CriterionKind;
use crate::policy::rules::{Configured, GateCriterion, GateRules};
use crate::sample::Sample;
use crate::{Baseline, Duration, SignalName, Timestamp};

pub use detection::{Decides, Detection};
pub use seen::{Readable, SignalTelemetry};

/// What the runbook wants to be read, each a signal's name and what it is for. A policy may
/// [require](GateRules::required) more.
pub const REQUIRED: [(&str, &str); 6] = [
    ("health", "health endpoints"),
    ("request_rate", "request rate"),
    ("error_rate", "error rate"),
    ("latency_p50", "latency, median"),
    ("latency_p95", "latency, 95th percentile"),
    ("latency_p99", "latency, 99th percentile"),
];

/// What sources gave lately, by signal, in any order.
pub type Observed = BTreeMap<SignalName, Vec<(Timestamp, Sample)>>;

/// What a gate by these rules could see.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Telemetry {
    /// When it was looked at.
    pub at: Timestamp,
    /// The required signals, the runbook's first, each in its order; then the policy's others by name.
    pub signals: Vec<SignalTelemetry>,
    /// Every criterion, rollback criteria first, in policy order.
    pub criteria: Vec<CriterionTelemetry>,
    /// Required signals that cannot be read: a gate without them is blind.
    pub blind: Vec<String>,
    /// What should be changed or known before a deployment, one sentence each.
    pub warnings: Vec<String>,
}

/// What is known beside what was observed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// The baselines that the gate will be given, recorded or fixed; `None` where it will read them from the past, which is then
    /// taken for what was observed.
    pub baselines: Option<BTreeMap<SignalName, Baseline>>,
    /// Why signals answered nothing, in words.
    pub silent: BTreeMap<SignalName, String>,
    /// What the points of signals are of, where they count events or have events behind them. Of others with counts it is
    /// taken for the time from point to point.
    pub windows: BTreeMap<SignalName, Window>,
}

/// The time that the events of one point are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Of the points that were observed: a counter that is looked at twice tells of the time between the looks.
    pub observed: Duration,
    /// Of the points that a gate will see.
    pub judged: Duration,
}

/// Whether a criterion could decide.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CriterionTelemetry {
    /// Its text, as the policy writes it.
    pub criterion: String,
    /// Rollback or verification.
    pub kind: CriterionKind,
    /// At the traffic that was seen on the whole; `None` where its signals have no source or were not read.
    pub usual: Option<Detection>,
    /// At the lowest traffic of a time as long as the watch, where the past is at least two such times long.
    pub quietest: Option<Detection>,
}

/// Analyses what a gate by `rules` could see, from what its sources gave up to `now`.
///
/// The longer the past in `observed`, the more is known of quiet times; a source without a past gives one sample.
///
/// ```
/// use runbook_gate::policy::rules::{GateRules, ReadingKind, SignalRules};
/// use runbook_gate::sample::Sample;
/// use runbook_gate::telemetry::{Observed, Readable, analyse};
/// use runbook_gate::{Duration, Timestamp};
///
/// let step = Duration::from_secs(60);
/// let rules = GateRules::new(Duration::ZERO, Duration::from_secs(900), step)
///     .with_signal("error_rate".parse()?, SignalRules::new(ReadingKind::Counts, step));
/// let now: Timestamp = "2026-01-01T00:00:00Z".parse()?;
/// let seen = vec![(now - step, Sample::from_counts(0.0, 3.0)), (now, Sample::from_counts(0.0, 3.0))];
/// let telemetry = analyse(&rules, &Observed::from([("error_rate".parse()?, seen)]), now);
/// assert!(matches!(telemetry.signals[2].readable, Readable::Now { .. }));
/// assert_eq!(telemetry.blind, ["health", "request_rate", "latency_p50", "latency_p95", "latency_p99"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn analyse(rules: &GateRules, observed: &Observed, now: Timestamp) -> Telemetry {
    analyse_knowing(rules, observed, &Known::default(), now)
}

/// Analyses what a gate by `rules` could see, as [`analyse`] does, with the baselines that it will be given.
#[must_use]
pub fn analyse_knowing(rules: &GateRules, observed: &Observed, beside: &Known, now: Timestamp) -> Telemetry {
    let observed = &seen::as_read(rules, observed);
    let own = rules.required().iter().map(SignalName::as_str).filter(|name| !of_runbook(name));
    let required: Vec<&str> = REQUIRED.iter().map(|(name, _)| *name).chain(own).collect();
    let mut signals: Vec<SignalTelemetry> = required
        .iter()
        .map(|name| {
            let known = rules.signals().iter().find(|(signal, _)| signal.as_str() == *name);
            SignalTelemetry::required(name, known, observed, now)
        })
        .collect();
    for (signal, rules) in rules.signals() {
        if !required.contains(&signal.as_str()) {
            signals.push(SignalTelemetry::other(signal, rules, observed, now));
        }
    }
    let criteria = || rules.rollback_when().iter().chain(rules.verify());
    for signal in &mut signals {
        signal.used = criteria().any(|rule| {
            rule.configured == Configured::Yes
                && rule.criterion.signals().iter().any(|name| name.as_str() == signal.signal)
        });
        let silent = beside.silent.iter().find(|(name, _)| name.as_str() == signal.signal);
        if let (Readable::Not { why }, Some((_, words))) = (&mut signal.readable, silent) {
            why.clone_from(words);
        }
    }
    let blind = signals
        .iter()
        .filter(|signal| signal.required && !signal.readable.is_sight())
        .map(|s| s.signal.clone());
    let blind: Vec<String> = blind.collect();
    let past = Before { rules, observed, windows: &beside.windows, baselines: beside.baselines.as_ref() };
    let shares = detection::shares(&past);
    let criteria: Vec<CriterionTelemetry> = rules
        .rollback_when()
        .iter()
        .map(|criterion| judged(criterion, CriterionKind::Rollback, &past, &shares))
        .chain(
            rules.verify().iter().map(|criterion| judged(criterion, CriterionKind::Verify, &past, &shares)),
        )
        .collect();
    let mut warnings = words::of_missing(&signals);
    warnings.extend(signals.iter().filter_map(words::of_signal));
    warnings.extend(criteria.iter().filter_map(|criterion| words::of_criterion(criterion, rules.observe())));
    Telemetry { at: now, signals, criteria, blind, warnings }
}

/// Whether the runbook itself requires a signal.
fn of_runbook(name: &str) -> bool {
    REQUIRED.iter().any(|(known, _)| *known == name)
}

/// What trials are made of.
#[derive(Clone, Copy)]
struct Before<'b> {
    rules: &'b GateRules,
    observed: &'b Observed,
    windows: &'b BTreeMap<SignalName, Window>,
    /// `None` where the past that was observed is the baseline.
    baselines: Option<&'b BTreeMap<SignalName, Baseline>>,
}

fn judged(
    criterion: &GateCriterion,
    kind: CriterionKind,
    past: &Before<'_>,
    shares: &[f64],
) -> CriterionTelemetry {
    let mut detections = shares.iter().map(|share| match criterion.configured {
        Configured::Yes => Detection::of(past, criterion, kind, *share),
        Configured::No { .. } => None,
    });
    CriterionTelemetry {
        criterion: criterion.criterion.text().to_owned(),
        kind,
        usual: detections.next().flatten(),
        quietest: detections.next().flatten(),
    }
}

impl Telemetry {
    /// Whether every required signal can be read.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.blind.is_empty()
    }

    /// The analysis for people: plain text, a line for each signal and criterion, then the warnings.
    #[must_use]
    pub fn text(&self) -> String {
        words::text(self)
    }
}

/// A duration in whole seconds, for people.
fn whole(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_seconds_f64().round() as u64)
}
