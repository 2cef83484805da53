//! The pull requests that a deployment brought, as the service itself knows them: no checkout is needed.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::devops::call::Call;
use crate::devops::client::{Client, Page};
use crate::devops::failure::DevOpsError;
use crate::devops::permission::Permission;
use crate::devops::pull_requests::PullRequestState;
use crate::devops::runs::{self, Build, BuildFilter, Run};
use crate::devops::verdict::RunTag;
use crate::devops::wire::or_default;

/// So many changes are read. More are not one deployment that a comment on each helps.
const MOST_CHANGES: u16 = 1000;
/// So many earlier runs are compared for the one that ended last.
const EARLIER_RUNS: u16 = 20;

/// A change, which is a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Change {
    #[serde(deserialize_with = "or_default")]
    id: String,
}

/// What is deployed, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment<'d> {
    /// The run that built it: the one that deploys, or the one of another pipeline that it took.
    pub run: u64,
    /// Its commit.
    pub commit: &'d str,
    /// The run that built what was deployed before, of the same pipeline; `None` where none is known: the changes are those since the run before this one.
    pub since: Option<u64>,
    /// The branch that is deployed, `refs/heads/main`; `None` takes pull requests into any.
    pub branch: Option<&'d str>,
    /// The repository, by its id or name.
    pub repository: &'d str,
}

/// The commits between two runs; answers with a list of changes.
fn changes(deployment: &Deployment<'_>) -> Call {
    let run = deployment.run.to_string();
    let asked = format!("the changes of run {run}");
    let most = MOST_CHANGES.to_string();
    match deployment.since {
        Some(since) => Call::get(asked, Permission::ViewBuilds, &["build", "changes"])
            .with("fromBuildId", since.to_string())
            .with("toBuildId", run)
            .with("$top", most),
        None => {
            Call::get(asked, Permission::ViewBuilds, &["build", "builds", &run, "changes"]).with("$top", most)
        }
    }
}

impl Client<'_> {
    /// The run that this gate let proceed to an environment last, other than `run`; `None` where none is among the newest.
    ///
    /// # Errors
    /// Where the earlier runs cannot be read.
    pub fn proceeded_before(
        &self,
        pipeline: u64,
        environment: &str,
        run: u64,
    ) -> Result<Option<u64>, DevOpsError> {
        let filter = BuildFilter {
            definition: Some(pipeline),
            tag: Some(RunTag::Proceed.for_environment(environment)),
            most: EARLIER_RUNS,
            ..BuildFilter::default()
        };
        let page: Page<Build> = self.page(&runs::builds(&filter))?;
        let earlier = page.items.into_iter().filter(|build| build.id != run && !build.deleted);
        Ok(earlier.max_by_key(|build| (build.finish_time, build.id)).map(|build| build.id))
    }

    /// The run of another pipeline that a run took as a pipeline resource, by the resource's alias.
    ///
    /// # Errors
    /// Where it took none, or the run that it took cannot be told.
    pub fn built_for(&self, pipeline: u64, run: u64, alias: &str) -> Result<Build, DevOpsError> {
        let asked = runs::run(pipeline, run);
        let taken: Run = self.get(&asked)?;
        let Some(resource) = taken.resources.pipelines.get(alias) else {
            return Err(DevOpsError::unreadable(&asked, "it took no run of the pipeline that builds"));
        };
        let filter = BuildFilter {
            definition: Some(resource.pipeline.id),
            number: Some(resource.version.clone()),
            most: 2,
            ..BuildFilter::default()
        };
        let asked = runs::builds(&filter);
        let page: Page<Build> = self.page(&asked)?;
        <[Build; 1]>::try_from(page.items).map(|[one]| one).map_err(|_| {
            DevOpsError::unreadable(
                &asked,
                "the run that it took is not there any more, or not the only one of its number",
            )
        })
    }

    /// The completed pull requests that a deployment brought into its branch, by their numbers.
    ///
    /// # Errors
    /// Where its changes, or their pull requests, cannot be read.
    pub fn pull_requests_of_deployment(&self, deployment: &Deployment<'_>) -> Result<Vec<u64>, DevOpsError> {
        let page: Page<Change> = self.page(&changes(deployment))?;
        let mut commits: BTreeSet<String> = page.items.into_iter().map(|change| change.id).collect();
        commits.insert(deployment.commit.to_owned());
        let commits: Vec<String> = commits.into_iter().filter(|commit| is_commit(commit)).collect();
        let found = self.pull_requests_of(deployment.repository, &commits)?;
        let numbers: BTreeSet<u64> = found
            .into_values()
            .flatten()
            .filter(|request| {
                request.status == PullRequestState::Completed
                    && deployment.branch.is_none_or(|branch| branch == request.target)
            })
            .map(|request| request.id)
            .collect();
        Ok(numbers.into_iter().collect())
    }
}

/// What the service names by something else is no commit that it knows pull requests of.
fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devops::double::{Service, json};
    use crate::transport::Response;

    const ONE: &str = "1111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222";

    fn deployment(since: Option<u64>) -> Deployment<'static> {
        Deployment { run: 101, commit: TWO, since, branch: Some("refs/heads/main"), repository: "orders" }
    }

    fn service() -> Service {
        Service::new(|line, request| {
            Ok(if line.contains("/build/changes?") || line.contains("/builds/101/changes?") {
                json(&format!(r#"{{"value":[{{"id":"{ONE}"}},null,{{"id":"C42"}},{{"id":null}}]}}"#))
            } else if line.contains("pullrequestquery") {
                let body = String::from_utf8(request.body.clone().unwrap().bytes).unwrap();
                assert!(body.contains(ONE) && body.contains(TWO) && !body.contains("C42"), "{body}");
                json(&format!(
                    r#"{{"results":[{{"{ONE}":[{{"pullRequestId":12,"status":"completed","targetRefName":"refs/heads/main"}},
                        {{"pullRequestId":13,"status":"active","targetRefName":"refs/heads/main"}}]}},
                        {{"{TWO}":[{{"pullRequestId":14,"status":"completed","targetRefName":"refs/heads/other"}},
                        {{"pullRequestId":12,"status":"completed","targetRefName":"refs/heads/main"}}]}}]}}"#
                ))
            } else {
                Response::new(404, "", "")
            })
        })
    }

    #[test]
    fn a_deployment_has_the_pull_requests_that_were_completed_into_its_branch() {
        for (since, asked) in
            [(Some(99), "/build/changes?fromBuildId=99&toBuildId=101"), (None, "/builds/101/changes?")]
        {
            let service = service();
            assert_eq!(service.client().pull_requests_of_deployment(&deployment(since)).unwrap(), [12]);
            assert!(service.asked.lock().unwrap()[0].path_and_query.contains(asked));
        }
    }

    #[test]
    fn the_run_before_is_the_one_that_ended_last_and_is_still_there() {
        let service = Service::always(json(
            r#"{"value":[{"id":101,"finishTime":null},{"id":98,"finishTime":"2026-01-02T00:00:00Z"},
                {"id":99,"finishTime":"2026-01-01T00:00:00Z"},{"id":97,"finishTime":"2026-01-03T00:00:00Z","deleted":true}]}"#,
        ));
        assert_eq!(service.client().proceeded_before(4, "production", 101).unwrap(), Some(98));
        let none = Service::always(json(r#"{"value":[]}"#));
        assert_eq!(none.client().proceeded_before(4, "production", 101).unwrap(), None);
        let refused = Service::always(Response::new(403, "application/json", "{}"));
        let error = refused.client().proceeded_before(4, "production", 101).unwrap_err();
        assert!(error.gap().how.contains("*View builds*"), "{}", error.gap().how);
    }
}
