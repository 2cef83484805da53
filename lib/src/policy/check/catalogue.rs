//! The signals of a policy, whatever gives them.

use std::collections::BTreeMap;

use crate::criterion::Dimension;
use crate::diagnostic::Span;
use crate::policy::rules::{Amount, ReadingKind, SignalRules};
use crate::{Duration, SignalName};

/// Every signal that has a source.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    entries: BTreeMap<SignalName, Entry>,
}

/// A signal that has a source.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// What the engine is told.
    pub(super) rules: SignalRules,
    /// What its numbers measure.
    pub(super) measures: Measures,
    /// The grain of its points, as its source will give them.
    pub(super) grain: Duration,
    /// Their grain while the service hangs, where a hung service is a reading and not a gap: it answers only once per time-out.
    pub(super) hung_grain: Option<Duration>,
    /// Whether its source can read the past, for a baseline.
    pub(super) past: Past,
    /// Who defines it.
    pub(super) origin: Origin,
    /// Where.
    pub(super) span: Span,
}

/// What a signal's numbers measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measures {
    /// A quantity with a unit.
    Known(Dimension),
    /// A number of things.
    Things,
    /// Not known.
    Unknown,
}

impl Measures {
    /// What the engine is told of it.
    pub(super) const fn amount(self) -> Option<Amount> {
        Some(match self {
            Self::Known(Dimension::Ratio) => Amount::Ratio,
            Self::Known(Dimension::Time) => Amount::Seconds,
            Self::Known(Dimension::Size) => Amount::Bytes,
            Self::Known(Dimension::Rate) => Amount::PerSecond,
            Self::Things => Amount::Things,
            Self::Unknown => return None,
        })
    }
}

/// Whether a source can read the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Past {
    /// The same query over an earlier time.
    Readable,
    /// Only what is read from now on; with the key of such a source.
    Lost(&'static str),
}

/// Who defines a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The probe.
    Probe,
    /// A preset, by its place in the list.
    Preset(usize),
    /// The policy's `signals`.
    Written,
}

impl Catalogue {
    /// Adds a signal; gives the one that it replaces.
    pub(super) fn insert(&mut self, name: SignalName, entry: Entry) -> Option<Entry> {
        self.entries.insert(name, entry)
    }

    pub(super) fn get(&self, name: &SignalName) -> Option<&Entry> {
        self.entries.get(name)
    }

    pub(super) fn get_mut(&mut self, name: &SignalName) -> Option<&mut Entry> {
        self.entries.get_mut(name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&SignalName, &Entry)> {
        self.entries.iter()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(SignalName::as_str)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Entry {
    /// Whether its samples are ratios.
    pub(super) fn is_ratio(&self) -> bool {
        self.rules.reading == ReadingKind::Counts
            || self.measures == Measures::Known(Dimension::Ratio) && self.rules.reading == ReadingKind::Value
    }

    /// Whether `failing` and `passing` mean something for it.
    pub(super) fn is_state(&self) -> bool {
        self.rules.reading == ReadingKind::State || self.rules.failing.is_some()
    }
}

/// What the runbook's own signals measure.
pub(super) fn usual(name: &SignalName) -> Measures {
    let name = name.as_str();
    match name {
        "error_rate" | "availability" => Measures::Known(Dimension::Ratio),
        "request_rate" => Measures::Known(Dimension::Rate),
        "probe_latency" => Measures::Known(Dimension::Time),
        "queue_depth" | "dead_letters" | "critical_logs" | "new_errors" | "exceptions" | "traces"
        | "restarts" | "deadlocks" | "http_queue" => Measures::Things,
        _ if name.starts_with("latency_p") => Measures::Known(Dimension::Time),
        _ if name.ends_with("_saturation") => Measures::Known(Dimension::Ratio),
        _ => Measures::Unknown,
    }
}
