//! The `runbook-gate` command.

mod http;

fn main() {}
