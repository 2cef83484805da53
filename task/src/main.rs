//! The `runbook-gate` command.

mod agent;
mod azure;
mod cli;
mod commands;
mod door;
mod drive;
mod files;
mod git;
mod halt;
mod history;
mod http;
mod inputs;
mod interruptions;
mod launcher;
mod live;
mod recorded;
mod redact;
mod request;
mod session;
mod variables;

use std::process::ExitCode;

fn main() -> ExitCode {
    // The message of a panic goes to standard error by the door, in one line and without secrets.
    let outcome = std::panic::catch_unwind(cli::run);
    outcome.unwrap_or(cli::Exit::Internal).into()
}
