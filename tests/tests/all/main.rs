//! Behaviour tests: everything that a user of the binary or the library can see. One binary, a module a subject.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[cfg(unix)]
mod azure;
mod checklist;
mod command_line;
mod decisions;
mod devops;
mod documentation;
mod github;
mod own_repository;
mod parsers;
mod policies;
mod prometheus;
mod registry;
mod reports;
mod rollback;
