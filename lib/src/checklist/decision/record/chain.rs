//! Whether a record may be relied on: its own status, and the chain of what supersedes it.

use std::collections::{BTreeMap, HashSet};

use super::super::RecordKind;
use super::super::links::LinkTarget;
use super::super::status::RecordStatus;
use super::{DecisionRecord, RecordIndex, Resolved, folder};
use crate::{Duration, Timestamp};

/// Whether a record may be relied on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Accepted and not superseded.
    Accepted,
    /// Of another status.
    NotAccepted(RecordStatus),
    /// Superseded: the chain of its successors' paths, and how it ends.
    Superseded(Vec<String>, ChainEnd),
}

/// How a chain of superseded records ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainEnd {
    /// With a record that is accepted: the last of the chain.
    Accepted,
    /// With a record of another status.
    NotAccepted(RecordStatus),
    /// It leads back to a record of the chain.
    Cycle,
    /// A successor is named that does not exist; as written.
    Dangling(String),
    /// It names no successor.
    Unnamed,
    /// It goes on for longer than is followed.
    TooLong,
}

/// A chain is followed over so many records.
const LONGEST: usize = 50;
/// So many records of a chain are named.
const NAMED: usize = 5;
/// A day has begun in one place of the world while it is the day before in another.
const TIME_ZONES: Duration = Duration::from_secs(24 * 60 * 60);

impl DecisionRecord {
    /// Its status at a time: what is accepted from a later day on is not yet.
    #[must_use]
    pub fn status_at(&self, now: Timestamp) -> RecordStatus {
        let today = (now + TIME_ZONES).to_string();
        match &self.from {
            Some(from) if self.status == RecordStatus::Accepted => match today.get(..from.len()) {
                Some(today) if from.as_str() > today => RecordStatus::NotYet(from.clone()),
                _ => RecordStatus::Accepted,
            },
            _ => self.status.clone(),
        }
    }
}

impl RecordIndex {
    /// Whether a record may be relied on at a time, its successors followed.
    #[must_use]
    pub fn standing(&self, record: &DecisionRecord, now: Timestamp) -> Standing {
        let mut chain: Vec<String> = Vec::new();
        let mut seen: HashSet<&str> = HashSet::from([record.path.as_str()]);
        let mut current = record;
        loop {
            let next = match self.successor(current) {
                Successor::None => {
                    let end = match current.status_at(now) {
                        RecordStatus::Accepted => ChainEnd::Accepted,
                        RecordStatus::Superseded => ChainEnd::Unnamed,
                        other => ChainEnd::NotAccepted(other),
                    };
                    return match (chain.is_empty(), end) {
                        (true, ChainEnd::Accepted) => Standing::Accepted,
                        (true, ChainEnd::NotAccepted(status)) => Standing::NotAccepted(status),
                        (_, end) => Standing::Superseded(chain, end),
                    };
                }
                Successor::Dangling(written) => {
                    return Standing::Superseded(chain, ChainEnd::Dangling(written));
                }
                Successor::Record(next) => next,
            };
            if !seen.insert(next.path.as_str()) {
                return Standing::Superseded(chain, ChainEnd::Cycle);
            }
            if chain.len() == LONGEST {
                return Standing::Superseded(chain, ChainEnd::TooLong);
            }
            chain.push(next.path.clone());
            current = next;
        }
    }

    fn successor<'i>(&'i self, record: &DecisionRecord) -> Successor<'i> {
        let mut dangling = None;
        for target in &record.successors {
            match self.resolve_from(folder(&record.path), target) {
                Resolved::Record(next) => return Successor::Record(next),
                _ => dangling = Some(described(target)),
            }
        }
        if let Some(written) = dangling {
            return Successor::Dangling(written);
        }
        let own = self.by_path.get(&record.path);
        let other = own.and_then(|own| self.replaced.get(own)).and_then(|other| self.records.get(*other));
        other.map_or(Successor::None, Successor::Record)
    }

    /// An accepted record that supersedes another one says so even where that one was not edited.
    pub(super) fn replaced_by_others(&self) -> BTreeMap<usize, usize> {
        let mut replaced = BTreeMap::new();
        for (at, other) in self.records.iter().enumerate() {
            if !matches!(other.status, RecordStatus::Accepted | RecordStatus::Superseded) {
                continue;
            }
            for target in &other.replaced {
                if let Resolved::Record(found) = self.resolve_from(folder(&other.path), target)
                    && let Some(own) = self.by_path.get(&found.path).filter(|own| **own != at)
                {
                    replaced.entry(*own).or_insert(at);
                }
            }
        }
        replaced
    }
}

enum Successor<'i> {
    None,
    Record(&'i DecisionRecord),
    Dangling(String),
}

impl Standing {
    /// In words: `accepted`, `superseded by docs/adr/0010-x.md`, `proposed`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Accepted => "accepted".to_owned(),
            Self::NotAccepted(status) => status.words(),
            Self::Superseded(chain, end) => {
                let by = by(chain);
                match end {
                    ChainEnd::Accepted => format!("superseded{by}"),
                    ChainEnd::NotAccepted(status) => format!("superseded{by}, which is {}", status.words()),
                    ChainEnd::Cycle => format!("superseded{by}, in a circle"),
                    ChainEnd::Dangling(written) => {
                        format!("superseded{by}, at last by {written}, which does not exist")
                    }
                    ChainEnd::Unnamed => format!("superseded{by}, with no successor named"),
                    ChainEnd::TooLong => {
                        format!("superseded{by}, and so on: no more than {LONGEST} records are followed")
                    }
                }
            }
        }
    }
}

/// ` by docs/adr/0002-b.md, then docs/adr/0003-c.md`; of a long chain its beginning and its end.
fn by(chain: &[String]) -> String {
    match chain {
        [] => String::new(),
        [first @ .., last] if chain.len() > NAMED => {
            let first = first.get(..NAMED - 1).unwrap_or_default().join(", then ");
            format!(" by {first}, then {} more, then {last}", chain.len() - NAMED)
        }
        all => format!(" by {}", all.join(", then ")),
    }
}

fn described(target: &LinkTarget) -> String {
    match target {
        LinkTarget::Number(kind, number) => format!("{}-{number}", kind.map_or("record", RecordKind::as_str)),
        LinkTarget::Path(path)
        | LinkTarget::PathTail(path)
        | LinkTarget::WikiPage(path)
        | LinkTarget::Elsewhere(path) => path.chars().take(120).collect(),
    }
}
