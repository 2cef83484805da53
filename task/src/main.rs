//! The `runbook-gate` command.

mod commands;
mod door;
mod drive;
mod http;
mod live;
mod redact;

fn main() {}
