//! One target of a scrape: what it showed last, and how much its counters grew since the last point that was given.

use super::lane::{Growth, Scraped, Shown};
use crate::transport::Address;
use crate::{Duration, Timestamp};

/// How far clocks of the gate and of a target may differ.
const CLOCK_SLACK: Duration = Duration::from_secs(60);

/// So many scrapes are looked back at for counters that fall.
const REMEMBERED: usize = 6;

/// So many of them with falling counters are no restarts any more.
const TOO_MANY_RESETS: usize = 2;

/// A target and what is known of it.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) address: Address,
    last: Option<Last>,
    /// Whether counters fell, of the newest scrapes.
    fell: Vec<Fell>,
    /// What grew since the last point that was given, one for each lane.
    pub(super) grown: Vec<Growth>,
    /// Since when.
    pub(super) since: Option<Timestamp>,
}

#[derive(Debug)]
struct Last {
    at: Timestamp,
    shown: Vec<Shown>,
    started: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fell {
    Yes,
    No,
}

/// What a scrape came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Advance {
    /// The first scrape: there is nothing to compare with.
    Primed,
    /// Counters grew.
    Grew,
    /// The target began anew since the last scrape, and its counters with it.
    Restarted,
    /// Answers come from several processes in turn: nothing can be compared.
    SeveralProcesses,
}

impl Target {
    pub(super) fn new(address: Address, lanes: usize) -> Self {
        Self { address, last: None, fell: Vec::new(), grown: vec![Growth::Nothing; lanes], since: None }
    }

    /// Takes a scrape.
    pub(super) fn advance(&mut self, scraped: &Scraped, at: Timestamp) -> Advance {
        let current = Last { at, shown: scraped.shown.clone(), started: scraped.started };
        let Some(last) = self.last.replace(current) else {
            self.since = Some(at);
            return Advance::Primed;
        };
        let restart = restarted(&last, scraped);
        if restart == Some(Restart::OtherProcess) {
            self.begin_again(at);
            return Advance::SeveralProcesses;
        }
        let mut resets = 0;
        let mut grown = Vec::with_capacity(scraped.shown.len());
        for (now, before) in scraped.shown.iter().zip(&last.shown) {
            let (growth, fell) = match restart {
                Some(_) => now.growth(&before.cleared()),
                None => now.growth(before),
            };
            resets += fell;
            grown.push(growth);
        }
        // A restart that the target itself tells of is one; falling counters alone may also be another process that answers.
        self.fell.push(if resets > 0 { Fell::Yes } else { Fell::No });
        if self.fell.len() > REMEMBERED {
            self.fell.remove(0);
        }
        if self.fell.iter().filter(|fell| **fell == Fell::Yes).count() >= TOO_MANY_RESETS {
            self.begin_again(at);
            return Advance::SeveralProcesses;
        }
        for (sum, more) in self.grown.iter_mut().zip(grown) {
            sum.join(more);
        }
        if restart.is_some() || resets > 0 { Advance::Restarted } else { Advance::Grew }
    }

    /// What grew is given away: the next point begins here.
    pub(super) fn begin_again(&mut self, at: Timestamp) {
        self.grown.fill(Growth::Nothing);
        self.since = Some(at);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Restart {
    /// The process began after the last scrape.
    SameTarget,
    /// The process began before the last scrape, and did not answer it.
    OtherProcess,
}

/// Whether another process answers than last time, by its start time.
fn restarted(last: &Last, scraped: &Scraped) -> Option<Restart> {
    let (before, now) = (last.started?, scraped.started?);
    // Some runtimes compute their start time anew and differ by a part of a second.
    if (now - before).abs() <= 2.0 || !now.is_finite() || !before.is_finite() {
        return None;
    }
    let began_after = now + CLOCK_SLACK.as_seconds_f64() >= last.at.as_seconds_f64();
    Some(if now > before && began_after { Restart::SameTarget } else { Restart::OtherProcess })
}
