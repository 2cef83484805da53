//! The `rollback` section as it is written.

use crate::policy::decode::{Length, Placed, Words, choice, document};

document! {
    /// What happens on a rollback.
    Rollback, "the rollback section" {
        /// Artifacts that must still exist to roll back to.
        "artifacts" => artifacts: Vec<Placed<Words>>;
        /// How long ago a rollback must have been rehearsed at most.
        "rehearsed_within" => rehearsed_within: Length;
        /// Who is told.
        "notify" => notify: Vec<Placed<Notice>>;
        /// The follow-up ticket.
        "ticket" => ticket: Ticket;
    }
}

choice! {
    /// Who is told of a rollback.
    Notice, "a notice" {
        /// A comment on the pull request.
        word "pull-request" => PullRequest;
        /// A Microsoft Teams webhook.
        one "teams" => Teams(Webhook);
        /// A Slack webhook.
        one "slack" => Slack(Webhook);
    }
}

document! {
    /// A webhook.
    Webhook, "a webhook" {
        /// Its address, a secret: "${TEAMS_WEBHOOK}".
        "url" => url: Words, required;
    }
}

document! {
    /// The follow-up ticket of a rollback.
    Ticket, "a ticket" {
        /// The type of the work item. Default: Bug.
        "type" => kind: Words;
        /// Its severity: "2 - High".
        "severity" => severity: Words;
        /// Its area path.
        "area" => area: Words;
        /// Its tags.
        "tags" => tags: Vec<Placed<Words>>;
    }
}
