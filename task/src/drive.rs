//! The driver: the only clock, sleep, threads and cancel flag.
//!
//! It asks the sources when their polls are due, writes what they answer into the journal, and feeds the very same lines
//! to the gate. All of that happens in one loop, so that the order of the journal is the order of the gate. Time and
//! threads are behind [`Stage`]: the loop itself is a state machine that tests drive without waiting.

pub mod baseline;
pub mod ledger;
pub mod prepare;
mod slot;
pub mod stage;
#[cfg(test)]
mod tests;
pub mod threads;
pub mod version;
pub mod witness;

use runbook_gate::gate::{Decision, Outcome, Step};
use runbook_gate::journal::Line;
use runbook_gate::sample::{Absence, Sample};
use runbook_gate::source::{PollWindow, Polled, SourceSignal};
use runbook_gate::{Duration, Timestamp};

use self::ledger::{Ledger, LedgerError};
use self::slot::{Manner, Slot};
pub use self::slot::{Reads, Trial, Watched};
use self::stage::{Answer, Event, Job, Stage};
use crate::live::View;

/// So many remarks of sources are said while the gate watches; the journal has all.
const MOST_SAID: usize = 200;
/// A shorter wait for the last points needs no words.
const LONGEST_SILENCE: Duration = Duration::from_secs(20);

/// Why the driver could not come to an outcome.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// The journal could not be written, or the gate refused a line.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A source's thread ended by a panic.
    #[error("the source `{0}` failed inside: this is a defect of runbook-gate")]
    Crashed(String),
}

/// When the gate starts, and what it watches.
#[derive(Debug)]
pub struct Course {
    /// The gate's start.
    pub start: Timestamp,
    /// The end of the warm-up.
    pub watch_from: Timestamp,
    /// The sources, in the stage's order.
    pub sources: Vec<Watched>,
}

/// Watches until the gate decides, the watch ends, or somebody cancels it or asks for its decision.
///
/// # Errors
/// Where the journal cannot be written or a source has crashed.
pub fn watch(
    course: &Course,
    mut ledger: Ledger<'_>,
    stage: &mut dyn Stage,
    view: &mut dyn View,
) -> Result<Outcome, DriveError> {
    let begun = stage.now();
    let mut watch = Watch {
        course,
        slots: course.sources.iter().map(|source| Slot::new(source, course.start, begun)).collect(),
        ticked: course.start,
        unticked: Vec::new(),
        waits: false,
        said: 0,
    };
    // The journal says from its head on that it has ticks.
    ledger.record(Line::Tick { t: course.start })?;
    let end = ledger.end().unwrap_or(course.start);
    if begun > end {
        let why = format!("it has no past to read: it was first asked at {begun}, when the watch had ended");
        for source in course.sources.iter().filter(|source| source.reads == Reads::Moments) {
            give_up_on(source, end, &Absence::Error(why.clone()), &mut ledger)?;
        }
    }
    loop {
        let now = stage.now();
        for text in stage.remarks() {
            view.remark(now, &text);
            ledger.record(Line::Note { t: now, signal: None, text, clears: None })?;
        }
        let end = ledger.end().unwrap_or(course.start);
        watch.start_due_polls(now, end, stage, &mut ledger)?;
        let give_up = end.max(begun) + watch.longest_wait();
        let settled = if now >= give_up { end } else { watch.settled(now, end).min(end) };
        if let Some(t) = watch.next_tick(settled, end) {
            if t >= end {
                for slot in watch.slots.iter().filter(|slot| begun <= end && slot.has_never_answered()) {
                    give_up_on(slot.watched, end, &Absence::Timeout, &mut ledger)?;
                }
            }
            if ledger.record(Line::Tick { t })? == Step::Decided {
                view.show(&ledger.progress(), now);
                break;
            }
            watch.ticked = t;
            if t >= end && ledger.end().is_none_or(|new_end| new_end <= t) {
                break;
            }
            // The gate may have extended its watch: look again at what is due.
            continue;
        }
        view.show(&ledger.progress(), now);
        if now >= end && end > course.start && !watch.waits {
            watch.waits = true;
            let longest = give_up.since(now);
            if longest > LONGEST_SILENCE {
                view.say(&format!(
                    "the watch has ended; its last points may come up to {longest} later, and are waited for"
                ));
            }
        }
        let wake = watch.next_wake(now, end).unwrap_or(give_up).min(give_up);
        let wake = view.refresh_every().map_or(wake, |every| wake.min(now + every));
        match stage.next(wake) {
            Event::Reached | Event::Remarked { .. } => {}
            Event::Done { source, answer: Answer::Polled(polled), .. } => {
                watch.take(source, polled, stage.now(), &mut ledger, view)?;
            }
            Event::Done { .. } => {}
            Event::Cancelled { by } => {
                ledger.record(Line::Cancel { t: stage.now(), by })?;
                break;
            }
            Event::Requested { decision, by } => {
                ledger.record(Line::Request { t: stage.now(), decision, by })?;
                break;
            }
            Event::Crashed { source } => return Err(DriveError::Crashed(course.name_of(source))),
        }
    }
    Ok(ledger.close(stage.now())?)
}

/// A gate that ends before its watch: the deployed version never served, or somebody cancelled the preparation or asked for a
/// decision.
///
/// # Errors
/// Where the journal cannot be written.
pub fn end_early(mut ledger: Ledger<'_>, at: Timestamp, why: Early) -> Result<Outcome, DriveError> {
    ledger.record(match why {
        Early::Cancelled { by } => Line::Cancel { t: at, by },
        Early::Requested { decision, by } => Line::Request { t: at, decision, by },
        Early::Unserved { why } => Line::Unserved { t: at, reason: why },
    })?;
    Ok(ledger.close(at)?)
}

/// Why a gate ends before its watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Early {
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
    /// The deployed version never served.
    Unserved {
        /// In words.
        why: String,
    },
}

impl Course {
    /// The source's words for itself.
    pub fn name_of(&self, source: usize) -> String {
        self.sources.get(source).map_or_else(String::new, |source| source.name.clone())
    }
}

struct Watch<'c> {
    course: &'c Course,
    slots: Vec<Slot<'c>>,
    /// Everything up to here has been evaluated.
    ticked: Timestamp,
    /// Times of journaled samples that no tick has reached yet.
    unticked: Vec<Timestamp>,
    /// Whether the end has passed and the last points are waited for.
    waits: bool,
    /// How many remarks of sources have been said.
    said: usize,
}

impl Watch<'_> {
    fn start_due_polls(
        &mut self,
        now: Timestamp,
        end: Timestamp,
        stage: &mut dyn Stage,
        ledger: &mut Ledger<'_>,
    ) -> Result<(), DriveError> {
        for (index, slot) in self.slots.iter_mut().enumerate() {
            let Some(scheduled) = slot.due(now, end) else { continue };
            if slot.is_busy() {
                if slot.miss(scheduled) == slot::Missed::First {
                    let text = format!(
                        "{}: polls take longer than their interval of {}; some were left out",
                        slot.watched.name, slot.watched.interval
                    );
                    ledger.record(Line::Note { t: now, signal: None, text, clears: None })?;
                }
                continue;
            }
            slot.start(scheduled);
            let window = PollWindow {
                start: self.course.start,
                scheduled,
                anchor: self.course.watch_from,
                timeout: slot.watched.timeout,
            };
            stage.start(index, Job::Poll(window));
        }
        Ok(())
    }

    /// Journals a poll's answer, in order of time.
    fn take(
        &mut self,
        source: usize,
        mut polled: Polled,
        now: Timestamp,
        ledger: &mut Ledger<'_>,
        view: &mut dyn View,
    ) -> Result<(), DriveError> {
        if let Some(slot) = self.slots.get_mut(source) {
            slot.finish(now, manner_of(&polled));
            if slot.watched.reads == Reads::Moments {
                // What comes after its time was evaluated would count for nothing: it speaks of when it was given.
                for observation in polled.observations.iter_mut().filter(|seen| seen.at <= self.ticked) {
                    observation.at = now;
                }
            }
        }
        polled.observations.sort_by(|a, b| (a.at, &a.signal).cmp(&(b.at, &b.signal)));
        for note in polled.notes {
            self.said += 1;
            match self.said {
                ..=MOST_SAID => view.remark(now, &note.text),
                said if said == MOST_SAID + 1 => {
                    view.say("what sources remark from here on is in the journal")
                }
                _ => {}
            }
            ledger.record(Line::Note {
                t: now,
                signal: note.signal,
                text: note.text,
                clears: note.clears,
            })?;
        }
        for seen in polled.observations {
            self.unticked.push(seen.at);
            ledger.record(Line::Sample { t: seen.at, signal: seen.signal, sample: seen.sample })?;
        }
        Ok(())
    }

    /// Up to when nothing more is expected.
    fn settled(&self, now: Timestamp, end: Timestamp) -> Timestamp {
        self.slots.iter().map(|slot| slot.settled(now, end)).min().unwrap_or(now)
    }

    /// The newest sample time that has settled and was not evaluated, or the end.
    fn next_tick(&mut self, settled: Timestamp, end: Timestamp) -> Option<Timestamp> {
        let reached = self.unticked.iter().copied().filter(|at| *at <= settled).max();
        let tick = if settled >= end { Some(end) } else { reached }.filter(|at| *at > self.ticked)?;
        self.unticked.retain(|at| *at > tick);
        Some(tick)
    }

    fn next_wake(&self, now: Timestamp, end: Timestamp) -> Option<Timestamp> {
        self.slots.iter().filter_map(|slot| slot.next_wake(now, end)).min()
    }

    /// How long after the end data is waited for.
    fn longest_wait(&self) -> Duration {
        let wait = |slot: &Slot<'_>| slot.watched.ingestion_delay.plus(slot.longest_hold());
        self.slots.iter().map(wait).max().unwrap_or_default()
    }
}

/// Journals why nothing is known of a source's signals.
fn give_up_on(
    source: &Watched,
    t: Timestamp,
    why: &Absence,
    ledger: &mut Ledger<'_>,
) -> Result<(), DriveError> {
    for SourceSignal { signal, .. } in &source.signals {
        let sample = Sample::Absent(why.clone());
        ledger.record(Line::Sample { t, signal: signal.clone(), sample })?;
    }
    Ok(())
}

/// A poll of which everything failed gave nothing. That there is nothing to give is an answer.
fn manner_of(polled: &Polled) -> Manner {
    let failed = |sample: &Sample| {
        matches!(sample, Sample::Absent(Absence::Timeout | Absence::Throttled | Absence::Error(_)))
    };
    let seen = &polled.observations;
    let silent = !seen.is_empty() && seen.iter().all(|seen| failed(&seen.sample));
    if silent { Manner::Silent } else { Manner::Answers }
}
