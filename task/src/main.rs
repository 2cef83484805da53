//! The `runbook-gate` command.

mod commands;
mod door;
mod http;
mod redact;

fn main() {}
