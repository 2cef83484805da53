//! What sources showed at a first look, as lines of text.

use runbook_gate::policy::rules::GateRules;
use runbook_gate::report::numbers::Measure;
use runbook_gate::sample::{Reading, Sample};
use runbook_gate::source::SourceSignal;
use runbook_gate::{SignalName, Timestamp};

use crate::drive::Watched;
use crate::drive::prepare::{Reply, Sight};

/// One line for each signal: its name, its newest reading, how old that is, and where it was read.
pub fn lines(watched: &[Watched], replies: &[Reply], rules: &GateRules, now: Timestamp) -> Vec<String> {
    let width = watched
        .iter()
        .flat_map(|source| &source.signals)
        .map(|signal| signal.signal.as_str().len())
        .max()
        .unwrap_or(0);
    let mut lines = Vec::new();
    for (source, reply) in watched.iter().zip(replies) {
        for signal in &source.signals {
            let newest = newest(reply, &signal.signal, measure(signal, rules), now);
            let newest = newest.unwrap_or_else(|| {
                let words = match Sight::of(source, reply, &signal.signal) {
                    Sight::NotRun => "not run now",
                    Sight::NeedsTwoLooks => "a counter: needs two looks",
                    Sight::Read | Sight::Nothing => "nothing yet",
                };
                words.to_owned()
            });
            lines.push(format!("  {:width$}  {newest:28}  {}", signal.signal.as_str(), source.name));
        }
    }
    lines
}

fn measure(signal: &SourceSignal, rules: &GateRules) -> Measure {
    let criteria = rules.rollback_when().iter().chain(rules.verify()).map(|rule| &rule.criterion);
    Measure::of(&signal.signal, Some(signal.reading), criteria)
}

fn newest(reply: &Reply, signal: &SignalName, measure: Measure, now: Timestamp) -> Option<String> {
    let polled = reply.polled()?;
    let of_signal = || polled.observations.iter().filter(|seen| seen.signal == *signal);
    let known = of_signal().filter(|seen| matches!(seen.sample, Sample::Known(_))).max_by_key(|seen| seen.at);
    let seen = known.or_else(|| of_signal().max_by_key(|seen| seen.at))?;
    let age = now.since(seen.at).as_nanos() / 1_000_000_000;
    Some(match &seen.sample {
        Sample::Known(Reading::Value { value, .. }) => format!("{} ({age}s ago)", measure.show(value.get())),
        Sample::Known(Reading::Counts(counts)) => {
            format!("{} of {} ({age}s ago)", counts.bad(), counts.total())
        }
        Sample::Absent(absence) => absence.to_string(),
    })
}
