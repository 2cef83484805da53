//! The policy that the arguments name.

use runbook_gate::diagnostic::{Colour, Diagnostics};
use runbook_gate::policy::{Policy, PolicyFile};

use super::Failure;
use super::arguments::PolicyArguments;
use crate::files::{read_text, shown};
use crate::session::Session;
use crate::variables::GivenVariables;

/// What to do where there is no policy.
const NO_POLICY: &str = "name it with --policy, or write one with `runbook-gate init`";

/// Reads and checks a policy file.
///
/// # Errors
/// Where it cannot be read or has errors.
pub fn file(session: &Session, arguments: &PolicyArguments) -> Result<(PolicyFile, Diagnostics), Failure> {
    let text = read_text(&arguments.policy, NO_POLICY).map_err(Failure::input)?;
    let checked =
        PolicyFile::parse(&shown(&arguments.policy), &text, session.clock.now()).map_err(Failure::Policy)?;
    Ok((checked.file, checked.warnings))
}

/// The policy of one environment.
///
/// # Errors
/// Where the environment is not listed, or a variable is missing or not allowed.
pub fn resolve(
    session: &Session,
    arguments: &PolicyArguments,
    file: &PolicyFile,
    environment: Option<&str>,
) -> Result<Policy, Failure> {
    let variables = GivenVariables::new(
        &arguments.variables,
        &arguments.allowed_variables,
        &arguments.secret_variables,
        &session.environment,
        session.door.redactor().clone(),
    );
    let policy = file.resolve(environment, &variables).map_err(Failure::Policy)?;
    session.learn_secrets(policy.sources());
    Ok(policy)
}

/// The policy of the environment that the arguments name, its warnings said.
///
/// # Errors
/// As [`file`] and [`resolve`].
pub fn policy(session: &Session, arguments: &PolicyArguments) -> Result<Policy, Failure> {
    let (file, _) = self::file(session, arguments)?;
    let policy = resolve(session, arguments, &file, arguments.environment.as_deref())?;
    if !policy.warnings().is_empty() {
        session.door.say(policy.warnings().render(Colour::Ansi).trim_end());
    }
    Ok(policy)
}
