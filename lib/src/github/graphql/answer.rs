//! How GitHub writes things in GraphQL, and the same as REST has it: both are judged by one rule.

use serde::Deserialize;
use serde_json::Value;

use super::ask::unreadable;
use crate::Timestamp;
use crate::github::failure::GitHubError;
use crate::github::wire::{Base, Comment, Label, PullRequest, Review, User};

/// A page of a list.
#[derive(Deserialize)]
pub(super) struct Connection<T> {
    pub nodes: Option<Vec<Option<T>>>,
    #[serde(rename = "pageInfo")]
    pub page: PageInfo,
}

#[derive(Deserialize)]
pub(super) struct PageInfo {
    #[serde(rename = "hasNextPage")]
    pub has_next: bool,
    #[serde(rename = "endCursor", default)]
    pub end: Option<String>,
}

/// What stands behind a commit's id.
#[derive(Deserialize)]
pub(super) struct CommitObject {
    #[serde(rename = "__typename")]
    kind: String,
    #[serde(rename = "associatedPullRequests", default)]
    pull_requests: Option<Connection<Candidate>>,
}

/// A pull request that may have brought a commit.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    number: u64,
    merged_at: Option<Timestamp>,
    base_ref_name: String,
    merge_commit: Option<Oid>,
    repository: Named,
}

#[derive(Deserialize)]
struct Oid {
    oid: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    name_with_owner: String,
}

impl CommitObject {
    /// Its pull requests in a repository. One of a fork has a number there, which is another one's here.
    pub(super) fn pull_requests(
        self,
        repository: &str,
        asked: &str,
    ) -> Result<Connection<PullRequest>, GitHubError> {
        if self.kind != "Commit" {
            return Err(unreadable(asked, "it is no commit"));
        }
        let found = self.pull_requests.ok_or_else(|| unreadable(asked, "they are missing"))?;
        let here = |node: &Option<Candidate>| {
            node.as_ref().is_none_or(|node| node.repository.name_with_owner.eq_ignore_ascii_case(repository))
        };
        let nodes = found
            .nodes
            .map(|nodes| nodes.into_iter().filter(here).map(|node| node.map(PullRequest::from)).collect());
        Ok(Connection { nodes, page: found.page })
    }
}

impl From<Candidate> for PullRequest {
    fn from(candidate: Candidate) -> Self {
        Self {
            number: candidate.number,
            merged_at: candidate.merged_at,
            merge_commit_sha: candidate.merge_commit.map(|commit| commit.oid),
            base: Some(Base { branch: Some(candidate.base_ref_name), repo: None }),
            ..Self::default()
        }
    }
}

/// A pull request with pages of its lists; of a later question only those.
#[derive(Deserialize)]
pub(super) struct PullRequestObject {
    number: Option<u64>,
    title: Option<String>,
    body: Option<String>,
    #[serde(default)]
    author: Option<Actor>,
    #[serde(default)]
    pub labels: Option<Value>,
    #[serde(default)]
    pub reviews: Option<Value>,
    #[serde(default)]
    pub comments: Option<Value>,
}

impl PullRequestObject {
    /// What the pull request of this number is, beside its lists.
    pub(super) fn about(&self, asked_for: u64, asked: &str) -> Result<PullRequest, GitHubError> {
        let (Some(number), Some(title), Some(body)) = (self.number, &self.title, &self.body) else {
            return Err(unreadable(asked, "its number, title or description is missing"));
        };
        if number != asked_for {
            return Err(unreadable(asked, &format!("it has the number {number}")));
        }
        Ok(PullRequest {
            number,
            title: Some(title.clone()),
            body: Some(body.clone()),
            user: self.author.clone().map(User::from),
            ..PullRequest::default()
        })
    }
}

/// An account; deleted ones are null.
#[derive(Clone, Deserialize)]
struct Actor {
    #[serde(rename = "__typename")]
    kind: String,
    login: String,
}

impl From<Actor> for User {
    fn from(actor: Actor) -> Self {
        // REST marks the logins of apps: without the mark they may be a person's.
        let mark = if actor.kind == "Bot" && !actor.login.ends_with("[bot]") { "[bot]" } else { "" };
        Self { login: Some(format!("{}{mark}", actor.login)), kind: Some(actor.kind) }
    }
}

#[derive(Deserialize)]
pub(super) struct LabelNode {
    name: String,
}

impl From<LabelNode> for Label {
    fn from(node: LabelNode) -> Self {
        Self { name: Some(node.name) }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReviewNode {
    state: String,
    submitted_at: Option<String>,
    author_association: String,
    author: Option<Actor>,
}

impl From<ReviewNode> for Review {
    fn from(node: ReviewNode) -> Self {
        Self {
            user: node.author.map(User::from),
            state: Some(node.state),
            submitted_at: node.submitted_at,
            author_association: Some(node.author_association),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CommentNode {
    url: String,
    body: String,
    created_at: String,
    updated_at: String,
    author_association: String,
    author: Option<Actor>,
}

/// A comment's number. Its own field holds no more than 32 bits, which GitHub has used up; of the address nothing else is taken.
fn comment_id(url: &str) -> Option<u64> {
    url.rsplit_once("#issuecomment-").and_then(|(_, id)| id.parse().ok())
}

impl From<CommentNode> for Comment {
    fn from(node: CommentNode) -> Self {
        Self {
            user: node.author.map(User::from),
            body: Some(node.body),
            created_at: Some(node.created_at),
            updated_at: Some(node.updated_at),
            author_association: Some(node.author_association),
            id: comment_id(&node.url),
        }
    }
}
