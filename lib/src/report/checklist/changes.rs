//! What is deployed, as every report lists it: pull requests, who approved them, the records that they link.

use crate::checklist::{ChangeKind, ChangeShown, Gathered, LinkedRecord, Vote, VoteSays, Voter};

use super::ChecklistReport;

/// Whether a change was approved. What a reader has to see first comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Approval {
    /// Somebody objects.
    Rejected,
    /// It came without a pull request, so that nobody could approve it.
    Alone,
    /// Nobody did.
    NotApproved,
    /// Somebody waits for its author.
    Waiting,
    /// It could not be asked.
    NotKnown,
    /// Somebody else than its author did.
    Approved,
}

impl Approval {
    /// That of a change.
    pub fn of(change: &ChangeShown) -> Self {
        let votes = match (change.kind, &change.votes) {
            (ChangeKind::Alone, _) => return Self::Alone,
            (ChangeKind::NotKnown, _) | (_, Gathered::Unknown(_)) => return Self::NotKnown,
            (ChangeKind::PullRequest, Gathered::Known(votes)) => votes,
        };
        let any = |says: VoteSays| votes.iter().any(|vote| counts(vote, says));
        if any(VoteSays::Rejected) {
            Self::Rejected
        } else if any(VoteSays::Approved) {
            Self::Approved
        } else if any(VoteSays::Waiting) {
            Self::Waiting
        } else {
            Self::NotApproved
        }
    }

    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Alone => "no pull request",
            Self::NotApproved => "not approved",
            Self::Waiting => "waiting",
            Self::NotKnown => "not known",
            Self::Approved => "approved",
        }
    }
}

/// An author's own approval is none; an author's own objection is one.
pub fn counts(vote: &Vote, says: VoteSays) -> bool {
    vote.says == says && (says != VoteSays::Approved || vote.voter == Voter::SomebodyElse)
}

/// `Pull requests`, or `Changes` where none is known.
pub fn heading(changes: &[ChangeShown]) -> &'static str {
    let any = changes.iter().any(|change| change.kind == ChangeKind::PullRequest);
    if any { "Pull requests" } else { "Changes" }
}

/// What a change links, by whichever item looked.
pub fn records<'r>(
    report: &'r ChecklistReport,
    change: &'r ChangeShown,
) -> impl Iterator<Item = &'r LinkedRecord> {
    let rows = report.outcome.items.iter().flat_map(|item| &item.records);
    rows.filter(|row| row.change == change.name)
}
