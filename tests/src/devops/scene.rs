//! A deployment of a small service: a repository, its pull requests, and the run that deploys.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::state::{
    Approval, Build, Comment, PullRequest, Reviewer, Stage, State, TestSet, Thread, Update, WorkItem,
};
use super::{Fake, PROJECT, PROJECT_ID, TOKEN};
use crate::binary::{Ended, Gate};
use crate::repository::{commit, git};

/// The run that was good, and the one that deploys.
pub const GOOD_RUN: u64 = 100;
/// The run that deploys.
pub const RUN: u64 = 101;
/// The approval of its stage.
pub const APPROVAL: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

/// A policy that asks for one piece of evidence of every kind that Azure DevOps has.
pub const POLICY: &str = "version: 1
service: orders
owners: [\"Release Managers\"]
environments: { live: {} }
probe: { url: \"http://127.0.0.1:9\" }
checklist:
  artifacts-stored: { evidence: [{ artifact: drop }] }
  backups-taken: { required_when: { changed: [\"src/**\"] }, evidence: [{ attested: { max_age: 3650d, second_person: true } }] }
  change-communicated: { environments: [live], evidence: [{ work-item: { type: Change, state: Approved, tag: announced } }] }
  config-reviewed: { required_when: { changed: [\"src/**\"] }, evidence: [{ approval: { by: [\"Release Managers\"] } }] }
  rollback-plan: { evidence: [attested] }
";
const ACCEPTED: &str = "---\nstatus: accepted\n---\n# Use x\n";

/// A deployment, ready to be judged.
pub struct Scene {
    /// The gate, in its repository.
    pub gate: Gate,
    /// Azure DevOps.
    pub fake: Fake,
}

/// A pull request that is in order: it links a record, was approved and attested.
pub fn in_order(merge_commit: &str) -> PullRequest {
    PullRequest {
        title: "Change the network".to_owned(),
        // Longer than lists tell.
        description: Some(format!("{}\n\nADR: 1\n\n- [x] rollback-plan: redeploy\n", "Words. ".repeat(100))),
        status: "completed".to_owned(),
        target: "refs/heads/main".to_owned(),
        author: "Ada".to_owned(),
        reviewers: vec![Reviewer {
            name: "Grace".to_owned(),
            vote: 10,
            groups: vec!["[orders]\\Release Managers".to_owned()],
        }],
        merge_commit: Some(merge_commit.to_owned()),
        work_items: vec![7],
        threads: vec![
            thread("Grace", "- [x] backups-taken: snapshot 42", "text"),
            thread("Grace", "Grace voted 10", "system"),
        ],
        ..PullRequest::default()
    }
}

/// A thread with one comment.
pub fn thread(author: &str, content: &str, kind: &str) -> Thread {
    let when = "2026-11-24T09:00:00.1234567Z".to_owned();
    let status = if kind == "text" { "active" } else { "" };
    Thread {
        comments: vec![Comment {
            author: author.to_owned(),
            content: content.to_owned(),
            when,
            kind: kind.to_owned(),
        }],
        status: status.to_owned(),
    }
}

/// A work item that is in order.
pub fn change_item() -> WorkItem {
    let fields = [
        ("System.WorkItemType", json!("Change")),
        ("System.Title", json!("Change the network")),
        ("System.State", json!("Approved")),
        ("System.Tags", json!("announced; network")),
        ("System.ChangedDate", json!("2026-11-24T08:00:00Z")),
        ("System.ChangedBy", json!({ "displayName": "Linus" })),
    ];
    WorkItem {
        fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        links: Vec::new(),
        updates: vec![Update {
            by: "Linus".to_owned(),
            when: "2026-11-24T08:00:00Z".to_owned(),
            fields: BTreeMap::new(),
        }],
    }
}

fn stage(name: &str, state: &str, result: Option<&str>) -> Stage {
    Stage {
        name: name.to_owned(),
        state: state.to_owned(),
        result: result.map(str::to_owned),
        approval: None,
    }
}

/// A run that is in order: its build stage succeeded, its tests passed, its artifact is stored.
pub fn run_in_order(commit: &str) -> Build {
    Build {
        number: "20261125.2".to_owned(),
        definition: 4,
        status: "inProgress".to_owned(),
        branch: "refs/heads/main".to_owned(),
        commit: commit.to_owned(),
        artifacts: vec![("drop".to_owned(), 1200)],
        stages: vec![
            stage("Build", "completed", Some("succeeded")),
            Stage { approval: Some(APPROVAL.to_owned()), ..stage("Live", "inProgress", None) },
            stage("After", "pending", None),
        ],
        tests: vec![TestSet {
            name: "unit".to_owned(),
            state: "Completed".to_owned(),
            outcomes: vec![("Passed".to_owned(), 12), ("NotExecuted".to_owned(), 1)],
            class: "orders.unit".to_owned(),
        }],
        ..Build::default()
    }
}

impl Scene {
    /// One pull request since the last good run, everything in order.
    pub fn in_order() -> Self {
        Self::of(1, Duration::ZERO)
    }

    /// The same with so many pull requests, and a service that takes so long for each answer.
    pub fn of(requests: u64, latency: Duration) -> Self {
        let gate = Gate::default()
            .with_file("runbook.yml", POLICY)
            .with_file(".gitignore", "out/\n")
            .with_file("docs/adr/0001-use-x.md", ACCEPTED);
        let good = commit(&gate, "Release");
        // The name is what links are compared with; nothing is ever asked there.
        let remote = "https://contoso@dev.azure.com/contoso/orders/_git/orders";
        let _ = git(gate.folder(), &["remote", "add", "origin", remote]);
        let mut state = State::default();
        let mut gate = gate;
        let mut last = good.clone();
        let mut merged = Vec::new();
        for number in 12..12 + requests {
            gate = gate.with_file(&format!("src/change-{number}.txt"), "changed");
            last = commit(&gate, &format!("Merged PR {number}: change the network"));
            merged.push(last.clone());
            let item = number - 5;
            state.pull_requests.insert(number, PullRequest { work_items: vec![item], ..in_order(&last) });
            state.work_items.insert(item, change_item());
        }
        let good_run = Build {
            number: "20261120.1".to_owned(),
            definition: 4,
            status: "completed".to_owned(),
            result: Some("succeeded".to_owned()),
            branch: "refs/heads/main".to_owned(),
            commit: good,
            finished: Some("2026-11-20T10:00:00Z".to_owned()),
            tags: vec!["runbook-gate-proceed-live".to_owned()],
            ..Build::default()
        };
        state.builds.insert(GOOD_RUN, good_run);
        state.builds.insert(RUN, Build { changes: merged, ..run_in_order(&last) });
        state
            .approvals
            .insert(APPROVAL.to_owned(), Approval { status: "approved".to_owned(), by: "Grace".to_owned() });
        let fake = Fake::start(state, latency);
        let gate = in_pipeline(gate, &fake.collection());
        Self { gate, fake }
    }

    /// Commits a file of the repository, as a pull request that is in order brought it; gives its number.
    pub fn merge(&mut self, file: &str, text: &str) -> u64 {
        let number = self.fake.state().pull_requests.keys().max().map_or(12, |last| last + 1);
        let gate = std::mem::take(&mut self.gate).with_file(file, text);
        let merged = commit(&gate, &format!("Merged PR {number}: {file}"));
        self.gate = gate;
        self.fake.state().pull_requests.insert(number, in_order(&merged));
        number
    }

    /// Commits a file without a pull request.
    pub fn push(&mut self, file: &str, text: &str) -> String {
        let gate = std::mem::take(&mut self.gate).with_file(file, text);
        let id = commit(&gate, "Pushed");
        self.gate = gate;
        id
    }

    /// Sets a variable of the job.
    pub fn set(&mut self, name: &str, value: &str) {
        self.gate = std::mem::take(&mut self.gate).with_variable(name, value);
    }

    /// Makes it the build of an open pull request: the topic merged into its target, as Azure Pipelines does.
    pub fn build_pull_request(&mut self, number: u64) {
        let folder = self.gate.folder();
        let head = git(folder, &["rev-parse", "HEAD"]);
        git(folder, &["checkout", "-q", "--detach", "HEAD^"]);
        git(folder, &["merge", "-q", "--no-ff", "-m", "Merge pull request", &head]);
        if let Some(request) = self.fake.state().pull_requests.get_mut(&number) {
            request.status = "active".to_owned();
            request.merge_commit = None;
        }
        for (name, value) in [
            ("BUILD_REASON", "PullRequest".to_owned()),
            ("SYSTEM_PULLREQUEST_PULLREQUESTID", number.to_string()),
            ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main".to_owned()),
            ("BUILD_SOURCEBRANCH", format!("refs/pull/{number}/merge")),
        ] {
            self.set(name, &value);
        }
    }

    /// Judges the checklist.
    pub fn judge(&self, more: &[&str]) -> Ended {
        let mut arguments = vec!["checklist", "--format", "json", "--environment", "live"];
        arguments.extend(more);
        self.gate.run(&arguments)
    }
}

/// The job's variables.
pub fn in_pipeline(gate: Gate, collection: &str) -> Gate {
    [
        ("TF_BUILD", "True"),
        ("SYSTEM_COLLECTIONURI", collection),
        ("SYSTEM_TEAMPROJECT", PROJECT),
        ("SYSTEM_TEAMPROJECTID", PROJECT_ID),
        ("SYSTEM_ACCESSTOKEN", TOKEN),
        ("SYSTEM_DEFINITIONID", "4"),
        ("SYSTEM_STAGENAME", "Live"),
        ("BUILD_BUILDID", "101"),
        ("BUILD_REASON", "IndividualCI"),
        ("BUILD_SOURCEBRANCH", "refs/heads/main"),
        ("BUILD_REPOSITORY_NAME", "orders"),
        ("BUILD_REPOSITORY_PROVIDER", "TfsGit"),
    ]
    .into_iter()
    .fold(gate, |gate, (name, value)| gate.with_variable(name, value))
}

/// An item of a report.
pub fn item(ended: &Ended, id: &str) -> Value {
    let items = ended.json()["items"].as_array().cloned().unwrap_or_default();
    items.into_iter().find(|item| item["id"] == id).unwrap_or_else(|| panic!("no item {id}"))
}

/// The status of an item.
pub fn status(ended: &Ended, id: &str) -> String {
    item(ended, id)["status"].as_str().unwrap_or_default().to_owned()
}
