//! The checklist's report: the verdict, what is missing and who can provide it, then each item with its evidence.

pub(super) mod changes;
mod json;
mod junit;
mod markdown;
mod place;
mod read;
mod shown;
#[cfg(test)]
mod tests;

use super::ReportContext;
use super::escape::LONGEST_ADDRESS;
use crate::checklist::{
    ChecklistOutcome, Evidence, Home, ItemOutcome, ItemStatus, Place, Support, Verdict, WaiverState, When,
    is_production,
};
use crate::gate::Decision;
use crate::policy::Enforcement;

pub use super::terminal::checklist as terminal;
pub use json::render as json;
pub use junit::render as junit;
pub use markdown::render as markdown;
pub use read::{ReadError, read};
pub use shown::{Deployed, Fit, InGate};

/// A checklist's report.
///
/// ```
/// use runbook_gate::checklist::{ChecklistRules, Facts, Gap, Who, judge};
/// use runbook_gate::report::ReportContext;
/// use runbook_gate::report::checklist::{ChecklistReport, markdown};
///
/// let gap = Gap::new("nothing was looked at", Who::Caller, "look");
/// let facts = Facts::unknown("2026-01-01T00:00:00Z".parse()?, &gap);
/// let outcome = judge(&ChecklistRules::runbook("production"), &facts);
/// let report = ChecklistReport::new(outcome, ReportContext::default(), Vec::new());
/// assert!(markdown(&report).starts_with("## ✋ Hold"));
/// # Ok::<(), runbook_gate::TimestampError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ChecklistReport {
    pub(super) outcome: ChecklistOutcome,
    pub(super) context: ReportContext,
    pub(super) notes: Vec<String>,
    /// The run in which it was judged, where that is known.
    run: Option<u64>,
    source: Option<Source>,
    interrupted_by: Option<String>,
}

/// The deployed commit on the pages of its repository.
#[derive(Clone, Debug)]
struct Source {
    home: Home,
    commit: String,
}

impl ChecklistReport {
    /// The report of an outcome, with notes on how it was found out.
    #[must_use]
    pub const fn new(outcome: ChecklistOutcome, context: ReportContext, notes: Vec<String>) -> Self {
        Self { outcome, context, notes, run: None, source: None, interrupted_by: None }
    }

    /// The same of a checklist that somebody interrupted: who or what.
    #[must_use]
    pub fn interrupted_by(mut self, by: impl Into<String>) -> Self {
        self.interrupted_by = Some(by.into());
        self
    }

    /// The same with the run in which it was judged.
    #[must_use]
    pub const fn judged_in(mut self, run: u64) -> Self {
        self.run = Some(run);
        self
    }

    /// The same with links to the files of the deployed commit, where its repository has pages that are known.
    #[must_use]
    pub fn with_source(mut self, home: Home, commit: impl Into<String>) -> Self {
        self.source = Some(Source { home, commit: commit.into() });
        self
    }

    /// The page of the repository, where it has pages that are known.
    fn repository(&self) -> Option<String> {
        self.source.as_ref()?.home.address()
    }

    /// The page of a file at the deployed commit.
    pub(super) fn source_page(&self, path: &str) -> Option<String> {
        let source = self.source.as_ref().filter(|_| path.len() <= LONGEST_ADDRESS)?;
        source.home.file_page(&source.commit, path)
    }

    /// The page of a commit.
    pub(super) fn commit_page(&self, id: &str) -> Option<String> {
        self.source.as_ref().filter(|_| id.len() <= LONGEST_ADDRESS)?.home.commit_page(id)
    }

    /// What the gate decides: an incomplete checklist holds.
    #[must_use]
    pub const fn decision(&self) -> Decision {
        self.outcome.verdict.decision()
    }

    /// How strictly the decision holds: production always does.
    #[must_use]
    pub fn enforcement(&self) -> Enforcement {
        if is_production(&self.outcome.environment) { Enforcement::Enforce } else { self.context.enforcement }
    }

    /// `orders-api in production`
    pub(super) fn subject(&self) -> String {
        match self.context.service.as_str() {
            "" => self.outcome.environment.clone(),
            service => format!("{service} in {}", self.outcome.environment),
        }
    }

    /// The run in which it was judged, where that is known.
    pub(super) const fn run(&self) -> Option<u64> {
        self.run
    }

    /// The environment.
    #[must_use]
    pub fn environment(&self) -> &str {
        &self.outcome.environment
    }

    /// The verdict in one sentence: `the checklist is incomplete: 2 unsatisfied, 11 satisfied`.
    #[must_use]
    pub fn verdict(&self) -> String {
        let count = |status: ItemStatus| self.outcome.with_status(status).count();
        let counts: Vec<String> = [
            ItemStatus::Unsatisfied,
            ItemStatus::Unknown,
            ItemStatus::Waived,
            ItemStatus::Satisfied,
            ItemStatus::NotApplicable,
        ]
        .into_iter()
        .filter(|status| count(*status) > 0)
        .map(|status| format!("{} {}", count(status), status.as_str()))
        .collect();
        match self.outcome.verdict {
            Verdict::NotEvaluated => {
                "the checklist is off in this environment: nothing was evaluated".to_owned()
            }
            verdict => {
                let cancelled =
                    self.interrupted_by.as_ref().map(|by| format!("cancelled by {by}; ")).unwrap_or_default();
                format!("{cancelled}the checklist is {}: {}", verdict.as_str(), counts.join(", "))
            }
        }
    }

    /// What the enforcement makes of the decision, where that is not the usual.
    pub(super) fn enforced(&self) -> Option<&'static str> {
        let open = self.outcome.verdict == Verdict::Incomplete;
        match (self.context.enforcement, self.enforcement()) {
            (Enforcement::Advise | Enforcement::Off, Enforcement::Enforce) if open => {
                Some("Production never proceeds on an incomplete checklist, whatever its enforcement.")
            }
            (Enforcement::Advise, Enforcement::Advise) if open => {
                Some("advise: this would have failed the stage, which goes on.")
            }
            _ => None,
        }
    }

    /// The items that hold the deployment, what is certain first.
    #[must_use]
    pub fn open(&self) -> Vec<&ItemOutcome> {
        [ItemStatus::Unsatisfied, ItemStatus::Unknown]
            .into_iter()
            .flat_map(|status| self.outcome.with_status(status))
            .collect()
    }
}

/// Facts in the order in which a reader needs them: what speaks against the item, what is missing or unknown, what speaks for
/// it; of the last at most so many, and then the others.
pub(super) fn chosen(facts: &[Evidence], most: usize) -> (Vec<&Evidence>, Vec<&Evidence>) {
    let mut facts: Vec<&Evidence> = facts.iter().collect();
    facts.sort_by_key(|fact| std::cmp::Reverse(fact.support));
    let troubles = facts.iter().filter(|fact| fact.support != Support::For).count();
    let others = facts.split_off(troubles.saturating_add(most).min(facts.len()));
    (facts, others)
}

/// Where, when and by whom, in words: `docs/adr/0001-a.md, on 2026-01-02, by Ada`.
pub(super) fn circumstances(evidence: &Evidence) -> String {
    let place = evidence.place.as_ref().and_then(|place| match place {
        // A place that the fact names already is not said again.
        Place::Path(path) | Place::Url(path) => {
            (!evidence.what.contains(path.as_str())).then(|| path.clone())
        }
        Place::Commit(id) => Some(format!("commit {}", id.get(..7).unwrap_or(id))),
    });
    let when = evidence.when.as_ref().map(|when| match when {
        When::At(moment) => format!("at {}", moment.whole_second()),
        When::On(day) => format!("on {day}"),
    });
    let by = evidence.by.as_ref().map(|by| format!("by {by}"));
    [place, when, by].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Whether a waiver counts, in words.
pub(super) fn standing(state: &WaiverState) -> String {
    match state {
        WaiverState::Counts(seen) => format!("counts: {seen}"),
        WaiverState::Expired => "has expired and counts for nothing".to_owned(),
        WaiverState::NotApproved(why) => format!("does not count: {why}"),
        WaiverState::Unknown(why) => format!("does not count here: {why}"),
        WaiverState::NotNeeded => "is not needed".to_owned(),
    }
}
