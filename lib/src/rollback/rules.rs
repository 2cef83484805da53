//! What a policy says of rolling back.

use crate::{Duration, Secret};

/// The `rollback` section of one environment.
#[derive(Clone, Debug, Default)]
pub struct RollbackRules {
    /// Artifacts of a run that must still be there to go back to it. Empty: any that it has.
    pub artifacts: Vec<String>,
    /// How long ago a rollback must have been rehearsed at most.
    pub rehearsed_within: Option<Duration>,
    /// Who is told.
    pub notify: Vec<Notice>,
    /// The follow-up ticket; `None` where the policy asks for none.
    pub ticket: Option<TicketRules>,
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Everybody on the pull requests of the deployment: a comment on each.
    PullRequest,
    /// A channel of Microsoft Teams, by the address of a workflow's webhook, which is a secret.
    Teams(Secret),
    /// A channel of Slack, likewise.
    Slack(Secret),
}

/// The follow-up ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketRules {
    /// The type of the work item.
    pub kind: String,
    /// Its severity, `2 - High`.
    pub severity: Option<String>,
    /// Its area path.
    pub area: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
}

impl Notice {
    /// As reports name it: without the address.
    ///
    /// ```
    /// use runbook_gate::rollback::Notice;
    /// assert_eq!(Notice::PullRequest.words(), "the pull requests");
    /// ```
    #[must_use]
    pub const fn words(&self) -> &'static str {
        match self {
            Self::PullRequest => "the pull requests",
            Self::Teams(_) => "Teams",
            Self::Slack(_) => "Slack",
        }
    }
}
