//! The pre-deployment checklist: from a policy's rules and the facts that were found, to the status of each item.
//!
//! ```text
//! policy ─▶ ChecklistRules ─┐
//!                           ├─▶ judge ─▶ ChecklistOutcome ─▶ report
//! Checkout, Forge ─▶ Facts ─┘
//! ```
//!
//! Judging is pure. What could not be gathered is *unknown* with its reason, and never satisfies.

mod ask;
mod attestation;
mod change;
mod checkout;
mod checksum;
mod decision;
mod document;
mod encoding;
mod facts;
mod gather;
mod item;
mod judge;
mod markdown;
mod migration;
mod outcome;
mod paths;
mod rules;
mod test_results;

pub(crate) use ask::unanswered;
pub use change::ChangeShown;
pub(crate) use change::approval_of_waiver;
pub use checkout::{Checkout, CheckoutError, Desk, Forge, History, HistoryStep, LinkedWorkItem, TreeFile};
pub use checksum::{ChecksumSays, LONGEST_CHECKSUM_FILE, checksum_says};
pub use decision::{
    ChainEnd, DecisionRecord, Home, LinkTarget, NoDecision, RecordContent, RecordIndex, RecordKind,
    RecordLink, RecordRules, RecordStatus, Resolved, Standing, no_decision, record_links,
};
pub use encoding::text_in;
pub use facts::{
    ArtifactFact, ArtifactState, AttestationFile, Change, ChangeKind, ChangeText, ChangedPath, CheckFact,
    CommitFact, Committed, Deployment, Facts, Gap, Gathered, GivenWord, PathChange, PolicyFact, Since,
    StageEnd, StageFact, TelemetryFact, TestFact, TextSource, Vote, VoteSays, Voter, WaiverFact,
    WorkItemFact,
};
pub use gather::{Inquiry, PolicyOf, ResultFile, ResultFiles, gather};
pub use item::{ItemId, ItemIdError, RunbookItem};
pub use judge::{judge, same_person};
pub use markdown::Template;
pub(crate) use markdown::{Fences, strikes, visible};
pub use migration::MIN_WORDS;
pub use outcome::{
    ChecklistOutcome, Evidence, Irreversible, ItemOutcome, ItemStatus, LinkedRecord, Need, Place, Support,
    Verdict, WaiverShown, WaiverState, When, Who,
};
pub use paths::{PathPatternError, PathPatterns};
pub use rules::{
    AttestedBy, AttestedRule, ChecklistRules, Environments, EvidenceRule, HttpJsonRule, ItemKind, ItemRule,
    Waiver, WaiverGiven, is_production,
};
pub use test_results::{Began, TestCounts, TestReport, TestResultError};
