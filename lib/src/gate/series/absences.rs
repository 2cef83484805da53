//! What is absent of a signal, and why.

use super::{Nanos, Series};
use crate::gate::pending::Lack;
use crate::gate::wording;
use crate::policy::rules::OnMissing;
use crate::sample::Absence;

/// Different reasons of absence that one signal remembers; the rest is counted together.
const MOST_REASONS: usize = 24;

/// So many characters of an error stand in a sentence.
const LONGEST_REASON: usize = 160;

impl Series {
    /// Whether the newest sample, known or not, is absent.
    pub(in crate::gate) fn newest_is_absent(&self) -> bool {
        self.newest_absent
    }

    /// The reasons why samples in `(after, to]` are absent; none at all is no data.
    pub(in crate::gate) fn lacks(&self, after: Nanos, to: Nanos) -> Vec<Lack> {
        let mut lacks: Vec<Lack> = Vec::new();
        for (at, lack) in &self.absences {
            if *at > after && *at <= to && !lacks.contains(lack) {
                lacks.push(*lack);
            }
        }
        if lacks.is_empty() {
            lacks.push(Lack::NoData);
        }
        lacks
    }

    /// How many samples of the watch are absent for such a reason; errors are of one kind, whatever each says.
    fn alike(&self, absence: &Absence) -> u64 {
        let same =
            |(known, _): &&(Absence, u64)| std::mem::discriminant(known) == std::mem::discriminant(absence);
        self.reasons.iter().filter(same).fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// The commonest reason why samples of the watch are absent, in words: `57 of 60 samples timed out`.
    pub(in crate::gate) fn mostly_absent(&self) -> Option<String> {
        let weight = |(absence, count): &&(Absence, u64)| (self.alike(absence), *count);
        let some = self.reasons.iter().filter(|(_, count)| *count > 0);
        // Of reasons that are as common, the first.
        let (absence, _) =
            some.reduce(|most, next| if weight(&next) > weight(&most) { next } else { most })?;
        let count = self.alike(absence);
        let absent = self.reasons.iter().fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
        let of = absent.saturating_add(self.totals.known);
        let what = match absence {
            Absence::NoData => "had no data".to_owned(),
            Absence::NoTraffic => "had no requests".to_owned(),
            Absence::LowTraffic => "had too few requests".to_owned(),
            Absence::Timeout => "timed out".to_owned(),
            Absence::Throttled => "were throttled".to_owned(),
            Absence::Error(why) => {
                let short: String = why.chars().take(LONGEST_REASON).collect();
                let cut = if short.len() < why.len() { "…" } else { "" };
                format!("failed ({short}{cut})")
            }
        };
        Some(format!("{} of {} samples {what}", wording::whole(count), wording::whole(of)))
    }

    /// The reasons why samples of the watch are absent.
    pub(in crate::gate) fn lacks_of_watch(&self) -> Vec<Lack> {
        let mut lacks: Vec<Lack> = Vec::new();
        for (absence, count) in &self.reasons {
            let lack = Lack::of(absence);
            if *count > 0 && !lacks.contains(&lack) {
                lacks.push(lack);
            }
        }
        if lacks.is_empty() {
            lacks.push(Lack::NoData);
        }
        lacks
    }

    /// What the data contract says of such a lack.
    pub(in crate::gate) fn contract(&self, lack: Lack) -> OnMissing {
        match lack {
            Lack::NoData => self.rules.contract.on_no_data,
            Lack::LowTraffic => self.rules.contract.on_low_traffic,
            Lack::Error => self.rules.contract.on_error,
        }
    }

    /// The number of a reason, which is remembered with a count of zero.
    pub(super) fn reason(&mut self, absence: Absence) -> u16 {
        let place = self.reasons.iter().position(|(known, _)| *known == absence).unwrap_or_else(|| {
            if self.reasons.len() < MOST_REASONS {
                self.reasons.push((absence, 0));
            } else if self.reasons.len() == MOST_REASONS {
                self.reasons.push((Absence::Error("others".to_owned()), 0));
            }
            self.reasons.len() - 1
        });
        place as u16
    }

    pub(super) fn absent(&mut self, at: Nanos, reason: u16) {
        if let Some((absence, count)) = self.reasons.get_mut(usize::from(reason)) {
            *count += 1;
            self.absences.push_back((at, Lack::of(absence)));
        }
        self.forget(at);
    }
}
