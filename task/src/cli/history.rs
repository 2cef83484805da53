//! `history`: what gates decided of a service in an environment, newest first.

use runbook_gate::report::escape;
use runbook_gate::rollback::{Profile, VerdictRecord};

use super::arguments::{Format, HistoryArguments};
use super::{Exit, Failure, load};
use crate::history;
use crate::session::Session;

/// Reads and prints.
pub fn run(session: &Session, arguments: &HistoryArguments) -> Result<Exit, Failure> {
    let policy = load::policy(session, &arguments.policy)?;
    let environment = policy.environment().name();
    let path = history::path(session, arguments.history.as_deref()).ok_or_else(no_file)?;
    let found = history::read(&path, policy.service(), environment).map_err(Failure::input)?;
    for note in &found.notes {
        session.door.say(&format!("warning: {}: {note}", path.display()));
    }
    let most = arguments.most.unwrap_or(20);
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
                "service": policy.service(),
                "environment": environment,
                "decisions": records,
            }));
        }
        Format::Human => {
            let mut text = format!("{} in {environment}\n", policy.service());
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

/// Neither a pipeline nor a desk says where the history is.
pub fn no_file() -> Failure {
    Failure::Input("no history file is known here; name one with --history FILE".to_owned())
}

fn line(record: &VerdictRecord) -> String {
    let at = record.decided_at.map_or_else(|| "at no known time".to_owned(), |at| at.to_string());
    let watched = match (record.started_at, record.decided_at) {
        (Some(from), Some(to)) if from <= to => format!(", after {}", to.since(from)),
        _ => String::new(),
    };
    let decision = match (record.profile, record.proves_good()) {
        (Profile::Deployment, _) => record.decision.to_string(),
        (Profile::Rollback, true) => "recovered".to_owned(),
        (Profile::Rollback, false) => "not recovered".to_owned(),
    };
    let clean = |text: &str| escape::terminal(text);
    format!(
        "  {at}  {decision:<13}  {}{watched}: {}\n",
        clean(&record.release.words()),
        clean(&record.reason)
    )
}
