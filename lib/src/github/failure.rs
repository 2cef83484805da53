//! Why GitHub did not answer, and what would change that.

use serde::de::DeserializeOwned;

use crate::Timestamp;
use crate::checklist::{Gap, Who};
use crate::json;
use crate::transport::{Response, TransportError, said};

use super::wire::ErrorBody;

/// The longest message of GitHub that an error carries, in characters.
const LONGEST: usize = 200;

/// A question that was not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("GitHub did not give {asked}: {why}")]
pub struct GitHubError {
    /// What was asked for: `the reviews of pull request 12`.
    pub asked: String,
    /// Why it was not given.
    pub why: Why,
    /// What the token needs.
    pub needs: Needs,
}

/// What a question needs of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// To read pull requests, their reviews and comments.
    PullRequests,
    /// To see who may write to the repository.
    Collaborators,
}

/// Why a question was not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// The token is wrong, expired or revoked.
    #[error("the token was not accepted")]
    NotAuthenticated,
    /// The token is good and may not do this.
    #[error("the token may not{0}")]
    Forbidden(String),
    /// The organisation wants the token to be authorised for its single sign-on.
    #[error("the token is not authorised for the organisation's single sign-on")]
    SingleSignOn,
    /// It is not there, or the token may not see it: GitHub answers both alike.
    #[error("it is not there, or the token may not see it")]
    NotFound,
    /// GitHub knows no such commit.
    #[error("GitHub knows no such commit")]
    NoCommit,
    /// Too many requests; until when, where GitHub says it.
    #[error("it allows no more requests{}", until(.0))]
    Throttled(Option<Timestamp>),
    /// It answered something else.
    #[error("it answered with status {status}{said}")]
    Refused {
        /// The status.
        status: u16,
        /// What it says, ready to follow the status.
        said: String,
    },
    /// The answer is not what its documentation says.
    #[error("the answer is not understood: {0}")]
    Unreadable(String),
    /// There is more than is read.
    #[error("there are more than are read ({0})")]
    TooMany(usize),
    /// The time for all questions ran out before this one.
    #[error("the time ran out before it was asked; `--timeout` gives more")]
    OutOfTime,
    /// It does not take such a question, or not this one; another way to ask may be open.
    #[error("it does not take the question ({0})")]
    NotTaken(String),
    /// It answered with an error of its own.
    #[error("it answered with an error:{0}")]
    Erred(String),
    /// No whole answer came.
    #[error("{0}")]
    Unanswered(TransportError),
}

fn until(reset: &Option<Timestamp>) -> String {
    reset.map_or_else(String::new, |reset| format!(" until {reset}"))
}

/// What an answer that is no success means; `None` for a success.
pub(super) fn judged(response: &Response) -> Option<Why> {
    let said = || {
        let body: ErrorBody = serde_json::from_slice(&response.body).unwrap_or_default();
        let message = plain(&body.message.unwrap_or_default());
        if message.is_empty() { message } else { format!(": {message}") }
    };
    let status = response.status;
    match status {
        200 if response.content_type == "application/json" => None,
        200 => Some(Why::Unreadable("it is not JSON".to_owned())),
        401 => Some(Why::NotAuthenticated),
        403 | 429 if is_throttled(response, &said()) => Some(Why::Throttled(reset(response))),
        403 if response.headers.get("X-GitHub-SSO").is_some() => Some(Why::SingleSignOn),
        403 => Some(Why::Forbidden(said())),
        404 => Some(Why::NotFound),
        422 => Some(Why::NoCommit),
        _ => Some(Why::Refused { status, said: said() }),
    }
}

/// What a body says, where each key of it stands once. What is quoted of it may be long, or private: its place is enough.
pub(super) fn understood<T: DeserializeOwned>(body: &[u8]) -> Result<T, Why> {
    let value = json::read(body).map_err(|error| {
        Why::Unreadable(format!("{} near character {}", json::why(&error), error.column()))
    })?;
    serde_json::from_value(value).map_err(|_| Why::Unreadable("it is of another form".to_owned()))
}

/// GitHub says with 403, too, that there were too many requests.
fn is_throttled(response: &Response, said: &str) -> bool {
    response.status == 429
        || response.retry_after.is_some()
        || response.headers.get("x-ratelimit-remaining") == Some("0")
        || is_limit(said)
}

/// Whether words of GitHub are about a limit: some limits have no other mark.
pub(super) fn is_limit(said: &str) -> bool {
    said.to_ascii_lowercase().contains("rate limit")
}

/// Until when there are no more requests, where GitHub says it.
pub(super) fn reset(response: &Response) -> Option<Timestamp> {
    let seconds: i64 = response.headers.get("x-ratelimit-reset")?.parse().ok()?;
    // A time that is no time of ours is none.
    (0..253_402_300_800).contains(&seconds).then(|| Timestamp::from_secs(seconds))
}

/// One line, bounded.
pub(super) fn plain(text: &str) -> String {
    said(text, LONGEST)
}

impl Needs {
    /// In the words of GitHub's settings.
    const fn words(self) -> &'static str {
        match self {
            Self::PullRequests => "*Pull requests: read* and *Contents: read* (a classic token: `repo`)",
            Self::Collaborators => "*Metadata: read* (a classic token: `repo`)",
        }
    }
}

impl GitHubError {
    /// The same as a gap of the checklist, on a repository.
    pub(super) fn gap(&self, repository: &str) -> Gap {
        let permission = || format!("the token needs {} on {repository}", self.needs.words());
        let (who, how) = match &self.why {
            Why::NotAuthenticated => {
                (Who::PipelineOwner, format!("give a token that is valid; {}", permission()))
            }
            Why::Forbidden(_) | Why::NotFound => (Who::Administrator, permission()),
            Why::SingleSignOn => (
                Who::PipelineOwner,
                "authorise the token for the organisation (its page in GitHub's settings, *Configure SSO*)"
                    .to_owned(),
            ),
            Why::NoCommit => (Who::Author, "push the commit, and run the checklist again".to_owned()),
            Why::Throttled(_) => (
                Who::Caller,
                "run the checklist again later, or give a token of its own: one without has 60 requests an hour"
                    .to_owned(),
            ),
            Why::TooMany(_) => (Who::Caller, "name a nearer commit with `--since REF`".to_owned()),
            Why::Unanswered(TransportError::Halted { .. }) => (Who::Caller, "run it again".to_owned()),
            Why::OutOfTime => (Who::Caller, "give more time with `--timeout`".to_owned()),
            Why::Refused { .. }
            | Why::NotTaken(_)
            | Why::Erred(_)
            | Why::Unreadable(_)
            | Why::Unanswered(_) => {
                (Who::PipelineOwner, "let GitHub answer, and run the checklist again".to_owned())
            }
        };
        Gap::new(self.to_string(), who, how)
    }
}
