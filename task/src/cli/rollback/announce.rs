//! `rollback announce`: tells people what a rollback goes back to, or that it waits for a person.

use std::path::{Path, PathBuf};

use runbook_gate::policy::Purpose;
use runbook_gate::rollback::{Announcement, Notice, PlanSummary, Telling};
use serde_json::json;

use crate::cli::announce::{Heard, Message, Pace, announce, report};
use crate::cli::arguments::{AnnounceArguments, Format};
use crate::cli::{Exit, Failure, load};
use crate::door::Place;
use crate::files::{PLAN_JSON, read_text, shown};
use crate::session::Session;

/// Where the plan comes from.
const HELP: &str = "name the rollback-plan.json that `rollback plan` wrote with --plan";

/// Tells everybody whom the policy names. Who could not be told is said, and the command ends well all the same: a rollback does
/// not wait for messages.
pub fn run(session: &Session, arguments: &AnnounceArguments) -> Result<Exit, Failure> {
    let policy = load::policy(session, &arguments.policy, Purpose::Tell)?;
    let (service, environment) = (policy.service(), policy.environment().name());
    let path = match (&arguments.plan, &arguments.report_dir) {
        (Some(path), _) => path.clone(),
        (None, Some(folder)) => folder.join(PLAN_JSON),
        (None, None) => PathBuf::from(PLAN_JSON),
    };
    let plan = match read_plan(&path) {
        Ok(plan) => plan,
        // In a pipeline a plan that is missing is news: the step that makes it has failed.
        Err(failure) if session.door.place() == Place::Desk || arguments.dry_run => return Err(failure),
        Err(failure) => PlanSummary::missing(service, environment, &failure.words()),
    };
    if plan.service != service || plan.environment != environment {
        return Err(Failure::Input(format!(
            "{} is of {} in {}, and the policy is of {service} in {environment}; {HELP}",
            shown(&path),
            plan.service,
            plan.environment
        )));
    }
    let announcement = Announcement::of_plan(&plan);
    let notices = &policy.rollback().notify;
    if arguments.dry_run {
        let who: Vec<&str> = notices.iter().map(Notice::words).collect();
        match arguments.format {
            Format::Human => session.door.print(&format!(
                "{}\nA dry run: nothing was sent. It would go to {}.\n",
                announcement.text(),
                if who.is_empty() {
                    "nobody: the policy has no rollback.notify".to_owned()
                } else {
                    who.join(", ")
                }
            )),
            Format::Json => print_json(session, &announcement, &[], &who),
        }
        return Ok(Exit::Success);
    }
    let heard = announce(
        session,
        &policy,
        &Message {
            since: plan.target.as_ref().and_then(|target| target.run),
            announcement: announcement.clone(),
            devops: &arguments.devops,
            network: &arguments.network,
            pace: Pace::Ended,
        },
    );
    report(session, &announcement, &heard);
    match arguments.format {
        Format::Human if notices.is_empty() => {
            session.door.print("nobody is told: the policy has no rollback.notify\n");
        }
        Format::Human => session.door.print(&format!("{}\n", announcement.text())),
        Format::Json => print_json(session, &announcement, &heard, &[]),
    }
    Ok(Exit::Success)
}

/// A plan that `rollback plan` wrote.
///
/// # Errors
/// Where it cannot be read, or is something else.
pub fn read_plan(path: &Path) -> Result<PlanSummary, Failure> {
    let text = read_text(path, HELP).map_err(Failure::input)?;
    PlanSummary::read(&text).map_err(|error| Failure::Input(format!("{}: {error}", shown(path))))
}

fn print_json(session: &Session, announcement: &Announcement, heard: &[Heard], would: &[&str]) {
    let told: Vec<serde_json::Value> = heard
        .iter()
        .map(|one| {
            let (state, why) = match &one.became {
                Telling::Told => ("told", None),
                Telling::AlreadyTold => ("told-before", None),
                Telling::NotTold(why) => ("not-told", Some(why)),
            };
            json!({ "who": one.who, "state": state, "why": why })
        })
        .chain(would.iter().map(|who| json!({ "who": who, "state": "dry-run", "why": null })))
        .collect();
    session.print_json(&json!({
        "version": 1,
        "kind": "announcement",
        "event": announcement.event().as_str(),
        "title": announcement.title(),
        "told": told,
    }));
}
