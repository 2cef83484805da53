//! Before the watch: every source is asked once, so that a mistake in the policy is found before anybody waits for it.

use std::collections::BTreeMap;

use runbook_gate::gate::Decision;
use runbook_gate::sample::{Absence, Sample};
use runbook_gate::source::{Observation, PollWindow, Polled, SourceNote};
use runbook_gate::{Duration, SignalName, Timestamp};

use super::slot::{Reads, Trial, Watched};
use super::stage::{Answer, Event, Job, Stage};
use super::witness::{Fault, FaultKind};

/// How far back a first look at a source of ranges goes, at least.
const LOOK_BACK: Duration = Duration::from_secs(600);
/// How many steps it goes back, at least.
const LOOK_BACK_STEPS: u64 = 10;
/// How much longer than its own time a source is waited for.
const GRACE: Duration = Duration::from_secs(2);

/// Why the preparation did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interrupted {
    /// Somebody cancelled.
    Cancelled {
        /// Who or what.
        by: String,
    },
    /// A person asked for a decision.
    Requested {
        /// Which.
        decision: Decision,
        /// Who or what said it.
        by: String,
    },
    /// A source's thread ended by a panic.
    Crashed {
        /// Which.
        source: usize,
    },
}

/// What came of a source's job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// What it answered; `None` where it had no job or did not answer in time.
    pub answer: Option<Answer>,
    /// What the network made of it.
    pub fault: Option<Fault>,
}

impl Reply {
    /// What was read, where anything was.
    pub fn polled(&self) -> Option<&Polled> {
        match &self.answer {
            Some(Answer::Polled(polled) | Answer::History(Some(polled))) => Some(polled),
            _ => None,
        }
    }
}

/// Gives every source its job and waits for all answers, as long as the slowest may take.
///
/// # Errors
/// Where somebody cancels, or a source crashes.
pub fn ask(
    watched: &[Watched],
    stage: &mut dyn Stage,
    job: impl Fn(&Watched) -> Option<Job>,
) -> Result<Vec<Reply>, Interrupted> {
    let mut replies = vec![Reply::default(); watched.len()];
    let mut open = 0_usize;
    let mut deadline = stage.now();
    for (index, source) in watched.iter().enumerate() {
        if let Some(job) = job(source) {
            open += 1;
            deadline = deadline.max(stage.now() + source.timeout.plus(GRACE));
            stage.start(index, job);
        }
    }
    while open > 0 {
        match stage.next(deadline) {
            Event::Done { source, answer, fault } => {
                open -= 1;
                if let Some(reply) = replies.get_mut(source) {
                    *reply = Reply { answer: Some(answer), fault };
                }
            }
            Event::Cancelled { by } => return Err(Interrupted::Cancelled { by }),
            Event::Requested { decision, by } => return Err(Interrupted::Requested { decision, by }),
            Event::Crashed { source } => return Err(Interrupted::Crashed { source }),
            Event::Reached if stage.now() >= deadline => break,
            Event::Reached | Event::Remarked { .. } => {}
        }
    }
    Ok(replies)
}

/// Waits; answers that come late are passed over.
///
/// # Errors
/// Where somebody cancels, or a source crashes.
pub fn pause_until(stage: &mut dyn Stage, until: Timestamp) -> Result<(), Interrupted> {
    while stage.now() < until {
        match stage.next(until) {
            Event::Cancelled { by } => return Err(Interrupted::Cancelled { by }),
            Event::Requested { decision, by } => return Err(Interrupted::Requested { decision, by }),
            Event::Crashed { source } => return Err(Interrupted::Crashed { source }),
            Event::Done { .. } | Event::Reached | Event::Remarked { .. } => {}
        }
    }
    Ok(())
}

/// The job of a first look at a source.
pub fn first_look(source: &Watched, now: Timestamp) -> Option<Job> {
    if source.trial == Trial::None {
        return None;
    }
    let step = source.signals.iter().map(|signal| signal.step).max().unwrap_or_default();
    Some(match source.reads {
        Reads::Moments => {
            Job::Poll(PollWindow { start: now, scheduled: now, anchor: now, timeout: source.timeout })
        }
        Reads::Ranges | Reads::Since => {
            let back = LOOK_BACK.max(step.times(LOOK_BACK_STEPS)).plus(source.ingestion_delay);
            Job::History(PollWindow {
                start: now - back,
                scheduled: now,
                anchor: now,
                timeout: source.timeout,
            })
        }
    })
}

/// What a first look found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Mistakes that no waiting mends, each with what to change.
    pub mistakes: Vec<String>,
    /// What may be an outage, or may come later.
    pub doubts: Vec<String>,
}

/// Why signals are silent, as far as their servers say when they are asked for that.
pub type WhySilent = BTreeMap<SignalName, String>;

/// Tells mistakes in the policy from outages.
pub fn findings(watched: &[Watched], replies: &[Reply], silent: &WhySilent) -> Findings {
    let mut found = Findings::default();
    for (source, reply) in watched.iter().zip(replies) {
        let of_source = finding(source, reply, silent);
        found.mistakes.extend(of_source.mistakes);
        found.doubts.extend(of_source.doubts);
    }
    found
}

fn finding(source: &Watched, reply: &Reply, silent: &WhySilent) -> Findings {
    let mut found = Findings::default();
    let name = &source.name;
    // What is read of the moment has this machine's time, whatever the server's clock says.
    let told = |fault: &&Fault| fault.kind != FaultKind::Clock || source.reads != Reads::Moments;
    let kind = reply.fault.as_ref().filter(told).map(|fault| fault.kind);
    let network = reply.fault.as_ref().map(|fault| fault.text.as_str());
    match (source.trial, kind) {
        (Trial::None, _) => {}
        (_, Some(FaultKind::Address)) | (Trial::Answers, Some(FaultKind::Answer | FaultKind::Clock)) => {
            let network = network.unwrap_or_default();
            let mut lines = vec![format!("{name}: {network}")];
            // What the source makes of it, where that says more: a server's own words about a query.
            let more = errors(reply).into_iter().filter(|line| !line.contains(network));
            lines.extend(more.map(|line| format!("  {line}")));
            found.mistakes.push(lines.join("\n"));
        }
        (Trial::AddressOnly, Some(_)) | (Trial::Answers, Some(FaultKind::Outage)) => {
            found.doubts.push(format!("{name}: {}", network.unwrap_or_default()));
        }
        (_, None) if reply.answer.is_none() => {
            found.doubts.push(format!("{name}: no answer within {}", source.timeout));
        }
        (Trial::AddressOnly, None) => {}
        // The network is fine, so what is wrong is the question: a query, a selector, a pointer.
        (Trial::Answers, None) => {
            found.mistakes.extend(errors(reply).into_iter().map(|line| format!("{name}: {line}")));
            let said = why_nothing(source, reply).into_iter().map(|(_, text)| text.to_owned());
            let doubts = said.chain(empty_signals(source, reply, silent));
            found.doubts.extend(doubts.map(|line| format!("{name}: {line}")));
        }
    }
    found
}

/// The most remarks that are kept of one question to all sources.
const MOST_REMARKS: usize = 100;

/// What the sources remarked: they say a thing once, so nobody hears it later.
pub fn notes(replies: &[Reply]) -> Vec<SourceNote> {
    let notes = replies.iter().filter_map(Reply::polled).flat_map(|polled| polled.notes.iter().cloned());
    bounded(notes.collect())
}

/// What was doubtful of the sources that remarked nothing themselves.
pub fn doubts_without_notes(watched: &[Watched], replies: &[Reply], silent: &WhySilent) -> Vec<SourceNote> {
    let unremarked =
        |(_, reply): &(&Watched, &Reply)| reply.polled().is_none_or(|polled| polled.notes.is_empty());
    let doubts = watched
        .iter()
        .zip(replies)
        .filter(unremarked)
        .flat_map(|(source, reply)| finding(source, reply, silent).doubts);
    bounded(
        doubts
            .map(|doubt| SourceNote {
                signal: None,
                text: format!("before the watch: {doubt}"),
                clears: None,
            })
            .collect(),
    )
}

fn bounded(mut notes: Vec<SourceNote>) -> Vec<SourceNote> {
    if notes.len() > MOST_REMARKS {
        let left = notes.len() - MOST_REMARKS;
        notes.truncate(MOST_REMARKS);
        notes.push(SourceNote {
            signal: None,
            text: format!("and {left} more remarks before the watch"),
            clears: None,
        });
    }
    notes
}

/// The signals that could not be read at all, with the reason: one line for each reason.
fn errors(reply: &Reply) -> Vec<String> {
    let seen = reply.polled().into_iter().flat_map(|polled| &polled.observations);
    by_reason(seen.filter_map(|seen| match &seen.sample {
        Sample::Absent(Absence::Error(why)) => Some((seen.signal.as_str(), why.clone())),
        _ => None,
    }))
}

/// The most lines of one source.
const MOST_LINES: usize = 20;

/// One line for each reason, with the signals that it is of.
fn by_reason<'s>(signals: impl Iterator<Item = (&'s str, String)>) -> Vec<String> {
    let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
    for (signal, why) in signals {
        if let Some((_, signals)) = reasons.iter_mut().find(|(known, _)| *known == why) {
            if !signals.contains(&signal) {
                signals.push(signal);
            }
        } else if reasons.len() < MOST_LINES {
            reasons.push((why, vec![signal]));
        }
    }
    reasons.into_iter().map(|(why, signals)| format!("{}: {why}", signals.join(", "))).collect()
}

/// What a source of moments says of signals of which it knows nothing: what its answer lacks.
pub fn why_nothing<'r>(source: &Watched, reply: &'r Reply) -> Vec<(&'r SignalName, &'r str)> {
    let Some(polled) = reply.polled().filter(|_| source.reads == Reads::Moments) else { return Vec::new() };
    let is_known = |signal: &SignalName| {
        let of_signal = |seen: &&Observation| seen.signal == *signal;
        polled.observations.iter().filter(of_signal).any(|seen| matches!(seen.sample, Sample::Known(_)))
    };
    let said = |note: &'r SourceNote| Some((note.signal.as_ref()?, note.text.as_str()));
    polled.notes.iter().filter_map(said).filter(|(signal, _)| !is_known(signal)).collect()
}

/// What a first look showed of one signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// It has a reading.
    Read,
    /// It has none, and that is no wonder: a counter says nothing before it is compared with a second look.
    NeedsTwoLooks,
    /// It has none.
    Nothing,
    /// Its source is not asked before the watch.
    NotRun,
}

impl Sight {
    /// What a look at a source showed of one of its signals.
    pub fn of(source: &Watched, reply: &Reply, signal: &SignalName) -> Self {
        if source.trial == Trial::None {
            return Self::NotRun;
        }
        let Some(polled) = reply.polled() else { return Self::Nothing };
        let mut of_signal = polled.observations.iter().filter(|seen| seen.signal == *signal).peekable();
        let compares = source.trial == Trial::Answers && source.reads == Reads::Moments;
        if of_signal.peek().is_none() && compares {
            let said = why_nothing(source, reply).iter().any(|(known, _)| *known == signal);
            return if said { Self::Nothing } else { Self::NeedsTwoLooks };
        }
        if of_signal.any(|seen| matches!(seen.sample, Sample::Known(_))) { Self::Read } else { Self::Nothing }
    }

    /// As the JSON of a dry run has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::NeedsTwoLooks => "needs-two-looks",
            Self::Nothing => "nothing",
            Self::NotRun => "not-run",
        }
    }
}

/// The signals whose server answers, and has nothing of them.
pub fn without_data(reply: &Reply) -> Vec<SignalName> {
    let seen = reply.polled().map(|polled| polled.observations.as_slice()).unwrap_or_default();
    let mut nothing: BTreeMap<&SignalName, bool> = BTreeMap::new();
    for seen in seen {
        let none = matches!(seen.sample, Sample::Absent(Absence::NoData));
        nothing.entry(&seen.signal).and_modify(|all| *all &= none).or_insert(none);
    }
    nothing.into_iter().filter(|(_, none)| *none).map(|(signal, _)| signal.clone()).collect()
}

/// The signals of which nothing is known now, and the reason where it is known.
fn empty_signals(source: &Watched, reply: &Reply, silent: &WhySilent) -> Vec<String> {
    let observations = reply.polled().map(|polled| polled.observations.as_slice()).unwrap_or_default();
    let said = why_nothing(source, reply);
    by_reason(source.signals.iter().filter_map(|signal| {
        if said.iter().any(|(known, _)| **known == signal.signal) {
            return None;
        }
        let mut of_signal = observations.iter().filter(|seen| seen.signal == signal.signal).peekable();
        let newest = match of_signal.clone().last().map(|seen| &seen.sample) {
            Some(Sample::Absent(absence)) => absence.to_string(),
            _ => "no-data".to_owned(),
        };
        of_signal.peek()?;
        let known = of_signal.any(|seen| matches!(seen.sample, Sample::Known(_)));
        let failed = newest.starts_with("error");
        let why = || silent.get(&signal.signal).cloned().unwrap_or_else(|| format!("{newest} now"));
        (!known && !failed).then(|| (signal.signal.as_str(), why()))
    }))
}
