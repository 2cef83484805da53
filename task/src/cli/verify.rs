//! `verify`: watches the release and decides.

use std::borrow::Cow;
use std::io::Write;

use runbook_gate::gate::{Gate, Outcome, recovery_rules};
use runbook_gate::journal::Line;
use runbook_gate::policy::rules::GateRules;
use runbook_gate::policy::{BaselineRule, Enforcement, Policy, Purpose};
use runbook_gate::report::ReportContext;
use runbook_gate::report::checklist::InGate;
use runbook_gate::rollback::{Profile, Release};
use runbook_gate::source::SourceNote;
use runbook_gate::{Baseline, Duration, SignalName, Timestamp};

use super::arguments::{AzureDevOpsArguments, Format, VerifyArguments};
use super::images::Images;
use super::normal::{Normal, normal, recorded};
use super::outcome::{Junit, Publication, publish};
use super::recovery::{self, Redeployment};
use super::released::Origin;
use super::report::replay_command;
use super::setting::{Look, Setting, judge, set_up, view};
use super::verdict::Deployed;
use super::{Exit, Failure, load, reading, replay, shown_checklist};
use crate::drive::baseline::{Past, gather};
use crate::drive::ledger::Ledger;
use crate::drive::prepare::{Interrupted, Reply, Sight, ask, doubts_without_notes, notes};
use crate::drive::stage::Stage;
use crate::drive::version::{Arrival, await_version};
use crate::drive::{Course, DriveError, Early, end_early, watch};
use crate::files::{JOURNAL, ReportFolder};
use crate::live::View;
use crate::request;
use crate::session::Session;

/// How often the deployed version is asked for.
const VERSION_EVERY: Duration = Duration::from_secs(5);
/// A deployment may lie so far in the future: clocks differ.
const CLOCKS_DIFFER: Duration = Duration::from_secs(120);

/// Checks everything, then watches.
pub fn run(session: &Session, arguments: &VerifyArguments) -> Result<Exit, Failure> {
    recovery::check(arguments)?;
    let origin = Origin::of(session, arguments.build.as_deref())?;
    // What earlier gates wrote goes first, so that nobody takes it for this one's, whatever happens.
    let folder = match (&arguments.report_dir, arguments.dry_run) {
        (Some(path), false) => {
            let folder = ReportFolder::open(path).map_err(Failure::input)?;
            folder.clear().map_err(Failure::input)?;
            Some(folder)
        }
        (Some(path), true) => {
            ReportFolder::rehearse(path).map_err(Failure::input)?;
            None
        }
        (None, _) => None,
    };
    let purpose = match (arguments.dry_run, arguments.announce) {
        (true, _) => Purpose::Ask,
        (false, true) => Purpose::Everything,
        (false, false) => Purpose::Watch,
    };
    let (policy, redeployment) = match Redeployment::of(session, arguments)? {
        None => (load::policy(session, &arguments.policy, purpose)?, None),
        Some(redeployment) => {
            let filled = redeployment.filled(&arguments.policy);
            let policy = redeployment.policy(session, load::policy(session, &filled, purpose)?, &filled)?;
            (policy, Some(redeployment))
        }
    };
    if policy.environment().enforcement() == Enforcement::Off {
        return Ok(switched_off(session, &policy, arguments.format));
    }
    let deployed_at = deployed_at(session, arguments.deployed_at)?;
    let normal = match &redeployment {
        // The time before the redeployment is the bad release's: it is no baseline.
        Some(redeployment) => Some(redeployment.baselines.clone()),
        // A file that is missing is said when it is read.
        None => match normal(session, &policy, &arguments.policy)? {
            Normal::Given(baselines) => Some(baselines),
            Normal::Read => None,
            Normal::ToRecord(path) => Some(recorded(session, &policy, &path)?),
        },
    };
    let mut setting = set_up(session, &policy, &arguments.policy, &arguments.network, |signal| {
        normal.iter().flatten().any(|(name, baseline)| name == signal && !baseline.is_fixed())
    })?;
    let runner = setting.runner.clone();
    let exit = if arguments.dry_run {
        let rules = rules(&policy, redeployment.as_ref());
        rehearse(session, &policy, &rules, &mut setting, arguments.format)
    } else {
        let checklist = match &folder {
            Some(folder) => {
                let given = arguments.checklist_report.as_deref();
                let profile = redeployment.as_ref().map_or(Profile::Deployment, |_| Profile::Rollback);
                let commit = origin.commit(session);
                let deployed = shown_checklist::of_gate(session, &policy, profile, commit);
                shown_checklist::find(session, given, folder, &deployed)
            }
            None => InGate::Absent,
        };
        let redeployment = redeployment.as_ref();
        let gate = GateRun {
            session,
            policy: &policy,
            arguments,
            redeployment,
            origin,
            deployed_at,
            normal,
            folder,
            checklist,
        };
        gate.run(&mut setting)
    };
    runner.stop_all();
    exit
}

/// What the gate will judge by.
fn rules<'p>(policy: &'p Policy, redeployment: Option<&Redeployment>) -> Cow<'p, GateRules> {
    match redeployment {
        Some(_) => Cow::Owned(recovery_rules(policy.gate())),
        None => Cow::Borrowed(policy.gate()),
    }
}

/// A deployment's time, checked.
fn deployed_at(session: &Session, given: Option<Timestamp>) -> Result<Timestamp, Failure> {
    let now = session.clock.now();
    match given {
        None => Ok(whole_second_after(now)),
        Some(at) if at > now + CLOCKS_DIFFER => Err(Failure::Input(format!(
            "--deployed-at {} is in the future (it is {}); give the time when the deployment was made",
            at.whole_second(),
            now.whole_second()
        ))),
        Some(at) => Ok(at.min(now)),
    }
}

/// Polls, samples and reports then lie on whole seconds.
fn whole_second_after(now: Timestamp) -> Timestamp {
    let second = 1_000_000_000;
    Timestamp::from_nanos(now.as_nanos().saturating_add(second - 1).div_euclid(second).saturating_mul(second))
}

/// `off` evaluates nothing, and says so.
fn switched_off(session: &Session, policy: &Policy, format: Format) -> Exit {
    let environment = policy.environment().name();
    let words = format!("the gate is off in {environment}: nothing was evaluated");
    if let Some(agent) = session.agent() {
        super::task::tell_off(agent, &words);
    }
    match format {
        Format::Human => session.door.print(&format!("OFF  {}: {words}\n", policy.service())),
        Format::Json => session.print_json(&serde_json::json!({
            "version": 1,
            "decision": null,
            "enforcement": "off",
            "environment": environment,
            "reason": words,
        })),
    }
    Exit::Success
}

/// `--dry-run`: everything but the watch.
fn rehearse(
    session: &Session,
    policy: &Policy,
    rules: &GateRules,
    setting: &mut Setting,
    format: Format,
) -> Result<Exit, Failure> {
    let Look { replies, found, .. } = match setting.look(policy) {
        Ok(looked) => looked,
        Err(why) => return super::setting::interrupted(session, setting, why),
    };
    judge(session, policy, &found)?;
    let now = session.clock.now();
    match format {
        Format::Human => {
            let mut lines = vec![
                format!(
                    "{} in {} ({}): {}{} of watch",
                    policy.service(),
                    policy.environment().name(),
                    policy.environment().enforcement().as_str(),
                    match rules.warmup() {
                        Duration::ZERO => String::new(),
                        warmup => format!("warm-up {warmup}, then "),
                    },
                    rules.observe()
                ),
                String::new(),
                "Signals".to_owned(),
            ];
            lines.extend(reading::lines(&setting.watched, &replies, rules, now));
            for (title, criteria) in
                [("Rolls back when", rules.rollback_when()), ("Verifies", rules.verify())]
                    .into_iter()
                    .filter(|(_, criteria)| !criteria.is_empty())
            {
                lines.extend([String::new(), title.to_owned()]);
                lines.extend(criteria.iter().map(criterion_line));
            }
            lines.extend([
                String::new(),
                "A dry run: nothing was watched and nothing was written.".to_owned(),
            ]);
            session.door.print(&format!("{}\n", lines.join("\n")));
        }
        Format::Json => session.print_json(&rehearsal_json(policy, setting, &replies)),
    }
    Ok(Exit::Success)
}

fn criterion_line(rule: &runbook_gate::policy::rules::GateCriterion) -> String {
    use runbook_gate::policy::rules::Configured;
    match &rule.configured {
        Configured::Yes => format!("  {}", rule.criterion.text()),
        Configured::No { missing } => {
            let names: Vec<&str> = missing.iter().map(SignalName::as_str).collect();
            format!("  {}  (not configured: no source gives {})", rule.criterion.text(), names.join(", "))
        }
    }
}

fn rehearsal_json(policy: &Policy, setting: &Setting, replies: &[Reply]) -> serde_json::Value {
    let signals: Vec<serde_json::Value> = setting
        .watched
        .iter()
        .zip(replies)
        .flat_map(|(source, reply)| source.signals.iter().map(move |signal| (source, reply, signal)))
        .map(|(source, reply, signal)| {
            let sight = Sight::of(source, reply, &signal.signal);
            serde_json::json!({
                "signal": signal.signal,
                "source": source.name,
                "readable": sight == Sight::Read,
                "sight": sight.as_str(),
            })
        })
        .collect();
    serde_json::json!({
        "version": 1,
        "dry_run": true,
        "service": policy.service(),
        "environment": policy.environment().name(),
        "signals": signals,
    })
}

/// One run of the gate.
struct GateRun<'r> {
    session: &'r Session,
    policy: &'r Policy,
    arguments: &'r VerifyArguments,
    /// What was deployed again, where it is no release.
    redeployment: Option<&'r Redeployment>,
    /// Who built it, where it is one.
    origin: Origin,
    deployed_at: Timestamp,
    /// The baselines that are given; `None` where they are read from the past.
    normal: Option<Vec<(SignalName, Baseline)>>,
    folder: Option<ReportFolder>,
    checklist: InGate,
}

/// What sources remarked before the watch, for the journal and whatever is made of it.
#[derive(Default)]
struct Heard(Vec<Line>);

impl Heard {
    fn say(&mut self, at: Timestamp, notes: Vec<SourceNote>, view: &mut dyn View) {
        for note in &notes {
            view.remark(at, &note.text);
        }
        self.keep(at, notes);
    }

    fn keep(&mut self, t: Timestamp, notes: Vec<SourceNote>) {
        self.0.extend(notes.into_iter().map(|SourceNote { signal, text, clears }| Line::Note {
            t,
            signal,
            text,
            clears,
        }));
    }

    fn record(self, ledger: &mut Ledger<'_>) -> Result<(), DriveError> {
        for line in self.0 {
            ledger.record(line)?;
        }
        Ok(())
    }
}

/// What the preparation came to.
enum Prepared {
    /// The watch can begin.
    Ready { start: Timestamp, baselines: Vec<(SignalName, Baseline)> },
    /// There is nothing to watch.
    Early(Early),
}

impl GateRun<'_> {
    fn run(self, setting: &mut Setting) -> Result<Exit, Failure> {
        let mut view = view(self.session, &rules(self.policy, self.redeployment));
        request::listen(self.session, &setting.switch, self.folder.as_ref());
        let images = Images::ask(self.policy, &setting.transport);
        let mut heard = Heard::default();
        let prepared = match self.prepare(setting, view.as_mut(), &mut heard) {
            Ok(prepared) => prepared?,
            Err(Interrupted::Cancelled { by }) => Prepared::Early(Early::Cancelled { by }),
            Err(Interrupted::Requested { decision, by }) => {
                Prepared::Early(Early::Requested { decision, by })
            }
            Err(Interrupted::Crashed { source }) => {
                let name = setting.name_of(source).to_owned();
                return Err(Failure::Internal(DriveError::Crashed(name).to_string()));
            }
        };
        let outcome = self.decide(setting, view.as_mut(), prepared, heard)?;
        self.session.door.clear();
        let command =
            self.folder.as_ref().map(|folder| replay_command(&self.arguments.policy, &folder.path(JOURNAL)));
        let publication = Publication {
            folder: self.folder.as_ref(),
            junit: Junit::of_flag(self.arguments.junit),
            checklist: &self.checklist,
            format: self.arguments.format,
        };
        let (profile, release) = self.release();
        let context = ReportContext {
            release: release.clone(),
            ..replay::context(self.policy, command.unwrap_or_default())
        };
        let images = images.recorded(self.session, outcome.decision);
        let deployed = Deployed { profile, release, images };
        let folder = self.folder.as_ref();
        let (session, policy, arguments) = (self.session, self.policy, self.arguments);
        let record = super::verdict::keep(session, policy, arguments, &outcome, deployed, folder);
        let exit = publish(self.session, &outcome, &context, &publication);
        if let Some(redeployment) = self.redeployment {
            super::rolled_back::mark(self.session, redeployment.undone);
        }
        if self.arguments.announce {
            let devops =
                AzureDevOpsArguments { build: arguments.build.clone(), ..AzureDevOpsArguments::of_job() };
            let reached = (&arguments.network, &devops);
            super::announce::of_gate(session, policy, reached, (&outcome, record.as_ref()), exit);
        }
        Ok(exit)
    }

    /// What is watched. Of a redeployment neither the run nor what is checked out here says anything.
    fn release(&self) -> (Profile, Release) {
        match self.redeployment {
            Some(redeployment) => (Profile::Rollback, redeployment.release.clone()),
            None => {
                let release = self.origin.release(self.session, self.policy, self.arguments, &self.checklist);
                (Profile::Deployment, release)
            }
        }
    }

    /// The outer result says whether it came to its end, the inner one whether the gate can work.
    fn prepare(
        &self,
        setting: &mut Setting,
        view: &mut dyn View,
        heard: &mut Heard,
    ) -> Result<Result<Prepared, Failure>, Interrupted> {
        let Look { at, replies, found, silent } = setting.look(self.policy)?;
        if let Err(failure) = judge(self.session, self.policy, &found) {
            return Ok(Err(failure));
        }
        let warned = |note: &SourceNote| found.doubts.iter().any(|doubt| doubt.ends_with(&note.text));
        let (warned, said): (Vec<SourceNote>, Vec<SourceNote>) =
            notes(&replies).into_iter().partition(warned);
        heard.say(at, said, view);
        // These were said as warnings.
        heard.keep(at, warned);
        heard.keep(at, doubts_without_notes(&setting.watched, &replies, &silent));
        let limit = self.arguments.serve_within;
        let arrival = await_version(&setting.watched, &mut setting.stage, view, limit, VERSION_EVERY)?;
        if let Arrival::Never { why } = arrival {
            let why = format!("the deployed version did not serve within {limit}: {why}");
            return Ok(Ok(Prepared::Early(Early::Unserved { why })));
        }
        let baselines = self.baselines(setting, view, heard)?;
        let start = match arrival {
            Arrival::At(at) => whole_second_after(at),
            // Nobody said when the deployment was made: the watch begins when it can, and its first poll lies on the grid.
            _ if self.arguments.deployed_at.is_none() => whole_second_after(setting.stage.now()),
            _ => self.deployed_at,
        };
        Ok(Ok(Prepared::Ready { start, baselines }))
    }

    fn baselines(
        &self,
        setting: &mut Setting,
        view: &mut dyn View,
        heard: &mut Heard,
    ) -> Result<Vec<(SignalName, Baseline)>, Interrupted> {
        let rules = self.policy.gate();
        if let Some(given) = &self.normal {
            return Ok(given.clone());
        }
        let past = match self.policy.baseline() {
            BaselineRule::None | BaselineRule::Fixed(_) | BaselineRule::Recorded(_) => return Ok(Vec::new()),
            BaselineRule::Before(length) => Past { from: self.deployed_at - *length, to: self.deployed_at },
            BaselineRule::Offset(offset) => {
                let from = self.deployed_at - *offset;
                Past { from, to: from + rules.warmup().plus(rules.observe()) }
            }
        };
        let replies = ask(&setting.watched, &mut setting.stage, |source| past.job(source))?;
        heard.say(setting.stage.now(), notes(&replies), view);
        let gathered = gather(&setting.watched, &replies, rules, past);
        for line in &gathered.without {
            view.say(&format!("warning: no baseline of {line}"));
        }
        Ok(gathered.baselines)
    }

    fn decide(
        &self,
        setting: &mut Setting,
        view: &mut dyn View,
        prepared: Prepared,
        heard: Heard,
    ) -> Result<Outcome, Failure> {
        let mut file: Box<dyn Write + Send> = match &self.folder {
            Some(folder) => Box::new(folder.journal().map_err(Failure::input)?),
            None => Box::new(std::io::sink()),
        };
        let gate = Gate::new(self.policy.gate().clone());
        let mut ledger = Ledger::new(gate, file.as_mut(), self.session.door.redactor().clone());
        let start = match &prepared {
            Prepared::Ready { start, .. } => *start,
            Prepared::Early(_) => self.deployed_at,
        };
        let begun =
            self.head(&mut ledger, setting, start, &prepared).and_then(|()| heard.record(&mut ledger));
        let outcome = match (begun, prepared) {
            (Err(error), _) => Err(error),
            (Ok(()), Prepared::Early(early)) => end_early(ledger, setting.stage.now(), early),
            (Ok(()), Prepared::Ready { .. }) => {
                let course = Course {
                    start,
                    watch_from: start + self.policy.gate().warmup(),
                    sources: setting.watched.clone(),
                };
                watch(&course, ledger, &mut setting.stage, view)
            }
        };
        outcome.map_err(|error| match error {
            DriveError::Ledger(crate::drive::ledger::LedgerError::Write(_)) => Failure::input(error),
            error => Failure::Internal(error.to_string()),
        })
    }

    /// The journal's head: who judges what, by which steps and baselines.
    fn head(
        &self,
        ledger: &mut Ledger<'_>,
        setting: &Setting,
        start: Timestamp,
        prepared: &Prepared,
    ) -> Result<(), DriveError> {
        ledger.record(Line::Start {
            t: start,
            environment: self.policy.environment().name().to_owned(),
            policy_sha256: self.policy.sha256().to_owned(),
        })?;
        if let Some(redeployment) = self.redeployment {
            ledger.record(Line::Recovery(redeployment.recovery.clone()))?;
        }
        let known = self.policy.gate().signals();
        for signal in setting.watched.iter().flat_map(|source| &source.signals) {
            if known.contains_key(&signal.signal) {
                ledger.record(Line::Signal { signal: signal.signal.clone(), step: signal.step })?;
            }
        }
        if let Prepared::Ready { baselines, .. } = prepared {
            for (signal, baseline) in baselines {
                ledger.record(Line::Baseline { signal: signal.clone(), baseline: baseline.clone() })?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_start_on_whole_seconds() {
        let at = Timestamp::from_nanos(1_500_000_001);
        assert_eq!(whole_second_after(at), Timestamp::from_secs(2));
        assert_eq!(whole_second_after(Timestamp::from_secs(2)), Timestamp::from_secs(2));
    }
}
