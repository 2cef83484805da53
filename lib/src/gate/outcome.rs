//! What the gate decided, with the numbers that explain it.

use std::fmt;

use serde::Serialize;

use super::recovery::Recovery;
use super::trace::Trace;
use crate::policy::rules::ReadingKind;
use crate::{Baseline, Duration, SignalName, Timestamp};

/// What the gate decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// The release is good.
    Proceed,
    /// Nothing is proved: a person looks.
    #[default]
    Hold,
    /// The release is bad.
    Rollback,
}

/// The outcome of a gate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// What was decided.
    pub decision: Decision,
    /// The time of the sample that decided, or the end of the watch; `None` where the gate never started.
    pub decided_at: Option<Timestamp>,
    /// The text of the criterion that decided, where one did.
    pub criterion: Option<String>,
    /// One sentence with the numbers.
    pub reason: String,
    /// Every other thing that speaks for `hold`, one sentence each.
    pub also: Vec<String>,
    /// The environment of the start line.
    pub environment: String,
    /// The start line's policy hash.
    pub policy_sha256: String,
    /// What it was told of the rollback, where it was a gate over a redeployment.
    pub recovery: Option<Recovery>,
    /// Start of the warm-up.
    pub started_at: Option<Timestamp>,
    /// Start of the watch.
    pub watch_from: Option<Timestamp>,
    /// End of the watch as planned.
    pub watch_to: Option<Timestamp>,
    /// By how much the watch was extended.
    pub extended_by: Duration,
    /// How the gate ended.
    pub ending: Ending,
    /// Every criterion, rollback criteria first, in policy order.
    pub criteria: Vec<CriterionOutcome>,
    /// Every signal of the policy, by name.
    pub signals: Vec<SignalSummary>,
    /// What a reader should know: notes of sources, at most 200, each once.
    pub notes: Vec<String>,
    /// Samples of signals that the policy does not name: signal and count.
    pub ignored: Vec<(SignalName, u64)>,
    /// Samples that came after their time had been evaluated.
    pub late: u64,
}

/// How the gate ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// A criterion tripped, or the watch went to its end.
    #[default]
    Complete,
    /// The journal ended before the watch did.
    Incomplete,
    /// Somebody asked for the decision.
    Requested {
        /// Who or what.
        by: String,
    },
    /// The deployed version never served, so nothing was watched; the outcome's reason says what served.
    Unserved,
    /// The gate was cancelled.
    Cancelled {
        /// Who or what.
        by: String,
    },
}

/// Rollback or verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CriterionKind {
    /// One of `rollback_when`.
    Rollback,
    /// One of `verify`.
    Verify,
}

/// How a criterion stands at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CriterionStatus {
    /// Rollback: it tripped.
    Tripped,
    /// Rollback: it did not.
    Clear,
    /// Rollback: it was still running at the end.
    Running,
    /// Rollback: it would have tripped, but it was so before the deployment.
    PreExisting,
    /// Verification: true.
    Passed,
    /// Verification: false.
    Failed,
    /// Not enough data to say.
    Unknown,
    /// Its signals have no source.
    NotConfigured,
}

/// One criterion at the end.
#[derive(Clone, Debug, PartialEq)]
pub struct CriterionOutcome {
    /// Its text, as the policy writes it.
    pub criterion: String,
    /// Rollback or verification.
    pub kind: CriterionKind,
    /// How it stands.
    pub status: CriterionStatus,
    /// Passed or clear although something was missing or weak: `on_no_data: pass`, weak evidence.
    pub caveat: Option<String>,
    /// The covered share of the watch, 0 to 1, of its least covered signal.
    pub coverage: Option<f64>,
    /// The signals that it reads.
    pub signals: Vec<SignalName>,
    /// The numbers.
    pub explanation: Explanation,
}

/// The numbers behind a status.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explanation {
    /// The window that was judged: from (exclusive), to.
    pub window: Option<(Timestamp, Timestamp)>,
    /// Each comparison: what was seen against which number.
    pub comparisons: Vec<ComparisonNumbers>,
    /// Posterior probability that it is beyond the threshold, where it was computed.
    pub confidence: Option<f64>,
    /// What the confidence had to be.
    pub confidence_needed: Option<f64>,
    /// One sentence: what was seen, in numbers.
    pub summary: String,
    /// One sentence: what would have had to differ for another status.
    pub otherwise: String,
    /// Of a state that speaks against the release: what the service itself said last, oldest first.
    pub said: Vec<Said>,
}

/// What a source remarked of a signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// When it was heard.
    pub at: Timestamp,
    /// In words, at most 300 characters.
    pub text: String,
}

/// One comparison in numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparisonNumbers {
    /// The comparison's text.
    pub comparison: String,
    /// The signal.
    pub signal: SignalName,
    /// What was seen.
    pub observed: Observed,
    /// The threshold in base units; `None` for a state, or where the baseline is not known.
    pub threshold: Option<f64>,
    /// Where the threshold came from, where that was a baseline: `2 × 0.21 (median of 120 samples before)`.
    pub from_baseline: Option<String>,
}

/// What was seen of a signal in a window.
#[derive(Clone, Debug, PartialEq)]
pub enum Observed {
    /// Pooled counts.
    Counts {
        /// Bad events.
        bad: f64,
        /// All events.
        total: f64,
    },
    /// A number: the median, or the aggregate that the criterion names; where a rollback criterion did not trip, the
    /// reading that came nearest to its threshold.
    Value(f64),
    /// Probes.
    Probes {
        /// How many failed.
        failed: u64,
        /// Of how many.
        of: u64,
    },
    /// Nothing known.
    Nothing,
}

/// One signal at the end.
#[derive(Clone, Debug, PartialEq)]
pub struct SignalSummary {
    /// Its name.
    pub signal: SignalName,
    /// What its samples are.
    pub reading: ReadingKind,
    /// Its step.
    pub step: Duration,
    /// Where it was read.
    pub source: String,
    /// Known samples in the watch.
    pub known: u64,
    /// Absent samples in the watch by reason, in alphabetical order of the reasons.
    pub absent: Vec<(String, u64)>,
    /// Where nothing is known: what was last said of it.
    pub remark: Option<String>,
    /// The covered share of the watch, 0 to 1.
    pub coverage: f64,
    /// The newest known reading: a number, or the rate of its counts.
    pub last: Option<f64>,
    /// The lowest known reading in the watch.
    pub lowest: Option<f64>,
    /// The highest known reading in the watch.
    pub highest: Option<f64>,
    /// Pooled counts in the watch.
    pub counts: Option<(f64, f64)>,
    /// The baseline.
    pub baseline: Option<Baseline>,
    /// The course of the signal from the start to the end, in at most [`COURSE_CELLS`] cells of equal time.
    pub course: Vec<Cell>,
    /// The samples of the signal, for its plot.
    pub trace: Trace,
}

/// How many cells the course of a signal has at most.
pub const COURSE_CELLS: usize = 60;

/// A stretch of a signal's course.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell {
    /// No known sample.
    Missing,
    /// Known samples, from lowest to highest; a ratio is pooled in `mean`.
    Known {
        /// Lowest.
        low: f64,
        /// Pooled rate, or arithmetic mean.
        mean: f64,
        /// Highest.
        high: f64,
    },
}

/// How things stand while the gate watches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// Where in its course the gate is.
    pub phase: Phase,
    /// End of the watch as known now.
    pub end: Option<Timestamp>,
    /// Newest reading of each signal, `None` where its newest sample is absent.
    pub last: Vec<(SignalName, Option<f64>)>,
    /// Each rollback criterion: its text and how far it is from tripping.
    pub criteria: Vec<(String, Distance)>,
}

/// Where in its course a gate is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// No start line yet.
    #[default]
    NotStarted,
    /// Samples count for nothing.
    WarmUp,
    /// Watching.
    Watch,
    /// A criterion was still running at the end.
    Extended,
    /// Decided.
    Decided,
}

/// How far a rollback criterion is from tripping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// Its signals are not beyond the threshold.
    Clear,
    /// Beyond for so long, of so long.
    Breaching {
        /// Since when, as a length of time.
        held: Duration,
        /// What it needs.
        needed: Duration,
    },
    /// Nothing is known.
    Unknown,
    /// It tripped.
    Tripped,
}

impl Outcome {
    /// The outcome of a journal that has no `end` line: lines may be missing anywhere, so that it proves nothing good.
    ///
    /// ```
    /// use runbook_gate::gate::{Decision, Outcome, outcome::Ending};
    ///
    /// let whole = Outcome { decision: Decision::Proceed, ..Outcome::default() };
    /// let cut = whole.without_end();
    /// assert_eq!((cut.decision, cut.ending), (Decision::Hold, Ending::Incomplete));
    /// ```
    #[must_use]
    pub fn without_end(mut self) -> Self {
        if self.decision == Decision::Proceed {
            self.decision = Decision::Hold;
            self.ending = Ending::Incomplete;
            self.also.insert(0, format!("what there is of it would proceed: {}", self.reason));
            self.reason = "the journal was cut: it has no end line".to_owned();
        }
        self
    }
}

impl Outcome {
    /// Whether nothing is known of any signal that a criterion reads: what passed then, passed by its data contract alone.
    pub(crate) fn saw_nothing(&self) -> bool {
        let read = |name: &SignalName| self.criteria.iter().any(|criterion| criterion.signals.contains(name));
        let mut seen = self.signals.iter().filter(|signal| read(&signal.signal)).peekable();
        seen.peek().is_some() && seen.all(|signal| signal.known == 0)
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Proceed => "proceed",
            Self::Hold => "hold",
            Self::Rollback => "rollback",
        })
    }
}

impl CriterionStatus {
    /// The status as reports and the JSON print it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tripped => "tripped",
            Self::Clear => "clear",
            Self::Running => "running",
            Self::PreExisting => "pre-existing",
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::NotConfigured => "not-configured",
        }
    }
}
