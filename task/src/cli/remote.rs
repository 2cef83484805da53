//! The policy of a job without a checkout: read from Azure Repos at the commit that the run is of.

use std::path::{Component, Path};

use runbook_gate::Duration;
use runbook_gate::devops::repositories::Version;
use runbook_gate::devops::{Allowance, Client, Project};

use super::Failure;
use crate::session::Session;

/// How long the repository may take.
const LONGEST: Duration = Duration::from_secs(30);
/// The repositories that the job's token reads.
const AZURE_REPOS: &str = "TfsGit";

/// A policy that lies in a repository, and not on this machine.
#[derive(Clone, Debug)]
pub struct RemotePolicy(String);

impl RemotePolicy {
    /// Its text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// The policy where this job has no checkout; `None` where the file is here, or should be.
///
/// # Errors
/// Where the repository does not give it.
pub fn policy(session: &Session, path: &Path) -> Result<Option<RemotePolicy>, Failure> {
    if path.exists() || is_checked_out() {
        return Ok(None);
    }
    let (Some(inside), Some(origin)) = (inside(path), Origin::of(session)) else { return Ok(None) };
    let transport = session.azure_devops(None)?;
    let (clock, until) = (session.clock, session.clock.now() + LONGEST);
    let left = move || until.since(clock.now());
    let allowance: &dyn Allowance = &left;
    let client = Client::new(transport.as_ref(), origin.project, allowance);
    let version = Version::Commit(origin.commit.to_owned());
    let advice = "add `- checkout: self` to the job, or name the policy by its path in the repository";
    match client.file(origin.repository, &inside, &version) {
        Ok(Some(text)) => {
            session.door.say(&format!("the policy is {inside} of {} at {}", origin.name, origin.commit));
            Ok(Some(RemotePolicy(text)))
        }
        Ok(None) => Err(Failure::Input(format!(
            "there is no checkout in this job, and the repository {} has no {inside} at {}, or the identity of the build may not read it; {advice}",
            origin.name, origin.commit
        ))),
        Err(error) => Err(Failure::Input(format!("there is no checkout in this job, and {error}; {advice}"))),
    }
}

/// Which repository the run is of, and at which commit.
struct Origin<'s> {
    project: Project,
    repository: &'s str,
    name: &'s str,
    commit: &'s str,
}

impl<'s> Origin<'s> {
    fn of(session: &'s Session) -> Option<Self> {
        if session.variable("BUILD_REPOSITORY_PROVIDER") != Some(AZURE_REPOS) {
            return None;
        }
        let repository = session.variable("BUILD_REPOSITORY_ID")?;
        let project = session.variable("SYSTEM_TEAMPROJECTID").or(session.variable("SYSTEM_TEAMPROJECT"))?;
        Some(Self {
            project: project.parse().ok()?,
            repository,
            name: session.variable("BUILD_REPOSITORY_NAME").unwrap_or(repository),
            commit: session.variable("BUILD_SOURCEVERSION")?,
        })
    }
}

/// Whether a repository is checked out here: then the file should be there too.
fn is_checked_out() -> bool {
    let here = std::env::current_dir().unwrap_or_default();
    here.ancestors().any(|folder| folder.join(".git").exists())
}

/// The path as the repository has it, where it stays inside.
fn inside(path: &Path) -> Option<String> {
    let parts = path.components().filter(|part| *part != Component::CurDir);
    let parts: Option<Vec<&str>> = parts
        .map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    parts.map(|parts| parts.join("/")).filter(|path| !path.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_inside_the_repository() {
        assert_eq!(inside(Path::new("./ops/runbook.yml")).as_deref(), Some("ops/runbook.yml"));
        for outside in ["../runbook.yml", "/runbook.yml", "a/../../b", ""] {
            assert_eq!(inside(Path::new(outside)), None, "{outside}");
        }
    }
}
