//! What was normal before the deployment, as the policy says where to look.

use std::collections::BTreeMap;

use runbook_gate::criterion::{Comparison, Threshold};
use runbook_gate::numbers::count;
use runbook_gate::policy::rules::{GateRules, SignalRules};
use runbook_gate::sample::{Reading, Sample};
use runbook_gate::source::{Observation, PollWindow};
use runbook_gate::{Baseline, Duration, SignalName, Timestamp};

use super::prepare::{Interrupted, Reply};
use super::slot::{Manner, Reads, Slot, Trial, Watched};
use super::stage::{Answer, Event, Job, Stage};
use crate::live::View;

/// A stretch of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

/// The baselines that could be had, and the signals without one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gathered {
    /// What each signal was.
    pub baselines: Vec<(SignalName, Baseline)>,
    /// Signals of which too little is known, each with the reason.
    pub without: Vec<String>,
}

impl Past {
    /// The job that reads it; `None` for a source without a past.
    pub fn job(self, source: &Watched) -> Option<Job> {
        let window =
            PollWindow { start: self.from, scheduled: self.to, anchor: self.to, timeout: source.timeout };
        (source.reads == Reads::Ranges).then_some(Job::History(window))
    }
}

/// Makes baselines of what each source answered.
pub fn gather(watched: &[Watched], replies: &[Reply], rules: &GateRules, past: Past) -> Gathered {
    let mut observations: Vec<Observation> = Vec::new();
    for reply in replies {
        observations
            .extend(reply.polled().into_iter().flat_map(|polled| polled.observations.iter().cloned()));
    }
    let asked = watched.iter().filter(|source| source.reads == Reads::Ranges);
    of_observations(asked, &observations, rules, past)
}

/// Makes the baseline of each signal of these sources.
pub fn of_observations<'w>(
    sources: impl Iterator<Item = &'w Watched>,
    observations: &[Observation],
    rules: &GateRules,
    past: Past,
) -> Gathered {
    let mut by_signal: BTreeMap<&SignalName, Vec<(Timestamp, Sample)>> = BTreeMap::new();
    for seen in observations {
        by_signal.entry(&seen.signal).or_default().push((seen.at, seen.sample.clone()));
    }
    let mut gathered = Gathered::default();
    for source in sources {
        for signal in &source.signals {
            let observed = by_signal.remove(&signal.signal).unwrap_or_default();
            let observed = as_judged(rules.signals().get(&signal.signal), observed);
            let judged_over = judged_over(rules, &signal.signal);
            match Baseline::from_observations(&observed, judged_over, rules.min_requests()) {
                Some(mut baseline) => {
                    baseline.window = Some((past.from, past.to));
                    baseline.source = Some(source.name.clone());
                    gathered.baselines.push((signal.signal.clone(), baseline));
                }
                None => gathered.without.push(format!(
                    "{}: {}",
                    signal.signal,
                    too_little(&observed, rules.min_requests())
                )),
            }
        }
    }
    gathered
}

/// The samples as a gate would judge them: what it takes for absent is no part of what is normal.
fn as_judged(rules: Option<&SignalRules>, samples: Vec<(Timestamp, Sample)>) -> Vec<(Timestamp, Sample)> {
    let judged = |(at, sample): (Timestamp, Sample)| {
        let refusal = rules.and_then(|rules| rules.refusal(&sample));
        (at, refusal.map_or(sample, Sample::Absent))
    };
    samples.into_iter().map(judged).collect()
}

fn too_little(observed: &[(Timestamp, Sample)], min_requests: u32) -> String {
    let (mut known, mut requests) = (0_usize, None);
    for (_, sample) in observed {
        match sample {
            Sample::Known(Reading::Counts(counts)) => {
                known += 1;
                requests = Some(requests.unwrap_or(0.0) + counts.total());
            }
            Sample::Known(Reading::Value { .. }) => known += 1,
            Sample::Absent(_) => {}
        }
    }
    let last = observed.iter().rev().find_map(|(_, sample)| match sample {
        Sample::Absent(absence) => Some(absence.to_string()),
        Sample::Known(_) => None,
    });
    match (known, last, requests) {
        (0, Some(absence), _) => format!("nothing was read ({absence})"),
        (0, None, _) => "nothing was read".to_owned(),
        (_, _, Some(requests)) => {
            format!("{} requests were seen, and {min_requests} are needed (`min_requests`)", count(requests))
        }
        (known, ..) => format!("{known} samples were read, and {} are needed", Baseline::FEWEST_SAMPLES),
    }
}

/// The shortest time over which a rollback criterion compares this signal with its baseline.
fn judged_over(rules: &GateRules, signal: &SignalName) -> Option<Duration> {
    let compares = |comparison: &Comparison| {
        matches!(comparison, Comparison::Threshold { operand, threshold, .. }
            if operand.signal == *signal && !matches!(threshold, Threshold::Absolute(_)))
    };
    let criteria = rules.rollback_when().iter().map(|rule| &rule.criterion);
    criteria
        .filter(|criterion| criterion.comparisons().iter().any(compares))
        .map(|criterion| criterion.form().duration())
        .filter(|duration| !duration.is_zero())
        .min()
}

/// Watches the sources that have no past, for a while.
///
/// # Errors
/// Where somebody cancels, or a source crashes.
pub fn observe(
    watched: &[Watched],
    stage: &mut dyn Stage,
    view: &mut dyn View,
    length: Duration,
) -> Result<(Vec<Observation>, Past), Interrupted> {
    let start = stage.now();
    let end = start + length;
    let mut slots: Vec<(usize, Slot<'_>)> = watched
        .iter()
        .enumerate()
        .filter(|(_, source)| source.reads == Reads::Moments && source.trial != Trial::None)
        .map(|(index, source)| (index, Slot::new(source, start, start)))
        .collect();
    let mut observations = Vec::new();
    let patience = slots.iter().map(|(_, slot)| slot.watched.timeout).max().unwrap_or_default();
    loop {
        let now = stage.now();
        for (index, slot) in &mut slots {
            let Some(scheduled) = slot.due(now, end) else { continue };
            if slot.is_busy() {
                slot.miss(scheduled);
                continue;
            }
            slot.start(scheduled);
            let timeout = slot.watched.timeout;
            stage.start(*index, Job::Poll(PollWindow { start, scheduled, anchor: end, timeout }));
        }
        let waiting = slots.iter().any(|(_, slot)| slot.is_busy());
        if slots.is_empty() || (now >= end && !waiting) || now >= end + patience {
            return Ok((observations, Past { from: start, to: end }));
        }
        let wake = slots.iter().filter_map(|(_, slot)| slot.next_wake(now, end)).min();
        match stage.next(wake.unwrap_or(end + patience)) {
            Event::Done { source, answer: Answer::Polled(polled), .. } => {
                if let Some((_, slot)) = slots.iter_mut().find(|(index, _)| *index == source) {
                    // Nothing is evaluated here that could be held back.
                    slot.finish(stage.now(), Manner::Answers);
                }
                for note in polled.notes {
                    view.say(&note.text);
                }
                observations.extend(polled.observations);
            }
            Event::Done { .. } | Event::Reached | Event::Remarked { .. } => {}
            Event::Cancelled { by } => return Err(Interrupted::Cancelled { by }),
            Event::Requested { decision, by } => return Err(Interrupted::Requested { decision, by }),
            Event::Crashed { source } => return Err(Interrupted::Crashed { source }),
        }
    }
}
