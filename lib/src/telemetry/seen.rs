//! What was seen of one signal.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Observed, Window, whole};
use crate::policy::rules::{GateRules, ReadingKind, SignalRules};
use crate::sample::{Absence, Reading, Sample};
use crate::statistics;
use crate::{Duration, SignalName, Timestamp};

/// One signal as it can be read now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SignalTelemetry {
    /// Its name.
    pub signal: String,
    /// Whether the runbook or the policy requires it.
    pub required: bool,
    /// Whether a criterion reads it.
    pub used: bool,
    /// Where it is read, without secrets; nothing where it has no source.
    pub source: String,
    /// Whether it can be read.
    pub readable: Readable,
    /// What its samples are; nothing where it has no source.
    #[serde(skip)]
    pub reading: Option<ReadingKind>,
    /// From point to point as the policy says.
    pub step: Option<Duration>,
    /// From known point to known point as it was seen: their median.
    pub cadence: Option<Duration>,
    /// Known points.
    pub known: u64,
    /// Points that were absent, and why the newest was.
    pub absent: u64,
}

/// Whether a signal can be read now.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Readable {
    /// Its newest known point is fresh.
    Now {
        /// How old it is.
        age: Duration,
        /// What it says, in base units: a ratio for counts, 1 or 0 for a state.
        value: f64,
    },
    /// It is fresh, required, and shows that the telemetry itself is not there: nothing carries an operation id, no span comes.
    TooLittle {
        /// How old its newest point is.
        age: Duration,
        /// What it says.
        value: f64,
    },
    /// It answers, and nothing happens: there is no traffic.
    Idle,
    /// Its newest known point is too old to be counted on.
    Stale {
        /// How old it is.
        age: Duration,
    },
    /// Nothing was read.
    Not {
        /// Why.
        why: String,
    },
    /// The policy has no source for it.
    NotConfigured,
}

impl Readable {
    /// Whether a gate would see it. An idle signal is seen: that it is idle.
    #[must_use]
    pub const fn is_sight(&self) -> bool {
        matches!(self, Self::Now { .. } | Self::Idle)
    }
}

/// What was observed, as a gate reads it: a number that cannot be is an error. What has too few requests stays, to tell of
/// the traffic.
pub(super) fn as_read(rules: &GateRules, observed: &Observed) -> Observed {
    let read = |signal: Option<&SignalRules>, sample: &Sample| match signal.and_then(|s| s.refusal(sample)) {
        Some(absence @ Absence::Error(_)) => Sample::Absent(absence),
        _ => sample.clone(),
    };
    let of_signal = |(name, samples): (&SignalName, &Vec<(Timestamp, Sample)>)| {
        let signal = rules.signals().get(name);
        (name.clone(), samples.iter().map(|(at, sample)| (*at, read(signal, sample))).collect())
    };
    observed.iter().map(of_signal).collect()
}

/// The share of telemetry with an operation id from which on errors can be followed.
const FOLLOWED: f64 = 0.95;

/// Whether a signal about telemetry itself says that there is too little of it.
pub(super) fn is_too_little(name: &str, value: f64) -> bool {
    match name {
        "correlation_ids" => value < FOLLOWED,
        "traces" => value <= 0.0,
        _ => false,
    }
}

/// The share over all counts; `None` where there are none.
fn share<'s>(samples: impl Iterator<Item = &'s (Timestamp, Sample)>) -> Option<f64> {
    let (mut bad, mut total) = (0.0, 0.0);
    for (_, sample) in samples {
        if let Sample::Known(Reading::Counts(counts)) = sample {
            bad += counts.bad();
            total += counts.total();
        }
    }
    (total > 0.0).then(|| bad / total)
}

/// A known sample covers at most so much time, or three steps.
const SHORTEST_STALENESS: Duration = Duration::from_secs(60);

impl SignalTelemetry {
    pub(super) fn required(
        name: &str,
        known: Option<(&SignalName, &SignalRules)>,
        observed: &Observed,
        now: Timestamp,
    ) -> Self {
        match known {
            Some((signal, rules)) => {
                let seen = Self::other(signal, rules, observed, now);
                let readable = match seen.readable {
                    Readable::Now { age, value } => {
                        // One minute of a share is too few items to speak of a service.
                        let whole = share(observed.get(signal).into_iter().flatten()).unwrap_or(value);
                        if is_too_little(name, whole) {
                            Readable::TooLittle { age, value: whole }
                        } else {
                            Readable::Now { age, value }
                        }
                    }
                    readable => readable,
                };
                Self { required: true, readable, ..seen }
            }
            None => Self {
                signal: name.to_owned(),
                required: true,
                used: false,
                source: String::new(),
                readable: Readable::NotConfigured,
                reading: None,
                step: None,
                cadence: None,
                known: 0,
                absent: 0,
            },
        }
    }

    pub(super) fn other(
        signal: &SignalName,
        rules: &SignalRules,
        observed: &Observed,
        now: Timestamp,
    ) -> Self {
        let mut samples: Vec<&(Timestamp, Sample)> = observed.get(signal).into_iter().flatten().collect();
        samples.sort_by_key(|(at, _)| *at);
        let known: Vec<(Timestamp, Reading)> = samples
            .iter()
            .filter_map(|(at, sample)| match sample {
                Sample::Known(reading) => Some((*at, *reading)),
                Sample::Absent(_) => None,
            })
            .collect();
        Self {
            signal: signal.to_string(),
            required: false,
            used: false,
            source: rules.source.clone(),
            readable: readable(&samples, known.last(), rules, now),
            reading: Some(rules.reading),
            step: Some(rules.step),
            cadence: cadence(&known),
            known: known.len() as u64,
            absent: (samples.len() - known.len()) as u64,
        }
    }
}

fn readable(
    samples: &[&(Timestamp, Sample)],
    newest: Option<&(Timestamp, Reading)>,
    rules: &SignalRules,
    now: Timestamp,
) -> Readable {
    // Windows of counts follow each other as their source needs them, however short the step.
    let step = match rules.reading {
        ReadingKind::Counts => rules.step.max(from_window_to_window(samples.iter().copied(), rules)),
        ReadingKind::Value | ReadingKind::State => rules.step,
    };
    let staleness = step.times(3).max(SHORTEST_STALENESS);
    let fresh = |at: Timestamp| now.since(at) <= staleness.plus(rules.ingestion_delay);
    match (newest, samples.last()) {
        (Some((at, reading)), _) if fresh(*at) => {
            let value = match reading {
                Reading::Value { value, .. } => value.get(),
                Reading::Counts(counts) => counts.bad() / counts.total(),
            };
            Readable::Now { age: whole(now.since(*at)), value }
        }
        (_, Some((at, Sample::Absent(Absence::NoTraffic)))) if fresh(*at) => Readable::Idle,
        (Some((at, _)), _) => Readable::Stale { age: whole(now.since(*at)) },
        (None, Some((_, Sample::Absent(Absence::NoData)))) => {
            Readable::Not { why: "its source answers, and has nothing (no-data)".to_owned() }
        }
        (None, Some((_, Sample::Absent(why)))) => Readable::Not { why: why.to_string() },
        (None, _) => Readable::Not { why: "its source gave nothing".to_owned() },
    }
}

/// The median time from known point to known point.
fn cadence(known: &[(Timestamp, Reading)]) -> Option<Duration> {
    let mut gaps: Vec<f64> = known
        .iter()
        .zip(known.iter().skip(1))
        .map(|((before, _), (after, _))| after.since(*before).as_seconds_f64())
        .collect();
    Duration::from_seconds_f64(statistics::median(&mut gaps)?).map(whole)
}

/// The time that the events of one point are of: as the source says it, or as points of counts follow each other.
pub(super) fn window(
    name: &SignalName,
    samples: &[(Timestamp, Sample)],
    rules: &SignalRules,
    said: &BTreeMap<SignalName, Window>,
) -> Window {
    let some = |window: &&Window| !window.observed.is_zero() && !window.judged.is_zero();
    said.get(name).filter(some).copied().unwrap_or_else(|| {
        let length = match rules.reading {
            ReadingKind::Counts => from_window_to_window(samples, rules),
            ReadingKind::Value | ReadingKind::State => rules.step,
        };
        Window { observed: length, judged: length }
    })
}

/// The median time from one point of counts to the next; the step where too few points tell.
fn from_window_to_window<'s>(
    samples: impl IntoIterator<Item = &'s (Timestamp, Sample)>,
    rules: &SignalRules,
) -> Duration {
    let says = |sample: &Sample| {
        matches!(sample, Sample::Known(Reading::Counts(_)) | Sample::Absent(Absence::NoTraffic))
    };
    let mut moments: Vec<Timestamp> =
        samples.into_iter().filter(|(_, sample)| says(sample)).map(|(at, _)| *at).collect();
    moments.sort_unstable();
    moments.dedup();
    let mut gaps: Vec<f64> = moments
        .iter()
        .zip(moments.iter().skip(1))
        .map(|(before, after)| after.since(*before).as_seconds_f64())
        .collect();
    if gaps.len() < 2 {
        return rules.step;
    }
    let spacing = statistics::median(&mut gaps).and_then(Duration::from_seconds_f64);
    spacing.filter(|spacing| *spacing > Duration::ZERO).unwrap_or(rules.step)
}

/// Requests in a second that a signal's samples tell of, over their own time; `None` where they tell of none.
pub(super) fn requests(
    kind: ReadingKind,
    name: &SignalName,
    window: Duration,
    sample: &Sample,
) -> Option<f64> {
    let seconds = window.as_seconds_f64();
    match (kind, sample) {
        (_, Sample::Absent(Absence::NoTraffic)) => Some(0.0),
        (ReadingKind::Counts, Sample::Known(Reading::Counts(counts))) => Some(counts.total() / seconds),
        (ReadingKind::Value, Sample::Known(Reading::Value { value, .. }))
            if name.as_str() == "request_rate" =>
        {
            Some(value.get())
        }
        _ => None,
    }
    .filter(|rate| rate.is_finite() && *rate >= 0.0)
}
