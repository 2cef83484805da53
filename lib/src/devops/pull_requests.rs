//! Pull requests: which brought a commit, what they say, who voted, their threads and their status.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use crate::Timestamp;
use crate::devops::call::{Call, Effect};
use crate::devops::client::{Answer, Client, Done};
use crate::devops::failure::DevOpsError;
use crate::devops::permission::Permission;
use crate::devops::wire::{Identity, Number, id, named, or_default, several, time, words};
use crate::transport::Method;

/// So many commits are asked for in one query.
const COMMITS_OF_A_QUERY: usize = 1_000;

/// A pull request, as a query for commits finds it. Its text is cut off there: ask for it by its id.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundPullRequest {
    /// Its number.
    #[serde(rename = "pullRequestId", deserialize_with = "id")]
    pub id: u64,
    /// Whether it was completed.
    #[serde(default, deserialize_with = "or_default")]
    pub status: PullRequestState,
    /// The branch that it goes into, `refs/heads/main`.
    #[serde(default, deserialize_with = "or_default", rename = "targetRefName")]
    pub target: String,
}

words! {
    /// What became of a pull request.
    PullRequestState {
        /// It is open.
        Active = "active",
        /// It was completed.
        Completed = "completed",
        /// It was abandoned.
        Abandoned = "abandoned",
    }
}

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PullRequest {
    /// Its number.
    #[serde(rename = "pullRequestId", deserialize_with = "id")]
    pub id: u64,
    /// Its title.
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
    /// Its description.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// What became of it.
    #[serde(default, deserialize_with = "or_default")]
    pub status: PullRequestState,
    /// The branch that it goes into, `refs/heads/main`.
    #[serde(default, deserialize_with = "or_default", rename = "targetRefName")]
    pub target: String,
    /// Who made it.
    #[serde(default, deserialize_with = "or_default")]
    pub created_by: Identity,
    /// When it was completed.
    #[serde(default, deserialize_with = "time")]
    pub closed_date: Option<Timestamp>,
    /// Who was asked, with their votes.
    #[serde(default, deserialize_with = "several")]
    pub reviewers: Vec<Reviewer>,
    /// Its labels.
    #[serde(default, deserialize_with = "several")]
    pub labels: Vec<Label>,
    /// The work items that it links, where they were asked for.
    #[serde(default, deserialize_with = "several")]
    pub work_item_refs: Vec<WorkItemRef>,
    /// How it was completed.
    #[serde(default, deserialize_with = "or_default")]
    pub completion_options: CompletionOptions,
    /// The commit of the branch that it was merged onto.
    #[serde(default)]
    pub last_merge_target_commit: Option<CommitRef>,
}

/// A commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CommitRef {
    /// Its id.
    #[serde(deserialize_with = "or_default")]
    pub commit_id: String,
}

/// A label of a pull request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Label {
    /// Its name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
}

/// A work item that a pull request links.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct WorkItemRef {
    /// Its number.
    #[serde(deserialize_with = "id")]
    pub id: u64,
}

/// How a pull request was completed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CompletionOptions {
    /// How its commits came onto the branch.
    #[serde(deserialize_with = "or_default")]
    pub merge_strategy: MergeStrategy,
}

words! {
    /// How a pull request's commits came onto the branch.
    MergeStrategy {
        /// By a merge.
        NoFastForward = "nofastforward",
        /// As one commit.
        Squash = "squash",
        /// Each anew.
        Rebase = "rebase",
        /// Each anew, and a merge.
        RebaseMerge = "rebasemerge",
    }
}

/// A person or a group that was asked for a vote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Reviewer {
    /// Their id.
    #[serde(deserialize_with = "or_default")]
    pub id: String,
    /// The name that people read.
    #[serde(deserialize_with = "or_default")]
    pub display_name: String,
    /// The name that is only theirs.
    #[serde(deserialize_with = "or_default")]
    pub unique_name: String,
    /// 10 and 5 approve, 0 is none, -5 waits, -10 rejects.
    #[serde(deserialize_with = "or_default")]
    pub vote: i64,
    /// Whether it is a group, whose vote is its members'.
    #[serde(deserialize_with = "or_default")]
    pub is_container: bool,
    /// The groups that this vote counts for.
    #[serde(deserialize_with = "several")]
    pub voted_for: Vec<Identity>,
}

/// A thread of a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Thread {
    /// Its number.
    #[serde(deserialize_with = "id")]
    pub id: u64,
    /// Its comments, oldest first.
    #[serde(default, deserialize_with = "several")]
    pub comments: Vec<Comment>,
    /// Whether it is settled.
    #[serde(default, deserialize_with = "or_default")]
    pub status: ThreadState,
    /// Whether it was deleted.
    #[serde(default, deserialize_with = "or_default")]
    pub is_deleted: bool,
    /// What the service itself notes of it.
    #[serde(default, deserialize_with = "named")]
    properties: BTreeMap<String, Property>,
}

/// A property of a thread.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Property {
    #[serde(rename = "$value", deserialize_with = "or_default")]
    value: serde_json::Value,
}

words! {
    /// Whether a thread is settled.
    ThreadState {
        /// It is open.
        Active = "active",
        /// It waits for somebody.
        Pending = "pending",
        /// What it asks for was done.
        Fixed = "fixed",
        /// It is settled.
        Closed = "closed",
    }
}

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comment {
    /// Its number in the thread.
    #[serde(deserialize_with = "id")]
    pub id: u64,
    /// Who wrote it.
    #[serde(default, deserialize_with = "or_default")]
    pub author: Identity,
    /// Its text.
    #[serde(default, deserialize_with = "or_default")]
    pub content: String,
    /// When it was written.
    #[serde(default, deserialize_with = "time")]
    pub published_date: Option<Timestamp>,
    /// When its text was changed last.
    #[serde(default, deserialize_with = "time")]
    pub last_content_updated_date: Option<Timestamp>,
    /// Whether a person wrote it.
    #[serde(default, deserialize_with = "or_default")]
    pub comment_type: CommentKind,
    /// Whether it was deleted.
    #[serde(default, deserialize_with = "or_default")]
    pub is_deleted: bool,
}

words! {
    /// Who wrote a comment.
    CommentKind {
        /// A person, or a program in its own name.
        Text = "text",
        /// The service.
        System = "system",
    }
}

impl Thread {
    /// Whether the service itself notes a vote in it.
    #[must_use]
    pub fn notes_a_vote(&self) -> bool {
        self.properties
            .get("CodeReviewThreadType")
            .is_some_and(|kind| kind.value.as_str().is_some_and(|kind| kind == "VoteUpdate"))
    }
}

/// A part of a pull request's status: what the gate says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusState {
    /// It is still looked at.
    Pending,
    /// It is in order.
    Succeeded,
    /// It is not.
    Failed,
    /// It could not be told.
    Error,
}

impl StatusState {
    /// As the service writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Error => "error",
        }
    }
}

/// A status to set. Name and genre are its key: setting it again replaces it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStatus {
    /// What is said.
    pub state: StatusState,
    /// In one line.
    pub description: String,
    /// Its name.
    pub name: String,
    /// Its genre.
    pub genre: String,
    /// Where more is said, if anywhere.
    pub target_url: Option<String>,
}

/// A pull request by its number, with the work items that it links; answers with a [`PullRequest`].
#[must_use]
pub fn pull_request(repository: &str, number: u64) -> Call {
    let segments = ["git", "repositories", repository, "pullrequests", &number.to_string()];
    Call::get(format!("pull request {number}"), Permission::ReadRepository(repository.to_owned()), &segments)
        .with("includeWorkItemRefs", "true")
}

/// The threads of a pull request; answers with a list of [`Thread`].
#[must_use]
pub fn threads(repository: &str, number: u64) -> Call {
    let asked = format!("the comments of pull request {number}");
    Call::get(
        asked,
        Permission::ReadRepository(repository.to_owned()),
        &["git", "repositories", repository, "pullRequests", &number.to_string(), "threads"],
    )
}

/// A new thread with one comment on a pull request.
pub(super) fn new_thread(repository: &str, number: u64, text: &str, state: ThreadState) -> Call {
    let segments = ["git", "repositories", repository, "pullRequests", &number.to_string(), "threads"];
    contribution(repository, format!("a comment on pull request {number}"), &segments)
        .by(Method::Post, Effect::Once)
        .json(&json!({
            "comments": [{ "parentCommentId": 0, "content": text, "commentType": "text" }],
            "status": state.as_str(),
        }))
}

/// Another text for a comment, which only whoever wrote it can change.
pub(super) fn rewritten_comment(
    repository: &str,
    number: u64,
    (thread, comment): (u64, u64),
    text: &str,
) -> Call {
    let asked = format!("a change of the comment on pull request {number}");
    let (number, thread, comment) = (number.to_string(), thread.to_string(), comment.to_string());
    let threads = ["git", "repositories", repository, "pullRequests", &number, "threads"];
    let segments: Vec<&str> =
        threads.into_iter().chain([thread.as_str(), "comments", comment.as_str()]).collect();
    contribution(repository, asked, &segments)
        .by(Method::Patch, Effect::Repeatable)
        .json(&json!({ "content": text }))
}

/// The pull requests that each commit came by: those that it completed, and those that contain it.
fn query(repository: &str, commits: &[String]) -> Call {
    let segments = ["git", "repositories", repository, "pullrequestquery"];
    let asked = format!("the pull requests of {} commits", commits.len());
    Call::get(asked, Permission::ReadRepository(repository.to_owned()), &segments)
        .by(Method::Post, Effect::Repeatable)
        .json(&json!({ "queries": [
            { "type": "lastMergeCommit", "items": commits },
            { "type": "commit", "items": commits },
        ]}))
}

/// The queries for the pull requests of commits, as few as the service takes.
pub(super) fn queries(repository: &str, commits: &[String]) -> Vec<Call> {
    commits.chunks(COMMITS_OF_A_QUERY).map(|commits| query(repository, commits)).collect()
}

/// Each commit's pull requests, each once, by the commit's id in lower case.
pub(super) fn by_commit(
    answers: Vec<Result<Answer, DevOpsError>>,
) -> Result<BTreeMap<String, Vec<FoundPullRequest>>, DevOpsError> {
    let mut by_commit: BTreeMap<String, Vec<FoundPullRequest>> = BTreeMap::new();
    for answer in answers {
        let answer = answer?;
        let found: Found = answer.read()?;
        if found.results.len() < 2 {
            return Err(answer.failed("it answers fewer questions than were asked".to_owned()));
        }
        for (commit, requests) in found.results.into_iter().flatten().flatten() {
            let known = by_commit.entry(commit.to_ascii_lowercase()).or_default();
            for request in requests.into_iter().flatten().flatten() {
                if !known.iter().any(|known| known.id == request.id) {
                    known.push(request);
                }
            }
        }
    }
    Ok(by_commit)
}

/// Each commit's pull requests, as one question's answer has them.
type ByCommit = BTreeMap<String, Option<Vec<Option<FoundPullRequest>>>>;

#[derive(Deserialize)]
struct Found {
    results: Vec<Option<ByCommit>>,
}

impl Client<'_> {
    /// The pull requests that each of these commits came by, each once, by the commit's id in lower case. A commit that
    /// is not there came by none that the service knows.
    ///
    /// # Errors
    /// Where the service does not answer for all of them.
    pub fn pull_requests_of(
        &self,
        repository: &str,
        commits: &[String],
    ) -> Result<BTreeMap<String, Vec<FoundPullRequest>>, DevOpsError> {
        by_commit(self.send_all(&queries(repository, commits)))
    }

    /// Opens a thread with one comment on a pull request, and gives its number.
    ///
    /// # Errors
    /// Where it was not made.
    pub fn open_thread(
        &self,
        repository: &str,
        number: u64,
        text: &str,
        state: ThreadState,
    ) -> Result<u64, DevOpsError> {
        #[derive(Deserialize)]
        struct Opened {
            id: Number,
        }
        let call = new_thread(repository, number, text, state);
        self.get::<Opened>(&call).map(|opened| opened.id.0)
    }

    /// Replaces the text of a comment.
    ///
    /// # Errors
    /// Where it was not replaced: a comment can be changed only by whoever wrote it.
    pub fn rewrite_comment(
        &self,
        repository: &str,
        number: u64,
        thread: u64,
        comment: u64,
        text: &str,
    ) -> Result<(), DevOpsError> {
        let call = rewritten_comment(repository, number, (thread, comment), text);
        self.get::<Done>(&call).map(|_| ())
    }

    /// Changes whether a thread is settled.
    ///
    /// # Errors
    /// Where it was not changed.
    pub fn settle_thread(
        &self,
        repository: &str,
        number: u64,
        thread: u64,
        state: ThreadState,
    ) -> Result<(), DevOpsError> {
        let (number, thread) = (number.to_string(), thread.to_string());
        let segments = ["git", "repositories", repository, "pullRequests", &number, "threads", &thread];
        let call =
            contribution(repository, format!("a change of the thread on pull request {number}"), &segments)
                .by(Method::Patch, Effect::Repeatable)
                .json(&json!({ "status": state.as_str() }));
        self.get::<Done>(&call).map(|_| ())
    }

    /// Sets a status of a pull request.
    ///
    /// # Errors
    /// Where it was not set.
    pub fn set_status(&self, repository: &str, number: u64, status: &NewStatus) -> Result<(), DevOpsError> {
        let segments = ["git", "repositories", repository, "pullRequests", &number.to_string(), "statuses"];
        let mut body = json!({
            "state": status.state.as_str(),
            "description": status.description,
            "context": { "name": status.name, "genre": status.genre },
        });
        if let (Some(url), Some(fields)) = (&status.target_url, body.as_object_mut()) {
            fields.insert("targetUrl".to_owned(), json!(url));
        }
        // The key is in the body: a second time replaces the first.
        let call = contribution(repository, format!("a status on pull request {number}"), &segments)
            .by(Method::Post, Effect::Repeatable)
            .json(&body);
        self.get::<Done>(&call).map(|_| ())
    }
}

impl ThreadState {
    /// As the service writes it.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
            Self::Fixed => "fixed",
            Self::Closed => "closed",
            Self::Other => "unknown",
        }
    }
}

fn contribution(repository: &str, asked: String, segments: &[&str]) -> Call {
    Call::get(asked, Permission::ContributeToPullRequests(repository.to_owned()), segments)
}
