//! Samples that wait until their time is evaluated.

use std::collections::VecDeque;

use super::series::{Known, Nanos};
use crate::sample::Absence;

/// What was read at one time: something, or the number of the reason why not.
#[derive(Clone, Copy, Debug)]
pub(super) enum Read {
    Known(Known),
    Absent(u16),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub at: Nanos,
    pub read: Read,
}

/// The kinds of absence that a data contract tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    NoData,
    LowTraffic,
    Error,
}

impl Lack {
    pub(super) fn of(absence: &Absence) -> Self {
        match absence {
            Absence::NoData => Self::NoData,
            Absence::NoTraffic | Absence::LowTraffic => Self::LowTraffic,
            Absence::Timeout | Absence::Throttled | Absence::Error(_) => Self::Error,
        }
    }

    /// The key of the data contract.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::NoData => "on_no_data",
            Self::LowTraffic => "on_low_traffic",
            Self::Error => "on_error",
        }
    }
}

/// A queue that is sorted only when somebody looks, because samples nearly always come in order.
#[derive(Debug, Default)]
pub(super) struct Pending {
    entries: VecDeque<Entry>,
    disorder: Disorder,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Disorder {
    #[default]
    InOrder,
    OutOfOrder,
}

impl Pending {
    pub(super) fn push(&mut self, entry: Entry) {
        if self.entries.back().is_some_and(|last| last.at > entry.at) {
            self.disorder = Disorder::OutOfOrder;
        }
        self.entries.push_back(entry);
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn next_time(&mut self) -> Option<Nanos> {
        if self.disorder == Disorder::OutOfOrder {
            // Stable: of two samples of one time the later line stays the later.
            self.entries.make_contiguous().sort_by_key(|entry| entry.at);
            self.disorder = Disorder::InOrder;
        }
        self.entries.front().map(|entry| entry.at)
    }

    /// All of one time as one: the last known one, or else the last reason.
    pub(super) fn take(&mut self, at: Nanos) -> Option<Read> {
        let mut taken: Option<Read> = None;
        while self.next_time() == Some(at) {
            let read = self.entries.pop_front()?.read;
            taken = match (taken, read) {
                (Some(known @ Read::Known(_)), Read::Absent(_)) => Some(known),
                _ => Some(read),
            };
        }
        taken
    }
}
