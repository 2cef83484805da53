//! `rollback plan`: what to go back to, and what speaks against it.

use std::path::Path;

use runbook_gate::checklist::{Desk as NoForge, Gap, Gathered, Who};
use runbook_gate::report::terminal::{Colour, Layout};
use runbook_gate::report::{html, rollback as report};
use runbook_gate::rollback::{Desk, Plan, Release, VerdictRecord, gather, migrations_between, plan};
use runbook_gate::source::World;

use crate::cli::arguments::{Format, PlanArguments};
use crate::cli::history::no_file;
use crate::cli::{Exit, Failure, load, task};
use crate::commands::Asked;
use crate::files::{PLAN_JSON, PLAN_PAGE, PLAN_SUMMARY, ReportFolder, read_text};
use crate::git::GitCheckout;
use crate::history;
use crate::session::Session;

/// Finds the plan, reports it, and ends with hold where there is nothing to go back to.
pub fn run(session: &Session, arguments: &PlanArguments) -> Result<Exit, Failure> {
    // What an earlier plan wrote goes first, so that nobody takes it for this one's, whatever happens.
    let folder = match &arguments.report_dir {
        Some(path) => {
            let folder = ReportFolder::open(path).map_err(Failure::input)?;
            folder.clear_plan().map_err(Failure::input)?;
            Some(folder)
        }
        None => None,
    };
    let policy = load::policy(session, &arguments.policy)?;
    let environment = policy.environment().name();
    let path = history::path(session, arguments.history.as_deref()).ok_or_else(no_file)?;
    let found = history::read(&path, policy.service(), environment).map_err(Failure::input)?;
    let verdict = match &arguments.verdict {
        Some(path) => Some(verdict_of(path)?),
        None => None,
    };
    let current = arguments
        .current
        .as_ref()
        .map(|version| Release { run: None, version: version.clone(), commit: String::new() })
        .or_else(|| verdict.as_ref().map(|verdict| verdict.release.clone()));
    let pre_existing = match verdict.as_ref().or_else(|| found.records.first()) {
        Some(verdict) => Gathered::Known(verdict.pre_existing.clone()),
        None => Gathered::Unknown(Gap::new(
            "no verdict of the deployed version is given",
            Who::Caller,
            "give the gate's verdict.json with --verdict",
        )),
    };
    let archive = Desk::new(found, current);
    let transport = session.network(&arguments.network, &[])?;
    let commands = session.commands(Asked::No, &[]);
    let world = World { transport: transport.as_ref(), commands: &commands };
    let checkout = GitCheckout::open(Path::new("."), &session.environment);
    let between = |from: &Release, to: &Release| match &checkout {
        Ok(checkout) => {
            let now = session.clock.now();
            migrations_between(policy.checklist(), (from, to), now, checkout, &NoForge, &world)
        }
        Err(error) => Gathered::Unknown(Gap::new(
            error.to_string(),
            Who::Caller,
            "run it in a git checkout of the service",
        )),
    };
    let facts = gather(
        policy.rollback(),
        (policy.service(), environment),
        session.clock.now(),
        &archive,
        pre_existing,
        &between,
    );
    publish(session, &plan(policy.rollback(), &facts), folder.as_ref(), arguments.format)
}

/// A verdict that `verify` wrote.
///
/// # Errors
/// Where it cannot be read, or is something else.
pub fn verdict_of(path: &Path) -> Result<VerdictRecord, Failure> {
    let text = read_text(path, "it is the verdict.json of a gate's report folder").map_err(Failure::input)?;
    VerdictRecord::read(&text).map_err(|error| {
        Failure::Input(format!("{}: {error}; name the verdict.json of a gate", path.display()))
    })
}

fn publish(
    session: &Session,
    plan: &Plan,
    folder: Option<&ReportFolder>,
    format: Format,
) -> Result<Exit, Failure> {
    let clean = |text: String| session.door.redactor().clean(&text).into_owned();
    let object = clean(format!("{}\n", report::json(plan)));
    if let Some(folder) = folder {
        folder.write(PLAN_JSON, &object).map_err(Failure::input)?;
        folder.write(PLAN_SUMMARY, &clean(report::markdown(plan))).map_err(Failure::input)?;
        folder.write(PLAN_PAGE, &clean(html::rollback(plan))).map_err(Failure::input)?;
    }
    if let Some(agent) = session.agent() {
        task::tell_plan(agent, plan, folder);
    }
    match format {
        Format::Json => session.door.print_json(&object),
        Format::Human => {
            let layout = Layout { width: crate::door::output_width(), colour: Colour::Ansi };
            session.door.print(&report::terminal(plan, layout));
        }
    }
    // A person has to look where nothing is proved, whatever the environment's enforcement: there is nothing to deploy.
    Ok(if plan.target.is_some() { Exit::Success } else { Exit::Hold })
}
