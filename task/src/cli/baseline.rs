//! `baseline`: what is normal, recorded before the deployment.

use std::path::PathBuf;

use runbook_gate::numbers::{Measure, of};
use runbook_gate::policy::rules::{GateRules, ReadingKind};
use runbook_gate::policy::{BaselineRule, Policy, Purpose};
use runbook_gate::{Baseline, Duration, SignalName};

use super::arguments::{BaselineArguments, Format};
use super::normal::recorded_path;
use super::setting::{Setting, interrupted, judge, set_up, view};
use super::{Exit, Failure, load};
use crate::drive::baseline::{Gathered, Past, gather, observe, of_observations};
use crate::drive::prepare::{Interrupted, ask};
use crate::drive::{Reads, Trial, Watched};
use crate::files::shown;
use crate::recorded::Recorded;
use crate::session::Session;

/// How far back is read where the policy does not say.
const PAST: Duration = Duration::from_secs(1800);

/// Reads the past of the sources that have one, watches the others for a while, and writes the file.
pub fn run(session: &Session, arguments: &BaselineArguments) -> Result<Exit, Failure> {
    let policy = load::policy(session, &arguments.policy, Purpose::Ask)?;
    if arguments.watch_for.is_zero() {
        return Err(Failure::Input("--for 0s would record nothing; write 1m or more".to_owned()));
    }
    let mut setting = set_up(session, &policy, &arguments.policy, &arguments.network, |_| false)?;
    let gathered = match record(session, &policy, &mut setting, arguments) {
        Ok(gathered) => gathered?,
        Err(why) => return interrupted(session, &setting, why),
    };
    setting.runner.stop_all();
    for line in &gathered.without {
        session.door.say(&format!("warning: no baseline of {line}"));
    }
    if gathered.baselines.is_empty() {
        return Err(Failure::Input(
            "no signal showed enough for a baseline, so nothing was written; is there traffic? watch longer with --for"
                .to_owned(),
        ));
    }
    let recorded = Recorded {
        service: policy.service().to_owned(),
        environment: policy.environment().name().to_owned(),
        recorded_at: session.clock.now(),
        baselines: gathered.baselines,
    };
    let output = match (&arguments.output, policy.baseline()) {
        (Some(output), _) => output.clone(),
        // Where the policy will look for it.
        (None, BaselineRule::Recorded(written)) => recorded_path(&arguments.policy, written),
        (None, _) => PathBuf::from("baseline.json"),
    };
    recorded.write(&output).map_err(Failure::input)?;
    match arguments.format {
        Format::Json => {
            session.door.print_json(&recorded.to_json().map_err(Failure::Internal)?);
        }
        Format::Human => {
            let lines: Vec<String> = recorded
                .baselines
                .iter()
                .map(|(signal, baseline)| line(signal, baseline, policy.gate()))
                .collect();
            session.door.print(&format!("{}\nWrote {}.\n", lines.join("\n"), shown(&output)));
        }
    }
    Ok(Exit::Success)
}

/// The outer result says whether it came to its end, the inner one whether the sources can be read.
fn record(
    session: &Session,
    policy: &Policy,
    setting: &mut Setting,
    arguments: &BaselineArguments,
) -> Result<Result<Gathered, Failure>, Interrupted> {
    let found = setting.look(policy)?.found;
    if let Err(failure) = judge(session, policy, &found) {
        return Ok(Err(failure));
    }
    let now = session.clock.now();
    let back = match (arguments.past, policy.baseline()) {
        (Some(past), _) => past,
        (None, BaselineRule::Before(past)) => *past,
        (None, _) => PAST,
    };
    let past = Past { from: now - back, to: now };
    let replies = ask(&setting.watched, &mut setting.stage, |source| past.job(source))?;
    let mut gathered = gather(&setting.watched, &replies, policy.gate(), past);
    let without_past = |source: &&Watched| source.reads == Reads::Moments && source.trial != Trial::None;
    if setting.watched.iter().any(|source| without_past(&source)) {
        let mut view = view(session, policy.gate());
        view.say(&format!("recording for {}", arguments.watch_for));
        let observed: Vec<Watched> = setting.watched.clone();
        let (observations, past) =
            observe(&observed, &mut setting.stage, view.as_mut(), arguments.watch_for)?;
        let of_moments =
            of_observations(observed.iter().filter(without_past), &observations, policy.gate(), past);
        gathered.baselines.extend(of_moments.baselines);
        gathered.without.extend(of_moments.without);
    }
    gathered.baselines.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(Ok(gathered))
}

fn line(signal: &SignalName, baseline: &Baseline, rules: &GateRules) -> String {
    let criteria = rules.rollback_when().iter().chain(rules.verify()).map(|rule| &rule.criterion);
    let reading = rules.signals().get(signal).map(|rules| rules.reading);
    let measure = Measure::of(signal, reading, criteria);
    let samples = baseline.count;
    match baseline.counts {
        Some(counts) => {
            let rate = measure.show(counts.bad() / counts.total());
            format!("  {signal}: {rate} ({}, {samples} samples)", of(counts.bad(), counts.total()))
        }
        None if reading == Some(ReadingKind::State) => {
            format!("  {signal}: {} ({samples} samples)", measure.show(baseline.median.get()))
        }
        None => format!(
            "  {signal}: {} (95th percentile {}, {samples} samples)",
            measure.show(baseline.median.get()),
            measure.show(baseline.p95.get())
        ),
    }
}
