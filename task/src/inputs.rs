//! The task's inputs: what the agent puts in the environment, read once into the arguments that a command line would give.
//!
//! The agent checks nothing of them: neither that a required one is there nor that a pick list's value is on the list, and a
//! variable that was never set stays in them as it was written.

mod line;
mod name;
mod reader;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use runbook_gate::Secret;

use self::name::Input;
use self::reader::Reader;
pub use self::reader::secret_name;

/// An input that cannot be used, with what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// A variable in it was never set.
    #[error(
        "the input {input} still has `{variable}` in it: no such variable is set. Set it, or leave the input empty"
    )]
    Unexpanded {
        /// The input.
        input: &'static str,
        /// As it was written.
        variable: String,
    },
    /// It has to be there.
    #[error("the input {input} is empty; {help}")]
    Missing {
        /// The input.
        input: &'static str,
        /// What to write.
        help: String,
    },
    /// It is not one of what it can be.
    #[error("the input {input} is `{value}`; {help}")]
    Wrong {
        /// The input.
        input: &'static str,
        /// What it is.
        value: String,
        /// What it can be.
        help: String,
    },
    /// A service connection that the job does not have.
    #[error(
        "the service connection of the input {input} is not there: the agent gave no URL for it. \
         Check its name, and that this pipeline may use it (its page in the project's settings, Security)"
    )]
    NoConnection {
        /// The input.
        input: &'static str,
    },
}

/// What the inputs say.
#[derive(Clone, Debug)]
pub struct TaskInputs {
    /// One of [`name::COMMANDS`].
    pub command: &'static str,
    /// The folder that paths are relative to.
    pub working_directory: Option<PathBuf>,
    /// Where reports go; `None` is a new folder.
    pub report_directory: Option<PathBuf>,
    /// The Prometheus server that the policy's connections mean.
    pub prometheus: Option<Endpoint>,
    /// The policy file.
    pub policy: PathBuf,
    environment: Option<String>,
    since: Option<String>,
    test_results: Vec<String>,
    attestations: Vec<String>,
    waive: Vec<String>,
    build_resource: Option<String>,
    post: bool,
    profile: Profile,
    incident: IncidentInputs,
    deployed_at: Option<String>,
    checklist_report: Option<String>,
    junit: bool,
    announce: bool,
    action: &'static str,
    retain: bool,
    allowed: Vec<String>,
    allowed_secret: Vec<String>,
    allow_commands: bool,
}

/// What `verify` watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Profile {
    Release,
    Rollback,
}

/// What is known of an incident, for the steps of a rollback.
#[derive(Clone, Debug)]
struct IncidentInputs {
    failed_gate: Option<String>,
    plan: Option<String>,
    started: Option<String>,
    recovery: Option<String>,
}

/// A service connection, as the agent gives it to a task that names it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its URL.
    pub url: String,
    /// Its user; empty where it has a token.
    pub user: String,
    /// Its password or token.
    pub secret: Option<Secret>,
}

/// Reads the inputs.
///
/// # Errors
/// Everything that is wrong with them, at once.
pub fn read(environment: &BTreeMap<String, String>) -> Result<TaskInputs, Vec<InputError>> {
    let mut reader = Reader { environment, errors: Vec::new() };
    for input in Input::ALL {
        reader.refuse_unexpanded(input);
    }
    let command = reader.command();
    let policy = reader.text(Input::Policy);
    if policy.is_none() {
        let help = "name the policy file, for example runbook.yml".to_owned();
        reader.errors.push(InputError::Missing { input: Input::Policy.name(), help });
    }
    let (allowed, allowed_secret) = reader.allowed_variables();
    let inputs = TaskInputs {
        command: command.unwrap_or_default(),
        working_directory: reader.working_directory(),
        report_directory: reader.text(Input::ReportDirectory).map(PathBuf::from),
        prometheus: reader.endpoint(Input::PrometheusConnection),
        policy: PathBuf::from(policy.unwrap_or_default()),
        environment: reader.text(Input::Environment).map(str::to_owned),
        since: reader.text(Input::Since).map(str::to_owned),
        test_results: reader.lines(Input::TestResults),
        attestations: reader.pairs(Input::Attestations, "write item=what was done, one a line"),
        waive: reader.pairs(Input::Waive, "write item=reason, one a line"),
        build_resource: reader.text(Input::BuildResource).map(str::to_owned),
        post: reader.flag(Input::PostToPullRequest),
        profile: reader.profile(),
        incident: reader.incident(),
        deployed_at: reader.time(Input::DeployedAt),
        checklist_report: reader.text(Input::ChecklistReport).map(str::to_owned),
        junit: reader.flag(Input::Junit),
        // Empty is the default, which is to tell people.
        announce: reader.text(Input::Announce).is_none() || reader.flag(Input::Announce),
        action: reader.action(),
        retain: reader.flag(Input::RetainLastKnownGood),
        allowed,
        allowed_secret,
        allow_commands: reader.flag(Input::AllowCommands),
    };
    let planless = inputs.report_directory.is_none() && inputs.incident.plan.is_none();
    if inputs.command == "rollback" && inputs.action == "announce" && planless {
        let help =
            "name the folder that the plan of this rollback was written to, or the plan in rollbackPlan"
                .to_owned();
        reader.errors.push(InputError::Missing { input: Input::ReportDirectory.name(), help });
    }
    if reader.errors.is_empty() { Ok(inputs) } else { Err(reader.errors) }
}

/// The report folder that the inputs name, also where others of them are wrong.
pub fn report_directory(environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    let reader = Reader { environment, errors: Vec::new() };
    let folder = Path::new(reader.text(Input::ReportDirectory)?);
    Some(Path::new(reader.text(Input::WorkingDirectory).unwrap_or(".")).join(folder))
}

/// Whether the command is `rollback`, also where others of the inputs are wrong.
pub fn asks_for_a_rollback(environment: &BTreeMap<String, String>) -> bool {
    let reader = Reader { environment, errors: Vec::new() };
    reader.text(Input::Command) == Some("rollback")
}
