//! Environments: what was deployed to them, and who approved it.

use serde::Deserialize;

use crate::Timestamp;
use crate::devops::call::Call;
use crate::devops::client::Client;
use crate::devops::failure::DevOpsError;
use crate::devops::permission::Permission;
use crate::devops::runs::{Definition, RecordResult};
use crate::devops::wire::{Identity, id, or_default, several, time, words};

/// An environment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Environment {
    /// Its id.
    #[serde(deserialize_with = "id")]
    pub id: u64,
    /// Its name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
}

/// A job that deployed to an environment. A stage has one for each job, resource and attempt.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentRecord {
    /// Its number.
    #[serde(deserialize_with = "id")]
    pub id: u64,
    /// The resource in the environment, if any.
    #[serde(default)]
    pub resource_id: Option<u64>,
    /// The stage.
    #[serde(default, deserialize_with = "or_default")]
    pub stage_name: String,
    /// Which try of the stage.
    #[serde(default, deserialize_with = "or_default")]
    pub stage_attempt: u64,
    /// The job.
    #[serde(default, deserialize_with = "or_default")]
    pub job_name: String,
    /// The pipeline.
    #[serde(default, deserialize_with = "or_default")]
    pub definition: Definition,
    /// The run: its id, and its number as people call it.
    #[serde(default, deserialize_with = "or_default")]
    pub owner: Definition,
    /// How it ended; `None` while it runs.
    #[serde(default)]
    pub result: Option<RecordResult>,
    /// When it ended.
    #[serde(default, deserialize_with = "time")]
    pub finish_time: Option<Timestamp>,
}

/// An approval that a stage waits for, or had.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Approval {
    /// Its id, which the run's timeline has too.
    pub id: String,
    /// Where it stands.
    #[serde(default, deserialize_with = "or_default")]
    pub status: ApprovalState,
    /// Each person's or group's part.
    #[serde(default, deserialize_with = "several")]
    pub steps: Vec<ApprovalStep>,
}

/// One person's or group's part of an approval.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ApprovalStep {
    /// Who was asked.
    #[serde(deserialize_with = "or_default")]
    pub assigned_approver: Identity,
    /// Who answered.
    #[serde(deserialize_with = "or_default")]
    pub actual_approver: Identity,
    /// Where it stands.
    #[serde(deserialize_with = "or_default")]
    pub status: ApprovalState,
    /// What they said.
    #[serde(deserialize_with = "or_default")]
    pub comment: String,
    /// When.
    #[serde(deserialize_with = "time")]
    pub last_modified_on: Option<Timestamp>,
}

words! {
    /// Where an approval stands.
    ApprovalState {
        /// Somebody has yet to answer.
        Pending = "pending",
        /// It was given.
        Approved = "approved",
        /// It was refused.
        Rejected = "rejected",
        /// It was passed by.
        Skipped = "skipped",
        /// Nobody answered in time.
        TimedOut = "timedout",
    }
}

/// The approvals of these ids; answers with a list of [`Approval`].
#[must_use]
pub fn approvals(ids: &[&str]) -> Call {
    Call::get("the approvals of this run", Permission::ViewBuilds, &["pipelines", "approvals"])
        .with("approvalIds", ids.join(","))
        .with("$expand", "steps")
}

/// What was deployed to an environment, newest first; answers with a list of [`DeploymentRecord`], which goes on.
#[must_use]
pub fn deployment_records(environment: u64, name: &str) -> Call {
    let segments =
        ["distributedtask", "environments", &environment.to_string(), "environmentdeploymentrecords"];
    Call::get(format!("what was deployed to {name}"), Permission::ReadEnvironment(name.to_owned()), &segments)
        .with("top", "100")
}

/// The environments whose names begin like this one; answers with a list of [`Environment`]. Compare the whole name.
#[must_use]
pub fn named(name: &str) -> Call {
    let permission = Permission::ReadEnvironment(name.to_owned());
    Call::get(format!("the environment {name}"), permission, &["distributedtask", "environments"])
        .with("name", name)
}

impl Client<'_> {
    /// The environment of a name; `None` where there is none that may be seen.
    ///
    /// # Errors
    /// Where it could not be asked for.
    pub fn environment(&self, name: &str) -> Result<Option<Environment>, DevOpsError> {
        let found = self.list::<Environment>(&named(name))?;
        Ok(found.into_iter().find(|environment| environment.name.eq_ignore_ascii_case(name)))
    }
}
