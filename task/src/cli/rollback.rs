//! `rollback`: what to go back to, who is told, and the ticket.

mod announce;
mod plan;
mod ticket;

pub use self::plan::verdict_of;

use super::arguments::RollbackCommand;
use super::{Exit, Failure};
use crate::session::Session;

/// Does what a subcommand says.
pub fn run(session: &Session, command: &RollbackCommand) -> Result<Exit, Failure> {
    match command {
        RollbackCommand::Plan(arguments) => plan::run(session, arguments),
        RollbackCommand::Announce(arguments) => announce::run(session, arguments),
        RollbackCommand::Ticket(arguments) => ticket::run(session, arguments),
    }
}
