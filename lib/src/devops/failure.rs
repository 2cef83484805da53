//! Why a call did not succeed, and what would change that.

use serde::Deserialize;

use crate::checklist::{Gap, Who};
use crate::devops::{Call, Permission};
use crate::transport::{Response, TransportError, said};

/// The longest message of the service that an error carries, in characters.
const LONGEST: usize = 300;

/// A call that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Azure DevOps did not give {asked}: {why}")]
pub struct DevOpsError {
    /// What was asked for: `the threads of pull request 12`.
    pub asked: String,
    /// Why it was not given.
    pub why: Why,
    /// What the call needs.
    pub permission: Permission,
}

/// Why a call did not succeed. Messages of the service are others' words: escape them where they are printed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// A sign-in page, a redirect to one, or 401: the token is missing, wrong or expired.
    #[error("the token was not accepted (status {status})")]
    NotAuthenticated {
        /// The status.
        status: u16,
    },
    /// The token is good and may not do this.
    #[error("it is not allowed{said}")]
    Forbidden {
        /// What the service says.
        said: Box<Said>,
    },
    /// It is not there, or the token may not see it: the service answers both alike.
    #[error("it is not there, or may not be seen{said}")]
    NotFound {
        /// What the service says.
        said: Box<Said>,
    },
    /// Too many requests, for longer than there was time.
    #[error("it is throttled, for longer than there is time")]
    Throttled,
    /// The request was understood and refused.
    #[error("it answered with status {status}{said}")]
    Refused {
        /// The status.
        status: u16,
        /// What the service says.
        said: Box<Said>,
    },
    /// There was no answer.
    #[error("{0}")]
    Unanswered(Box<TransportError>),
    /// The answer is not what the contract says.
    #[error("the answer is not understood ({0})")]
    Unreadable(String),
    /// The time for all questions ran out before this one.
    #[error("the time ran out before it was asked; `--timeout` gives more")]
    OutOfTime,
    /// There is more than is read.
    #[error("there are more than {0}")]
    TooMany(usize),
    /// A name in it cannot stand in an address.
    #[error("a name in it cannot be asked for")]
    Unaskable,
}

/// What the service says of a failure: nothing, or its kind, message and activity, ready to follow `it is not allowed`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// `GitNeedsPermissionException`.
    pub kind: String,
    /// `TF401027: You need the Git 'PullRequestContribute' permission…`.
    pub message: String,
    /// The id by which Microsoft's support finds the request.
    pub activity: String,
}

impl std::fmt::Display for Said {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.message.is_empty() {
            write!(formatter, ": {}", self.message)?;
        }
        if !self.activity.is_empty() {
            write!(formatter, " (activity {})", self.activity)?;
        }
        Ok(())
    }
}

/// The body of a failure.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ErrorBody {
    message: Option<String>,
    type_key: Option<String>,
}

impl Said {
    fn of(response: &Response) -> Self {
        let body: ErrorBody = serde_json::from_slice(&response.body).unwrap_or_default();
        let header = |name: &str| response.headers.get(name).map(plain);
        Self {
            kind: plain(&body.type_key.unwrap_or_default()),
            message: plain(&body.message.unwrap_or_default()),
            activity: header("ActivityId").or_else(|| header("X-VSS-E2EID")).unwrap_or_default(),
        }
    }
}

/// One line, bounded.
fn plain(text: &str) -> String {
    said(text, LONGEST)
}

/// What an answer that is no success means; `None` for a success.
///
/// A good answer is 200, 201 or 204, and empty or of the type that was asked for. A sign-in page comes as 203 and as 200 too.
pub(super) fn judged(response: &Response, accepts: &str) -> Option<Why> {
    let status = response.status;
    let typed = response.body.is_empty() || response.content_type == accepts;
    match status {
        200 | 201 | 204 if typed => return None,
        200..=203 if response.content_type == "text/html" => return Some(Why::NotAuthenticated { status }),
        203 | 300..=399 | 401 => return Some(Why::NotAuthenticated { status }),
        200..=299 => {
            let kind = if response.content_type.is_empty() { "nothing" } else { &response.content_type };
            return Some(Why::Unreadable(format!("it is {}, not {accepts}", plain(kind))));
        }
        _ => {}
    }
    let said = Box::new(Said::of(response));
    Some(match status {
        429 => Why::Throttled,
        403 => Why::Forbidden { said },
        404 => Why::NotFound { said },
        // Work items answer 400 where the area path may not be written.
        _ if said.kind.contains("NeedsPermission")
            || said.kind.contains("AccessDenied")
            || said.kind.contains("UnauthorizedAccess")
            || said.message.starts_with("TF237111") =>
        {
            Why::Forbidden { said }
        }
        _ => Why::Refused { status, said },
    })
}

impl DevOpsError {
    /// Whether it is certain, or as good as certain, that what was asked for is not there.
    #[must_use]
    pub const fn is_not_found(&self) -> bool {
        matches!(self.why, Why::NotFound { .. })
    }

    /// An answer that is not what the contract says.
    pub(super) fn unreadable(call: &Call, what: &str) -> Self {
        Self::of(call, Why::Unreadable(what.to_owned()))
    }

    /// A list of which only so many are read.
    pub(super) fn too_many(call: &Call, read: usize) -> Self {
        Self::of(call, Why::TooMany(read))
    }

    pub(super) fn of(call: &Call, why: Why) -> Self {
        Self { asked: call.asked().to_owned(), why, permission: call.permission().clone() }
    }

    /// The same as something that could not be gathered: who can change it, and how.
    ///
    /// ```
    /// use runbook_gate::devops::{DevOpsError, Permission, Why};
    /// let error = DevOpsError {
    ///     asked: "the test results of run 12".into(),
    ///     why: Why::NotAuthenticated { status: 203 },
    ///     permission: Permission::ViewTestRuns,
    /// };
    /// assert!(error.gap().how.contains("SYSTEM_ACCESSTOKEN"));
    /// ```
    #[must_use]
    pub fn gap(&self) -> Gap {
        let (who, how) = match &self.why {
            Why::Forbidden { .. } => (
                Who::Administrator,
                format!(
                    "the build identity needs {}; a personal access token needs the scope {}",
                    self.permission.words(),
                    self.permission.scope()
                ),
            ),
            Why::NotFound { .. } => (
                Who::Administrator,
                format!(
                    "if it is there, the build identity needs {}; a personal access token needs the scope {}",
                    self.permission.words(),
                    self.permission.scope()
                ),
            ),
            Why::NotAuthenticated { .. } => (
                Who::PipelineOwner,
                "give a token that is valid: the task has the job's own, a script step maps `SYSTEM_ACCESSTOKEN: $(System.AccessToken)`, a desk sets AZURE_DEVOPS_EXT_PAT"
                    .to_owned(),
            ),
            Why::Throttled | Why::OutOfTime => {
                (Who::Caller, "run it again later, or with a longer `--timeout`".to_owned())
            }
            Why::Unanswered(error) => match error.as_ref() {
                TransportError::UnknownService { help, .. } => (Who::Caller, help.clone()),
                TransportError::Halted { .. } => (Who::Caller, "run it again".to_owned()),
                _ => (Who::Caller, "see that Azure DevOps can be reached, and run it again".to_owned()),
            },
            Why::TooMany(_) => (Who::Caller, "name the last good commit with `--since REF`".to_owned()),
            Why::Refused { .. } | Why::Unreadable(_) | Why::Unaskable => (
                Who::PipelineOwner,
                "see what the service says, and run it again; report it where it stays".to_owned(),
            ),
        };
        Gap::new(self.to_string(), who, how)
    }
}
