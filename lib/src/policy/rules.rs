//! What the gate judges by: the part of a policy that the engine reads.

mod amount;

use std::collections::BTreeMap;

use crate::criterion::{Cmp, Criterion};
use crate::sample::{Absence, Reading, Sample};
use crate::{Duration, Finite, SignalName};

pub use amount::Amount;

/// The gate's rules for one environment.
///
/// Built by the policy; tests of the engine build it with [`GateRules::new`] and the `with_` methods.
#[derive(Clone, Debug, PartialEq)]
pub struct GateRules {
    warmup: Duration,
    observe: Duration,
    interval: Duration,
    min_requests: u32,
    min_coverage: f64,
    steady: Duration,
    signals: BTreeMap<SignalName, SignalRules>,
    rollback_when: Vec<GateCriterion>,
    verify: Vec<GateCriterion>,
    required: Vec<SignalName>,
}

/// What the engine knows of a signal before its first sample.
#[derive(Clone, Debug, PartialEq)]
pub struct SignalRules {
    /// What its samples are.
    pub reading: ReadingKind,
    /// What its numbers are amounts of, where that is known: a negative one is then absent.
    pub amount: Option<Amount>,
    /// The grain of its source; a `signal` line of the journal overrules it.
    pub step: Duration,
    /// How late its points may come.
    pub ingestion_delay: Duration,
    /// What counts as failing, for a health-like signal whose samples are numbers.
    pub failing: Option<FailingRule>,
    /// A value with fewer requests behind it is absent: low traffic.
    pub low_traffic_below: u32,
    /// What its absence means.
    pub contract: DataContract,
    /// What the policy itself says that it was before; a `baseline` line of the journal overrules it.
    pub baseline: Option<Finite>,
    /// Where it is read, in words without secrets, for reports: `prometheus http://prometheus:9090`.
    pub source: String,
    /// What reads it, for reports.
    pub read_by: ReadBy,
}

/// What reads a signal: reports call its readings by that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadBy {
    /// Probes of the service.
    #[default]
    Probe,
    /// Runs of a command.
    Command,
    /// Samples of anything else.
    Other,
}

impl ReadBy {
    /// One reading.
    ///
    /// ```
    /// use runbook_gate::policy::rules::ReadBy;
    ///
    /// assert_eq!((ReadBy::Command.one(), ReadBy::Command.many()), ("run", "runs"));
    /// ```
    #[must_use]
    pub const fn one(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::Command => "run",
            Self::Other => "sample",
        }
    }

    /// Several readings.
    ///
    /// ```
    /// use runbook_gate::policy::rules::ReadBy;
    ///
    /// assert_eq!(ReadBy::Probe.many(), "probes");
    /// ```
    #[must_use]
    pub const fn many(self) -> &'static str {
        match self {
            Self::Probe => "probes",
            Self::Command => "runs",
            Self::Other => "samples",
        }
    }
}

/// What a signal's samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadingKind {
    /// Bad of total: a ratio.
    Counts,
    /// A number.
    Value,
    /// Passing or failing.
    State,
}

/// `failing: "> 0"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FailingRule {
    /// How a sample is compared.
    pub cmp: Cmp,
    /// With what, in base units.
    pub threshold: f64,
}

/// What missing data means, by why it is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DataContract {
    /// No data came.
    pub on_no_data: OnMissing,
    /// Too few requests came.
    pub on_low_traffic: OnMissing,
    /// The source failed.
    pub on_error: OnMissing,
}

/// What an undecidable criterion becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnMissing {
    /// Undecided: a person looks.
    #[default]
    Hold,
    /// Passed over, and said.
    Pass,
}

/// A criterion of the gate.
#[derive(Clone, Debug, PartialEq)]
pub struct GateCriterion {
    /// What is judged.
    pub criterion: Criterion,
    /// Whether its signals have sources.
    pub configured: Configured,
}

/// Whether a criterion can be evaluated at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Configured {
    /// Every signal has a source.
    Yes,
    /// A default criterion whose signals have no source: listed, not evaluated.
    No {
        /// The signals without a source.
        missing: Vec<SignalName>,
    },
}

impl SignalRules {
    /// Rules with the defaults of the runbook.
    #[must_use]
    pub fn new(reading: ReadingKind, step: Duration) -> Self {
        Self {
            reading,
            amount: None,
            step,
            ingestion_delay: Duration::ZERO,
            failing: None,
            low_traffic_below: 20,
            contract: DataContract::default(),
            baseline: None,
            source: String::new(),
            read_by: ReadBy::default(),
        }
    }

    /// Why a number that was read says nothing of this signal; `None` where it counts, and for all that is no number.
    ///
    /// ```
    /// use runbook_gate::Duration;
    /// use runbook_gate::policy::rules::{Amount, ReadingKind, SignalRules};
    /// use runbook_gate::sample::{Absence, Sample};
    ///
    /// let step = Duration::from_secs(15);
    /// let latency =
    ///     SignalRules { amount: Some(Amount::Seconds), ..SignalRules::new(ReadingKind::Value, step) };
    /// assert_eq!(latency.refusal(&Sample::from_number(0.2)), None);
    /// assert!(matches!(latency.refusal(&Sample::from_number(-1.0)), Some(Absence::Error(_))));
    /// assert_eq!(latency.refusal(&Sample::from_quantile(0.2, 3.0)), Some(Absence::LowTraffic));
    /// ```
    #[must_use]
    pub fn refusal(&self, sample: &Sample) -> Option<Absence> {
        let Sample::Known(Reading::Value { value, total }) = sample else { return None };
        let few = total.map(Finite::get).filter(|total| *total < f64::from(self.low_traffic_below));
        match (self.reading, few) {
            (ReadingKind::Counts, _) => {
                Some(Absence::Error("a number where counts were expected".to_owned()))
            }
            (_, Some(total)) if total <= 0.0 => Some(Absence::NoTraffic),
            (_, Some(_)) => Some(Absence::LowTraffic),
            (ReadingKind::Value, None) => {
                self.amount.and_then(|amount| amount.refuse(value.get())).map(Absence::Error)
            }
            (ReadingKind::State, None) => None,
        }
    }
}

impl GateRules {
    /// Rules with a watch and nothing to judge yet.
    #[must_use]
    pub fn new(warmup: Duration, observe: Duration, interval: Duration) -> Self {
        Self {
            warmup,
            observe,
            interval,
            min_requests: 30,
            min_coverage: 0.5,
            steady: Duration::from_secs(120),
            signals: BTreeMap::new(),
            rollback_when: Vec::new(),
            verify: Vec::new(),
            required: Vec::new(),
        }
    }

    /// Adds or replaces a signal.
    #[must_use]
    pub fn with_signal(mut self, name: SignalName, rules: SignalRules) -> Self {
        self.signals.insert(name, rules);
        self
    }

    /// Adds a rollback criterion.
    #[must_use]
    pub fn with_rollback(mut self, criterion: GateCriterion) -> Self {
        self.rollback_when.push(criterion);
        self
    }

    /// Adds a verification criterion.
    #[must_use]
    pub fn with_verify(mut self, criterion: GateCriterion) -> Self {
        self.verify.push(criterion);
        self
    }

    /// Replaces all criteria.
    #[must_use]
    pub fn with_criteria(mut self, rollback_when: Vec<GateCriterion>, verify: Vec<GateCriterion>) -> Self {
        self.rollback_when = rollback_when;
        self.verify = verify;
        self
    }

    /// Adds a signal that has to be readable before a deployment, beside the runbook's.
    #[must_use]
    pub fn with_required(mut self, name: SignalName) -> Self {
        self.required.push(name);
        self
    }

    /// Sets the fewest requests that a ratio is judged on.
    #[must_use]
    pub const fn with_min_requests(mut self, min_requests: u32) -> Self {
        self.min_requests = min_requests;
        self
    }

    /// Sets the covered share of the watch below which a criterion is unknown, 0 to 1.
    #[must_use]
    pub const fn with_min_coverage(mut self, min_coverage: f64) -> Self {
        self.min_coverage = min_coverage;
        self
    }

    /// Sets how long probes must have passed at the end.
    #[must_use]
    pub const fn with_steady(mut self, steady: Duration) -> Self {
        self.steady = steady;
        self
    }

    /// How long samples count for nothing.
    #[must_use]
    pub const fn warmup(&self) -> Duration {
        self.warmup
    }

    /// How long the gate watches.
    #[must_use]
    pub const fn observe(&self) -> Duration {
        self.observe
    }

    /// How often it polls, unless a source says otherwise.
    #[must_use]
    pub const fn interval(&self) -> Duration {
        self.interval
    }

    /// The fewest requests that a ratio is judged on.
    #[must_use]
    pub const fn min_requests(&self) -> u32 {
        self.min_requests
    }

    /// The covered share of the watch below which a criterion is unknown.
    #[must_use]
    pub const fn min_coverage(&self) -> f64 {
        self.min_coverage
    }

    /// How long probes must have passed at the end.
    #[must_use]
    pub const fn steady(&self) -> Duration {
        self.steady
    }

    /// The signals by name.
    #[must_use]
    pub const fn signals(&self) -> &BTreeMap<SignalName, SignalRules> {
        &self.signals
    }

    /// What makes the decision `rollback`, in policy order.
    #[must_use]
    pub fn rollback_when(&self) -> &[GateCriterion] {
        &self.rollback_when
    }

    /// What has to be true at the end, in policy order.
    #[must_use]
    pub fn verify(&self) -> &[GateCriterion] {
        &self.verify
    }

    /// The signals that have to be readable before a deployment, beside the runbook's, in policy order.
    #[must_use]
    pub fn required(&self) -> &[SignalName] {
        &self.required
    }
}
