//! How each criterion stands at a time: its status, and what was missing.

use super::explain::{Asked, Subject, not_side};
use super::judge::{Judge, Running, Thresholds, observed};
use super::outcome::{
    ComparisonNumbers, CriterionKind, CriterionOutcome, CriterionStatus, Explanation, Observed, Said,
};
use super::pending::Lack;
use super::predicate::{Manner, Part, View};
use super::remarks::{Remark, quoted};
use super::series::{Nanos, Series, length, moment, staleness};
use super::threshold::Limit;
use super::verification::{CONFIDENT, Truth, Verified, Verifier};
use super::wording;
use crate::criterion::{Comparison, Criterion, Form};
use crate::policy::rules::{OnMissing, ReadingKind};
use crate::{Duration, SignalName};

/// What is asked of a watch that ends at `at`.
pub(super) struct Standing<'s> {
    pub view: View<'s>,
    pub at: Nanos,
    pub min_coverage: f64,
    pub steady: Duration,
}

/// What is missing to judge a criterion.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Missing {
    Nothing,
    /// Too much, and the data contract holds for it.
    Holds(String),
    /// Too much, and the data contract passes over it.
    PassedOver(String),
}

impl Standing<'_> {
    /// `in_extension` is whether it ran when the extension was over.
    pub(super) fn rollback(&self, judge: &Judge, in_extension: Running) -> CriterionOutcome {
        let subject = self.subject(&judge.criterion, &judge.limits);
        let window = (self.view.watch_from, self.at);
        let running = judge.running(&self.view, self.at);
        let missing = self.missing(&judge.series, judge.duration);
        let over_watch = || {
            let seen = self.over_watch(judge);
            let longest = judge.effective.longest();
            subject.clear(&seen, longest, window)
        };
        let mut caveat = None;
        let (status, explanation) = if let Some(finding) = &judge.tripped {
            (CriterionStatus::Tripped, subject.finding(finding, Asked::Effective))
        } else if judge.thresholds == Thresholds::NoneKnown
            || (judge.thresholds == Thresholds::SomeUnknown
                && (judge.would_trip.is_some() || running != Running::No))
        {
            (CriterionStatus::Unknown, self.unknown_threshold(&subject, &judge.limits))
        } else if let Some(at) = judge.no_number {
            let why = format!(
                "a number behind it at {} UTC is too large or too small to be one",
                wording::clock(at)
            );
            (CriterionStatus::Unknown, unknown(over_watch(), &why))
        } else if let Some(finding) = &judge.would_trip {
            (CriterionStatus::PreExisting, pre_existing(&subject, subject.finding(finding, Asked::AsWritten)))
        } else if running == Running::Yes
            || in_extension == Running::Yes
            || (running == Running::LastSeen && !matches!(missing, Missing::Holds(_)))
        {
            (CriterionStatus::Running, self.running(&subject, judge, running))
        } else {
            match &missing {
                Missing::Holds(why) => (CriterionStatus::Unknown, unknown(over_watch(), why)),
                Missing::PassedOver(why) => {
                    caveat = Some(why.clone());
                    (CriterionStatus::Clear, over_watch())
                }
                Missing::Nothing => (CriterionStatus::Clear, over_watch()),
            }
        };
        self.outcome(&judge.criterion, CriterionKind::Rollback, &judge.series, (status, caveat, explanation))
    }

    pub(super) fn verify(&self, verifier: &Verifier) -> CriterionOutcome {
        let subject = self.subject(&verifier.criterion, &verifier.limits);
        let duration = super::series::nanos(verifier.criterion.form().duration());
        let missing = self.missing(&verifier.series, duration);
        let verified = verifier.verify(&self.view, self.steady, self.at);
        let truth = verifier.truth(&verified);
        let explanation = self.verified(&subject, &verified);
        let mut caveat = None;
        let (status, explanation) = match (truth, missing) {
            (_, Missing::Holds(why)) => (CriterionStatus::Unknown, unknown(explanation, &why)),
            (Truth::False, Missing::PassedOver(why)) if self.too_few_requests(&verifier.series) => {
                caveat = Some(why);
                (CriterionStatus::Passed, explanation)
            }
            (Truth::False, _) => (CriterionStatus::Failed, explanation),
            _ if verifier.thresholds != Thresholds::Known => {
                (CriterionStatus::Unknown, self.unknown_threshold(&subject, &verifier.limits))
            }
            (_, Missing::PassedOver(why)) => {
                caveat = Some(why);
                (CriterionStatus::Passed, explanation)
            }
            (Truth::Unknown, Missing::Nothing) => {
                (CriterionStatus::Unknown, unknown(explanation, "nothing is known of it at the end"))
            }
            (Truth::Weak, Missing::Nothing) => {
                let sure = explanation.confidence.map_or_else(String::new, wording::sure);
                caveat = Some(format!("weak evidence: broken, but only {sure} sure of it"));
                (CriterionStatus::Passed, explanation)
            }
            (Truth::True, Missing::Nothing) => (CriterionStatus::Passed, explanation),
        };
        self.outcome(
            &verifier.criterion,
            CriterionKind::Verify,
            &verifier.series,
            (status, caveat, explanation),
        )
    }

    fn subject<'a>(&'a self, criterion: &'a Criterion, limits: &'a [Limit]) -> Subject<'a> {
        Subject { criterion, limits, view: &self.view }
    }

    fn outcome(
        &self,
        criterion: &Criterion,
        kind: CriterionKind,
        series: &[usize],
        found: (CriterionStatus, Option<String>, Explanation),
    ) -> CriterionOutcome {
        let (status, caveat, mut explanation) = found;
        if speaks_against(status) {
            self.quote(criterion, &mut explanation);
        }
        let coverage = self.each(series).map(|series| self.coverage(series)).reduce(f64::min);
        CriterionOutcome {
            criterion: criterion.text().to_owned(),
            kind,
            status,
            caveat,
            coverage,
            signals: criterion.signals().into_iter().cloned().collect(),
            explanation,
        }
    }

    /// Adds what the service itself said of the states that a criterion asks for.
    fn quote(&self, criterion: &Criterion, explanation: &mut Explanation) {
        let mut remarks: Vec<&Remark> = Vec::new();
        for comparison in criterion.comparisons() {
            let Comparison::State { signal, .. } = comparison else { continue };
            let Some(series) = self.view.series.iter().find(|series| series.name == *signal) else {
                continue;
            };
            remarks.extend(series.remarks.iter());
            if series.remarks.is_empty() {
                // A source remarks a thing once, and of one of its states: a probe speaks of readiness as part of health.
                let beside = self.view.series.iter().filter(|other| {
                    other.rules.reading == ReadingKind::State
                        && !other.rules.source.is_empty()
                        && other.rules.source == series.rules.source
                });
                remarks.extend(beside.flat_map(|other| other.remarks.iter()));
            }
        }
        remarks.sort_by_key(|remark| remark.at);
        remarks.dedup();
        let newest = quoted(&remarks, self.at);
        if newest.is_empty() {
            return;
        }
        let words: Vec<&str> = newest.iter().map(|remark| remark.text.as_str()).collect();
        explanation.summary = format!("{}; it said: {}", explanation.summary, words.join("; "));
        explanation.said =
            newest.iter().map(|remark| Said { at: moment(remark.at), text: remark.text.clone() }).collect();
    }

    fn each<'a>(&'a self, places: &'a [usize]) -> impl Iterator<Item = &'a Series> {
        places.iter().filter_map(|place| self.view.series.get(*place))
    }

    /// The covered share of the watch.
    fn coverage(&self, series: &Series) -> f64 {
        let length = self.at.saturating_sub(self.view.watch_from);
        if length > 0 { (series.totals.covered as f64 / length as f64).min(1.0) } else { 0.0 }
    }

    fn too_few_requests(&self, places: &[usize]) -> bool {
        self.each(places).any(|series| {
            series.rules.reading == ReadingKind::Counts
                && series.totals.counts.total() < self.view.min_requests
        })
    }

    /// What is missing of the signals of a criterion with this duration.
    fn missing(&self, places: &[usize], duration: Nanos) -> Missing {
        let mut passed_over: Option<String> = None;
        for series in self.each(places) {
            for (why, lacks) in self.lacking(series, duration) {
                if lacks.iter().any(|lack| series.contract(*lack) == OnMissing::Hold) {
                    return Missing::Holds(why);
                }
                let keys: Vec<&str> = lacks.iter().map(|lack| lack.key()).collect();
                let sentence = format!("{why}; passed over by `{}: pass`", keys.join(": pass`, `"));
                passed_over.get_or_insert(sentence);
            }
        }
        passed_over.map_or(Missing::Nothing, Missing::PassedOver)
    }

    fn lacking(&self, series: &Series, duration: Nanos) -> Vec<(String, Vec<Lack>)> {
        let mut lacking = Vec::new();
        let coverage = self.coverage(series);
        let name = &series.name;
        if coverage < self.min_coverage || self.at <= self.view.watch_from {
            let mostly = series.mostly_absent().map(|mostly| format!(": {mostly}")).unwrap_or_default();
            let why = format!(
                "{name} is known for {} of the watch, and {} are needed{mostly}",
                wording::percent(coverage),
                wording::percent(self.min_coverage)
            );
            lacking.push((why, series.lacks_of_watch()));
        }
        let total = series.totals.counts.total();
        if series.rules.reading == ReadingKind::Counts
            && total < self.view.min_requests
            && series.totals.known > 0
        {
            let why = format!(
                "{name} has {} requests in the watch, and {} are needed",
                wording::number(total),
                wording::number(self.view.min_requests)
            );
            lacking.push((why, vec![Lack::LowTraffic]));
        }
        // A criterion without a duration leaves this to those on the same signal that have one.
        let newest = match (duration, series.judged_over) {
            (0, 0) => series.shown_step().saturating_mul(2).max(staleness(series.shown_step())),
            (0, _) => return lacking,
            _ => duration.max(series.shown_step().saturating_mul(2)),
        };
        let after = self.at.saturating_sub(newest).max(self.view.watch_from);
        if series.coverage(after, self.at) < 0.5 {
            let mostly =
                series.mostly_absent().map(|mostly| format!(" (in all, {mostly})")).unwrap_or_default();
            let why = format!(
                "{name} is known for {} of the last {}, and half is needed{mostly}",
                wording::percent(series.coverage(after, self.at)),
                length(self.at.saturating_sub(after))
            );
            lacking.push((why, series.lacks(after, self.at)));
        }
        lacking
    }

    /// What a rollback criterion's signals showed over the watch: the worst reading of a value.
    fn over_watch(&self, judge: &Judge) -> Vec<(usize, Observed)> {
        let over = |part: &Part| {
            let series = self.view.series.get(part.series)?;
            let totals = &series.totals;
            let seen = match part.manner {
                _ if totals.known == 0 => Observed::Nothing,
                Manner::Ratio => Observed::Counts { bad: totals.counts.bad(), total: totals.counts.total() },
                Manner::Health => Observed::Probes { failed: totals.failed, of: totals.known },
                Manner::Number => part.worst(totals).map_or(Observed::Nothing, Observed::Value),
            };
            Some((part.comparison, seen))
        };
        judge.effective.parts.iter().filter_map(over).collect()
    }

    fn running(&self, subject: &Subject<'_>, judge: &Judge, running: Running) -> Explanation {
        let step = super::predicate::step(&judge.effective.parts, self.view.series);
        let tail = super::sustained::tail(judge.duration, step);
        let to = match running {
            Running::LastSeen => self
                .each(&judge.series)
                .filter_map(|series| series.newest(self.at))
                .map(|point| point.at)
                .max()
                .unwrap_or(self.at),
            Running::Yes | Running::No => self.at,
        };
        let window = (to.saturating_sub(tail), to);
        let seen = observed(&judge.effective.parts, &self.view, window);
        let mut explanation = subject.clear(&seen, judge.effective.longest(), window);
        let phrases: Vec<String> = judge
            .criterion
            .comparisons()
            .iter()
            .enumerate()
            .filter_map(|(index, comparison)| {
                let (_, seen) = seen.iter().find(|(place, _)| *place == index)?;
                Some(subject.observation(comparison, seen))
            })
            .collect();
        let ended = match running {
            Running::LastSeen => ", and nothing has been seen since",
            Running::Yes | Running::No => "",
        };
        explanation.summary = format!(
            "{} from {} to {} UTC{ended}: still {} when the watch ended",
            phrases.join(" and "),
            wording::clock(window.0),
            wording::clock(window.1),
            subject.limits(Asked::Effective)
        );
        explanation.otherwise =
            format!("It would be clear had it been good for the newest {}.", length(tail));
        explanation
    }

    fn verified(&self, subject: &Subject<'_>, verified: &[Verified]) -> Explanation {
        let observed: Vec<(usize, Observed)> =
            verified.iter().map(|part| (part.comparison, part.observed.clone())).collect();
        let confidence = verified.iter().filter_map(|part| part.confidence).reduce(f64::max);
        let phrases: Vec<String> = verified
            .iter()
            .filter_map(|part| {
                let comparison = subject.criterion.comparisons().get(part.comparison)?;
                Some(subject.observation(comparison, &part.observed))
            })
            .collect();
        let broken = verified.iter().any(|part| matches!(part.truth, Truth::False | Truth::Weak));
        let sure = match confidence {
            Some(confidence) => {
                format!("; {} sure, {} needed", wording::sure(confidence), wording::needed(CONFIDENT))
            }
            None => String::new(),
        };
        let verdict = if broken { "not " } else { "" };
        Explanation {
            window: Some((moment(self.view.watch_from), moment(self.at))),
            comparisons: subject.numbers(&observed, Asked::AsWritten),
            confidence,
            confidence_needed: confidence.map(|_| CONFIDENT),
            summary: format!(
                "{} over the watch, {verdict}{}{sure}",
                phrases.join(" and "),
                subject.limits(Asked::AsWritten)
            ),
            otherwise: self.otherwise(subject, broken),
            said: Vec::new(),
        }
    }

    fn otherwise(&self, subject: &Subject<'_>, broken: bool) -> String {
        if broken {
            return format!("It passes over a watch that is {}.", subject.limits(Asked::AsWritten));
        }
        let sides: Vec<String> = subject
            .criterion
            .comparisons()
            .iter()
            .map(|comparison| match comparison {
                Comparison::Threshold { cmp, threshold, .. } => {
                    format!("{} {} {threshold}", comparison.signal(), not_side(*cmp))
                }
                Comparison::State { signal, .. } => {
                    let readings = subject.states(comparison).many();
                    format!("{signal} otherwise for more than a fifth of the {readings}, or at the end")
                }
            })
            .collect();
        format!("It fails with {}.", sides.join(" or "))
    }

    fn unknown_threshold(&self, subject: &Subject<'_>, limits: &[Limit]) -> Explanation {
        let why: Vec<String> = limits
            .iter()
            .filter(|limit| limit.number.is_none())
            .filter_map(|limit| limit.origin.clone())
            .collect();
        Explanation {
            window: Some((moment(self.view.watch_from), moment(self.at))),
            comparisons: subject.numbers(&[], Asked::Effective),
            summary: format!("the threshold is not known: {}", why.join("; ")),
            otherwise: "It is judged once its baseline is known.".to_owned(),
            ..Explanation::default()
        }
    }
}

/// Whether a status asks why.
const fn speaks_against(status: CriterionStatus) -> bool {
    matches!(
        status,
        CriterionStatus::Tripped
            | CriterionStatus::Failed
            | CriterionStatus::Running
            | CriterionStatus::PreExisting
    )
}

/// A criterion that was listed, and has no source.
pub(super) fn not_configured(
    criterion: &Criterion,
    kind: CriterionKind,
    missing: &[SignalName],
) -> CriterionOutcome {
    let names: Vec<&str> = missing.iter().map(SignalName::as_str).collect();
    CriterionOutcome {
        criterion: criterion.text().to_owned(),
        kind,
        status: CriterionStatus::NotConfigured,
        caveat: None,
        coverage: None,
        signals: criterion.signals().into_iter().cloned().collect(),
        explanation: Explanation {
            summary: format!("no source gives {}", names.join(", ")),
            otherwise: "It is judged once its signals have sources.".to_owned(),
            comparisons: Vec::<ComparisonNumbers>::new(),
            ..Explanation::default()
        },
    }
}

fn unknown(mut explanation: Explanation, why: &str) -> Explanation {
    explanation.summary = why.to_owned();
    explanation.otherwise = "It is judged once enough is known.".to_owned();
    explanation
}

fn pre_existing(subject: &Subject<'_>, mut explanation: Explanation) -> Explanation {
    let more: Vec<String> = subject
        .limits
        .iter()
        .filter_map(|limit| limit.pre_existing.as_ref())
        .map(|more| more.origin.clone())
        .collect();
    explanation.summary = format!(
        "{}; but it was so before the deployment, and was not beyond {}",
        explanation.summary,
        more.join(" and ")
    );
    explanation.otherwise = match subject.criterion.form() {
        Form::Instant => format!("It would have tripped beyond {}.", more.join(" and ")),
        form => format!("It would have tripped beyond {} for {}.", more.join(" and "), form.duration()),
    };
    explanation
}
