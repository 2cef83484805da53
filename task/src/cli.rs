//! The command line: what can be asked, and how each command ends.

mod announce;
pub mod arguments;
mod baseline;
mod checklist;
mod devops;
mod explain;
mod github;
mod history;
mod images;
mod init;
mod load;
mod misread;
mod normal;
mod outcome;
mod reading;
mod recovery;
mod released;
pub mod remote;
mod replay;
mod report;
mod rollback;
mod rolled_back;
mod schema;
mod setting;
mod shown_checklist;
mod stale;
mod task;
mod telemetry;
mod validate;
mod verdict;
mod verify;

use std::process::ExitCode;

use clap::Parser;
use runbook_gate::diagnostic::{Diagnostics, Severity};
use runbook_gate::gate::Decision;
use runbook_gate::policy::Enforcement;

use self::arguments::{Arguments, Command, Format};
use crate::door::Door;
use crate::interruptions::Interruptions;
use crate::session::Session;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Proceed, or a command that did what was asked.
    Success,
    /// A defect of this program.
    Internal,
    /// A broken policy or input, or nothing can be evaluated.
    BadInput,
    /// Hold.
    Hold,
    /// Roll back.
    Rollback,
}

impl Exit {
    /// How a decision ends the process: only an enforced one fails it.
    pub const fn of_decision(decision: Decision, enforcement: Enforcement) -> Self {
        match (enforcement, decision) {
            (Enforcement::Advise | Enforcement::Off, _) | (_, Decision::Proceed) => Self::Success,
            (Enforcement::Enforce, Decision::Hold) => Self::Hold,
            (Enforcement::Enforce, Decision::Rollback) => Self::Rollback,
        }
    }
}

impl Exit {
    const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Internal => 1,
            Self::BadInput => 2,
            Self::Hold => 10,
            Self::Rollback => 20,
        }
    }

    /// Ends the process here, whatever else it does.
    #[allow(
        clippy::exit,
        reason = "what is interrupted stands anywhere, and nothing would bring it to its end"
    )]
    fn now(self) -> ! {
        std::process::exit(self.code().into())
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command did not do what was asked.
#[derive(Debug)]
pub enum Failure {
    /// Something that the caller gave is wrong: in words, with what to change.
    Input(String),
    /// The policy is wrong.
    Policy(Diagnostics),
    /// A defect, in words.
    Internal(String),
}

impl Failure {
    /// Something that the caller gave is wrong.
    pub fn input(error: impl std::fmt::Display) -> Self {
        Self::Input(error.to_string())
    }

    const fn exit(&self) -> Exit {
        match self {
            Self::Input(_) | Self::Policy(_) => Exit::BadInput,
            Self::Internal(_) => Exit::Internal,
        }
    }

    /// In words, for a sentence.
    pub fn words(&self) -> String {
        self.reason()
    }

    /// In one piece of text.
    fn reason(&self) -> String {
        match self {
            Self::Input(text) => text.clone(),
            Self::Policy(diagnostics) => {
                let first = diagnostics.iter().find(|found| found.severity() == Severity::Error);
                let first = first.map(|found| found.message().to_owned());
                format!("the policy is not valid: {}", first.unwrap_or_default())
            }
            Self::Internal(text) => format!("internal error, this is a defect of runbook-gate: {text}"),
        }
    }
}

/// Reads the arguments and does what they ask.
pub fn run() -> Exit {
    let (door, exit) = ended();
    let Some(why) = door.lost() else { return exit };
    door.say(&format!(
        "error: what stands on standard output is not whole: {why}; send it where it can be written, and run this again"
    ));
    // A hold stays a hold, and a rollback a rollback; success without its result is none.
    if exit == Exit::Success { Exit::BadInput } else { exit }
}

/// How the command ended, and the door that it spoke through.
fn ended() -> (Door, Exit) {
    // First of all: whoever is interrupted before the gate watches still says how it ended.
    let interruptions = Interruptions::listen();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // Help and version are answers, anything else is bad input: clap words both, and its code is 0 or 2.
        Err(answer) => {
            let code = answer.exit_code();
            let door = Session::start(0, Interruptions::default()).door;
            misread::tell(&door, answer);
            if code == 0 {
                return (door, Exit::Success);
            }
            stale::clear(std::env::args_os().skip(1));
            return (door, Exit::BadInput);
        }
    };
    let (interruptions, deaf) = match interruptions {
        Ok(interruptions) => (interruptions, None),
        Err(why) => (Interruptions::default(), Some(Failure::Internal(why))),
    };
    let session = Session::start(arguments.verbose, interruptions);
    let door = session.door.clone();
    let format = arguments.command.format();
    let listening = deaf.map_or_else(|| crate::launcher::end_with_it(&session), Err);
    if let Err(failure) = listening {
        report_failure(&session, format, &failure);
        return (door, failure.exit());
    }
    if matches!(arguments.command, Command::Task) {
        return (door, task::run(session));
    }
    let exit = perform(&session, arguments.command).unwrap_or_else(|failure| {
        report_failure(&session, format, &failure);
        failure.exit()
    });
    (door, exit)
}

fn perform(session: &Session, command: Command) -> Result<Exit, Failure> {
    if !command.watches() {
        end_when_interrupted(session);
    }
    match command {
        Command::Init(arguments) => init::run(session, &arguments),
        Command::Validate(arguments) => validate::run(session, &arguments),
        Command::Schema => schema::run(session),
        Command::Checklist(arguments) => checklist::run(session, &arguments),
        Command::Telemetry(arguments) => telemetry::run(session, &arguments),
        Command::Baseline(arguments) => baseline::run(session, &arguments),
        Command::Verify(arguments) => verify::run(session, &arguments),
        Command::History(arguments) => history::run(session, &arguments),
        Command::Rollback { command } => rollback::run(session, &command),
        Command::Replay(arguments) => replay::run(session, &arguments),
        Command::Report(arguments) => report::run(session, &arguments),
        Command::Explain { code } => explain::run(session, code.as_deref()),
        Command::Completions { shell } => Ok(schema::completions(session, shell)),
        Command::Task => Err(Failure::Input("the task does not start itself".to_owned())),
    }
}

/// A command that watches nothing has nothing to bring to an end: it ends where it is, and says so.
fn end_when_interrupted(session: &Session) {
    let end = end_now(session);
    session.interruptions.end_by(move |by| end(by));
}

/// Ends the process where it is, and says so.
fn end_now(session: &Session) -> impl Fn(&str) + Send + Clone + use<> {
    let (door, processes) = (session.door.clone(), session.processes.clone());
    let agent = session.agent().cloned();
    move |by| {
        processes.end_all();
        let words = format!("cancelled by {by}");
        door.say(&words);
        if let Some(agent) = &agent {
            task::tell_cancelled(agent, &words);
        }
        Exit::Hold.now()
    }
}

/// Says what went wrong, and on standard output as JSON where that was asked for.
fn report_failure(session: &Session, format: Option<Format>, failure: &Failure) {
    match failure {
        Failure::Policy(diagnostics) => session.show(diagnostics),
        Failure::Input(_) | Failure::Internal(_) => session.door.say(&format!("error: {}", failure.reason())),
    }
    if format == Some(Format::Json) {
        let mut object = serde_json::json!({
            "version": 1,
            "decision": "error",
            "reason": failure.reason(),
        });
        if let (Failure::Policy(diagnostics), Some(fields)) = (failure, object.as_object_mut()) {
            fields.insert("diagnostics".to_owned(), diagnostics.to_json());
        }
        session.print_json(&object);
    }
}
