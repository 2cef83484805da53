//! `telemetry`: whether the gate could see.

use super::arguments::{Format, TelemetryArguments};
use super::setting::{interrupted, judge, set_up};
use super::{Exit, Failure, load, reading};
use crate::session::Session;

/// Reads each source once, and its past where it has one.
pub fn run(session: &Session, arguments: &TelemetryArguments) -> Result<Exit, Failure> {
    let policy = load::policy(session, &arguments.policy)?;
    let mut setting = set_up(session, &policy, &arguments.network, |_| false)?;
    let (replies, found) = match setting.look() {
        Ok(looked) => looked,
        Err(why) => return interrupted(session, &setting, why),
    };
    judge(session, &policy, &found)?;
    let lines = reading::lines(&setting.watched, &replies, session.clock.now());
    match arguments.format {
        Format::Human => session.door.print(&format!("{}\n", lines.join("\n"))),
        Format::Json => session.print_json(&serde_json::json!({ "version": 1 })),
    }
    Ok(Exit::Success)
}
