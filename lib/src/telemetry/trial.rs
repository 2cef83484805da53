//! A deployment that never was: a criterion's signals at some traffic, good or bad, judged by the gate.

use super::{Before, Window, seen};
use crate::criterion::{Cmp, Comparison, Direction, Threshold};
use crate::gate::{CriterionKind, Decision, Gate, Outcome, Step};
use crate::journal::Line;
use crate::policy::rules::{GateCriterion, GateRules, ReadingKind, SignalRules};
use crate::sample::{Absence, Reading, Sample, State};
use crate::{Baseline, Duration, SignalName, Timestamp, statistics};

/// A fixed time: nothing depends on it.
const START: Timestamp = Timestamp::from_secs(1_767_225_600);

/// The most samples of one signal in a trial; a longer watch is tried at a coarser step.
const MOST_SAMPLES: u64 = 1_000;

/// So many times the range of possible error rates is halved, to find the smallest that is found.
const HALVINGS: u32 = 12;

/// How bad a release is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Release {
    /// As the past was.
    Good,
    /// So many times its threshold (that part of it, for `<`), from the start of the watch on.
    Bad(f64),
}

/// A criterion and its signals.
pub(super) struct Trial {
    rules: GateRules,
    signals: Vec<TrialSignal>,
    duration: Duration,
}

struct TrialSignal {
    name: SignalName,
    rules: SignalRules,
    baseline: Option<Baseline>,
    /// Events that one sample tells of, where its samples tell of events.
    events: Option<f64>,
    /// The time that they are of.
    per: Duration,
    /// Whether these are requests to the service, rather than the gate's own probes.
    counts_requests: bool,
    /// The rate of bad events, or the value, of a good release.
    good: f64,
    /// The level of the threshold, and to which side of it trouble lies.
    threshold: Option<(f64, Direction)>,
}

impl Trial {
    /// A trial at a share of the usual traffic; `None` where a signal was never seen.
    pub(super) fn new(
        past: &Before<'_>,
        criterion: &GateCriterion,
        kind: CriterionKind,
        share: f64,
    ) -> Option<Self> {
        let Before { rules, observed, windows, baselines } = *past;
        let duration = criterion.criterion.form().duration();
        let mut trial = GateRules::new(Duration::ZERO, rules.observe(), rules.interval())
            .with_min_requests(rules.min_requests())
            .with_min_coverage(rules.min_coverage())
            .with_steady(rules.steady());
        trial = match kind {
            CriterionKind::Rollback => trial.with_rollback(criterion.clone()),
            CriterionKind::Verify => trial.with_verify(criterion.clone()),
        };
        let mut signals = Vec::new();
        for name in criterion.criterion.signals() {
            let signal = rules.signals().get(name)?;
            let samples = observed.get(name).map_or(&[][..], Vec::as_slice);
            let window = seen::window(name, samples, signal, windows);
            let mut signal = TrialSignal::new(name, signal, samples, window, share)?;
            let coarsest = rules.observe().plus(duration.times(2)).divided_by(MOST_SAMPLES);
            signal.widen(coarsest.max(Duration::from_millis(1)));
            signal.baseline = match baselines {
                Some(given) => given.get(name).cloned(),
                None => Baseline::from_observations(samples, Some(duration), rules.min_requests()),
            };
            for comparison in criterion.criterion.comparisons() {
                if comparison.signal() == name {
                    signal.take(comparison);
                }
            }
            trial = trial.with_signal(name.clone(), signal.rules.clone());
            signals.push(signal);
        }
        Some(Self { rules: trial, signals, duration })
    }

    /// Requests in a second of the signal that has fewest; `None` where none tells of requests.
    pub(super) fn requests_per_second(&self) -> Option<f64> {
        let rate = |signal: &TrialSignal| {
            let events = signal.events.filter(|_| signal.counts_requests)?;
            Some(events / signal.per.as_seconds_f64())
        };
        self.signals.iter().filter_map(rate).min_by(f64::total_cmp)
    }

    /// Whether a ratio is judged.
    pub(super) fn is_counted(&self) -> bool {
        self.signals.iter().any(|signal| signal.rules.reading == ReadingKind::Counts)
    }

    /// The signals that a criterion compares with their baseline, and that have none.
    pub(super) fn without_baseline(&self, criterion: &GateCriterion) -> Vec<SignalName> {
        let compared = |name: &SignalName| {
            criterion.criterion.comparisons().iter().any(|comparison| {
                let Comparison::Threshold { threshold, .. } = comparison else { return false };
                comparison.signal() == name && !matches!(threshold, Threshold::Absolute(_))
            })
        };
        let lacking =
            self.signals.iter().filter(|signal| signal.baseline.is_none() && compared(&signal.name));
        lacking.map(|signal| signal.name.clone()).collect()
    }

    /// How long after the start of the watch a bad release is rolled back; `None` where it is not.
    pub(super) fn found(&self, release: Release) -> Option<Duration> {
        let outcome = self.run(release);
        match (outcome.decision, outcome.decided_at) {
            (Decision::Rollback, Some(at)) => Some(at.since(START)),
            _ => None,
        }
    }

    /// The smallest rate of bad events that is found, where the criterion is of one ratio that must not be above something.
    pub(super) fn smallest(&self) -> Option<f64> {
        let [signal] = self.signals.as_slice() else { return None };
        let (threshold, Direction::Above) = signal.threshold? else { return None };
        if signal.rules.reading != ReadingKind::Counts || threshold <= 0.0 || threshold >= 1.0 {
            return None;
        }
        let (mut missed, mut found) = (1.0, 1.0 / threshold);
        self.found(Release::Bad(found))?;
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(missed, found);
            match self.found(Release::Bad(middle)) {
                Some(_) => found = middle,
                None => missed = middle,
            }
        }
        Some(threshold * found)
    }

    /// Has the gate judge a release.
    pub(super) fn run(&self, release: Release) -> Outcome {
        let mut gate = Gate::new(self.rules.clone());
        let last = START + self.rules.observe() + self.duration.times(2);
        let begin = Line::Start { t: START, environment: String::new(), policy_sha256: String::new() };
        let mut lines = vec![begin];
        for signal in &self.signals {
            lines.push(Line::Signal { signal: signal.name.clone(), step: signal.rules.step });
            let line = |baseline| Line::Baseline { signal: signal.name.clone(), baseline };
            lines.extend(signal.baseline.clone().map(line));
        }
        let mut next: Vec<Timestamp> = self.signals.iter().map(|signal| START + signal.rules.step).collect();
        // A gate that refuses a line has decided nothing: its outcome holds, and says so.
        if lines.iter().any(|line| gate.apply(line).is_err()) {
            return gate.finish();
        }
        while let Some(t) = next.iter().copied().min() {
            if t > last || gate.end().is_some_and(|end| t > end) {
                break;
            }
            for (signal, at) in self.signals.iter().zip(&mut next) {
                if *at == t {
                    let sample = signal.sample(release);
                    let line = Line::Sample { t, signal: signal.name.clone(), sample };
                    if gate.apply(&line).is_err() {
                        return gate.finish();
                    }
                    *at = t + signal.rules.step;
                }
            }
            match gate.apply(&Line::Tick { t }) {
                Ok(Step::Watching) => {}
                Ok(Step::Decided) | Err(_) => return gate.finish(),
            }
        }
        let t = gate.end().unwrap_or(last);
        // What the last line comes to stands in the outcome.
        let _ = gate.apply(&Line::Tick { t });
        let _ = gate.apply(&Line::End { t });
        gate.finish()
    }
}

impl TrialSignal {
    fn new(
        name: &SignalName,
        rules: &SignalRules,
        samples: &[(Timestamp, Sample)],
        window: Window,
        share: f64,
    ) -> Option<Self> {
        let (mut bad, mut total, mut counted) = (0.0, 0.0, 0_u32);
        let mut values = Vec::new();
        for (_, sample) in samples {
            match sample {
                Sample::Known(Reading::Counts(counts)) => {
                    bad += counts.bad();
                    total += counts.total();
                    counted += 1;
                }
                Sample::Known(Reading::Value { value, total: behind }) => {
                    values.push(value.get());
                    if let Some(behind) = behind {
                        total += behind.get();
                        counted += 1;
                    }
                }
                Sample::Absent(Absence::NoTraffic) => counted += 1,
                Sample::Absent(_) => {}
            }
        }
        // The probe counts its own checks: they do not become fewer at night.
        let counts_requests = name.as_str() != "availability";
        let share = if counts_requests { share } else { 1.0 };
        let longer = window.judged.as_seconds_f64() / window.observed.as_seconds_f64();
        let events = (counted > 0).then(|| share * longer * total / f64::from(counted));
        let good = match rules.reading {
            ReadingKind::Counts => {
                events?;
                if total > 0.0 { bad / total } else { 0.0 }
            }
            ReadingKind::Value => statistics::median(&mut values)?,
            ReadingKind::State => 1.0,
        };
        let mut rules = rules.clone();
        if rules.reading == ReadingKind::Counts {
            rules.step = window.judged;
        }
        Some(Self {
            name: name.clone(),
            rules,
            baseline: None,
            events,
            per: window.judged,
            counts_requests,
            good,
            threshold: None,
        })
    }

    /// Makes its step at least so long; more is counted in a longer one.
    fn widen(&mut self, least: Duration) {
        let step = self.rules.step;
        self.rules.step = step.max(least);
        if self.rules.reading == ReadingKind::Counts && step > Duration::ZERO && step < least {
            let wider = least.as_seconds_f64() / step.as_seconds_f64();
            self.events = self.events.map(|events| events * wider);
            self.per = self.rules.step;
        }
    }

    /// Takes a comparison's threshold; of several the one that is hardest to reach.
    fn take(&mut self, comparison: &Comparison) {
        let Comparison::Threshold { cmp, threshold, .. } = comparison else { return };
        let ratio = self.rules.reading == ReadingKind::Counts;
        let base = self.baseline.as_ref().map(|baseline| match baseline.counts {
            Some(counts) if ratio => statistics::upper_bound(counts.bad(), counts.total()),
            _ => baseline.median.get(),
        });
        let worst =
            self.baseline.as_ref().and_then(|baseline| baseline.worst).map_or(0.0, crate::Finite::get);
        let level = match threshold {
            Threshold::Absolute(quantity) => Some(quantity.base()),
            Threshold::TimesBaseline(factor) => base.map(|base| (factor.get() * base).max(worst)),
            // How an offset reads its amount is the gate's to know; it is near the baseline.
            Threshold::BaselineOffset { amount, .. } => base.map(|base| base + amount.base()),
        };
        let Some(level) = level else { return };
        let level = if *cmp == Cmp::NotEqual { level + 1.0 } else { level };
        self.threshold = Some(match (self.threshold, cmp.direction()) {
            (Some((known, Direction::Above)), Direction::Above) => (known.max(level), Direction::Above),
            (Some((known, Direction::Below)), Direction::Below) => (known.min(level), Direction::Below),
            (Some(known), _) => known,
            (None, direction) => (level, direction),
        });
    }

    fn sample(&self, release: Release) -> Sample {
        let level = match (release, self.threshold) {
            (Release::Good, _) | (Release::Bad(_), None) => self.good,
            (Release::Bad(factor), Some((level, Direction::Above))) => level * factor,
            (Release::Bad(factor), Some((level, Direction::Below))) => level / factor,
            (Release::Bad(_), Some((level, Direction::Neither))) => level,
        };
        match self.rules.reading {
            ReadingKind::Counts => {
                let events = self.events.unwrap_or(0.0);
                Sample::from_counts(events * level.clamp(0.0, 1.0), events)
            }
            ReadingKind::Value => match self.events {
                Some(events) if events <= 0.0 => Sample::Absent(Absence::NoTraffic),
                Some(events) => Sample::from_quantile(level, events),
                None => Sample::from_number(level),
            },
            ReadingKind::State => match release {
                Release::Good => Sample::from_state(State::Passing),
                Release::Bad(_) => Sample::from_state(State::Failing),
            },
        }
    }
}
