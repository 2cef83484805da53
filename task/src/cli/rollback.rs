//! `rollback`: what to go back to, and who is told.

mod announce;
mod plan;

pub use self::plan::verdict_of;

use super::arguments::RollbackCommand;
use super::{Exit, Failure};
use crate::session::Session;

/// Does what a subcommand says.
pub fn run(session: &Session, command: &RollbackCommand) -> Result<Exit, Failure> {
    match command {
        RollbackCommand::Plan(arguments) => plan::run(session, arguments),
        RollbackCommand::Announce(arguments) => announce::run(session, arguments),
    }
}
