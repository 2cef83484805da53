//! `checklist`: whether the deployment may begin, from a checkout and what the caller gives.

mod after;
mod bounds;
mod given;
mod judged;

use std::collections::BTreeSet;
use std::path::Path;

use runbook_gate::checklist::{
    ChecklistRules, Checkout, CheckoutError, CommitFact, Desk, Facts, Forge, Gap, Gathered, History, Home,
    Inquiry, PolicyOf, RunbookItem, TelemetryFact, TreeFile, Who, gather, judge,
};
use runbook_gate::devops::{Allowance as _, AzureDevOpsForge, Client};
use runbook_gate::github::GitHubForge;
use runbook_gate::policy::{Policy, PolicyFile, Purpose};
use runbook_gate::report::ReportContext;
use runbook_gate::report::checklist::{ChecklistReport, json, junit, markdown, terminal};
use runbook_gate::report::html;
use runbook_gate::report::terminal::{Colour, Layout};
use runbook_gate::source::World;
use runbook_gate::telemetry::{Observed, Readable, Telemetry, analyse};

use self::bounds::{BoundedCommands, Share};
use super::arguments::{ChecklistArguments, Format, Profile};
use super::devops::{Deadline, Surroundings};
use super::github::OnGitHub;
use super::outcome::Junit;
use super::{Exit, Failure, load, setting, telemetry, verdict};
use crate::commands::Asked;
use crate::files::{CHECKLIST_JSON, CHECKLIST_JUNIT, CHECKLIST_PAGE, CHECKLIST_SUMMARY, ReportFolder};
use crate::git::GitCheckout;
use crate::halt::Halt;
use crate::session::{Given, Session};

/// Gathers, judges and reports.
pub fn run(session: &Session, arguments: &ChecklistArguments) -> Result<Exit, Failure> {
    // What an earlier checklist wrote goes first, so that nobody takes it for this one's, whatever happens.
    let folder = match &arguments.report_dir {
        Some(path) => {
            let folder = ReportFolder::open(path).map_err(Failure::input)?;
            folder.clear_checklist().map_err(Failure::input)?;
            Some(folder)
        }
        None => None,
    };
    if arguments.profile == Profile::Rollback {
        session.door.say("a rollback is never held up by paperwork: the checklist was not looked at");
        return Ok(Exit::Success);
    }
    // Everything that is waited for ends by these, git too.
    let halt = Halt::default();
    let allowance = Deadline::within(arguments.devops.timeout);
    bounds::keep(session, &allowance, &halt);
    let opened = GitCheckout::open_until(&halt, Path::new("."), &session.environment);
    let root = opened.as_ref().map_or(Path::new("."), GitCheckout::root);
    let without = opened.as_ref().err().cloned().map(Without);
    let checkout: &dyn Checkout = match (&opened, &without) {
        (Ok(checkout), _) => checkout,
        (Err(_), Some(without)) => without,
        (Err(error), None) => return Err(Failure::input(error)),
    };
    let on_github = OnGitHub::find(session, &arguments.github, || checkout.remotes().unwrap_or_default())?;
    let services = Given {
        azure_devops: arguments.devops.azure_devops.as_deref(),
        github: on_github.as_ref().map(OnGitHub::access).transpose()?,
        until: Some(halt.clone()),
    };
    let transport = session.network_with(&arguments.network, &[], &services)?;
    let place = Surroundings::find(session, &arguments.devops)?;
    let path = given::path_in(root, &arguments.policy.policy);
    let judging = judged::policy(session, arguments, place.as_ref(), checkout, &path, &|project| {
        Client::new(transport.as_ref(), project, &allowance)
    })?;
    let policy = &judging.policy;
    let mut notes = Vec::new();
    let mut rules = policy.checklist().clone();
    rules.policy_path = path;
    if let Ok(checkout) = &opened {
        notes.extend(uncommitted(checkout));
    }
    rules
        .waivers
        .extend(given::waivers(&rules, &arguments.waive, session.clock.now()).map_err(Failure::Input)?);
    if judging.target.is_none() {
        known_since(checkout, arguments.since.as_deref())?;
    }
    let mut unused = Vec::new();
    let tests = given::tests(&rules, &arguments.tests, root, &mut unused).map_err(Failure::Input)?;
    let artifacts = given::artifacts(&arguments.artifacts, &mut unused);
    let given = given::words(&rules, &arguments.attest).map_err(Failure::Input)?;
    unused.extend(given::unused_words(&rules, &given));
    for note in &unused {
        session.door.say(&format!("warning: {note}"));
    }
    notes.append(&mut unused);
    let asked = if arguments.network.allow_commands { Asked::Yes } else { Asked::No };
    let commands = session.commands(asked, &arguments.policy.allowed_variables);
    let earlier_policy = |text: &str| earlier(session, arguments, policy, text);
    let inquiry = Inquiry {
        now: session.clock.now(),
        deployed: place.as_ref().map_or("HEAD", |place| &place.deployed),
        // A pull request is compared with its target, whatever its own pipeline asks for.
        since: judging.target.as_deref().or(arguments.since.as_deref()),
        policy_text: &judging.text,
        policy_of: if judging.target.is_some() { PolicyOf::Earlier } else { PolicyOf::Deployed },
        earlier_policy: &earlier_policy,
        given,
        tests,
        artifacts,
        telemetry: look(session, arguments, policy, &rules, &allowance),
    };
    let bounded = BoundedCommands { runner: &commands, deadline: &allowance, halt: &halt };
    let world = World { transport: transport.as_ref(), commands: &bounded };
    let forge = place.as_ref().map(|place| {
        let standpoint = place.seen_from(session, policy.environment());
        AzureDevOpsForge::new(Client::new(transport.as_ref(), place.project.clone(), &allowance), standpoint)
    });
    let pipeline: &dyn Forge = match &forge {
        Some(forge) => forge,
        None => &Desk,
    };
    let left = || allowance.left();
    let facts = match on_github {
        Some(place) => {
            let client = place.client(transport.as_ref(), &left);
            let forge = GitHubForge::new(client, place.standpoint, pipeline);
            gather(&rules, inquiry, checkout, &forge, &world)
        }
        None => gather(&rules, inquiry, checkout, pipeline, &world),
    };
    if let Gathered::Known(deployment) = &facts.deployment {
        notes.extend(deployment.notes.iter().cloned());
    }
    let mut outcome = judge(&rules, &facts);
    commands.stop_all();
    let interrupted = halt.interrupted();
    if let Some(by) = interrupted {
        outcome = outcome.interrupted();
        notes.push(format!("interrupted by {by}: what had not been gathered by then is unknown"));
    } else if let Some(forge) = &forge {
        notes.extend(after::open_ticket(forge, &outcome, policy.service(), &arguments.ticket_type));
    }
    let context = ReportContext {
        service: policy.service().to_owned(),
        policy_file: policy.file_name().to_owned(),
        enforcement: policy.environment().enforcement(),
        ..ReportContext::default()
    };
    let report = with_pages(ChecklistReport::new(outcome, context, notes), checkout, &facts);
    let report = match interrupted {
        Some(by) => report.interrupted_by(by),
        None => report,
    };
    let report = match verdict::run(session) {
        Some(run) => report.judged_in(run),
        None => report,
    };
    let posted = match (&forge, arguments.post) {
        (_, false) => Ok(()),
        (_, true) if interrupted.is_some() => {
            Err("the checklist was interrupted, and is not posted".to_owned())
        }
        (Some(forge), true) => after::post(session, forge, &report),
        (None, true) => {
            Err("--post needs Azure DevOps; run it in the pipeline, or give --azure-devops".to_owned())
        }
    };
    let exit = publish(session, &report, folder.as_ref(), Junit::of_flag(arguments.junit), arguments.format)?;
    if let Err(why) = posted {
        session.door.say(&format!("warning: {why}"));
    }
    match interrupted {
        Some(by) => {
            session.door.say(&format!("cancelled by {by}"));
            Ok(Exit::Hold)
        }
        None => Ok(exit),
    }
}

fn publish(
    session: &Session,
    report: &ChecklistReport,
    folder: Option<&ReportFolder>,
    test_results: Junit,
    format: Format,
) -> Result<Exit, Failure> {
    let clean = |text: String| session.door.redactor().clean(&text).into_owned();
    let object = clean(format!("{}\n", json(report)));
    if let Some(folder) = folder {
        folder.write(CHECKLIST_JSON, &object).map_err(Failure::input)?;
        folder.write(CHECKLIST_SUMMARY, &clean(markdown(report))).map_err(Failure::input)?;
        folder.write(CHECKLIST_PAGE, &clean(html::checklist(report))).map_err(Failure::input)?;
        if test_results == Junit::Written {
            folder.write(CHECKLIST_JUNIT, &clean(junit(report))).map_err(Failure::input)?;
        }
    }
    if let Some(agent) = session.agent() {
        super::task::tell_checklist(agent, report, folder);
    }
    match format {
        Format::Json => session.door.print_json(&object),
        Format::Human => {
            let layout = Layout { width: crate::door::output_width(), colour: Colour::Ansi };
            session.door.print(&terminal(report, layout));
        }
    }
    Ok(Exit::of_decision(report.decision(), report.enforcement()))
}

/// The report with links to the files of the deployed commit, where a remote has pages that are known.
fn with_pages(report: ChecklistReport, checkout: &dyn Checkout, facts: &Facts) -> ChecklistReport {
    let Gathered::Known(deployment) = &facts.deployment else { return report };
    let remotes = checkout.remotes().unwrap_or_default();
    match remotes.iter().find_map(|remote| Home::of_remote(remote)) {
        Some(home) => report.with_source(home, deployment.commit.id.clone()),
        None => report,
    }
}

/// A name for `--since` that a whole clone does not know is mistyped. What a shallow one lacks stays unknown.
fn known_since(checkout: &dyn Checkout, since: Option<&str>) -> Result<(), Failure> {
    match since.map(|reference| checkout.commit(reference)) {
        Some(Err(error @ CheckoutError::UnknownCommit(_))) => Err(Failure::Input(format!(
            "--since: {error}; name a tag, a branch or a commit that `git log` shows, or leave it out"
        ))),
        _ => Ok(()),
    }
}

/// What is not committed is not what is deployed.
fn uncommitted(checkout: &GitCheckout) -> Option<String> {
    let paths = checkout.uncommitted().ok().filter(|paths| !paths.is_empty())?;
    let shown: Vec<&str> = paths.iter().take(3).map(String::as_str).collect();
    let more = if paths.len() > 3 { format!(" and {} more", paths.len() - 3) } else { String::new() };
    Some(format!(
        "{}{more} changed and are not committed: the commit is judged, not the folder",
        shown.join(", ")
    ))
}

/// The rules of an earlier text of the policy, for the same environment.
fn earlier(
    session: &Session,
    arguments: &ChecklistArguments,
    policy: &Policy,
    text: &str,
) -> Option<ChecklistRules> {
    let file = PolicyFile::parse(policy.file_name(), text, session.clock.now()).ok()?.file;
    let name = policy.environment().name();
    let resolved = load::resolve(session, &arguments.policy, &file, Some(name), Purpose::Check).ok()?;
    Some(resolved.checklist().clone())
}

/// What telemetry can be read: asked only where the item concerns this environment, and could still be satisfied.
fn look(
    session: &Session,
    arguments: &ChecklistArguments,
    policy: &Policy,
    rules: &ChecklistRules,
    allowance: &Deadline,
) -> Gathered<TelemetryFact> {
    let asked = rules
        .items
        .iter()
        .find(|item| item.id == RunbookItem::TelemetryReady.id())
        .is_some_and(|item| item.environments.include(&rules.environment));
    let now = session.clock.now();
    let nothing_read = analyse(policy.gate(), &Observed::new(), now);
    let blind = nothing_read
        .signals
        .iter()
        .any(|signal| signal.required && signal.readable == Readable::NotConfigured);
    if !asked || blind {
        return Gathered::Known(fact(&nothing_read, AskedNow::No));
    }
    let unreadable =
        |why: String| Gathered::Unknown(Gap::new(why, Who::PipelineOwner, "see `runbook-gate telemetry`"));
    let mut setting = match setting::set_up(session, policy, &arguments.policy, &arguments.network, |_| false)
    {
        Ok(setting) => setting,
        Err(failure) => return unreadable(format!("the sources cannot be read here: {}", failure.words())),
    };
    let share = Share::begin(allowance, setting.switch.clone());
    let observed = telemetry::observe(policy, &mut setting, telemetry::SHORT_PAST);
    setting.runner.stop_all();
    match observed {
        Ok(looked) => {
            let seen = analyse(policy.gate(), &looked.observed, session.clock.now());
            Gathered::Known(fact(&seen, AskedNow::Yes))
        }
        Err(_) if share.is_over() => Gathered::Unknown(Gap::new(
            format!(
                "the sources had not answered within half of the time of the checklist ({} in all), which is theirs",
                allowance.within
            ),
            Who::PipelineOwner,
            "see with `runbook-gate telemetry` which is slow, or give more `--timeout`",
        )),
        Err(_) => unreadable("reading the sources was interrupted".to_owned()),
    }
}

/// Whether the sources were asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AskedNow {
    Yes,
    No,
}

fn fact(telemetry: &Telemetry, asked: AskedNow) -> TelemetryFact {
    let mut fact = TelemetryFact {
        without_source: Vec::new(),
        unreadable: Vec::new(),
        readable: Vec::new(),
        not_asked: Vec::new(),
    };
    for signal in telemetry.signals.iter().filter(|signal| signal.required) {
        let name = signal.signal.clone();
        match (&signal.readable, asked) {
            (Readable::NotConfigured, _) => fact.without_source.push(name),
            (_, AskedNow::No) => fact.not_asked.push(name),
            (Readable::Now { .. } | Readable::Idle, AskedNow::Yes) => fact.readable.push(name),
            (Readable::TooLittle { value, .. }, AskedNow::Yes) => {
                fact.unreadable.push(format!("{name} (it says {value:.2}: the telemetry itself is missing)"))
            }
            (Readable::Stale { age }, AskedNow::Yes) => {
                fact.unreadable.push(format!("{name} (its newest point is {age} old)"))
            }
            (Readable::Not { why }, AskedNow::Yes) => fact.unreadable.push(format!("{name} ({why})")),
        }
    }
    fact
}

/// No repository: every question has the same answer.
struct Without(CheckoutError);

impl Checkout for Without {
    fn commit(&self, _: &str) -> Result<CommitFact, CheckoutError> {
        Err(self.0.clone())
    }
    fn last_tag(&self, _: &str) -> Result<Option<(String, String)>, CheckoutError> {
        Err(self.0.clone())
    }
    fn history(&self, _: Option<&str>, _: &str) -> Result<History, CheckoutError> {
        Err(self.0.clone())
    }
    fn files(&self, _: &str) -> Result<Vec<TreeFile>, CheckoutError> {
        Err(self.0.clone())
    }
    fn links(&self, _: &str) -> Result<BTreeSet<String>, CheckoutError> {
        Err(self.0.clone())
    }
    fn read(&self, _: &[&TreeFile]) -> Result<Vec<Vec<u8>>, CheckoutError> {
        Err(self.0.clone())
    }
    fn remotes(&self) -> Result<Vec<String>, CheckoutError> {
        Err(self.0.clone())
    }
}
