//! What the commands that read sources have in common: the sources on their threads, each tried once.

use std::sync::Arc;

use runbook_gate::policy::Policy;
use runbook_gate::policy::rules::GateRules;
use runbook_gate::policy::source_spec::SourceSpec;
use runbook_gate::source::{self, Source, why_silent};
use runbook_gate::transport::Transport;
use runbook_gate::{Duration, SignalName, Timestamp};

use super::arguments::{NetworkArguments, PolicyArguments};
use super::{Exit, Failure};
use crate::commands::{Asked, CommandRunner};
use crate::door::{Place, terminal_width};
use crate::drive::prepare::{
    Findings, Interrupted, Reply, WhySilent, ask, findings, first_look, without_data,
};
use crate::drive::threads::{Events, Switch, Threads};
use crate::drive::{Reads, Trial, Watched};
use crate::live::{EventLines, Judged, LiveLine, StepProgress, View};
use crate::session::Session;

/// Polls are never closer together than this.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

/// So many servers are asked why they know nothing of a signal, one after the other.
const MOST_ASKED_WHY: usize = 2;

/// Sources that can be asked.
pub struct Setting {
    /// The sources, in the policy's order.
    pub watched: Vec<Watched>,
    /// Their threads.
    pub stage: Threads,
    /// What runs their commands.
    pub runner: CommandRunner,
    /// The network that they use.
    pub transport: Arc<dyn Transport>,
    /// What speaks to whoever waits for them.
    pub switch: Switch,
}

/// What a first look at every source gave.
pub struct Look {
    /// When it was.
    pub at: Timestamp,
    /// What each source answered, in their order.
    pub replies: Vec<Reply>,
    /// What is wrong.
    pub found: Findings,
    /// Why signals are silent, as far as their servers say.
    pub silent: WhySilent,
}

/// Builds the sources of a policy and starts their threads. Nothing is asked yet.
///
/// `has_baseline` says of which signals a recorded baseline has known samples.
///
/// # Errors
/// Where a source, a connection, a certificate, a proxy or a command of the policy cannot work.
pub fn set_up(
    session: &Session,
    policy: &Policy,
    given: &PolicyArguments,
    network: &NetworkArguments,
    has_baseline: impl Fn(&SignalName) -> bool,
) -> Result<Setting, Failure> {
    let transport = session.network(network, policy.sources())?;
    let asked = if network.allow_commands { Asked::Yes } else { Asked::No };
    let runner = session.commands(asked, &given.allowed_variables);
    let mut watched = Vec::new();
    let mut sources: Vec<Box<dyn Source>> = Vec::new();
    for spec in policy.sources() {
        if let SourceSpec::Command(command) = spec {
            runner.check(command).map_err(Failure::input)?;
        }
        let mut source = source::build(spec).map_err(Failure::input)?;
        let signals = source.signals();
        if signals.iter().any(|signal| has_baseline(&signal.signal)) {
            source.answered_in_baseline();
        }
        watched.push(Watched {
            name: session.door.redactor().clean(&source.describe()).into_owned(),
            interval: source.interval().max(SHORTEST_INTERVAL),
            ingestion_delay: signals.iter().map(|signal| signal.ingestion_delay).max().unwrap_or_default(),
            timeout: timeout(spec),
            reads: reads(spec),
            trial: match spec {
                SourceSpec::Probe(_) => Trial::AddressOnly,
                SourceSpec::Command(_) => Trial::None,
                _ => Trial::Answers,
            },
            signals,
        });
        sources.push(source);
    }
    if sources.is_empty() {
        return Err(Failure::Input(format!(
            "{}: there is no source that this version can read, so nothing can be evaluated; add a `probe`",
            policy.file_name()
        )));
    }
    let events = Events::default();
    let switch = events.switch();
    session.interruptions.tell(switch.clone());
    let commands: Arc<dyn source::Commands> = Arc::new(runner.clone());
    let stage = Threads::start(session.clock, sources, &transport, &commands, events)
        .map_err(|error| Failure::Internal(format!("no thread for a source: {error}")))?;
    Ok(Setting { watched, stage, runner, transport, switch })
}

/// The longest that one poll may take.
fn timeout(spec: &SourceSpec) -> Duration {
    match spec {
        SourceSpec::Probe(spec) => spec.timeout,
        SourceSpec::Scrape(spec) => spec.timeout,
        SourceSpec::Prometheus(spec) => spec.timeout,
        SourceSpec::HttpJson(spec) => spec.timeout,
        SourceSpec::Command(spec) => spec.timeout.times(u64::from(spec.retries) + 1),
        // Some requests wait for others: only so many queries are under way at once, and lists have pages.
        SourceSpec::AzureMonitor(spec) => spec.timeout.times(2),
        SourceSpec::AzureLogs(spec) => spec.timeout.times(2),
        SourceSpec::AzureErrors(spec) => spec.timeout.times(2),
        SourceSpec::AzureAlerts(spec) => spec.timeout.times(2),
    }
}

/// What a poll of a source reads.
const fn reads(spec: &SourceSpec) -> Reads {
    match spec {
        SourceSpec::Prometheus(_) | SourceSpec::AzureMonitor(_) | SourceSpec::AzureLogs(_) => Reads::Ranges,
        SourceSpec::AzureErrors(_) => Reads::Since,
        SourceSpec::Probe(_)
        | SourceSpec::Scrape(_)
        | SourceSpec::HttpJson(_)
        | SourceSpec::Command(_)
        | SourceSpec::AzureAlerts(_) => Reads::Moments,
    }
}

impl Setting {
    /// Asks every source once, and of signals that are silent why they are.
    ///
    /// # Errors
    /// Where somebody cancels, or a source crashes.
    pub fn look(&mut self, policy: &Policy) -> Result<Look, Interrupted> {
        use crate::drive::stage::Stage;
        let at = self.stage.now();
        let replies = ask(&self.watched, &mut self.stage, |source| first_look(source, at))?;
        // One request to a server, of those few that have just answered: nobody waits long for it.
        let asked = policy.sources().iter().zip(replies.iter().map(without_data));
        let silent = asked
            .filter(|(spec, silent)| matches!(spec, SourceSpec::Prometheus(_)) && !silent.is_empty())
            .take(MOST_ASKED_WHY)
            .flat_map(|(spec, silent)| why_silent(spec, &silent, self.transport.as_ref()))
            .collect();
        let found = findings(&self.watched, &replies, &silent);
        Ok(Look { at, replies, found, silent })
    }

    /// The source's words for itself.
    pub fn name_of(&self, source: usize) -> &str {
        self.watched.get(source).map_or("", |source| source.name.as_str())
    }
}

/// Mistakes are an error, doubts are said.
///
/// # Errors
/// Where there are mistakes: all of them.
pub fn judge(session: &Session, policy: &Policy, found: &Findings) -> Result<(), Failure> {
    for doubt in &found.doubts {
        session.door.say(&format!("warning: {doubt}"));
    }
    if found.mistakes.is_empty() {
        return Ok(());
    }
    Err(Failure::Input(format!(
        "{} cannot be read as the policy says:\n{}",
        policy.file_name(),
        found.mistakes.iter().map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n")
    )))
}

/// How a command without a decision ends when it is interrupted.
///
/// # Errors
/// Where a source crashed.
pub fn interrupted(session: &Session, setting: &Setting, why: Interrupted) -> Result<Exit, Failure> {
    setting.runner.stop_all();
    match why {
        Interrupted::Cancelled { by } | Interrupted::Requested { by, .. } => {
            session.door.say(&format!("cancelled by {by}; nothing was written"));
            Ok(Exit::Hold)
        }
        Interrupted::Crashed { source } => {
            Err(Failure::Internal(format!("the source `{}` failed inside", setting.name_of(source))))
        }
    }
}

/// What somebody who waits sees.
pub fn view(session: &Session, rules: &GateRules) -> Box<dyn View> {
    let judged = Judged::of(rules);
    if let Some(agent) = session.agent() {
        return Box::new(StepProgress::new(EventLines::new(session.door.clone(), judged), agent.clone()));
    }
    match (session.door.place(), terminal_width()) {
        (Place::Desk, Some(width)) => Box::new(LiveLine::new(session.door.clone(), width, judged)),
        _ => Box::new(EventLines::new(session.door.clone(), judged)),
    }
}
