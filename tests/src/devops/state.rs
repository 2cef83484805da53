//! What the fake has.

use std::collections::BTreeMap;

/// Everything that it has, and what it was asked.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Pull requests by their number.
    pub pull_requests: BTreeMap<u64, PullRequest>,
    /// Work items by their number.
    pub work_items: BTreeMap<u64, WorkItem>,
    /// Runs by their id.
    pub builds: BTreeMap<u64, Build>,
    /// Environments by their id: their names, and what was deployed to them, newest first.
    pub environments: BTreeMap<u64, (String, Vec<DeploymentRecord>)>,
    /// Approvals by their id.
    pub approvals: BTreeMap<String, Approval>,
    /// Files by branch and path.
    pub files: BTreeMap<(String, String), String>,
    /// So many entries stand on a page of runs or deployments, however many are asked for; 0 is as many as are asked for.
    pub page: usize,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// Requests whose line contains one of these are never answered.
    pub silent: Vec<String>,
    /// What was asked, in order.
    pub asked: Vec<Asked>,
    /// How often a question came while none was being answered: the trips that follow each other.
    pub rounds: usize,
    /// How many questions are being answered.
    pub answering: usize,
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `GET /contoso/orders/_apis/…`
    pub line: String,
    /// Its headers, with names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: String,
}

/// Something that goes wrong for requests whose line contains a text.
#[derive(Clone, Debug)]
pub struct Fault {
    /// In which lines.
    pub line: String,
    /// The status.
    pub status: u16,
    /// The content type.
    pub kind: String,
    /// The body.
    pub body: String,
    /// More headers.
    pub headers: Vec<(String, String)>,
    /// How often; then it is over.
    pub times: usize,
}

impl Fault {
    /// An error as the service writes it, for ever.
    pub fn error(line: &str, status: u16, kind: &str, message: &str) -> Self {
        let body = serde_json::json!({
            "$id": "1", "innerException": null, "message": message, "typeKey": kind,
            "typeName": format!("Microsoft.{kind}, Microsoft"), "errorCode": 0, "eventId": 3000,
        });
        Self {
            line: line.to_owned(),
            status,
            kind: "application/json; charset=utf-8; api-version=7.1".to_owned(),
            body: body.to_string(),
            headers: vec![("ActivityId".to_owned(), "a1b2c3d4".to_owned())],
            times: usize::MAX,
        }
    }

    /// A page of HTML, as a sign-in has it, for ever.
    pub fn page(line: &str, status: u16, headers: &[(&str, &str)]) -> Self {
        Self {
            line: line.to_owned(),
            status,
            kind: "text/html; charset=utf-8".to_owned(),
            body: "<html><body>Azure DevOps Services | Sign In</body></html>".to_owned(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            times: usize::MAX,
        }
    }
}

/// A pull request.
#[derive(Clone, Debug, Default)]
pub struct PullRequest {
    /// Its title.
    pub title: String,
    /// Its description; `None` is null.
    pub description: Option<String>,
    /// `active`, `completed`, `abandoned`.
    pub status: String,
    /// `refs/heads/main`
    pub target: String,
    /// Who made it.
    pub author: String,
    /// Who was asked.
    pub reviewers: Vec<Reviewer>,
    /// The commit that completed it.
    pub merge_commit: Option<String>,
    /// The commit that it was completed onto.
    pub merged_onto: Option<String>,
    /// Its own commits.
    pub commits: Vec<String>,
    /// How it was completed.
    pub strategy: Option<String>,
    /// Work items that it links.
    pub work_items: Vec<u64>,
    /// Its threads.
    pub threads: Vec<Thread>,
    /// Its statuses, by genre and name.
    pub statuses: BTreeMap<(String, String), Status>,
}

/// A person or group that was asked for a vote.
#[derive(Clone, Debug)]
pub struct Reviewer {
    /// Their name.
    pub name: String,
    /// 10, 5, 0, -5, -10.
    pub vote: i64,
    /// The groups that it counts for.
    pub groups: Vec<String>,
}

/// A thread.
#[derive(Clone, Debug, Default)]
pub struct Thread {
    /// Its comments.
    pub comments: Vec<Comment>,
    /// `active`, `closed`.
    pub status: String,
}

/// A comment.
#[derive(Clone, Debug)]
pub struct Comment {
    /// Who wrote it.
    pub author: String,
    /// Its text.
    pub content: String,
    /// When.
    pub when: String,
    /// `text`, `system`.
    pub kind: String,
}

/// A status.
#[derive(Clone, Debug)]
pub struct Status {
    /// `succeeded`, `failed`.
    pub state: String,
    /// In words.
    pub description: String,
}

/// A work item.
#[derive(Clone, Debug, Default)]
pub struct WorkItem {
    /// Its fields.
    pub fields: BTreeMap<String, serde_json::Value>,
    /// Hyperlinks.
    pub links: Vec<String>,
    /// Its changes.
    pub updates: Vec<Update>,
}

/// A change of a work item.
#[derive(Clone, Debug)]
pub struct Update {
    /// Who.
    pub by: String,
    /// When.
    pub when: String,
    /// The fields' new values.
    pub fields: BTreeMap<String, String>,
}

/// A run.
#[derive(Clone, Debug, Default)]
pub struct Build {
    /// `20261125.1`
    pub number: String,
    /// The pipeline.
    pub definition: u64,
    /// `inProgress`, `completed`.
    pub status: String,
    /// `succeeded`, `failed`; `None` while it runs.
    pub result: Option<String>,
    /// `refs/heads/main`
    pub branch: String,
    /// The commit.
    pub commit: String,
    /// When it ended.
    pub finished: Option<String>,
    /// The commits since the run before it.
    pub changes: Vec<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its artifacts, with their sizes.
    pub artifacts: Vec<(String, u64)>,
    /// Its stages.
    pub stages: Vec<Stage>,
    /// Its test results.
    pub tests: Vec<TestSet>,
    /// Tests that its summary counts beside those that are listed.
    pub unlisted_tests: u64,
    /// Runs of other pipelines that it took: alias, pipeline, number.
    pub resources: Vec<(String, u64, String)>,
    /// Whether it was deleted, and can still be asked for: lists leave it out.
    pub deleted: bool,
    /// Names of artifacts that are listed, and whose content has expired.
    pub expired: Vec<String>,
    /// What its steps attached: type, name, text.
    pub attachments: Vec<(String, String, String)>,
    /// What keeps it.
    pub leases: Vec<Lease>,
}

/// What keeps a run.
#[derive(Clone, Debug)]
pub struct Lease {
    /// Its number.
    pub id: u64,
    /// Whose it is.
    pub owner: String,
    /// Until when it holds.
    pub until: String,
}

/// A stage.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The name that the pipeline gives it.
    pub name: String,
    /// `pending`, `inProgress`, `completed`.
    pub state: String,
    /// `succeeded`, …; `None` while it runs.
    pub result: Option<String>,
    /// The id of an approval that it had.
    pub approval: Option<String>,
}

/// A set of test results.
#[derive(Clone, Debug)]
pub struct TestSet {
    /// Its name.
    pub name: String,
    /// `Completed`, `InProgress`.
    pub state: String,
    /// How many of each outcome, by the outcome's name.
    pub outcomes: Vec<(String, u64)>,
    /// What its tests belong to.
    pub class: String,
}

/// A job that deployed.
#[derive(Clone, Debug, Default)]
pub struct DeploymentRecord {
    /// The pipeline.
    pub definition: u64,
    /// The run.
    pub build: u64,
    /// The stage's try.
    pub attempt: u64,
    /// The resource of the environment.
    pub resource: Option<u64>,
    /// `succeeded`, …; `None` while it runs.
    pub result: Option<String>,
    /// When it ended.
    pub finished: Option<String>,
}

/// An approval.
#[derive(Clone, Debug)]
pub struct Approval {
    /// `approved`, `pending`.
    pub status: String,
    /// Who answered.
    pub by: String,
}
