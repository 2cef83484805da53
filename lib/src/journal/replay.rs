//! A whole journal through a gate.
//!
//! A journal of the live gate has `tick` lines, which say when the gate evaluated: its lines go to the gate as they stand.
//! A journal without any is evaluated at each sample time in order of time, whatever the order of its lines: the lines are
//! sorted by time, and a tick is put after the samples of each.
//!
//! Which of the two a stream is shows at its first tick. Until then lines are held back, at most [`HELD_LINES`] of them; a
//! journal that has no tick by then has none. Sorting holds as many lines, so that memory does not grow with the journal: a
//! journal without ticks that is longer and whose lines stand further out of order is an error that asks to sort it, never
//! a guess.

use std::io::BufRead;

use super::order::Held;
use super::{Line, ReadError, Reader, Torn};
use crate::Timestamp;
use crate::gate::{Gate, GateError, Outcome, Step};
use crate::policy::rules::GateRules;

/// How many lines a replay holds back at most.
pub const HELD_LINES: usize = 50_000;

/// What a journal came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed {
    /// The gate's outcome.
    pub outcome: Outcome,
    /// The last line, where it was cut.
    pub torn: Option<Torn>,
    /// How many lines the journal has.
    pub lines: u64,
}

/// Why a journal cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It cannot be read, or a line is bad.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// There is nothing in it.
    #[error("the journal is empty; a journal begins with a `start` line")]
    Empty,
    /// A line that cannot stand where it does.
    #[error("line {line} of the journal: {error}")]
    Gate {
        /// Which line, counted from 1.
        line: u64,
        /// What is wrong.
        error: GateError,
    },
    /// A sample of a time that had to be evaluated already.
    #[error(
        "line {line} of the journal is out of order: more than {HELD_LINES} lines with later times stand before it; sort the journal by `t`"
    )]
    Disorder {
        /// Which line, counted from 1.
        line: u64,
    },
    /// A first tick after so many samples that the journal was taken for one without.
    #[error(
        "line {line} of the journal is its first `tick`, after more than {HELD_LINES} lines without one; write a `tick` after the `start` line"
    )]
    LateTick {
        /// Which line, counted from 1.
        line: u64,
    },
    /// Something after the end.
    #[error("line {line} of the journal stands after its `end` line; are these two journals in one file?")]
    AfterEnd {
        /// Which line, counted from 1.
        line: u64,
    },
}

/// Feeds a journal to a gate by these rules, and gives the outcome: the same one that the live gate came to.
///
/// It reads to the end of the journal, also after the decision, so that a bad line is found wherever it stands. `decision`
/// lines are passed over: a replay decides for itself. A journal without an `end` line gives an outcome that says so.
///
/// # Errors
/// Where the journal cannot be read, a line is bad (a torn last line excepted), or lines stand where they cannot.
///
/// ```
/// use runbook_gate::{Duration, journal, policy::rules::GateRules};
///
/// let rules = GateRules::new(Duration::ZERO, Duration::from_secs(900), Duration::from_secs(15));
/// let error = journal::replay(rules, "".as_bytes()).unwrap_err();
/// assert_eq!(error.to_string(), "the journal is empty; a journal begins with a `start` line");
/// ```
pub fn replay(rules: GateRules, journal: impl BufRead) -> Result<Replayed, ReplayError> {
    replay_holding(HELD_LINES, rules, journal)
}

/// As [`replay`], holding back so many lines.
pub(super) fn replay_holding(
    most: usize,
    rules: GateRules,
    journal: impl BufRead,
) -> Result<Replayed, ReplayError> {
    let mut reader = Reader::new(journal);
    let mut replay = Replay {
        gate: Gate::new(rules),
        most,
        place: Place::BeforeStart,
        ticks: Ticks::Unknown(Held::default()),
    };
    for line in reader.by_ref() {
        let (number, line) = line?;
        replay.take(number, line)?;
    }
    if matches!(replay.place, Place::BeforeStart) {
        return Err(match reader.torn() {
            Some(torn) => ReplayError::Gate { line: torn.line, error: GateError::NoStart },
            None => ReplayError::Empty,
        });
    }
    replay.release_all()?;
    let outcome = match replay.place {
        Place::AfterEnd => replay.gate.finish(),
        _ => replay.gate.finish().without_end(),
    };
    Ok(Replayed { outcome, torn: reader.torn().cloned(), lines: reader.lines() })
}

struct Replay {
    gate: Gate,
    /// How many lines it holds back.
    most: usize,
    place: Place,
    ticks: Ticks,
}

/// How far the journal has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    BeforeStart,
    /// Only `signal`, `baseline` and the like so far.
    Heading,
    Samples,
    /// The gate has decided; what follows is only read.
    Decided,
    AfterEnd,
}

/// Whether the journal has ticks.
enum Ticks {
    /// Not known yet: everything so far is held.
    Unknown(Held),
    /// It has: lines go to the gate as they stand.
    Written,
    /// It has none: lines go by time.
    None {
        held: Held,
        /// The newest time that was evaluated.
        evaluated: Option<Timestamp>,
    },
}

impl Replay {
    fn take(&mut self, number: u64, line: Line) -> Result<(), ReplayError> {
        match self.place {
            Place::BeforeStart => {
                self.place = Place::Heading;
                return self.apply(number, &line);
            }
            Place::AfterEnd => {
                return match line {
                    Line::Decision { .. } | Line::Note { .. } => Ok(()),
                    _ => Err(ReplayError::AfterEnd { line: number }),
                };
            }
            Place::Decided => {
                if matches!(line, Line::End { .. }) {
                    self.place = Place::AfterEnd;
                }
                return Ok(());
            }
            Place::Heading | Place::Samples => {}
        }
        match line {
            Line::Decision { .. } => Ok(()),
            Line::Start { .. } => self.apply(number, &line),
            Line::Recovery(_) => self.heading("recovery", number, &line),
            Line::Signal { .. } => self.heading("signal", number, &line),
            Line::Baseline { .. } => self.heading("baseline", number, &line),
            Line::Tick { .. } => {
                match std::mem::replace(&mut self.ticks, Ticks::Written) {
                    Ticks::Unknown(held) => {
                        for (number, line) in held.into_journal_order() {
                            self.apply(number, &line)?;
                        }
                    }
                    Ticks::Written => {}
                    Ticks::None { .. } => return Err(ReplayError::LateTick { line: number }),
                }
                self.apply(number, &line)
            }
            Line::Sample { t, .. } => {
                self.place = Place::Samples;
                self.hold(t, number, line)
            }
            Line::Note { t, .. }
            | Line::Request { t, .. }
            | Line::Unserved { t, .. }
            | Line::Cancel { t, .. } => self.hold(t, number, line),
            Line::End { t } => {
                self.release_until(t)?;
                self.apply(number, &line)?;
                self.place = Place::AfterEnd;
                Ok(())
            }
        }
    }

    /// A line that stands before the first sample.
    fn heading(&mut self, kind: &'static str, number: u64, line: &Line) -> Result<(), ReplayError> {
        if self.place == Place::Samples {
            return Err(ReplayError::Gate { line: number, error: GateError::Late(kind) });
        }
        self.apply(number, line)
    }

    /// A line that has its place in time.
    fn hold(&mut self, t: Timestamp, number: u64, line: Line) -> Result<(), ReplayError> {
        match &mut self.ticks {
            Ticks::Written => return self.apply(number, &line),
            Ticks::Unknown(held) => {
                held.push(t, number, line);
                if held.len() > self.most {
                    self.ticks = Ticks::None { held: std::mem::take(held), evaluated: None };
                }
            }
            Ticks::None { held, evaluated } => {
                if evaluated.is_some_and(|evaluated| t <= evaluated) {
                    return match line {
                        Line::Sample { .. } => Err(ReplayError::Disorder { line: number }),
                        line => self.apply(number, &line),
                    };
                }
                held.push(t, number, line);
            }
        }
        while let Ticks::None { held, evaluated } = &mut self.ticks
            && held.len() > self.most
            && let Some((t, lines)) = held.pop_earliest()
        {
            *evaluated = Some(t);
            self.release(t, lines)?;
        }
        Ok(())
    }

    /// Everything that is still held, in order of time.
    fn release_all(&mut self) -> Result<(), ReplayError> {
        self.release_until(Timestamp::from_nanos(i64::MAX))
    }

    /// What is held up to the end of the journal; nobody was watching samples that are later.
    fn release_until(&mut self, end: Timestamp) -> Result<(), ReplayError> {
        let mut held = match std::mem::replace(&mut self.ticks, Ticks::Written) {
            Ticks::Unknown(held) | Ticks::None { held, .. } => held,
            Ticks::Written => return Ok(()),
        };
        // A word that stands before the end was said before the gate had decided, whatever clock dated it: it is heard
        // before the last samples are.
        let mut words: Option<Vec<(u64, Line)>> = held.words_after(end);
        while let Some((t, lines)) = held.pop_earliest() {
            if t > end {
                break;
            }
            if held.is_empty_until(end)
                && let Some(words) = words.take()
            {
                self.say(words)?;
            }
            self.release(t, lines)?;
        }
        self.say(words.unwrap_or_default())
    }

    fn say(&mut self, words: Vec<(u64, Line)>) -> Result<(), ReplayError> {
        words.into_iter().try_for_each(|(number, word)| self.apply(number, &word))
    }

    /// The lines of one time: the samples, their evaluation, and then what else was said.
    fn release(&mut self, t: Timestamp, lines: Vec<(u64, Line)>) -> Result<(), ReplayError> {
        let (samples, others): (Vec<_>, Vec<_>) =
            lines.into_iter().partition(|(_, line)| matches!(line, Line::Sample { .. }));
        let last = samples.last().map(|(number, _)| *number);
        for (number, line) in &samples {
            self.apply(*number, line)?;
        }
        if let Some(number) = last {
            self.apply(number, &Line::Tick { t })?;
        }
        for (number, line) in &others {
            self.apply(*number, line)?;
        }
        Ok(())
    }

    fn apply(&mut self, number: u64, line: &Line) -> Result<(), ReplayError> {
        if self.place == Place::Decided {
            return Ok(());
        }
        match self.gate.apply(line) {
            Ok(Step::Watching) => {}
            Ok(Step::Decided) => self.place = Place::Decided,
            Err(error) => return Err(ReplayError::Gate { line: number, error }),
        }
        Ok(())
    }
}
