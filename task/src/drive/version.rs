//! The gate starts when the deployed version serves.

use runbook_gate::source::{PollWindow, Serving};
use runbook_gate::{Duration, Timestamp};

use super::prepare::{Interrupted, Reply, ask, pause_until};
use super::slot::{Trial, Watched};
use super::stage::{Answer, Job, Stage};
use crate::live::View;

/// What has not changed is said again after so long.
const REMIND: Duration = Duration::from_secs(60);

/// Whether the deployed version came to serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// No source is asked for a version.
    NotAsked,
    /// It served already at the first look.
    AtOnce,
    /// It serves since then.
    At(Timestamp),
    /// It did not, within the time.
    Never {
        /// What serves instead, or why that is not known.
        why: String,
    },
}

/// Asks until every source with a version check says that the deployed version serves.
///
/// # Errors
/// Where somebody cancels, or a source crashes.
pub fn await_version(
    watched: &[Watched],
    stage: &mut dyn Stage,
    view: &mut dyn View,
    limit: Duration,
    every: Duration,
) -> Result<Arrival, Interrupted> {
    let begun = stage.now();
    let not_configured = Some(Answer::Serving(Serving::NotConfigured));
    let mut looks = 0_u32;
    let mut said: Option<(String, Timestamp)> = None;
    loop {
        let now = stage.now();
        let replies = ask(watched, stage, |source| {
            let window = PollWindow { start: now, scheduled: now, anchor: now, timeout: source.timeout };
            has_check(source).then_some(Job::Serving(window))
        })?;
        looks += 1;
        let answers: Vec<&Reply> = watched
            .iter()
            .zip(&replies)
            .filter(|(source, reply)| has_check(source) && reply.answer != not_configured)
            .map(|(_, reply)| reply)
            .collect();
        if answers.is_empty() {
            return Ok(Arrival::NotAsked);
        }
        let Some(why) = answers.iter().find_map(|reply| missing(reply)) else {
            return Ok(if looks == 1 { Arrival::AtOnce } else { Arrival::At(now) });
        };
        let end = begun + limit;
        if now >= end {
            return Ok(Arrival::Never { why });
        }
        if said.as_ref().is_none_or(|(last, at)| *last != why || now.since(*at) >= REMIND) {
            view.say(&format!("waiting for the deployed version: {why}"));
            said = Some((why, now));
        }
        // The last look is at the end.
        pause_until(stage, end.min(now + every))?;
    }
}

/// Only probes can have a version check.
fn has_check(source: &Watched) -> bool {
    source.trial == Trial::AddressOnly
}

/// Why the deployed version does not serve yet; `None` where it does.
fn missing(reply: &Reply) -> Option<String> {
    match &reply.answer {
        Some(Answer::Serving(Serving::Deployed | Serving::NotConfigured)) => None,
        Some(Answer::Serving(Serving::Other { found })) => Some(format!("{} serves", found.join(", "))),
        Some(Answer::Serving(Serving::Unknown { why })) => Some(why.clone()),
        _ => Some("no answer in time".to_owned()),
    }
}
