//! Runs of pipelines: what they are, their tags, artifacts, stages, attachments, and what keeps them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use crate::Timestamp;
use crate::devops::call::{Call, Effect};
use crate::devops::client::Client;
use crate::devops::failure::DevOpsError;
use crate::devops::permission::Permission;
use crate::devops::wire::{Identity, id, named, or_default, several, time, words};
use crate::transport::Method;

/// A run, which the service calls a build.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Build {
    /// Its id.
    #[serde(deserialize_with = "id")]
    pub id: u64,
    /// Its number, as people call it: `20261125.3`.
    #[serde(default, deserialize_with = "or_default")]
    pub build_number: String,
    /// Whether it has ended.
    #[serde(default, deserialize_with = "or_default")]
    pub status: BuildState,
    /// How it ended.
    #[serde(default, deserialize_with = "or_default")]
    pub result: BuildResult,
    /// When it ended.
    #[serde(default, deserialize_with = "time")]
    pub finish_time: Option<Timestamp>,
    /// The branch, `refs/heads/main`.
    #[serde(default, deserialize_with = "or_default")]
    pub source_branch: String,
    /// The commit.
    #[serde(default, deserialize_with = "or_default")]
    pub source_version: String,
    /// Its tags. A list of runs may leave them out.
    #[serde(default, deserialize_with = "several")]
    pub tags: Vec<String>,
    /// Whether it was deleted: its artifacts are gone.
    #[serde(default, deserialize_with = "or_default")]
    pub deleted: bool,
    /// The pipeline.
    #[serde(default, deserialize_with = "or_default")]
    pub definition: Definition,
    /// The repository.
    #[serde(default, deserialize_with = "or_default")]
    pub repository: BuildRepository,
    /// Who asked for it.
    #[serde(default, deserialize_with = "or_default")]
    pub requested_for: Identity,
}

/// A pipeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Definition {
    /// Its id.
    #[serde(deserialize_with = "or_default")]
    pub id: u64,
    /// Its name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
}

/// The repository of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BuildRepository {
    /// Its id.
    #[serde(deserialize_with = "or_default")]
    pub id: String,
    /// Where it lives: `TfsGit`, `GitHub`.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub kind: String,
}

words! {
    /// Whether a run has ended.
    BuildState {
        /// It runs.
        InProgress = "inprogress",
        /// It has.
        Completed = "completed",
        /// It is being cancelled.
        Cancelling = "cancelling",
        /// It waits.
        NotStarted = "notstarted",
    }
}

words! {
    /// How a run ended.
    BuildResult {
        /// Well.
        Succeeded = "succeeded",
        /// With something that was allowed to fail.
        PartiallySucceeded = "partiallysucceeded",
        /// Badly.
        Failed = "failed",
        /// Somebody ended it.
        Canceled = "canceled",
    }
}

/// Which runs are asked for; every part that is given must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildFilter {
    /// The pipeline.
    pub definition: Option<u64>,
    /// The branch, `refs/heads/main`.
    pub branch: Option<String>,
    /// A tag.
    pub tag: Option<String>,
    /// The number, as people call it.
    pub number: Option<String>,
    /// How they ended; without it, those that run are among them.
    pub ended: Option<BuildResult>,
    /// At most so many.
    pub most: u16,
}

/// An artifact of a run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Artifact {
    /// Its name.
    pub name: String,
    /// What it is.
    #[serde(default, deserialize_with = "or_default")]
    pub resource: ArtifactResource,
}

/// What an artifact is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ArtifactResource {
    /// `PipelineArtifact`, `Container`, `FilePath`.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    /// What the service notes of it.
    #[serde(deserialize_with = "named")]
    properties: BTreeMap<String, String>,
}

impl Artifact {
    /// Its size in bytes, where the service says it.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.resource.properties.get("artifactsize")?.parse().ok()
    }
}

/// What a run does and did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Timeline {
    /// Its id.
    #[serde(default, deserialize_with = "or_default")]
    pub id: String,
    /// Its stages, jobs, steps and checks, each in its latest attempt.
    pub records: Vec<TimelineRecord>,
}

/// A stage, a job, a step, or a check.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TimelineRecord {
    /// Its id.
    pub id: String,
    /// The record that it belongs to.
    #[serde(default)]
    pub parent_id: Option<String>,
    /// What it is.
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    pub kind: RecordKind,
    /// The name that people read.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// The name that the pipeline gives it.
    #[serde(default, deserialize_with = "or_default")]
    pub identifier: String,
    /// Whether it has ended.
    #[serde(default, deserialize_with = "or_default")]
    pub state: RecordState,
    /// How it ended.
    #[serde(default)]
    pub result: Option<RecordResult>,
    /// Its place among its like.
    #[serde(default)]
    pub order: Option<i64>,
    /// When it ended.
    #[serde(default, deserialize_with = "time")]
    pub finish_time: Option<Timestamp>,
}

words! {
    /// What a record of a timeline is.
    RecordKind {
        /// A stage.
        Stage = "stage",
        /// A job.
        Job = "job",
        /// A step.
        Task = "task",
        /// A stage's checks.
        Checkpoint = "checkpoint",
        /// An approval among them.
        Approval = "checkpoint.approval",
    }
}

words! {
    /// Whether a record has ended.
    RecordState {
        /// It waits.
        Pending = "pending",
        /// It runs.
        InProgress = "inprogress",
        /// It has.
        Completed = "completed",
    }
}

words! {
    /// How a record ended.
    RecordResult {
        /// Well.
        Succeeded = "succeeded",
        /// Well, with warnings.
        SucceededWithIssues = "succeededwithissues",
        /// Badly.
        Failed = "failed",
        /// Somebody ended it.
        Canceled = "canceled",
        /// It was left out.
        Skipped = "skipped",
        /// It was lost.
        Abandoned = "abandoned",
    }
}

/// An attachment of a run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Attachment {
    /// Its name.
    pub name: String,
    #[serde(rename = "_links", default, deserialize_with = "or_default")]
    links: Links,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Links {
    #[serde(rename = "self", deserialize_with = "or_default")]
    own: Link,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Link {
    #[serde(deserialize_with = "or_default")]
    href: String,
}

/// What keeps a run and its artifacts from being deleted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    /// Its number.
    #[serde(rename = "leaseId", deserialize_with = "id")]
    pub id: u64,
    /// Whose it is.
    #[serde(default, deserialize_with = "or_default")]
    pub owner_id: String,
    /// Until when it holds.
    #[serde(default, deserialize_with = "time")]
    pub valid_until: Option<Timestamp>,
}

/// A lease to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLease {
    /// The run.
    pub run: u64,
    /// Its pipeline.
    pub definition: u64,
    /// Whose it is: `User:…`, or a name of the caller's.
    pub owner: String,
    /// For how many days.
    pub days: u16,
}

fn read(asked: String, segments: &[&str]) -> Call {
    Call::get(asked, Permission::ViewBuilds, segments)
}

/// A run by its id; answers with a [`Build`].
#[must_use]
pub fn build(run: u64) -> Call {
    read(format!("run {run}"), &["build", "builds", &run.to_string()])
}

/// The newest runs that fit, by when they ended; answers with a list of [`Build`].
#[must_use]
pub fn builds(filter: &BuildFilter) -> Call {
    let mut call = read("the earlier runs".to_owned(), &["build", "builds"])
        .with("queryOrder", "finishTimeDescending")
        .with("$top", filter.most.max(1).to_string());
    if let Some(definition) = filter.definition {
        call = call.with("definitions", definition.to_string());
    }
    if let Some(branch) = &filter.branch {
        call = call.with("branchName", branch.as_str());
    }
    if let Some(tag) = &filter.tag {
        call = call.with("tagFilters", tag.as_str());
    }
    if let Some(number) = &filter.number {
        call = call.with("buildNumber", number.as_str());
    }
    match filter.ended {
        Some(BuildResult::Succeeded) => {
            call.with("statusFilter", "completed").with("resultFilter", "succeeded")
        }
        Some(BuildResult::PartiallySucceeded) => {
            call.with("statusFilter", "completed").with("resultFilter", "partiallySucceeded")
        }
        Some(BuildResult::Failed) => call.with("statusFilter", "completed").with("resultFilter", "failed"),
        Some(BuildResult::Canceled) => {
            call.with("statusFilter", "completed").with("resultFilter", "canceled")
        }
        Some(BuildResult::Other) => call.with("statusFilter", "completed"),
        None => call,
    }
}

/// The tags of a run; answers with a list of texts.
#[must_use]
pub fn tags(run: u64) -> Call {
    read(format!("the tags of run {run}"), &["build", "builds", &run.to_string(), "tags"])
}

/// Gives a run a tag; one that it has already stays.
#[must_use]
pub fn tag(run: u64, tag: &str) -> Call {
    let segments = ["build", "builds", &run.to_string(), "tags", tag];
    Call::get(format!("the tag {tag} on run {run}"), Permission::UpdateBuilds, &segments)
        .by(Method::Put, Effect::Repeatable)
}

/// The artifacts of a run; answers with a list of [`Artifact`].
#[must_use]
pub fn artifacts(run: u64) -> Call {
    read(format!("the artifacts of run {run}"), &["build", "builds", &run.to_string(), "artifacts"])
}

/// What a run does and did; answers with an optional [`Timeline`]: a run that never started has none.
#[must_use]
pub fn timeline(run: u64) -> Call {
    read(format!("the stages of run {run}"), &["build", "builds", &run.to_string(), "timeline"])
}

/// The attachments of one type; answers with a list of [`Attachment`].
#[must_use]
pub fn attachments(run: u64, kind: &str) -> Call {
    let segments = ["build", "builds", &run.to_string(), "attachments", kind];
    read(format!("the attachments of run {run}"), &segments)
}

/// The content of an attachment, as bytes; `None` where the service says no place that this client can ask. Only the
/// ids are taken from the link: no address that an answer names is ever asked.
#[must_use]
pub fn attachment(run: u64, kind: &str, attachment: &Attachment) -> Option<Call> {
    let path = attachment.links.own.href.split(['?', '#']).next()?;
    let (before, _) = path.rsplit_once("/attachments/")?;
    let mut ids = before.rsplit('/');
    let (record, timeline) = (ids.next()?, ids.next()?);
    let is_id = |text: &str| text.len() == 36 && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    (is_id(record) && is_id(timeline)).then(|| {
        let run_segment = run.to_string();
        let segments =
            ["build", "builds", &run_segment, timeline, record, "attachments", kind, &attachment.name];
        read(format!("the attachment {} of run {run}", attachment.name), &segments).of_bytes()
    })
}

/// What keeps a run; answers with a list of [`Lease`].
#[must_use]
pub fn leases(run: u64) -> Call {
    read(format!("the leases of run {run}"), &["build", "builds", &run.to_string(), "leases"])
}

/// A run as the newer contract has it: the runs of other pipelines that it takes from; answers with a [`Run`].
#[must_use]
pub fn run(pipeline: u64, run: u64) -> Call {
    let segments = ["pipelines", &pipeline.to_string(), "runs", &run.to_string()];
    read(format!("what run {run} takes from other pipelines"), &segments)
}

/// A run as the newer contract has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Run {
    /// What it takes from elsewhere.
    #[serde(default, deserialize_with = "or_default")]
    pub resources: RunResources,
}

/// What a run takes from elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RunResources {
    /// Runs of other pipelines, by the alias that the pipeline gives them.
    #[serde(deserialize_with = "named")]
    pub pipelines: BTreeMap<String, PipelineResource>,
}

/// A run of another pipeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PipelineResource {
    /// The number of the run, as people call it.
    #[serde(deserialize_with = "or_default")]
    pub version: String,
    /// The pipeline.
    #[serde(deserialize_with = "or_default")]
    pub pipeline: Definition,
}

impl Client<'_> {
    /// Gives a run a tag; one that it has already stays.
    ///
    /// # Errors
    /// Where it was not given.
    pub fn tag_run(&self, run: u64, tag_name: &str) -> Result<(), DevOpsError> {
        self.send(&tag(run, tag_name)).map(|_| ())
    }

    /// Keeps a run, and gives the number of what keeps it. Look at its leases first: a second time makes a second one.
    ///
    /// # Errors
    /// Where it is not kept.
    pub fn keep_run(&self, lease: &NewLease) -> Result<Vec<Lease>, DevOpsError> {
        let call = Call::get(
            format!("a lease of run {}", lease.run),
            Permission::UpdateBuilds,
            &["build", "retention", "leases"],
        )
        .by(Method::Post, Effect::Once)
        .json(&json!([{
            "daysValid": lease.days,
            "definitionId": lease.definition,
            "ownerId": lease.owner,
            "protectPipeline": false,
            "runId": lease.run,
        }]));
        self.page::<Lease>(&call).map(|page| page.items)
    }

    /// Takes leases away.
    ///
    /// # Errors
    /// Where they still stand.
    pub fn release(&self, leases: &[u64]) -> Result<(), DevOpsError> {
        let ids: Vec<String> = leases.iter().map(u64::to_string).collect();
        let call =
            Call::get("the end of a lease", Permission::UpdateBuilds, &["build", "retention", "leases"])
                .by(Method::Delete, Effect::Repeatable)
                .with("ids", ids.join(","));
        self.send(&call).map(|_| ())
    }
}
