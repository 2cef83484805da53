//! `schema` and `completions`: what other programs read.

use clap::CommandFactory;

use super::arguments::Arguments;
use super::{Exit, Failure};
use crate::session::Session;

/// Prints the JSON Schema of a policy.
pub fn run(session: &Session) -> Result<Exit, Failure> {
    session.door.print_json(&runbook_gate::policy::schema());
    Ok(Exit::Success)
}

/// Prints completions for a shell.
pub fn completions(session: &Session, shell: clap_complete::Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "runbook-gate", &mut script);
    session.door.print(&String::from_utf8_lossy(&script));
    Exit::Success
}
