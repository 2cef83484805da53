//! Questions in GraphQL: the pull requests of many commits, and what was said of many pull requests, in one question each.
//!
//! What GitHub answers in part is no answer: an error beside the data, a missing entry or a page without a mark of the next
//! one leaves the whole unknown. Where GitHub does not take such a question (an old server, more than it can do in its time),
//! [`Why::NotTaken`](super::Why::NotTaken) says so, and REST is left.

mod answer;
mod ask;
mod list;

use std::collections::{BTreeMap, BTreeSet};

use self::answer::{CommentNode, CommitObject, LabelNode, PullRequestObject, ReviewNode};
use self::ask::{Batch, unreadable};
use self::list::List;
use super::client::Client;
use super::failure::GitHubError;
use super::people::Told;
use super::way::{Asking, asked_of_commit};
use super::wire::{Comment, Label, PullRequest, Review};

/// Commits of one question. GitHub allows ten seconds for the whole of it.
const COMMITS: usize = 100;
/// Pull requests of one question, with all their texts.
const PULL_REQUESTS: usize = 25;
/// What is asked of a pull request that may have brought a commit.
const CANDIDATE: &str = "number mergedAt baseRefName mergeCommit{oid} repository{nameWithOwner}";
/// What is asked of an account.
const ACTOR: &str = "author{__typename login}";

/// GitHub, asked in GraphQL.
pub(super) struct GraphQl<'c, 't>(pub &'c Client<'t>);

impl Asking for GraphQl<'_, '_> {
    fn of_commits(&self, commits: &[&str]) -> Result<Vec<Vec<PullRequest>>, GitHubError> {
        let mut lists: Vec<List<PullRequest>> = commits.iter().map(|_| List::default()).collect();
        loop {
            let open: Vec<usize> =
                lists.iter().enumerate().filter(|(_, list)| list.is_open()).map(|(index, _)| index).collect();
            if open.is_empty() {
                return Ok(lists.into_iter().map(List::whole).collect());
            }
            let mut batches = Vec::new();
            for some in open.chunks(COMMITS) {
                let mut batch = Batch::default();
                for &index in some {
                    let (Some(commit), Some(list)) = (commits.get(index), lists.get(index)) else { continue };
                    let id: String = commit.chars().filter(char::is_ascii_hexdigit).collect();
                    let selected = list.selected(&mut batch, "associatedPullRequests", "", CANDIDATE);
                    batch.add(
                        format!("c{index}"),
                        asked_of_commit(commit),
                        &format!("object(oid:\"{id}\"){{__typename ...on Commit{{{selected}}}}}"),
                    );
                }
                batches.push(batch);
            }
            for mut answer in self.ask(batches)? {
                for (alias, asked) in answer.aliases() {
                    let object: Option<CommitObject> = answer.take(&alias, &asked)?;
                    let list = alias.get(1..).and_then(|index| lists.get_mut(index.parse::<usize>().ok()?));
                    let Some(list) = list else { continue };
                    match object {
                        // What was never pushed came by no pull request.
                        None => list.none(&asked)?,
                        Some(object) => {
                            let page = object.pull_requests(answer.repository(), &asked)?;
                            list.take(page, &asked)?;
                        }
                    }
                }
            }
        }
    }

    fn told(
        &self,
        numbers: &BTreeSet<u64>,
        _: BTreeMap<u64, PullRequest>,
    ) -> Result<BTreeMap<u64, Told>, GitHubError> {
        let mut readings: BTreeMap<u64, Reading> =
            numbers.iter().map(|&number| (number, Reading::default())).collect();
        loop {
            let open: Vec<u64> =
                readings.iter().filter(|(_, reading)| reading.is_open()).map(|(number, _)| *number).collect();
            if open.is_empty() {
                break;
            }
            let mut batches = Vec::new();
            for some in open.chunks(PULL_REQUESTS) {
                let mut batch = Batch::default();
                for number in some {
                    let Some(reading) = readings.get(number) else { continue };
                    let selected = reading.selected(&mut batch);
                    batch.add(
                        format!("p{number}"),
                        format!("pull request {number}"),
                        &format!("pullRequest(number:{number}){{{selected}}}"),
                    );
                }
                batches.push(batch);
            }
            for mut answer in self.ask(batches)? {
                for (alias, asked) in answer.aliases() {
                    let object: Option<PullRequestObject> = answer.take(&alias, &asked)?;
                    let object = object.ok_or_else(|| unreadable(&asked, "it is missing"))?;
                    let Some(number) = alias.get(1..).and_then(|number| number.parse::<u64>().ok()) else {
                        continue;
                    };
                    if let Some(reading) = readings.get_mut(&number) {
                        reading.take(number, object, &asked)?;
                    }
                }
            }
        }
        Ok(readings.into_iter().map(|(number, reading)| (number, reading.whole(number))).collect())
    }
}

/// A pull request of which some is read.
#[derive(Default)]
struct Reading {
    about: Option<PullRequest>,
    labels: List<Label>,
    reviews: List<Review>,
    comments: List<Comment>,
}

impl Reading {
    fn is_open(&self) -> bool {
        self.labels.is_open() || self.reviews.is_open() || self.comments.is_open()
    }

    /// What is still to be asked. Reviews that say nothing of approval are left where they are.
    fn selected(&self, batch: &mut Batch) -> String {
        let mut selected =
            if self.about.is_none() { format!("number title body {ACTOR} ") } else { String::new() };
        selected += &self.labels.selected(batch, "labels", "", "name");
        selected += &self.reviews.selected(
            batch,
            "reviews",
            ",states:[APPROVED,CHANGES_REQUESTED,DISMISSED]",
            &format!("state submittedAt authorAssociation {ACTOR}"),
        );
        selected += &self.comments.selected(
            batch,
            "comments",
            "",
            &format!("url body createdAt updatedAt authorAssociation {ACTOR}"),
        );
        selected
    }

    fn take(&mut self, number: u64, object: PullRequestObject, asked: &str) -> Result<(), GitHubError> {
        if self.about.is_none() {
            self.about = Some(object.about(number, asked)?);
        }
        self.labels.take_if_open::<LabelNode>(object.labels, &format!("the labels of {asked}"))?;
        self.reviews.take_if_open::<ReviewNode>(object.reviews, &format!("the reviews of {asked}"))?;
        self.comments.take_if_open::<CommentNode>(object.comments, &format!("the comments of {asked}"))
    }

    fn whole(self, number: u64) -> Told {
        let labels = Some(self.labels.whole().into_iter().map(Some).collect());
        let about = self.about.unwrap_or_default();
        Told {
            request: PullRequest { number, labels, ..about },
            reviews: self.reviews.whole(),
            comments: self.comments.whole(),
        }
    }
}

#[cfg(test)]
mod tests;
