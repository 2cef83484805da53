//! The pre-deployment checklist: from a policy's rules and the facts that were found, to the status of each item.
//!
//! ```text
//! policy ─▶ ChecklistRules ─┐
//!                           ├─▶ judge ─▶ ChecklistOutcome ─▶ report
//! Checkout, Forge ─▶ Facts ─┘
//! ```
//!
//! Judging is pure. What could not be gathered is *unknown* with its reason, and never satisfies.

mod decision;
mod item;
mod markdown;
mod outcome;
mod paths;
mod test_results;

pub use decision::{
    ChainEnd, DecisionRecord, Home, LinkTarget, NoDecision, RecordIndex, RecordKind, RecordLink, RecordRules,
    RecordStatus, Resolved, Standing, no_decision, record_links,
};
pub use item::{ItemId, ItemIdError, RunbookItem};
pub use markdown::Template;
pub use outcome::{
    ChecklistOutcome, Evidence, Irreversible, ItemOutcome, ItemStatus, LinkedRecord, Need, Place, Support,
    Verdict, WaiverShown, WaiverState, When, Who,
};
pub use paths::{PathPatternError, PathPatterns};
pub use test_results::{TestCounts, TestReport, TestResultError};
