//! `rollback ticket`: the follow-up work item of an incident, made once and brought up to date.

use std::path::{Path, PathBuf};

use runbook_gate::devops::{Client, Filed, Standpoint, Trial};
use runbook_gate::diagnostic::Severity;
use runbook_gate::json;
use runbook_gate::policy::{Enforcement, Policy, Purpose};
use runbook_gate::rollback::{Incident, PlanSummary, Profile, Release, Ticket, VerdictRecord, ticket};
use serde_json::{Value, json};

use super::announce::read_plan;
use super::verdict_of;
use crate::cli::arguments::{Format, TicketArguments};
use crate::cli::devops::{Deadline, Surroundings};
use crate::cli::{Exit, Failure, announce, load};
use crate::door::Place;
use crate::files::{CHECKLIST_JSON, PLAN_JSON, VERDICT, read_text};
use crate::session::{Given, Session};

/// What is known of the incident.
struct Known {
    incident: Incident,
    plan: Option<PlanSummary>,
    records: Vec<String>,
}

/// Makes the work item, or brings it up to date; ends with hold where a person has to do it.
pub fn run(session: &Session, arguments: &TicketArguments) -> Result<Exit, Failure> {
    let policy = load::policy(session, &arguments.policy, Purpose::File)?;
    let Some(rules) = &policy.rollback().ticket else {
        session.door.say("no work item: the policy has no rollback.ticket");
        return Ok(Exit::Success);
    };
    let place = Surroundings::find(session, &arguments.devops)?.ok_or_else(|| {
        Failure::Input(
            "a ticket needs Azure DevOps; run it in the pipeline, or give --azure-devops".to_owned(),
        )
    })?;
    let known = known(session, arguments, &policy)?;
    let allowance = Deadline::within(arguments.devops.timeout);
    let given = Given { azure_devops: arguments.devops.azure_devops.as_deref(), ..Given::default() };
    let transport = session.network_with(&arguments.network, &[], &given)?;
    let client = Client::new(transport.as_ref(), place.project.clone(), &allowance);
    let at = place.seen_from(session, policy.environment());
    let ticket = linked(session, &client, &at, ticket(rules, &known.incident), &known);
    let trial = if arguments.dry_run { Trial::DryRun } else { Trial::ForReal };
    Ok(match client.file_ticket(&ticket, trial) {
        Ok(filed) => {
            say(session, &at, filed, trial, arguments.format);
            Exit::Success
        }
        Err(error) => {
            let why = format!("no work item for this rollback: {error}; {}", error.gap().how);
            match session.agent() {
                Some(agent) => agent.issue(Severity::Error, &why),
                None => session.door.say(&format!("error: {why}")),
            }
            if arguments.format == Format::Json {
                session
                    .print_json(&json!({ "version": 1, "kind": "ticket", "state": "not-filed", "why": why }));
            }
            Exit::Hold
        }
    })
}

/// The ticket with its links and lists: the run, the pull requests of the deployment, the records.
fn linked(
    session: &Session,
    client: &Client<'_>,
    at: &Standpoint,
    mut ticket: Ticket,
    known: &Known,
) -> Ticket {
    if let Some(run) = known.incident.verdict.judged_in
        && let Ok(page) = at.run_page(run).parse()
    {
        ticket = ticket.with_page("The run: report, journal and log", &page);
    }
    if let Some(plan) = &known.plan {
        let doubts: Vec<String> =
            plan.doubts.iter().map(|doubt| format!("{}; {}: {}", doubt.what, doubt.who, doubt.how)).collect();
        ticket = ticket.with_list("The rollback plan", std::slice::from_ref(&plan.reason));
        ticket = ticket.with_list("In doubt before the rollback", &doubts);
    }
    ticket = ticket.with_list("So before the deployment already", &known.incident.verdict.pre_existing);
    ticket = ticket.with_list("Decision records of the deployment", &known.records);
    let numbers = pull_requests(session, client, at, known);
    let ids = (session.variable("SYSTEM_TEAMPROJECTID"), session.variable("BUILD_REPOSITORY_ID"));
    let here = session.door.place() == Place::Pipeline;
    for number in numbers {
        ticket = match (ids, at.pull_request_page(number).parse()) {
            ((Some(project), Some(repository)), _) if here && is_guid(project) && is_guid(repository) => {
                ticket.with_pull_request(project, repository, number)
            }
            (_, Ok(page)) => ticket.with_page(&format!("Pull request {number}"), &page),
            (_, Err(_)) => ticket,
        };
    }
    ticket
}

/// The pull requests of the deployment; none where they cannot be told, which is said.
fn pull_requests(session: &Session, client: &Client<'_>, at: &Standpoint, known: &Known) -> Vec<u64> {
    let (Some(run), Some(repository)) = (&at.run, at.repository.as_deref()) else { return Vec::new() };
    let since = known.plan.as_ref().and_then(|plan| plan.target.as_ref()?.run);
    let found = announce::pull_requests(session, client, at, (run, repository), since);
    found.unwrap_or_else(|error| {
        let how = error.gap().how;
        session.door.say(&format!("warning: the work item links no pull requests: {error}; {how}"));
        Vec::new()
    })
}

/// What the files say. In a pipeline one that is missing is a step that never ran, and the work item is made without it; at
/// a desk it is a mistake.
fn known(session: &Session, arguments: &TicketArguments, policy: &Policy) -> Result<Known, Failure> {
    let lenient = session.door.place() == Place::Pipeline;
    let verdict = given(session, lenient, arguments.failed_gate.as_deref(), VERDICT, verdict_of)?;
    let plan = given(session, lenient, arguments.plan.as_deref(), PLAN_JSON, read_plan)?;
    let recovery = given(session, lenient, arguments.recovery.as_deref(), VERDICT, verdict_of)?;
    let records = given(session, lenient, arguments.checklist_report.as_deref(), CHECKLIST_JSON, records_of)?;
    let verdict = match verdict {
        Some(verdict) => verdict,
        None if lenient => unrecorded(session, policy),
        None => {
            return Err(Failure::Input(
                "--failed-gate PATH is missing: name the report folder of the gate that failed".to_owned(),
            ));
        }
    };
    let (service, environment) = (policy.service(), policy.environment().name());
    for (what, of) in [
        ("--failed-gate", Some((&verdict.service, &verdict.environment))),
        ("--recovery", recovery.as_ref().map(|recovery| (&recovery.service, &recovery.environment))),
        ("--plan", plan.as_ref().map(|plan| (&plan.service, &plan.environment))),
    ] {
        if let Some((other, place)) = of.filter(|(other, place)| *other != service || *place != environment) {
            return Err(Failure::Input(format!(
                "{what} is of {other} in {place}, and the policy is of {service} in {environment}"
            )));
        }
    }
    let target = recovery
        .as_ref()
        .map(|recovery| recovery.release.clone())
        .or_else(|| plan.as_ref().and_then(|plan| plan.target.clone()));
    let incident = Incident { verdict, target, rollback_started: arguments.rollback_started, recovery };
    Ok(Known { incident, plan, records: records.unwrap_or_default() })
}

/// A file, or the one of a report folder.
fn given<T>(
    session: &Session,
    lenient: bool,
    path: Option<&Path>,
    name: &str,
    read: impl Fn(&Path) -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let file: PathBuf = if path.is_dir() { path.join(name) } else { path.to_owned() };
    match read(&file) {
        Ok(found) => Ok(Some(found)),
        Err(failure) if lenient => {
            session.door.say(&format!("warning: the work item is made without it: {}", failure.words()));
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

/// What stands where the failed gate left no record.
fn unrecorded(session: &Session, policy: &Policy) -> VerdictRecord {
    let run = session.variable("BUILD_BUILDID").and_then(|id| id.parse().ok());
    VerdictRecord {
        service: policy.service().to_owned(),
        environment: policy.environment().name().to_owned(),
        profile: Profile::Deployment,
        decision: runbook_gate::gate::Decision::Rollback,
        enforcement: Enforcement::Enforce,
        reason: "the gate's record was not found; the run has its log".to_owned(),
        criterion: None,
        release: Release {
            run,
            version: session.variable("BUILD_BUILDNUMBER").unwrap_or_default().to_owned(),
            commit: session.variable("BUILD_SOURCEVERSION").unwrap_or_default().to_owned(),
        },
        judged_in: run,
        started_at: None,
        onset: None,
        decided_at: Some(session.clock.now()),
        policy_sha256: String::new(),
        pre_existing: Vec::new(),
        images: None,
    }
}

/// The decision records that a checklist's report names.
fn records_of(path: &Path) -> Result<Vec<String>, Failure> {
    let help = "name the checklist.json of this deployment";
    let text = read_text(path, help).map_err(Failure::input)?;
    let report = json::read(text.as_bytes())
        .map_err(|error| Failure::Input(format!("{}: it is not JSON: {error}; {help}", path.display())))?;
    let items = report.get("items").and_then(Value::as_array).into_iter().flatten();
    let rows = items.filter_map(|item| item.get("records")?.as_array()).flatten();
    let text = |row: &Value, key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut records: Vec<String> = rows
        .filter(|row| !text(row, "record").is_empty())
        .map(|row| {
            let record = match text(row, "path") {
                path if path.is_empty() => text(row, "record"),
                path => path,
            };
            format!("{record} ({}), {}", text(row, "status"), text(row, "change"))
        })
        .collect();
    records.sort();
    records.dedup();
    Ok(records)
}

/// Ids of projects and repositories; elsewhere than in Azure Repos a repository's is something else.
fn is_guid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

fn say(session: &Session, at: &Standpoint, filed: Filed, trial: Trial, format: Format) {
    let (state, number) = match filed {
        Filed::Made(number) => ("made", number),
        Filed::Updated(number) => ("updated", Some(number)),
    };
    let page = number.map(|number| at.work_item_page(number));
    match format {
        Format::Json => session.print_json(&json!({
            "version": 1,
            "kind": "ticket",
            "state": state,
            "dry_run": trial == Trial::DryRun,
            "number": number,
            "url": page,
        })),
        Format::Human => {
            let what = match (filed, trial) {
                (Filed::Made(_), Trial::ForReal) => "was made",
                (Filed::Made(_), Trial::DryRun) => "would be made: Azure DevOps takes it",
                (Filed::Updated(_), Trial::ForReal) => "was brought up to date",
                (Filed::Updated(_), Trial::DryRun) => "would be brought up to date: Azure DevOps takes it",
            };
            let item = number.map_or("a work item".to_owned(), |number| format!("work item {number}"));
            let page = page.map(|page| format!(" ({page})")).unwrap_or_default();
            session.door.print(&format!("{item} {what}{page}\n"));
        }
    }
}
