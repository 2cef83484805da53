//! Questions by REST: one for each commit, and two for each pull request.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::client::{Client, Question};
use super::failure::{GitHubError, Needs, Why};
use super::people::Told;
use super::way::{Asking, asked_of_commit};
use super::wire::{Comment, PullRequest, Review};

/// GitHub, asked by REST.
pub(super) struct Rest<'c, 't>(pub &'c Client<'t>);

impl Rest<'_, '_> {
    /// The pull requests that went into this repository. One of another of its network has a number there, which is another
    /// one's here.
    fn of_this_repository(
        &self,
        question: &Question,
        found: Vec<PullRequest>,
    ) -> Result<Vec<PullRequest>, GitHubError> {
        let here = self.0.repository().to_string();
        let mut own = Vec::with_capacity(found.len());
        for request in found {
            let base = request.base.as_ref().and_then(|base| base.repo.as_ref()).ok_or_else(|| {
                let why = format!("the repository of pull request {} is missing", request.number);
                question.failed(Why::Unreadable(why))
            })?;
            if base.full_name.eq_ignore_ascii_case(&here) {
                own.push(request);
            }
        }
        Ok(own)
    }
}

impl Asking for Rest<'_, '_> {
    fn of_commits(&self, commits: &[&str]) -> Result<Vec<Vec<PullRequest>>, GitHubError> {
        let questions: Vec<Question> = commits
            .iter()
            .map(|commit| {
                let id: String = commit.chars().filter(char::is_ascii_hexdigit).collect();
                Question::new(asked_of_commit(commit), Needs::PullRequests, format!("/commits/{id}/pulls"))
            })
            .collect();
        let answers = self.0.lists::<PullRequest>(questions.clone());
        let own = |(question, answer): (&Question, Result<Vec<PullRequest>, GitHubError>)| match answer {
            // What was never pushed came by no pull request.
            Err(GitHubError { why: Why::NoCommit, .. }) => Ok(Vec::new()),
            other => self.of_this_repository(question, other?),
        };
        questions.iter().zip(answers).map(own).collect()
    }

    fn told(
        &self,
        numbers: &BTreeSet<u64>,
        mut known: BTreeMap<u64, PullRequest>,
    ) -> Result<BTreeMap<u64, Told>, GitHubError> {
        let question = |what: &str, number: u64, path: String| {
            Question::new(format!("{what}pull request {number}"), Needs::PullRequests, path)
        };
        let missing: Vec<u64> =
            numbers.iter().copied().filter(|number| !known.contains_key(number)).collect();
        let questions: Vec<Question> =
            missing.iter().map(|&number| question("", number, format!("/pulls/{number}"))).collect();
        let answers = self.0.ask::<PullRequest>(&questions);
        for ((number, question), answer) in missing.into_iter().zip(&questions).zip(answers) {
            let request = answer?;
            if request.number != number {
                return Err(question.failed(Why::Unreadable(format!("it has the number {}", request.number))));
            }
            known.insert(number, request);
        }
        let questions: Vec<Question> = numbers
            .iter()
            .flat_map(|&number| {
                [
                    question("the reviews of ", number, format!("/pulls/{number}/reviews")),
                    question("the comments of ", number, format!("/issues/{number}/comments")),
                ]
            })
            .collect();
        let mut answers = questions.iter().zip(self.0.lists::<Value>(questions.clone()));
        let mut told = BTreeMap::new();
        for number in numbers {
            let (Some((asked, reviews)), Some((also, comments)), Some(request)) =
                (answers.next(), answers.next(), known.remove(number))
            else {
                break;
            };
            let (reviews, comments) = (asked.each::<Review>(reviews?)?, also.each::<Comment>(comments?)?);
            told.insert(*number, Told { request, reviews, comments });
        }
        Ok(told)
    }
}
