//! `history`: what gates decided of a service in an environment, newest first.

use runbook_gate::devops::{AzureDevOpsArchive, Client};
use runbook_gate::policy::{Enforcement, Environment};
use runbook_gate::report::escape;
use runbook_gate::rollback::{History, VerdictRecord};

use super::arguments::{Format, HistoryArguments};
use super::devops::{Deadline, Surroundings};
use super::{Exit, Failure, load};
use crate::history;
use crate::session::Session;

/// So many decisions are listed by default.
const MOST: usize = 20;

/// Reads and prints.
pub fn run(session: &Session, arguments: &HistoryArguments) -> Result<Exit, Failure> {
    let (service, environment) = load::place(session, &arguments.policy)?;
    let most = arguments.most.unwrap_or(MOST);
    let place = Surroundings::find(session, &arguments.devops)?;
    let found = match place.filter(|_| arguments.history.is_none()) {
        Some(place) => of_runs(session, arguments, &service, &environment, &place, most)?,
        None => of_file(session, arguments, &service, &environment)?,
    };
    for note in &found.notes {
        session.door.say(&format!("warning: {note}"));
    }
    match arguments.format {
        Format::Json => {
            let records: Vec<serde_json::Value> = found
                .records
                .iter()
                .take(most)
                .filter_map(|record| serde_json::from_str(&record.to_json()).ok())
                .collect();
            session.print_json(&serde_json::json!({
                "version": 1,
                "kind": "history",
                "service": service,
                "environment": environment.name(),
                "decisions": records,
            }));
        }
        Format::Human => {
            let mut text = format!("{service} in {}\n", environment.name());
            if found.records.is_empty() {
                text.push_str("  no decision is recorded yet: `verify` records them\n");
            }
            for record in found.records.iter().take(most) {
                text.push_str(&line(record));
            }
            session.door.print(&text);
        }
    }
    Ok(Exit::Success)
}

/// The decisions that the runs of the pipeline keep.
fn of_runs(
    session: &Session,
    arguments: &HistoryArguments,
    service: &str,
    environment: &Environment,
    place: &Surroundings,
    most: usize,
) -> Result<History, Failure> {
    let transport = session.azure_devops(arguments.devops.azure_devops.as_deref())?;
    let allowance = Deadline::within(arguments.devops.timeout);
    let client = Client::new(transport.as_ref(), place.project.clone(), &allowance);
    let at = place.run_seen_from(session, environment, &arguments.devops);
    Ok(AzureDevOpsArchive::new(client, at, service, None).history(most))
}

/// The decisions that a desk's history file keeps.
fn of_file(
    session: &Session,
    arguments: &HistoryArguments,
    service: &str,
    environment: &Environment,
) -> Result<History, Failure> {
    let path = history::to_read(session, arguments.history.as_deref()).map_err(Failure::Input)?;
    let mut found =
        history::read(&path, service, environment.name(), session.clock.now()).map_err(Failure::input)?;
    for note in &mut found.notes {
        *note = format!("{}: {note}", path.display());
    }
    Ok(found)
}

fn line(record: &VerdictRecord) -> String {
    let at =
        record.decided_at.map_or_else(|| "at no known time".to_owned(), |at| at.whole_second().to_string());
    let watched = match (record.started_at, record.decided_at) {
        (Some(from), Some(to)) if from <= to => format!(", after {}", to.since(from).rounded()),
        _ => String::new(),
    };
    let advised = if record.enforcement == Enforcement::Advise { ", only advised" } else { "" };
    let clean = |text: &str| escape::terminal(text);
    format!(
        "  {at}  {:<13}  {}{watched}{advised}: {}\n",
        record.word(),
        clean(&record.release.words()),
        clean(&record.reason)
    )
}
