//! The policy that the arguments name.

use runbook_gate::diagnostic::Diagnostics;
use runbook_gate::policy::{Environment, Policy, PolicyFile, Purpose};

use super::Failure;
use super::arguments::PolicyArguments;
use crate::files::{read_text, shown};
use crate::session::Session;
use crate::variables::GivenVariables;

/// What to do where there is no policy.
const NO_POLICY: &str = "name it with --policy, or write one with `runbook-gate init`";

/// The text of the policy: the file's, or what a step without a checkout has read from the repository.
///
/// # Errors
/// Where it cannot be read.
pub fn text(session: &Session, arguments: &PolicyArguments) -> Result<String, Failure> {
    match session.step.as_ref().and_then(|step| step.policy.as_ref()) {
        Some(policy) => Ok(policy.text().to_owned()),
        None => read_text(&arguments.policy, NO_POLICY).map_err(Failure::input),
    }
}

/// Reads and checks a policy file.
///
/// # Errors
/// Where it cannot be read or has errors.
pub fn file(session: &Session, arguments: &PolicyArguments) -> Result<PolicyFile, Failure> {
    let text = text(session, arguments)?;
    let checked = PolicyFile::parse(&shown(&arguments.policy), &text, session.clock.now());
    Ok(checked.map_err(Failure::Policy)?.file)
}

/// The same, checking which variables every environment of it uses; those without a value are left open, as a desk does not
/// have the pipeline's.
///
/// # Errors
/// Where it cannot be read or has errors, such as a variable that it may not use.
pub fn every_environment(
    session: &Session,
    arguments: &PolicyArguments,
) -> Result<(PolicyFile, Diagnostics), Failure> {
    let text = text(session, arguments)?;
    let (name, now) = (shown(&arguments.policy), session.clock.now());
    let checked = PolicyFile::parse_with(&name, &text, now, &variables(session, arguments));
    let checked = checked.map_err(Failure::Policy)?;
    Ok((checked.file, checked.warnings))
}

fn variables<'s>(session: &'s Session, arguments: &PolicyArguments) -> GivenVariables<'s> {
    GivenVariables::new(
        &arguments.variables,
        &arguments.allowed_variables,
        &arguments.secret_variables,
        &session.environment,
        session.door.redactor().clone(),
    )
}

/// The service and the environment that the arguments name: what a command needs that looks only at what was recorded. No
/// variable of the policy needs a value for it.
///
/// # Errors
/// As [`file`], and where the environment is not listed.
pub fn place(session: &Session, arguments: &PolicyArguments) -> Result<(String, Environment), Failure> {
    let file = file(session, arguments)?;
    let environment = chosen(&file, arguments.environment.as_deref(), session.deployed_environment())?;
    let environment = file.environment(environment).map_err(Failure::Policy)?;
    Ok((file.service().to_owned(), environment))
}

/// The policy of one environment, for one purpose.
///
/// # Errors
/// Where the environment is not listed, or a variable that the purpose uses is missing or not allowed.
pub fn resolve(
    session: &Session,
    arguments: &PolicyArguments,
    file: &PolicyFile,
    environment: Option<&str>,
    purpose: Purpose,
) -> Result<Policy, Failure> {
    let variables = variables(session, arguments);
    let environment = chosen(file, environment, session.deployed_environment())?;
    let policy = file.resolve_for(purpose, environment, &variables).map_err(Failure::Policy)?;
    session.learn_secrets(policy.sources());
    Ok(policy)
}

/// The environment that is meant: the given one, or the one whose deployments the environment of this deployment job records.
///
/// # Errors
/// Where the two contradict each other.
fn chosen<'n>(
    file: &'n PolicyFile,
    given: Option<&'n str>,
    deployed: Option<&str>,
) -> Result<Option<&'n str>, Failure> {
    let Some(deployed) = deployed else { return Ok(given) };
    let recorded =
        |name: &&str| file.azure_environment(name).is_some_and(|azure| azure.eq_ignore_ascii_case(deployed));
    let Some(given) = given else {
        let mut meant = file.environments().filter(recorded);
        return Ok(meant.next().filter(|_| meant.next().is_none()));
    };
    let contradiction = match file.azure_environment(given) {
        Some(azure) if azure.eq_ignore_ascii_case(deployed) => return Ok(Some(given)),
        Some(azure) => format!("the policy's `{given}` is deployed to `{azure}`"),
        None => match file.environments().find(recorded) {
            Some(other) => format!("the policy says that this is `{other}`, not `{given}`"),
            None => return Ok(Some(given)),
        },
    };
    Err(Failure::Input(format!(
        "this deployment job is of the Azure Pipelines environment `{deployed}`, but {contradiction}; \
         name the right environment, or correct `azure_environment` in the policy"
    )))
}

/// The policy of the environment that the arguments name, for one purpose, its warnings said.
///
/// # Errors
/// As [`file`] and [`resolve`].
pub fn policy(session: &Session, arguments: &PolicyArguments, purpose: Purpose) -> Result<Policy, Failure> {
    let text = text(session, arguments)?;
    of_text(session, arguments, (&shown(&arguments.policy), &text), purpose)
}

/// The same of a named text, which a repository has at some commit.
///
/// # Errors
/// As [`file`] and [`resolve`].
pub fn of_text(
    session: &Session,
    arguments: &PolicyArguments,
    (name, text): (&str, &str),
    purpose: Purpose,
) -> Result<Policy, Failure> {
    let file = PolicyFile::parse(name, text, session.clock.now()).map_err(Failure::Policy)?.file;
    let policy = resolve(session, arguments, &file, arguments.environment.as_deref(), purpose)?;
    if !policy.warnings().is_empty() {
        session.show(policy.warnings());
    }
    Ok(policy)
}
