//! Outcomes as the gate makes them, written by hand.

use crate::gate::outcome::{Cell, ComparisonNumbers, Ending, Explanation, Observed, SignalSummary};
use crate::gate::trace::{Missing, MissingKind, Reading, Reason, Stretch, Trace};
use crate::gate::{
    CriterionKind, CriterionOutcome, CriterionStatus, Decision, FailedGate, Outcome, Recovery,
};
use crate::policy::Enforcement;
use crate::policy::rules::ReadingKind;
use crate::report::{Report, ReportContext};
use crate::rollback::Release;
use crate::sample::Counts;
use crate::{Baseline, Duration, Finite, SignalName, Timestamp};

pub(super) fn t(seconds: u64) -> Timestamp {
    Timestamp::from_secs(1_767_225_600) + Duration::from_secs(seconds)
}

pub(super) fn name(text: &str) -> SignalName {
    text.parse().unwrap()
}

fn finite(number: f64) -> Finite {
    Finite::new(number).unwrap()
}

pub(super) fn context() -> ReportContext {
    ReportContext {
        service: "orders-api".into(),
        policy_file: "runbook.yml".into(),
        enforcement: Enforcement::Enforce,
        replay_command:
            "runbook-gate replay --policy runbook.yml --environment production --journal out/gate.ndjson"
                .into(),
        release: Release { run: Some(4711), version: "2.4.0".into(), commit: "1a2b3c4d5e6f".into() },
    }
}

pub(super) fn report(outcome: &Outcome) -> Report {
    Report::of_gate(outcome, &context())
}

/// Known cells from numbers; NaN is a missing one.
pub(super) fn course(values: impl IntoIterator<Item = f64>) -> Vec<Cell> {
    values
        .into_iter()
        .map(|mean| match mean.is_nan() {
            true => Cell::Missing,
            false => Cell::Known { low: mean * 0.9, mean, high: mean * 1.1 },
        })
        .collect()
}

/// A sample at the end of each cell.
fn trace(reading: ReadingKind, values: &[f64]) -> Trace {
    let stretch = |(place, value): (usize, &f64)| {
        let at = t(15 * (place as u64 + 1));
        let reading = Reading {
            samples: 1,
            failed: u64::from(reading == ReadingKind::State && *value < 0.5),
            low: *value,
            high: *value,
            counts: (reading == ReadingKind::Counts).then_some((value * 480.0, 480.0)),
        };
        let (known, absent) = match value.is_nan() {
            true => (None, Some(Missing { samples: 1, reason: 0 })),
            false => (Some(reading), None),
        };
        Stretch { from: at, to: at, known, absent, widest: Duration::ZERO }
    };
    Trace {
        stretches: values.iter().enumerate().map(stretch).collect(),
        reasons: vec![Reason { words: "no-data".into(), kind: MissingKind::NotKnown }],
    }
}

pub(super) fn signal(text: &str, reading: ReadingKind, values: Vec<f64>) -> SignalSummary {
    let known: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    let missing = values.len() - known.len();
    SignalSummary {
        signal: name(text),
        reading,
        step: Duration::from_secs(15),
        source: "prometheus http://prometheus:9090".into(),
        known: known.len() as u64,
        absent: if missing == 0 { vec![] } else { vec![("no-data".into(), missing as u64)] },
        remark: None,
        coverage: known.len() as f64 / values.len().max(1) as f64,
        last: known.last().copied(),
        lowest: known.iter().copied().reduce(f64::min),
        highest: known.iter().copied().reduce(f64::max),
        counts: (reading == ReadingKind::Counts)
            .then(|| (known.iter().sum::<f64>() * 480.0, known.len() as f64 * 480.0)),
        baseline: None,
        trace: trace(reading, &values),
        course: course(values),
    }
}

pub(super) fn criterion(text: &str, kind: CriterionKind, status: CriterionStatus) -> CriterionOutcome {
    let parsed: crate::criterion::Criterion = text.parse().unwrap();
    CriterionOutcome {
        criterion: text.into(),
        kind,
        status,
        caveat: None,
        coverage: Some(0.98),
        signals: parsed.signals().into_iter().cloned().collect(),
        explanation: Explanation::default(),
    }
}

pub(super) fn numbers(
    comparison: &str,
    signal: &str,
    observed: Observed,
    threshold: Option<f64>,
) -> ComparisonNumbers {
    ComparisonNumbers {
        comparison: comparison.into(),
        signal: name(signal),
        observed,
        threshold,
        from_baseline: None,
    }
}

fn baseline() -> Baseline {
    Baseline {
        median: finite(0.21),
        p95: finite(0.3),
        worst: Some(finite(0.24)),
        count: 120,
        counts: None,
        window: Some((t(0) - Duration::from_secs(1800), t(0))),
        source: Some("before: 30m".into()),
    }
}

/// A release that is good.
pub(super) fn proceed() -> Outcome {
    let error_rate = || [0.002, 0.004, 0.0, 0.002].repeat(15);
    let latency = || [0.2, 0.22, 0.19, 0.21].repeat(15);
    let mut fails = criterion("error_rate > 5% for 5m", CriterionKind::Rollback, CriterionStatus::Clear);
    fails.explanation.comparisons = vec![numbers(
        "error_rate > 5%",
        "error_rate",
        Observed::Counts { bad: 61.0, total: 30_510.0 },
        Some(0.05),
    )];
    fails.explanation.summary = "error_rate was at most 0.4% in 5m.".into();
    let mut slow = criterion(
        "latency_p95 > 2x baseline and > 200ms for 5m",
        CriterionKind::Rollback,
        CriterionStatus::Clear,
    );
    slow.explanation.comparisons = vec![
        ComparisonNumbers {
            from_baseline: Some("2 × 0.21 (median of 120 samples before)".into()),
            ..numbers("latency_p95 > 2x baseline", "latency_p95", Observed::Value(0.208), Some(0.42))
        },
        numbers("latency_p95 > 200ms", "latency_p95", Observed::Value(0.208), Some(0.2)),
    ];
    let mut health =
        criterion("health failing for 2m", CriterionKind::Rollback, CriterionStatus::NotConfigured);
    health.coverage = None;
    health.explanation.summary = "health has no source.".into();
    let mut low = criterion("error_rate < 1%", CriterionKind::Verify, CriterionStatus::Passed);
    low.explanation.comparisons = vec![numbers(
        "error_rate < 1%",
        "error_rate",
        Observed::Counts { bad: 61.0, total: 30_510.0 },
        Some(0.01),
    )];
    Outcome {
        decision: Decision::Proceed,
        decided_at: Some(t(960)),
        criterion: None,
        reason: "No rollback criterion tripped in 15m, and all verification criteria hold.".into(),
        environment: "production".into(),
        policy_sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
        started_at: Some(t(0)),
        watch_from: Some(t(60)),
        watch_to: Some(t(960)),
        criteria: vec![fails, slow, health, low],
        signals: vec![
            signal("error_rate", ReadingKind::Counts, error_rate()),
            SignalSummary {
                baseline: Some(baseline()),
                ..signal("latency_p95", ReadingKind::Value, latency())
            },
        ],
        ..Outcome::default()
    }
}

/// A release with errors from the third minute on.
pub(super) fn rollback() -> Outcome {
    let mut outcome = proceed();
    outcome.decision = Decision::Rollback;
    outcome.decided_at = Some(t(480));
    outcome.criterion = Some("error_rate > 5% for 5m".into());
    outcome.reason =
        "error_rate was 8.2% (197 of 2,402 requests) from 00:03:00 to 00:08:00 UTC, above 5% throughout."
            .into();
    let tripped = &mut outcome.criteria[0];
    tripped.status = CriterionStatus::Tripped;
    tripped.explanation = Explanation {
        window: Some((t(180), t(480))),
        comparisons: vec![ComparisonNumbers {
            from_baseline: None,
            ..numbers(
                "error_rate > 5%",
                "error_rate",
                Observed::Counts { bad: 197.0, total: 2402.0 },
                Some(0.05),
            )
        }],
        confidence: Some(0.999_99),
        said: Vec::new(),
        confidence_needed: Some(1.0 - 0.01 / 3.0),
        summary: "error_rate was 8.2% (197 of 2,402 requests) in the window, and above 5% throughout.".into(),
        otherwise: "It would not have tripped with at most 118 bad requests in the window.".into(),
    };
    let calm = std::iter::repeat_n(0.002, 12);
    outcome.signals[0] = signal(
        "error_rate",
        ReadingKind::Counts,
        calm.chain([0.081, 0.084, 0.079, 0.09].repeat(5)).collect(),
    );
    outcome.signals[1].course.truncate(32);
    outcome.criteria[3].status = CriterionStatus::Failed;
    outcome
}

/// A gate that lost sight of its signals.
pub(super) fn hold_by_unknown() -> Outcome {
    let mut outcome = proceed();
    outcome.decision = Decision::Hold;
    outcome.reason = "latency_p95 is not known: it covers 40% of the watch, and 50% are needed.".into();
    outcome.also = vec!["error_rate was last known 5m before the end.".into()];
    outcome.criteria[1].status = CriterionStatus::Unknown;
    outcome.criteria[1].coverage = Some(0.4);
    outcome.criteria[1].explanation.comparisons[0].observed = Observed::Nothing;
    outcome.criteria[1].explanation.comparisons[1].observed = Observed::Nothing;
    outcome.criteria[1].explanation.summary = "latency_p95 covers 40% of the watch.".into();
    outcome.criteria[1].explanation.otherwise =
        "Coverage of at least 50% would have let it be judged.".into();
    let half = vec![0.2; 24].into_iter().chain(vec![f64::NAN; 36]).collect();
    outcome.signals[1] = SignalSummary {
        absent: vec![("error: connection refused".into(), 30), ("timeout".into(), 6)],
        ..signal("latency_p95", ReadingKind::Value, half)
    };
    outcome.ignored = vec![(name("cpu"), 1), (name("queue_depth"), 1200)];
    outcome.late = 3;
    outcome.notes = vec!["health: the body says Degraded: redis".into()];
    outcome
}

/// Errors that were there before.
pub(super) fn hold_by_pre_existing() -> Outcome {
    let mut outcome = rollback();
    outcome.decision = Decision::Hold;
    outcome.decided_at = Some(t(960));
    outcome.criterion = None;
    outcome.reason =
        "error_rate was 8.2%, and it was 7.9% before the deployment: a rollback would not help.".into();
    outcome.criteria[0].status = CriterionStatus::PreExisting;
    outcome.criteria[0].explanation.comparisons[0].from_baseline =
        Some("7.9% (2,410 of 30,510 before)".into());
    outcome
}

/// A breach that was still running at the end.
pub(super) fn hold_by_running() -> Outcome {
    let mut outcome = rollback();
    outcome.decision = Decision::Hold;
    outcome.decided_at = Some(t(1260));
    outcome.extended_by = Duration::from_secs(300);
    outcome.criterion = None;
    outcome.reason = "error_rate > 5% for 5m was still running when the extended watch ended.".into();
    outcome.criteria[0].status = CriterionStatus::Running;
    outcome
}

/// A gate that somebody cancelled.
pub(super) fn cancelled() -> Outcome {
    let mut outcome = proceed();
    outcome.decision = Decision::Hold;
    outcome.decided_at = Some(t(200));
    outcome.reason = "The gate was cancelled by SIGTERM 2m20s into the watch.".into();
    outcome.ending = Ending::Cancelled { by: "SIGTERM".into() };
    outcome
}

/// A journal that ends early.
pub(super) fn incomplete() -> Outcome {
    let mut outcome = proceed();
    outcome.decision = Decision::Hold;
    outcome.decided_at = Some(t(300));
    outcome.reason = "The journal ends 11m before the watch does.".into();
    outcome.ending = Ending::Incomplete;
    outcome
}

/// An operator's word.
pub(super) fn requested() -> Outcome {
    let mut outcome = proceed();
    outcome.decision = Decision::Rollback;
    outcome.decided_at = Some(t(300));
    outcome.reason = "jo@contoso.com asked for a rollback.".into();
    outcome.ending = Ending::Requested { by: "jo@contoso.com".into() };
    outcome
}

/// A gate that saw nothing at all.
pub(super) fn nothing_seen() -> Outcome {
    let mut outcome = proceed();
    outcome.decision = Decision::Hold;
    outcome.reason = "Nothing is known: no signal had a single sample.".into();
    for criterion in &mut outcome.criteria {
        if criterion.status != CriterionStatus::NotConfigured {
            criterion.status = CriterionStatus::Unknown;
            criterion.coverage = Some(0.0);
            criterion.explanation.comparisons.clear();
            criterion.explanation.summary = "no sample was known".into();
        }
    }
    for signal in &mut outcome.signals {
        *signal = SignalSummary {
            absent: vec![("timeout".into(), 60)],
            counts: None,
            ..self::signal(signal.signal.as_str(), signal.reading, vec![f64::NAN; 60])
        };
    }
    outcome
}

/// A release that passed with reservations.
pub(super) fn proceed_with_caveats() -> Outcome {
    let mut outcome = proceed();
    outcome.criteria[3].caveat =
        Some("weak evidence: 1.25% (3 of 240) is above 1%, with 71% confidence, and 90% are needed".into());
    outcome.criteria[3].explanation.comparisons[0].observed = Observed::Counts { bad: 3.0, total: 240.0 };
    outcome.signals[0].baseline = Some(Baseline {
        counts: Counts::new(61.0, 30_510.0),
        worst: None,
        window: None,
        source: None,
        ..baseline()
    });
    outcome
}

/// A gate over a redeployment that was enough.
pub(super) fn recovered() -> Outcome {
    let mut outcome = proceed();
    outcome.criteria.retain(|criterion| criterion.kind == CriterionKind::Verify);
    outcome.reason = "watched for 15m: 1 verification criterion passed".into();
    outcome.recovery = Some(Recovery {
        redeployed: "1.3.0 (run 12, commit 1a2b3c4)".into(),
        rollback_started: Some(t(0) - Duration::from_secs(180)),
        failed: Some(FailedGate {
            release: "1.4.0 (run 13, commit 5d6e7f8)".into(),
            reason: "error_rate was 8.2% (197 of 2,402 requests)".into(),
            onset: Some(t(0) - Duration::from_secs(600)),
            decided_at: Some(t(0) - Duration::from_secs(285)),
        }),
    });
    outcome
}

/// One that was not.
pub(super) fn not_recovered() -> Outcome {
    let mut outcome = recovered();
    outcome.decision = Decision::Hold;
    outcome.criterion = Some("error_rate < 1%".into());
    outcome.reason = "error_rate was 2.1% (640 of 30,510 requests) over the watch, not below 1%".into();
    outcome.criteria[0].status = CriterionStatus::Failed;
    outcome.criteria[0].explanation.summary = outcome.reason.clone();
    let mut slow =
        criterion("latency_p95 <= 1.25x baseline", CriterionKind::Verify, CriterionStatus::Unknown);
    slow.explanation.summary = "the threshold is not known: there is no baseline of latency_p95".into();
    outcome.criteria.push(slow);
    outcome.recovery = Some(Recovery::default());
    outcome
}

/// Every outcome with its name.
pub(super) fn all() -> Vec<(&'static str, Outcome)> {
    vec![
        ("proceed", proceed()),
        ("proceed_with_caveats", proceed_with_caveats()),
        ("rollback", rollback()),
        ("rollback_requested", requested()),
        ("hold_by_unknown", hold_by_unknown()),
        ("hold_by_pre_existing", hold_by_pre_existing()),
        ("hold_by_running", hold_by_running()),
        ("hold_cancelled", cancelled()),
        ("hold_incomplete", incomplete()),
        ("hold_nothing_seen", nothing_seen()),
        ("recovered", recovered()),
        ("not_recovered", not_recovered()),
        ("never_started", Outcome::default()),
    ]
}
