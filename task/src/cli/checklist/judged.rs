//! The policy that judges: that of the checkout, and in a pull request's build that of its target.

use runbook_gate::checklist::Checkout;
use runbook_gate::devops::repositories::Version;
use runbook_gate::devops::{Client, Project};
use runbook_gate::policy::{Policy, Purpose};

use crate::cli::arguments::ChecklistArguments;
use crate::cli::devops::Surroundings;
use crate::cli::{Failure, load};
use crate::files::shown;
use crate::session::Session;

/// The tip of the target: Azure Pipelines builds a pull request as a merge into it.
const TARGET: &str = "HEAD^1";

/// A policy that judges.
pub struct Judging {
    /// The policy.
    pub policy: Policy,
    /// Its text.
    pub text: String,
    /// The commit of the target branch, in a pull request's build.
    pub target: Option<String>,
}

/// The policy that judges this run.
///
/// # Errors
/// Where it cannot be read or has errors.
pub fn policy<'t>(
    session: &Session,
    arguments: &ChecklistArguments,
    place: Option<&Surroundings>,
    checkout: &dyn Checkout,
    path: &str,
    client: &dyn Fn(Project) -> Client<'t>,
) -> Result<Judging, Failure> {
    let Some(place) = place.filter(|place| place.pull_request.is_some()) else {
        let text = load::text(session, &arguments.policy)?;
        let name = shown(&arguments.policy.policy);
        let policy = load::of_text(session, &arguments.policy, (&name, &text), Purpose::Check)?;
        return Ok(Judging { policy, text, target: None });
    };
    let branch = place.branch.as_deref().unwrap_or("refs/heads/main");
    let short = branch.strip_prefix("refs/heads/").unwrap_or(branch);
    let found = match committed(checkout, path) {
        Some(found) => found,
        // A shallow checkout does not have the target: the service has.
        None => match &place.repository {
            Some(repository) => client(place.project.clone())
                .file(repository, path, &Version::Branch(short.to_owned()))
                .map_err(|error| Failure::Input(format!("{error}; {}", error.gap().how)))?,
            None => {
                return Err(Failure::Input(
                    "the checkout is shallow, and does not have the policy of the target branch: check out with `fetchDepth: 0`"
                        .to_owned(),
                ));
            }
        },
    };
    let Some(text) = found else {
        return Err(Failure::Input(format!(
            "the target branch {short} has no {path} that can be read: a pull request is judged by its target's policy, never by its own; merge the policy first"
        )));
    };
    let name = format!("{path} of {short}");
    let policy = load::of_text(session, &arguments.policy, (&name, &text), Purpose::Check)?;
    Ok(Judging { policy, text, target: Some(TARGET.to_owned()) })
}

/// The text of a file at the target's tip; `None` where the checkout does not have that commit.
fn committed(checkout: &dyn Checkout, path: &str) -> Option<Option<String>> {
    let target = checkout.commit(TARGET).ok()?;
    let files = checkout.files(&target.id).ok()?;
    let Some(file) = files.iter().find(|file| file.path == path) else { return Some(None) };
    let content = checkout.read(&[file]).ok()?.into_iter().next()?;
    Some(String::from_utf8(content).ok())
}
