//! Where Azure DevOps is and what runs there, from the arguments and the job's variables.

use std::time::Instant;

use runbook_gate::Duration;
use runbook_gate::devops::{Allowance, BuildRun, Project, Standpoint, ThisRun};
use runbook_gate::policy::Environment;
use runbook_gate::rollback::Release;

use super::Failure;
use super::arguments::AzureDevOpsArguments;
use crate::session::Session;

/// How the variables of a pipeline resource begin.
const RESOURCE: &str = "RESOURCES_PIPELINE_";

/// How long Azure DevOps may take, from the first look.
pub struct Deadline {
    begun: Instant,
    /// The whole time.
    pub within: Duration,
}

impl Deadline {
    /// The time begins now.
    pub fn within(within: Duration) -> Self {
        Self { begun: Instant::now(), within }
    }
}

impl Allowance for Deadline {
    fn left(&self) -> Duration {
        let passed = u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.within.minus(Duration::from_nanos(passed))
    }
}

/// What is known of where the gate runs.
pub struct Surroundings {
    /// The project.
    pub project: Project,
    /// The commit that is deployed, as git names it.
    pub deployed: String,
    /// The pull request that is built, where it is one.
    pub pull_request: Option<u64>,
    /// The branch that is deployed, or that the pull request goes into: `refs/heads/main`.
    pub branch: Option<String>,
    /// The repository, where it is in the project.
    pub repository: Option<String>,
    web: String,
    run: Option<ThisRun>,
}

impl Surroundings {
    /// What the arguments and the job's variables say; `None` on a desk where the caller names no Azure DevOps.
    ///
    /// # Errors
    /// Where they name a part of it, and not what belongs to it.
    pub fn find(session: &Session, arguments: &AzureDevOpsArguments) -> Result<Option<Self>, Failure> {
        let given = arguments.azure_devops.as_deref();
        let Some(collection) = given.or_else(|| session.collection()) else { return Ok(None) };
        // The job's variables are of the job's own organisation.
        let job = |name: &str| session.variable(name).filter(|_| given.is_none());
        let number = |name: &str| job(name).and_then(|text| text.parse::<u64>().ok());
        let project = arguments.project.as_deref();
        let asked = project.or_else(|| job("SYSTEM_TEAMPROJECTID")).or_else(|| job("SYSTEM_TEAMPROJECT"));
        let Some(asked) = asked else {
            let why = "--azure-devops needs --project NAME too: the address alone names no project";
            return Err(Failure::Input(why.to_owned()));
        };
        let shown = project.or_else(|| job("SYSTEM_TEAMPROJECT")).unwrap_or(asked);
        let (build, commit) = match &arguments.build {
            Some(alias) => {
                let built = resource(session, alias)?;
                (Some(built.run), Some(built.commit))
            }
            None => (None, None),
        };
        let run = arguments.run.or_else(|| number("BUILD_BUILDID")).map(|id| ThisRun {
            id,
            pipeline: number("SYSTEM_DEFINITIONID"),
            stage: job("SYSTEM_STAGENAME").map(str::to_owned),
            build,
        });
        let pull_request = number("SYSTEM_PULLREQUEST_PULLREQUESTID")
            .filter(|_| job("BUILD_REASON").is_some_and(|reason| reason == "PullRequest"));
        let branch = match pull_request {
            Some(_) => job("SYSTEM_PULLREQUEST_TARGETBRANCH"),
            None => job("BUILD_SOURCEBRANCH"),
        };
        // Other hosts have pull requests of their own, which Azure DevOps does not know.
        let here = job("BUILD_REPOSITORY_PROVIDER").is_none_or(|provider| provider == "TfsGit");
        let repository =
            arguments.repository.as_deref().or_else(|| job("BUILD_REPOSITORY_NAME").filter(|_| here));
        Ok(Some(Self {
            project: asked.parse().map_err(Failure::input)?,
            deployed: commit.unwrap_or_else(|| "HEAD".to_owned()),
            pull_request,
            branch: branch.map(full_branch),
            repository: repository.map(str::to_owned),
            web: format!("{}/{}", collection.trim_end_matches('/'), segment(shown)),
            run,
        }))
    }

    /// As [`seen_from`](Self::seen_from), for questions about the run that the arguments name: it may be of another pipeline than
    /// this job's.
    pub fn run_seen_from(
        &self,
        session: &Session,
        environment: &Environment,
        arguments: &AzureDevOpsArguments,
    ) -> Standpoint {
        let mut at = self.seen_from(session, environment);
        if let (Some(run), Some(_)) = (&mut at.run, arguments.run) {
            run.pipeline = None;
        }
        at
    }

    /// What this run deployed, as the job's variables say it; `None` where the arguments name another run.
    pub fn deployed_here(&self, session: &Session, arguments: &AzureDevOpsArguments) -> Option<Release> {
        let run = self.run.as_ref().filter(|_| arguments.run.is_none())?;
        // What another pipeline built has a number of its own, which the variables name by the resource's alias.
        let (id, version) = match &run.build {
            Some(build) => (build.id, of_resource(session, &build.alias, "RUNNAME")),
            None => (run.id, session.variable("BUILD_BUILDNUMBER")),
        };
        let commit = match &run.build {
            Some(_) => Some(self.deployed.as_str()),
            None => session.variable("BUILD_SOURCEVERSION"),
        };
        let (version, commit) = (version?.to_owned(), commit?.to_owned());
        Some(Release { run: Some(id), version, commit })
    }

    /// The same, for an environment of the policy.
    pub fn seen_from(&self, session: &Session, environment: &Environment) -> Standpoint {
        Standpoint {
            web: self.web.clone(),
            repository: self.repository.clone(),
            branch: self.branch.clone(),
            environment: environment.name().to_owned(),
            azure_environment: session
                .deployed_environment()
                .or_else(|| environment.azure_environment())
                .map(str::to_owned),
            run: self.run.clone(),
            pull_request: self.pull_request,
        }
    }
}

/// What a run of another pipeline built.
#[derive(Debug)]
pub struct Built {
    /// The run.
    pub run: BuildRun,
    /// Its number, where it is said.
    pub version: Option<String>,
    /// Its commit's full id.
    pub commit: String,
    /// Its branch, where it is said: `refs/heads/main`.
    pub branch: Option<String>,
}

/// What a pipeline resource stands for in this run.
///
/// # Errors
/// Where this run has no such resource.
pub fn resource(session: &Session, alias: &str) -> Result<Built, Failure> {
    let id = of_resource(session, alias, "RUNID").and_then(|text| text.parse().ok());
    match (id, of_resource(session, alias, "SOURCECOMMIT")) {
        (Some(id), Some(commit)) => Ok(Built {
            run: BuildRun { alias: alias.to_owned(), id },
            version: of_resource(session, alias, "RUNNAME").map(str::to_owned),
            commit: commit.to_owned(),
            branch: of_resource(session, alias, "SOURCEBRANCH").map(str::to_owned),
        }),
        _ => Err(Failure::Input(format!(
            "--build names `{alias}`, but this run has no pipeline resource of that alias ({} is not set); write it under `resources: pipelines:`",
            resource_variable(alias, "RUNID")
        ))),
    }
}

/// The aliases of this run's pipeline resources, as its variables write them: in small letters.
pub fn resources(session: &Session) -> Vec<String> {
    let alias = |name: &String| {
        let alias = name.strip_prefix(RESOURCE)?.strip_suffix("_RUNID")?;
        session.variable(name).map(|_| alias.to_ascii_lowercase())
    };
    session.environment.keys().filter_map(alias).collect()
}

/// A variable of a pipeline resource.
fn of_resource<'s>(session: &'s Session, alias: &str, what: &str) -> Option<&'s str> {
    session.variable(&resource_variable(alias, what))
}

fn resource_variable(alias: &str, what: &str) -> String {
    let upper: String = alias.chars().map(|c| if c == '.' { '_' } else { c.to_ascii_uppercase() }).collect();
    format!("{RESOURCE}{upper}_{what}")
}

/// A branch as Azure DevOps names it.
fn full_branch(name: &str) -> String {
    if name.starts_with("refs/") { name.to_owned() } else { format!("refs/heads/{name}") }
}

/// A name as a part of a page's address.
fn segment(name: &str) -> String {
    let mut url = url::Url::parse("https://x").ok();
    if let Some(mut parts) = url.as_mut().and_then(|url| url.path_segments_mut().ok()) {
        parts.push(name);
    }
    url.map_or_else(String::new, |url| url.path().trim_start_matches('/').to_owned())
}
