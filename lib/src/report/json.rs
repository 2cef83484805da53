//! The report as JSON, for programs.
//!
//! The format is versioned and described in `docs/report-format.md`. It holds nothing that a replay does not know, so that
//! a live gate and the replay of its journal print the same bytes. Numbers are the shortest that read back the same;
//! what is not known is `null`.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::{Report, VERSION};
use crate::gate::outcome::{Cell, ComparisonNumbers, Ending, Observed, SignalSummary};
use crate::gate::{CriterionKind, CriterionOutcome, CriterionStatus, Decision, Outcome, Recovery};
use crate::policy::Enforcement;
use crate::policy::rules::ReadingKind;
use crate::rollback::Times;
use crate::{Baseline, Duration, SignalName, Timestamp};

/// The report as one JSON object in one line, without a line end.
///
/// It is safe to print in a pipeline's log: `##`, which would begin a command to the agent, is written with an escape.
///
/// ```
/// use runbook_gate::gate::Outcome;
/// use runbook_gate::report::{Report, ReportContext, json};
///
/// let text = json::render(&Report::of_gate(&Outcome::default(), &ReportContext::default()));
/// assert!(text.starts_with(r#"{"version":1,"decision":"hold","decided_at":null,"#));
/// ```
#[must_use]
pub fn render(report: &Report) -> String {
    let document = Document::new(report);
    // Serialising to memory fails only for maps whose keys are no texts, and there are none.
    let text = serde_json::to_string(&document).unwrap_or_default();
    disarmed(&text)
}

/// JSON with everything escaped that would steer a log. `#` and characters beyond ASCII stand only inside texts, where an
/// escape means the same.
pub(crate) fn disarmed(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        // What a comparison passes over does not stand between.
        if character == '#' && out.trim_end_matches(crate::steering::weightless).ends_with('#') {
            out.push_str("\\u0023");
        } else if crate::steering::steers(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(character);
        }
    }
    out
}

#[derive(Serialize)]
struct Document<'r> {
    version: u32,
    decision: Decision,
    decided_at: Option<Timestamp>,
    criterion: Option<&'r str>,
    reason: &'r str,
    also: &'r [String],
    service: &'r str,
    environment: &'r str,
    enforcement: Enforcement,
    policy_sha256: &'r str,
    started_at: Option<Timestamp>,
    watch_from: Option<Timestamp>,
    watch_to: Option<Timestamp>,
    extended_by: Number,
    ending: EndingObject<'r>,
    recovery: Option<RecoveryObject<'r>>,
    criteria: Vec<CriterionObject<'r>>,
    signals: Vec<SignalObject<'r>>,
    notes: &'r [String],
    ignored: Vec<IgnoredObject<'r>>,
    late: u64,
}

#[derive(Serialize)]
struct EndingObject<'r> {
    how: &'static str,
    by: Option<&'r str>,
}

/// Only of a gate over a redeployment.
#[derive(Serialize)]
struct RecoveryObject<'r> {
    recovered: bool,
    redeployed: Option<&'r str>,
    failed: Option<FailedObject<'r>>,
    rollback_started: Option<Timestamp>,
    time_to_detect: Option<Number>,
    time_to_restore: Option<Number>,
}

#[derive(Serialize)]
struct FailedObject<'r> {
    release: Option<&'r str>,
    reason: &'r str,
    onset: Option<Timestamp>,
    decided_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct CriterionObject<'r> {
    criterion: &'r str,
    kind: CriterionKind,
    status: CriterionStatus,
    coverage: Option<f64>,
    caveat: Option<&'r str>,
    signals: &'r [SignalName],
    summary: &'r str,
    otherwise: &'r str,
    window: Option<WindowObject>,
    confidence: Option<f64>,
    confidence_needed: Option<f64>,
    comparisons: Vec<ComparisonObject<'r>>,
    said: Vec<SaidObject<'r>>,
}

#[derive(Serialize)]
struct SaidObject<'r> {
    at: Timestamp,
    text: &'r str,
}

#[derive(Serialize)]
struct WindowObject {
    from: Timestamp,
    to: Timestamp,
}

#[derive(Serialize)]
struct ComparisonObject<'r> {
    comparison: &'r str,
    signal: &'r SignalName,
    observed: Option<ObservedObject>,
    threshold: Option<f64>,
    from_baseline: Option<&'r str>,
}

/// One of them: counts, a value, probes.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum ObservedObject {
    Counts { bad: Number, total: Number },
    Value(Number),
    Probes { failed: u64, of: u64 },
}

#[derive(Serialize)]
struct SignalObject<'r> {
    signal: &'r SignalName,
    reading: &'static str,
    step: Number,
    source: &'r str,
    known: u64,
    absent: Absent<'r>,
    coverage: f64,
    last: Option<f64>,
    lowest: Option<f64>,
    highest: Option<f64>,
    counts: Option<CountsObject>,
    baseline: Option<BaselineObject<'r>>,
    course: Vec<Option<CellObject>>,
}

#[derive(Serialize)]
struct CountsObject {
    bad: Number,
    total: Number,
}

#[derive(Serialize)]
struct BaselineObject<'r> {
    median: f64,
    p95: f64,
    worst: Option<f64>,
    count: u64,
    counts: Option<CountsObject>,
    window: Option<WindowObject>,
    source: Option<&'r str>,
}

#[derive(Serialize)]
struct CellObject {
    low: f64,
    mean: f64,
    high: f64,
}

#[derive(Serialize)]
struct IgnoredObject<'r> {
    signal: &'r SignalName,
    samples: u64,
}

/// Reasons and how often, as an object.
struct Absent<'r>(&'r [(String, u64)]);

impl Serialize for Absent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (reason, count) in self.0 {
            map.serialize_entry(reason, count)?;
        }
        map.end()
    }
}

/// A number that is mostly whole, and then is written without a fraction.
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// Above this, neighbours of a whole number are left out.
        const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;
        if self.0.abs() < LARGEST_EXACT && self.0 == self.0.trunc() {
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

impl<'r> Document<'r> {
    fn new(report: &'r Report) -> Self {
        let outcome = &report.outcome;
        Self {
            version: VERSION,
            decision: outcome.decision,
            decided_at: outcome.decided_at,
            criterion: outcome.criterion.as_deref(),
            reason: &outcome.reason,
            also: &outcome.also,
            service: &report.context.service,
            environment: &outcome.environment,
            enforcement: report.context.enforcement,
            policy_sha256: &outcome.policy_sha256,
            started_at: outcome.started_at,
            watch_from: outcome.watch_from,
            watch_to: outcome.watch_to,
            extended_by: Number(outcome.extended_by.as_seconds_f64()),
            ending: match &outcome.ending {
                Ending::Complete => EndingObject { how: "complete", by: None },
                Ending::Incomplete => EndingObject { how: "incomplete", by: None },
                Ending::Requested { by } => EndingObject { how: "requested", by: Some(by) },
                Ending::Unserved => EndingObject { how: "unserved", by: None },
                Ending::Cancelled { by } => EndingObject { how: "cancelled", by: Some(by) },
            },
            recovery: outcome.recovery.as_ref().map(|recovery| RecoveryObject::new(recovery, outcome)),
            criteria: outcome.criteria.iter().map(CriterionObject::new).collect(),
            signals: outcome.signals.iter().map(SignalObject::new).collect(),
            notes: &outcome.notes,
            ignored: outcome
                .ignored
                .iter()
                .map(|(signal, samples)| IgnoredObject { signal, samples: *samples })
                .collect(),
            late: outcome.late,
        }
    }
}

impl<'r> RecoveryObject<'r> {
    fn new(recovery: &'r Recovery, outcome: &Outcome) -> Self {
        fn named(name: &str) -> Option<&str> {
            (!name.is_empty()).then_some(name)
        }
        let times = Times::of(outcome).unwrap_or_default();
        let seconds = |length: Option<Duration>| length.map(|length| Number(length.as_seconds_f64()));
        Self {
            recovered: outcome.decision == Decision::Proceed,
            redeployed: named(&recovery.redeployed),
            failed: recovery.failed.as_ref().map(|failed| FailedObject {
                release: named(&failed.release),
                reason: &failed.reason,
                onset: failed.onset,
                decided_at: failed.decided_at,
            }),
            rollback_started: recovery.rollback_started,
            time_to_detect: seconds(times.time_to_detect()),
            time_to_restore: seconds(times.time_to_restore()),
        }
    }
}

impl<'r> CriterionObject<'r> {
    fn new(outcome: &'r CriterionOutcome) -> Self {
        let explanation = &outcome.explanation;
        Self {
            criterion: &outcome.criterion,
            kind: outcome.kind,
            status: outcome.status,
            coverage: outcome.coverage,
            caveat: outcome.caveat.as_deref(),
            signals: &outcome.signals,
            summary: &explanation.summary,
            otherwise: &explanation.otherwise,
            window: explanation.window.map(|(from, to)| WindowObject { from, to }),
            confidence: explanation.confidence,
            confidence_needed: explanation.confidence_needed,
            comparisons: explanation.comparisons.iter().map(ComparisonObject::new).collect(),
            said: explanation.said.iter().map(|said| SaidObject { at: said.at, text: &said.text }).collect(),
        }
    }
}

impl<'r> ComparisonObject<'r> {
    fn new(numbers: &'r ComparisonNumbers) -> Self {
        Self {
            comparison: &numbers.comparison,
            signal: &numbers.signal,
            observed: match numbers.observed {
                Observed::Counts { bad, total } => {
                    Some(ObservedObject::Counts { bad: Number(bad), total: Number(total) })
                }
                Observed::Value(value) => Some(ObservedObject::Value(Number(value))),
                Observed::Probes { failed, of } => Some(ObservedObject::Probes { failed, of }),
                Observed::Nothing => None,
            },
            threshold: numbers.threshold,
            from_baseline: numbers.from_baseline.as_deref(),
        }
    }
}

impl<'r> SignalObject<'r> {
    fn new(summary: &'r SignalSummary) -> Self {
        let counts = |(bad, total)| CountsObject { bad: Number(bad), total: Number(total) };
        Self {
            signal: &summary.signal,
            reading: match summary.reading {
                ReadingKind::Counts => "counts",
                ReadingKind::Value => "value",
                ReadingKind::State => "state",
            },
            step: Number(summary.step.as_seconds_f64()),
            source: &summary.source,
            known: summary.known,
            absent: Absent(&summary.absent),
            coverage: summary.coverage,
            last: summary.last,
            lowest: summary.lowest,
            highest: summary.highest,
            counts: summary.counts.map(counts),
            baseline: summary.baseline.as_ref().map(BaselineObject::new),
            course: summary
                .course
                .iter()
                .map(|cell| match *cell {
                    Cell::Missing => None,
                    Cell::Known { low, mean, high } => Some(CellObject { low, mean, high }),
                })
                .collect(),
        }
    }
}

impl<'r> BaselineObject<'r> {
    fn new(baseline: &'r Baseline) -> Self {
        Self {
            median: baseline.median.get(),
            p95: baseline.p95.get(),
            worst: baseline.worst.map(crate::Finite::get),
            count: baseline.count,
            counts: baseline
                .counts
                .map(|counts| CountsObject { bad: Number(counts.bad()), total: Number(counts.total()) }),
            window: baseline.window.map(|(from, to)| WindowObject { from, to }),
            source: baseline.source.as_deref(),
        }
    }
}
