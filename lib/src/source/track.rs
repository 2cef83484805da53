//! How far the signals of a range source have been read: each point once, and again only where it changed.

use std::collections::BTreeMap;

use super::due::{Due, Grid, timestamp};
use super::{Observation, PollWindow, Polled};
use crate::SignalName;
use crate::sample::{Absence, Sample};

/// One signal of a range source.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) signal: SignalName,
    pub(super) grid: Grid,
    /// How many points before the newest are asked for again, for late data.
    overlap: u32,
    /// The newest point that a query has answered for.
    answered: Option<i64>,
    /// What was given for the points that are still asked for again.
    given: BTreeMap<i64, Sample>,
}

/// A sample for each point that was asked for, or why there is none for any of them.
pub(super) type Samples = Result<Vec<(i64, Sample)>, Absence>;

impl Track {
    pub(super) fn new(signal: SignalName, grid: Grid, overlap: u32) -> Self {
        Self { signal, grid, overlap, answered: None, given: BTreeMap::new() }
    }

    fn observation(&self, at: i64, sample: Sample) -> Observation {
        Observation { at: timestamp(at), signal: self.signal.clone(), sample }
    }

    /// Turns samples into observations of what is new or has changed.
    fn take(&mut self, due: Due, window: &PollWindow, samples: Samples, observations: &mut Vec<Observation>) {
        match samples {
            Ok(samples) => {
                self.answered = Some(due.last);
                self.given.retain(|at, _| *at >= due.first);
                for (at, sample) in samples {
                    if self.grid.straddles(at, window) || self.given.get(&at) == Some(&sample) {
                        continue;
                    }
                    observations.push(self.observation(at, sample.clone()));
                    self.given.insert(at, sample);
                }
            }
            // The points stay due: the next poll asks for them again.
            Err(absence) => observations.push(self.observation(due.last, Sample::Absent(absence))),
        }
    }
}

/// Which signals have points due, by their place.
pub(super) type Asked = Vec<(usize, Due)>;

/// Reads what is new. `ask` gives the samples of each signal that has points due, in the same order.
pub(super) fn read_new(
    tracks: &mut [Track],
    window: &PollWindow,
    ask: impl FnOnce(&Asked) -> Vec<Samples>,
) -> Vec<Observation> {
    let due = |(index, track): (usize, &Track)| {
        Some((index, track.grid.due(window, track.answered, track.overlap)?))
    };
    let asked: Asked = tracks.iter().enumerate().filter_map(due).collect();
    let mut observations = Vec::new();
    if asked.is_empty() {
        return observations;
    }
    let answers = ask(&asked);
    for ((index, due), samples) in asked.into_iter().zip(answers) {
        if let Some(track) = tracks.get_mut(index) {
            track.take(due, window, samples, &mut observations);
        }
    }
    observations
}

/// Polls a source of ranges: what is new of its tracks, which it does without while it asks.
pub(super) fn poll<S>(
    source: &mut S,
    tracks: fn(&mut S) -> &mut Vec<Track>,
    window: &PollWindow,
    ask: impl FnOnce(&S, &Asked) -> Vec<Samples>,
) -> Polled {
    let mut taken = std::mem::take(tracks(source));
    let observations = read_new(&mut taken, window, |asked| ask(source, asked));
    *tracks(source) = taken;
    Polled { observations, notes: Vec::new() }
}

/// How far a signal's past has been read.
#[derive(Clone, Copy, Debug)]
enum Reached {
    Start,
    Point(i64),
    GivenUp,
}

/// Reads a past window, in pieces where it is long, until nothing is left or nothing comes.
pub(super) fn read_past(
    tracks: &[Track],
    window: &PollWindow,
    mut ask: impl FnMut(&Asked) -> Vec<Samples>,
) -> Vec<Observation> {
    let mut observations = Vec::new();
    let mut reached = vec![Reached::Start; tracks.len()];
    loop {
        let due = |(index, (track, reached)): (usize, (&Track, &Reached))| {
            let due = match reached {
                Reached::Start => track.grid.due(window, None, 0),
                Reached::Point(at) => track.grid.due(window, Some(*at), 0),
                Reached::GivenUp => None,
            };
            Some((index, due?))
        };
        let asked: Asked = tracks.iter().zip(&reached).enumerate().filter_map(due).collect();
        if asked.is_empty() {
            return observations;
        }
        let answers = ask(&asked);
        for ((index, due), samples) in asked.into_iter().zip(answers) {
            let (Some(track), Some(reached)) = (tracks.get(index), reached.get_mut(index)) else { continue };
            match samples {
                Ok(samples) => {
                    *reached = Reached::Point(due.last);
                    observations
                        .extend(samples.into_iter().map(|(at, sample)| track.observation(at, sample)));
                }
                Err(absence) => {
                    *reached = Reached::GivenUp;
                    observations.push(track.observation(due.last, Sample::Absent(absence)));
                }
            }
        }
    }
}
