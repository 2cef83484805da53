//! The ways to ask GitHub for pull requests: the same facts by REST or GraphQL.

use std::collections::{BTreeMap, BTreeSet};

use super::failure::GitHubError;
use super::people::Told;
use super::wire::PullRequest;

/// How GitHub is asked for pull requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A question for each commit, and two for each pull request.
    Rest,
    /// Many of them in one question, which needs a token; by REST where GitHub does not take it.
    GraphQl,
}

/// What every way gives.
pub(super) trait Asking {
    /// For each commit the pull requests that have it, also those that did not bring it. Their texts may be missing.
    fn of_commits(&self, commits: &[&str]) -> Result<Vec<Vec<PullRequest>>, GitHubError>;

    /// Pull requests with their texts and what was said of them. `known` are those that were found with commits.
    fn told(
        &self,
        numbers: &BTreeSet<u64>,
        known: BTreeMap<u64, PullRequest>,
    ) -> Result<BTreeMap<u64, Told>, GitHubError>;
}

/// How errors name the question for a commit's pull requests.
pub(super) fn asked_of_commit(commit: &str) -> String {
    let short: String = commit.chars().filter(char::is_ascii_hexdigit).take(7).collect();
    format!("the pull requests of commit {short}")
}
