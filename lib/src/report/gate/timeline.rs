//! The course of a gate in time: what happened when.

use crate::Timestamp;
use crate::gate::outcome::Ending;
use crate::gate::{CriterionOutcome, CriterionStatus, Decision, Outcome};
use crate::report::plot::Plot;
use crate::report::recovery::word;

/// What happened, and over which time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// Stretches of time, in order.
    pub phases: Vec<Phase>,
    /// Moments, in order.
    pub events: Vec<Event>,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase {
    /// What it is.
    pub kind: PhaseKind,
    /// Its start.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

/// What a stretch of time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhaseKind {
    /// Samples count for nothing.
    WarmUp,
    /// Watched.
    Watch,
    /// Watched beyond the planned end.
    Extension,
    /// Planned, and not watched: it was decided before.
    NotWatched,
    /// A criterion that decided was breached.
    Breach,
}

/// A moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What it is.
    pub kind: EventKind,
    /// One sentence.
    pub what: String,
}

/// What a moment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The gate goes on.
    Course,
    /// A breach begins.
    Breach,
    /// Somebody stopped the gate, or asked for its decision.
    Word,
    /// The decision.
    Decision,
}

impl Timeline {
    pub(in crate::report) fn new(outcome: &Outcome, plots: &[Plot]) -> Self {
        let (Some(start), Some(from), Some(to), Some(decided)) =
            (outcome.started_at, outcome.watch_from, outcome.watch_to, outcome.decided_at)
        else {
            return Self::default();
        };
        let mut timeline = Self::default();
        timeline.phase(PhaseKind::WarmUp, start, from.min(decided));
        timeline.phase(PhaseKind::Watch, from, to.min(decided));
        timeline.phase(PhaseKind::Extension, to, decided);
        timeline.phase(PhaseKind::NotWatched, decided.max(start), to);

        if from > start {
            timeline.event(
                start,
                EventKind::Course,
                format!("The gate starts with {} of warm-up.", from.since(start)),
            );
        }
        if from <= decided {
            let plan = format!("The watch begins: {} are planned.", to.since(from));
            timeline.event(from, EventKind::Course, plan);
        }
        let beyond = |criterion: &&CriterionOutcome| {
            matches!(criterion.status, CriterionStatus::Tripped | CriterionStatus::Running)
        };
        for criterion in outcome.criteria.iter().filter(beyond) {
            if let Some(onset) = onset(criterion, plots) {
                timeline.phase(PhaseKind::Breach, onset, decided);
                let what = format!("`{}`: the breach begins.", criterion.criterion);
                timeline.event(onset, EventKind::Breach, what);
            }
        }
        if decided > to {
            let what = "The planned end: a criterion is still running, and the watch goes on.".to_owned();
            timeline.event(to, EventKind::Course, what);
        }
        match &outcome.ending {
            Ending::Complete => {}
            Ending::Incomplete => {
                timeline.event(
                    decided,
                    EventKind::Word,
                    "The journal ends here, before the watch is over.".to_owned(),
                );
            }
            Ending::Unserved => {
                timeline.event(decided, EventKind::Word, "The deployed version never served.".to_owned());
            }
            Ending::Cancelled { by } => {
                timeline.event(decided, EventKind::Word, format!("The gate is cancelled by {by}."));
            }
            Ending::Requested { by } => {
                timeline.event(decided, EventKind::Word, format!("{by} asks for the decision."));
            }
        }
        let word = word(outcome);
        let decision = match (outcome.decision, &outcome.criterion) {
            (_, Some(criterion)) => format!("Decision: {word}, by `{criterion}`."),
            (Decision::Proceed, None) => format!("Decision: {word}. The watch is over."),
            (_, None) => format!("Decision: {word}."),
        };
        timeline.event(decided, EventKind::Decision, decision);
        timeline.events.sort_by_key(|event| event.at);
        timeline
    }

    fn phase(&mut self, kind: PhaseKind, from: Timestamp, to: Timestamp) {
        if from < to {
            self.phases.push(Phase { kind, from, to });
        }
    }

    fn event(&mut self, at: Timestamp, kind: EventKind, what: String) {
        self.events.push(Event { at, kind, what });
    }
}

/// When the breach began that a criterion's window shows: its first sample beyond the threshold in the window, or up to a fifth of it before.
fn onset(criterion: &CriterionOutcome, plots: &[Plot]) -> Option<Timestamp> {
    let (from, to) = criterion.explanation.window?;
    let earliest = from - to.since(from).divided_by(5);
    let first = plots
        .iter()
        .filter(|plot| criterion.signals.contains(plot.signal()))
        .filter_map(|plot| plot.first_beyond(earliest, to))
        .min();
    Some(first.unwrap_or(from))
}
