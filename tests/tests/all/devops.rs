//! `checklist` in a pipeline: the binary, a real repository, and an Azure DevOps that keeps its wire's habits.

mod incident;
#[cfg(unix)]
mod interruption;
mod items;
mod posting;
mod ranges;
mod records;
mod refusals;
mod rollback;
mod run_time;
#[cfg(unix)]
mod slow_git;
mod statuses;
mod telling;
mod undone;
