//! `telemetry`: whether the gate could see.

use std::collections::BTreeMap;

use runbook_gate::gate::Decision;
use runbook_gate::policy::{Policy, Purpose};
use runbook_gate::sample::{Absence, Sample};
use runbook_gate::source::{self, PollWindow, ShownQuery, why_silent};
use runbook_gate::telemetry::{Known, Observed, Window, analyse_knowing};
use runbook_gate::{Duration, SignalName, Timestamp};

use super::arguments::{Format, TelemetryArguments};
use super::normal::{Normal, normal};
use super::setting::{Look, Setting, interrupted, set_up};
use super::{Exit, Failure, load};
use crate::drive::prepare::{Findings, Interrupted, Reply, ask, first_look, pause_until, why_nothing};
use crate::drive::stage::{Job, Stage};
use crate::drive::{Reads, Trial, Watched};
use crate::files::shown;
use crate::session::Session;

/// How long after the first look comes the second, at most: a counter says nothing before.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How far back is read where only what can be read now matters.
pub const SHORT_PAST: Duration = Duration::from_secs(300);

/// Reads each source twice, and the past of those that have one.
pub fn run(session: &Session, arguments: &TelemetryArguments) -> Result<Exit, Failure> {
    let policy = load::policy(session, &arguments.policy, Purpose::Ask)?;
    if arguments.show_queries {
        return show_queries(session, &policy, arguments.format);
    }
    let baselines = match normal(session, &policy, &arguments.policy)? {
        Normal::Given(baselines) => Some(baselines),
        Normal::Read => None,
        Normal::ToRecord(path) => {
            session.door.say(&format!(
                "warning: the baseline {} is not recorded yet; what is read now is taken for it",
                shown(&path)
            ));
            None
        }
    };
    let mut setting = set_up(session, &policy, &arguments.policy, &arguments.network, |_| false)?;
    let Looked { observed, windows, said, found } = match observe(&policy, &mut setting, arguments.past) {
        Ok(looked) => looked,
        Err(why) => return interrupted(session, &setting, why),
    };
    for mistake in &found.mistakes {
        session.door.say(&format!("error: {mistake}"));
    }
    for doubt in &found.doubts {
        session.door.say(&format!("warning: {doubt}"));
    }
    let beside = Known {
        baselines: baselines.map(|given| given.into_iter().collect()),
        silent: silent(session, &policy, &setting, &observed, said),
        windows,
    };
    let telemetry = analyse_knowing(policy.gate(), &observed, &beside, session.clock.now());
    match arguments.format {
        Format::Human => session.door.print(&format!("{}\n", telemetry.text().trim_end())),
        Format::Json => {
            let analysis = serde_json::to_value(&telemetry)
                .map_err(|error| Failure::Internal(format!("the analysis cannot be printed: {error}")))?;
            session.print_json(&serde_json::json!({
                "version": 1,
                "service": policy.service(),
                "environment": policy.environment().name(),
                "ready": telemetry.is_ready(),
                "mistakes": found.mistakes,
                "telemetry": analysis,
            }));
        }
    }
    Ok(match (found.mistakes.is_empty(), telemetry.is_ready() || !arguments.deny_blind) {
        (false, _) => Exit::BadInput,
        (true, false) => {
            let enforcement = policy.environment().enforcement();
            if let Some(agent) = session.agent() {
                super::task::tell_blind(agent, enforcement);
            }
            Exit::of_decision(Decision::Hold, enforcement)
        }
        (true, true) => Exit::Success,
    })
}

/// Prints what each signal asks.
fn show_queries(session: &Session, policy: &Policy, format: Format) -> Result<Exit, Failure> {
    let mut shown = Vec::new();
    for spec in policy.sources() {
        shown.extend(source::build(spec).map_err(Failure::input)?.queries());
    }
    match format {
        Format::Human => {
            for ShownQuery { signal, text } in &shown {
                let lines: Vec<String> = text.lines().map(|line| format!("  {line}")).collect();
                session.door.print(&format!("{signal}\n{}\n\n", lines.join("\n")));
            }
            if shown.is_empty() {
                session.door.say("no source of this policy has a query language");
            }
        }
        Format::Json => {
            let queries: Vec<serde_json::Value> = shown
                .iter()
                .map(|query| serde_json::json!({ "signal": query.signal, "query": query.text }))
                .collect();
            session.print_json(&serde_json::json!({ "version": 1, "queries": queries }));
        }
    }
    Ok(Exit::Success)
}

/// What two looks at every source gave.
pub struct Looked {
    /// Its samples.
    pub observed: Observed,
    /// What the events of a signal's points are of.
    windows: BTreeMap<SignalName, Window>,
    /// What sources say of signals of which they know nothing.
    said: BTreeMap<SignalName, String>,
    /// What is wrong.
    found: Findings,
}

/// Asks every source twice, and the past of those that have one.
///
/// # Errors
/// Where somebody cancels, or a source crashes.
pub fn observe(policy: &Policy, setting: &mut Setting, past: Duration) -> Result<Looked, Interrupted> {
    let Look { at: first_at, replies: first, found, silent } = setting.look(policy)?;
    let mut observed = Observed::new();
    take(&mut observed, &first);
    let moments = |source: &&Watched| source.reads == Reads::Moments && source.trial != Trial::None;
    if let Some(pause) = setting.watched.iter().filter(moments).map(|source| source.interval).max() {
        let next = setting.stage.now() + pause.min(LONGEST_PAUSE);
        pause_until(&mut setting.stage, next)?;
    }
    let now: Timestamp = setting.stage.now();
    let second = ask(&setting.watched, &mut setting.stage, |source| match source.reads {
        Reads::Moments | Reads::Since => first_look(source, now),
        // On the grid of the first look: the points of both are the same, and no event counts twice.
        Reads::Ranges => Some(Job::History(PollWindow {
            start: now - past,
            scheduled: now,
            anchor: first_at,
            timeout: source.timeout,
        })),
    })?;
    let mut windows = BTreeMap::new();
    for (source, first) in setting.watched.iter().zip(&first) {
        for signal in source.signals.iter().filter(|signal| !signal.span.is_zero()) {
            // A counter that only begins to be compared has no point yet; its first one is of the time between the looks.
            let begins = source.reads == Reads::Moments && !observed.contains_key(&signal.signal);
            let between = begins && first.polled().is_some();
            let window = Window {
                observed: if between { now.since(first_at) } else { signal.span },
                judged: signal.span,
            };
            windows.insert(signal.signal.clone(), window);
        }
    }
    let mut said = silent;
    for (index, source) in setting.watched.iter().enumerate() {
        for reply in [&first, &second].into_iter().filter_map(|replies| replies.get(index)) {
            for (signal, text) in why_nothing(source, reply) {
                let text = text.strip_prefix(&format!("{signal}: ")).unwrap_or(text);
                said.entry(signal.clone()).or_insert_with(|| text.to_owned());
            }
        }
    }
    take(&mut observed, &second);
    for samples in observed.values_mut() {
        // What was read later stands first, and stays.
        samples.reverse();
        samples.sort_by_key(|(at, _)| *at);
        samples.dedup_by_key(|(at, _)| *at);
    }
    Ok(Looked { observed, windows, said, found })
}

/// Why signals that answer nothing do so, as far as their servers say.
fn silent(
    session: &Session,
    policy: &Policy,
    setting: &Setting,
    observed: &Observed,
    mut reasons: BTreeMap<SignalName, String>,
) -> BTreeMap<SignalName, String> {
    let is_silent = |samples: &Vec<(Timestamp, Sample)>| {
        !samples.is_empty()
            && samples.iter().all(|(_, sample)| matches!(sample, Sample::Absent(Absence::NoData)))
    };
    let silent: Vec<SignalName> =
        observed.iter().filter(|(_, samples)| is_silent(samples)).map(|(signal, _)| signal.clone()).collect();
    let silent: Vec<SignalName> = silent.into_iter().filter(|signal| !reasons.contains_key(signal)).collect();
    for spec in policy.sources() {
        reasons.extend(why_silent(spec, &silent, setting.transport.as_ref()));
    }
    let clean = |words: String| session.door.redactor().clean(&words).into_owned();
    reasons.into_iter().map(|(signal, words)| (signal, clean(words))).collect()
}

fn take(observed: &mut Observed, replies: &[Reply]) {
    for seen in replies.iter().filter_map(Reply::polled).flat_map(|polled| &polled.observations) {
        observed.entry(seen.signal.clone()).or_default().push((seen.at, seen.sample.clone()));
    }
}
