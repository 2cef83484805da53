//! The watch: which time is evaluated when, where it ends, and by whose word.

use std::collections::HashMap;

use super::GateError;
use super::course::Course;
use super::judge::{Judge, Running};
use super::outcome::{Decision, Distance, Phase, Progress};
use super::predicate::View;
use super::recovery::{Purpose, recovery_rules};
use super::series::{Nanos, Series, Taken, moment, nanos};
use super::verification::{Verifier, steady_window};
use crate::policy::rules::{Configured, GateCriterion, GateRules, ReadingKind, SignalRules};
use crate::sample::Sample;
use crate::{Baseline, Duration, SignalName};

/// Everything between the first sample and the decision.
#[derive(Debug)]
pub(super) struct Watch {
    pub rules: GateRules,
    pub series: Vec<Series>,
    pub judges: Vec<Option<Judge>>,
    pub verifiers: Vec<Option<Verifier>>,
    pub times: Option<Times>,
    pub extension: Option<Extension>,
    pub closing: Option<Closing>,
    /// Newest time that was evaluated.
    pub newest: Option<Nanos>,
    pub late: u64,
    pub purpose: Purpose,
    places: HashMap<SignalName, usize>,
    prepared: Prepared,
    touched: Vec<usize>,
}

/// Whether steps and baselines are fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prepared {
    No,
    Yes,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub start: Nanos,
    pub watch_from: Nanos,
    pub end: Nanos,
}

/// The watch goes on because a criterion was still running at its end.
#[derive(Debug)]
pub(super) struct Extension {
    running: Vec<bool>,
    limit: Nanos,
}

/// Why nothing more is evaluated.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Closing {
    pub at: Nanos,
    pub cause: Cause,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cause {
    /// A rollback criterion tripped.
    Tripped(usize),
    Requested {
        decision: Decision,
        by: String,
    },
    /// The deployed version never served.
    Unserved {
        why: String,
    },
    Cancelled {
        by: String,
    },
    /// The watch went to its end, and everything up to it had settled.
    Watched,
    /// The watch seems to have gone to its end, but more may come.
    Unsettled,
}

impl Watch {
    pub(super) fn new(rules: GateRules) -> Self {
        let mut series: Vec<Series> =
            rules.signals().iter().map(|(name, rules)| Series::new(name.clone(), rules.clone())).collect();
        // A criterion on a signal that the rules do not have is judged, and unknown.
        let unnamed = rules.rollback_when().iter().chain(rules.verify());
        for criterion in unnamed.filter(|criterion| criterion.configured == Configured::Yes) {
            for name in criterion.criterion.signals() {
                if !series.iter().any(|series| series.name == *name) {
                    let rules = SignalRules::new(ReadingKind::Value, rules.interval());
                    series.push(Series::new(name.clone(), rules));
                }
            }
        }
        let places = series.iter().enumerate().map(|(place, series)| (series.name.clone(), place)).collect();
        Self {
            rules,
            series,
            judges: Vec::new(),
            verifiers: Vec::new(),
            times: None,
            extension: None,
            closing: None,
            newest: None,
            late: 0,
            purpose: Purpose::Release,
            places,
            prepared: Prepared::No,
            touched: Vec::new(),
        }
    }

    pub(super) const fn started(&self) -> bool {
        self.times.is_some()
    }

    pub(super) fn decided(&self) -> bool {
        self.closing.as_ref().is_some_and(|closing| closing.cause != Cause::Unsettled)
    }

    pub(super) fn sampled(&self) -> bool {
        self.prepared == Prepared::Yes
    }

    pub(super) fn start(&mut self, at: Nanos) {
        let watch_from = at.saturating_add(nanos(self.rules.warmup()));
        let end = watch_from.saturating_add(nanos(self.rules.observe()));
        self.times = Some(Times { start: at, watch_from, end });
    }

    /// Judges the redeployment of an earlier version from now on.
    pub(super) fn judge_recovery(&mut self) {
        self.purpose = Purpose::Recovery;
        self.rules = recovery_rules(&self.rules);
    }

    /// Takes the grain of a signal that the policy has; of other signals nothing is kept.
    pub(super) fn set_step(&mut self, signal: &SignalName, step: Duration) -> Result<(), GateError> {
        let first = self.series_mut(signal).is_none_or(|series| series.set_step(nanos(step)));
        if first { Ok(()) } else { Err(GateError::Second("signal", signal.clone())) }
    }

    /// Takes the baseline of a signal that the policy has; of other signals nothing is kept.
    pub(super) fn set_baseline(&mut self, signal: &SignalName, baseline: &Baseline) -> Result<(), GateError> {
        let Some(series) = self.series_mut(signal) else { return Ok(()) };
        if series.baseline.is_some() {
            return Err(GateError::Second("baseline", signal.clone()));
        }
        series.baseline = Some(baseline.clone());
        Ok(())
    }

    /// Remembers what the source of a signal remarked.
    pub(super) fn remark(&mut self, signal: &SignalName, at: Nanos, text: &str, clears: Option<&str>) {
        if let Some(series) = self.series_mut(signal) {
            series.remarks.push(at, text, clears);
        }
    }

    fn series_mut(&mut self, signal: &SignalName) -> Option<&mut Series> {
        self.places.get(signal).and_then(|place| self.series.get_mut(*place))
    }

    /// Puts a sample aside; false where the policy does not name its signal.
    pub(super) fn put_aside(&mut self, signal: &SignalName, at: Nanos, sample: &Sample) -> bool {
        self.prepare();
        // Nothing after the latest end that there may be can count.
        let beyond = self.closing.as_ref().is_some_and(|closing| at > closing.at);
        let Some(series) = self.series_mut(signal) else { return false };
        if !beyond {
            series.put_aside(at, sample);
        }
        true
    }

    pub(super) fn waiting(&self) -> usize {
        self.series.iter().map(Series::waiting).sum()
    }

    pub(super) fn request(&mut self, at: Nanos, decision: Decision, by: &str) {
        self.close_by(at, Cause::Requested { decision, by: by.to_owned() });
    }

    pub(super) fn unserved(&mut self, at: Nanos, why: &str) {
        self.close_by(at, Cause::Unserved { why: why.to_owned() });
    }

    pub(super) fn cancel(&mut self, at: Nanos, by: &str) {
        self.close_by(at, Cause::Cancelled { by: by.to_owned() });
    }

    /// The end of the watch as it is known now.
    pub(super) fn end(&self) -> Option<Nanos> {
        let times = self.times?;
        Some(self.extension.as_ref().map_or(times.end, |extension| extension.limit))
    }

    /// Everything up to `to` has settled: evaluates it, and ends the watch where that is its end.
    pub(super) fn settle(&mut self, to: Nanos) {
        self.evaluate_to(to);
        while let Some(end) = self.end().filter(|end| *end <= to && self.closing.is_none()) {
            self.reach_end(end);
        }
        if let Some(closing) = &mut self.closing
            && closing.cause == Cause::Unsettled
            && closing.at <= to
        {
            closing.cause = Cause::Watched;
        }
    }

    /// Evaluates every time up to `to` that waits.
    pub(super) fn evaluate_to(&mut self, to: Nanos) {
        while let Some(at) = self.next_time().filter(|at| *at <= to) {
            if !self.evaluate(at) {
                return;
            }
        }
    }

    /// Evaluates the oldest times until no more than `left` samples wait.
    pub(super) fn evaluate_oldest(&mut self, left: usize) {
        while self.waiting() > left {
            let Some(at) = self.next_time() else { return };
            if !self.evaluate(at) {
                return;
            }
        }
    }

    fn next_time(&mut self) -> Option<Nanos> {
        if self.closing.is_some() {
            return None;
        }
        self.series.iter_mut().filter_map(Series::next_time).min()
    }

    /// Evaluates all samples of one time; false once the watch is closed.
    fn evaluate(&mut self, at: Nanos) -> bool {
        let Some(times) = self.times else { return false };
        while let Some(end) = self.end().filter(|end| at > *end) {
            self.reach_end(end);
            if self.closing.is_some() {
                return false;
            }
        }
        self.touched.clear();
        for (place, series) in self.series.iter_mut().enumerate() {
            if series.next_time() != Some(at) {
                continue;
            }
            match series.take(at) {
                Taken::Known => self.touched.push(place),
                Taken::Late => self.late += 1,
                Taken::Nothing => {}
            }
        }
        self.newest = self.newest.max(Some(at));
        if self.touched.is_empty() {
            return true;
        }
        self.put_in_late_points();
        let view = view(&self.rules, times, &self.series);
        for (index, judge) in self.judges.iter_mut().enumerate() {
            let Some(judge) = judge else { continue };
            if judge.series.iter().any(|place| self.touched.contains(place)) && judge.at(&view, at) {
                self.closing = Some(Closing { at, cause: Cause::Tripped(index) });
                self.look_at_running(at);
                return false;
            }
        }
        self.extension.is_none() || self.still_running(at)
    }

    /// The planned end, or the end of the extension, has come.
    fn reach_end(&mut self, end: Nanos) {
        let Some(times) = self.times else { return };
        self.put_in_late_points();
        if self.extension.is_none() {
            let view = view(&self.rules, times, &self.series);
            let running: Vec<bool> = self
                .judges
                .iter()
                .map(|judge| {
                    judge.as_ref().is_some_and(|judge| {
                        judge.decides() && judge.duration > 0 && judge.running(&view, end) == Running::Yes
                    })
                })
                .collect();
            let longest = self.longest(&running);
            if let Some(longest) = longest {
                self.extension = Some(Extension { running, limit: end.saturating_add(longest) });
                return;
            }
        }
        self.closing = Some(Closing { at: end, cause: Cause::Unsettled });
    }

    pub(super) fn put_in_late_points(&mut self) {
        self.series.iter_mut().for_each(Series::put_in_late_points);
    }

    /// In the extension: which criteria run. Only a sample that shows it ends a run.
    fn look_at_running(&mut self, at: Nanos) {
        let (Some(times), Some(extension)) = (self.times, &mut self.extension) else { return };
        if at <= times.end {
            return;
        }
        let view = view(&self.rules, times, &self.series);
        for (judge, running) in self.judges.iter().zip(&mut extension.running) {
            let Some(judge) = judge else { continue };
            if judge.decides() && judge.series.iter().any(|place| self.touched.contains(place)) {
                let now = judge.running(&view, at) == Running::Yes;
                if now && !*running {
                    extension.limit = extension.limit.max(times.end.saturating_add(judge.duration));
                }
                *running = now;
            }
        }
    }

    /// In the extension: false once nothing runs any more.
    fn still_running(&mut self, at: Nanos) -> bool {
        self.look_at_running(at);
        let (Some(times), Some(extension)) = (self.times, &mut self.extension) else { return true };
        if at <= times.end || extension.running.contains(&true) {
            return true;
        }
        extension.limit = at;
        self.closing = Some(Closing { at, cause: Cause::Unsettled });
        false
    }

    fn longest(&self, running: &[bool]) -> Option<Nanos> {
        let durations = self.judges.iter().zip(running).filter(|(_, running)| **running);
        durations.filter_map(|(judge, _)| judge.as_ref().map(|judge| judge.duration)).max()
    }

    fn close_by(&mut self, at: Nanos, cause: Cause) {
        self.prepare();
        if !self.decided() {
            self.closing = Some(Closing { at, cause });
        }
    }

    /// Fixes steps and baselines, before the first sample is taken in.
    pub(super) fn prepare(&mut self) {
        let (Some(times), Prepared::No) = (self.times, self.prepared) else { return };
        self.prepared = Prepared::Yes;
        for series in &mut self.series {
            series.baseline = series.baseline.take().or(series.rules.baseline.map(Baseline::fixed));
        }
        let min_requests = self.rules.min_requests();
        let view = view(&self.rules, times, &self.series);
        let configured = |criterion: &GateCriterion| criterion.configured == Configured::Yes;
        let places = |criterion: &GateCriterion| -> Vec<usize> {
            let signals = criterion.criterion.signals();
            signals.into_iter().filter_map(|signal| self.places.get(signal).copied()).collect()
        };
        let judge = |c: &GateCriterion| Judge::new(&c.criterion, places(c), &view, min_requests);
        let verifier = |c: &GateCriterion| Verifier::new(&c.criterion, places(c), &view, min_requests);
        self.judges = self.rules.rollback_when().iter().map(|c| configured(c).then(|| judge(c))).collect();
        self.verifiers = self.rules.verify().iter().map(|c| configured(c).then(|| verifier(c))).collect();

        let steady = nanos(self.rules.steady());
        let mut longest: Nanos = 0;
        for judge in self.judges.iter().flatten() {
            longest = longest.max(judge.duration);
            for place in &judge.series {
                let Some(series) = self.series.get_mut(*place) else { continue };
                let blind = judge.duration.max(series.step.saturating_mul(2));
                series.judged_over = series.judged_over.max(judge.duration);
                series.keep_at_least(judge.reach().max(blind.saturating_mul(2)));
                judge.percentile_limits(*place).for_each(|limit| series.keep_ranks(limit));
            }
        }
        for verifier in self.verifiers.iter().flatten() {
            for place in &verifier.series {
                let Some(series) = self.series.get_mut(*place) else { continue };
                series.judged_over = series.judged_over.max(nanos(verifier.criterion.form().duration()));
                series.keep_at_least(
                    steady_window(series, steady).max(nanos(verifier.criterion.form().duration())),
                );
                verifier.percentile_limits(*place).for_each(|limit| series.keep_ranks(limit));
            }
        }
        let last = times.end.saturating_add(longest);
        for series in &mut self.series {
            series.prepare(times.watch_from, Course::new(times.start, last));
        }
    }

    /// Whether a criterion ran when it was last seen in the extension.
    pub(super) fn running_in_extension(&self, index: usize) -> Running {
        let running = self.extension.as_ref().and_then(|extension| extension.running.get(index));
        if running == Some(&true) { Running::Yes } else { Running::No }
    }

    pub(super) fn view(&self, times: Times) -> View<'_> {
        view(&self.rules, times, &self.series)
    }

    pub(super) fn progress(&self) -> Progress {
        let Some(times) = self.times else { return Progress::default() };
        let now = self.newest.unwrap_or(times.start);
        let phase = if self.decided() {
            Phase::Decided
        } else if self.extension.is_some() {
            Phase::Extended
        } else if now <= times.watch_from && times.start < times.watch_from {
            Phase::WarmUp
        } else {
            Phase::Watch
        };
        let view = self.view(times);
        let last = |series: &Series| {
            let known = series.newest(Nanos::MAX).map(|point| point.known.number());
            (series.name.clone(), known.filter(|_| !series.newest_is_absent()))
        };
        let criteria = self.rules.rollback_when().iter().zip(&self.judges);
        Progress {
            phase,
            end: self.end().map(moment),
            last: self.series.iter().map(last).collect(),
            criteria: criteria
                .map(|(rule, judge)| {
                    let distance =
                        judge.as_ref().map_or(Distance::Unknown, |judge| judge.distance(&view, now));
                    (rule.criterion.text().to_owned(), distance)
                })
                .collect(),
        }
    }
}

fn view<'s>(rules: &GateRules, times: Times, series: &'s [Series]) -> View<'s> {
    View {
        series,
        watch_from: times.watch_from,
        observe: nanos(rules.observe()),
        min_requests: f64::from(rules.min_requests()),
    }
}
