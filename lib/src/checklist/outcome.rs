//! What the checklist came to: each item's status with its evidence, and the verdict.

use crate::Timestamp;
use crate::checklist::{ChangeShown, ItemId, WaiverGiven};
use crate::gate::Decision;

/// Where an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ItemStatus {
    /// The evidence is there, and none speaks against it.
    Satisfied,
    /// Evidence is missing or speaks against it.
    Unsatisfied,
    /// It does not concern this deployment.
    NotApplicable,
    /// A valid waiver excepts it.
    Waived,
    /// Evidence could not be gathered. It counts as not satisfied.
    Unknown,
}

/// What evidence comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Support {
    /// It satisfies.
    For,
    /// It could not be gathered.
    Unknown,
    /// It is not there.
    Missing,
    /// It says the contrary, and fails the item whatever else stands.
    Against,
}

/// A fact found for an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Whether it speaks for the item or against it; `Missing` and `Unknown` for what was looked at and is not enough.
    pub support: Support,
    /// What was found, one sentence. It may carry text of others: escape it where it is printed.
    pub what: String,
    /// Where.
    pub place: Option<Place>,
    /// When, where the source says it.
    pub when: Option<When>,
    /// By whom, where the source says it.
    pub by: Option<String>,
}

/// Where evidence is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file of the deployed commit, from the repository's root.
    Path(String),
    /// A page.
    Url(String),
    /// A commit.
    Commit(String),
}

/// When evidence was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// At a moment.
    At(Timestamp),
    /// On a day, `2026-11-23`.
    On(String),
}

/// How many changes a sentence names.
const MOST_NAMED: usize = 5;

/// Something that is missing, and who can provide it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The changes that it concerns, where it is a matter of changes: `pull request 12`.
    pub about: Vec<String>,
    /// What is missing or wrong, one sentence without the changes.
    pub what: String,
    /// Who can provide it.
    pub who: Who,
    /// How, one sentence.
    pub how: String,
}

/// Who can provide what is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// The author of the change.
    Author,
    /// Anybody but the author of the change.
    SecondPerson,
    /// One of these people or groups.
    OneOf(Vec<String>),
    /// Whoever keeps the policy and the pipeline.
    PipelineOwner,
    /// Whoever gives permissions in the project.
    Administrator,
    /// Whoever runs this command.
    Caller,
    /// Any of these.
    Any(Vec<Who>),
}

/// One record that a change links, as a report's table has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedRecord {
    /// The change: `pull request 12`, `commit 1a2b3c4`.
    pub change: String,
    /// The record as the change names it; empty where it names none.
    pub record: String,
    /// Its status in a word or two: `accepted`, `superseded by docs/adr/0010-x.md`, `not found`.
    pub status: String,
    /// Its file at the deployed commit.
    pub path: Option<String>,
    /// What it means for the item.
    pub support: Support,
}

/// A migration that cannot be undone by its own `down`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Irreversible {
    /// The migration's file.
    pub path: String,
    /// Why: `drops the table Orders (line 12)`.
    pub reasons: Vec<String>,
    /// The plan for the data, as the linked record has it: its file and heading.
    pub data_plan: Option<String>,
}

/// A waiver as reports show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaiverShown {
    /// Why.
    pub reason: String,
    /// Who approved it, as the policy says.
    pub approved_by: String,
    /// Its last day.
    pub expires: String,
    /// Where it was given.
    pub given: WaiverGiven,
    /// Whether it counts, and if not, why.
    pub standing: WaiverState,
}

/// Whether a waiver counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaiverState {
    /// It counts; in words, where its approval was seen.
    Counts(String),
    /// Its last day has passed.
    Expired,
    /// It was not approved by whom it names, or by its own author alone; in words.
    NotApproved(String),
    /// Whether it was approved could not be found out; in words.
    Unknown(String),
    /// The item stands without it.
    NotNeeded,
}

/// One item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemOutcome {
    /// Its id.
    pub id: ItemId,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub status: ItemStatus,
    /// Why, one sentence.
    pub because: String,
    /// What was found.
    pub evidence: Vec<Evidence>,
    /// What is missing, and who can provide it.
    pub needs: Vec<Need>,
    /// Its waivers, in the policy's order.
    pub waivers: Vec<WaiverShown>,
    /// What an approver should know although it decides nothing.
    pub cautions: Vec<String>,
    /// Which change links which record.
    pub records: Vec<LinkedRecord>,
    /// Migrations that cannot be undone.
    pub irreversible: Vec<Irreversible>,
}

/// Whether the deployment may go on, as far as the checklist goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every item is satisfied, not applicable or waived.
    Complete,
    /// At least one is unsatisfied or unknown.
    Incomplete,
    /// The environment's enforcement is `off`, and it is not production: nothing was evaluated.
    NotEvaluated,
}

/// The checklist of one deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChecklistOutcome {
    /// When it was judged.
    pub at: Timestamp,
    /// The environment.
    pub environment: String,
    /// Whether the deployment may go on.
    pub verdict: Verdict,
    /// What is being deployed, one sentence.
    pub deploying: String,
    /// The deployed commit's full id, where it is known.
    pub commit: Option<String>,
    /// What is being deployed: each pull request, and each commit that came without one; `None` where it is not known.
    pub changes: Option<Vec<ChangeShown>>,
    /// The items, in the runbook's order, then the team's own.
    pub items: Vec<ItemOutcome>,
}

impl ChecklistOutcome {
    /// The same, where somebody interrupted the gathering: nothing of it is complete, whatever had come by then.
    #[must_use]
    pub fn interrupted(self) -> Self {
        Self { verdict: Verdict::Incomplete, ..self }
    }
}

impl ItemStatus {
    /// All of them.
    pub(crate) const ALL: [Self; 5] =
        [Self::Satisfied, Self::Unsatisfied, Self::NotApplicable, Self::Waived, Self::Unknown];

    /// The status as reports and the JSON print it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Satisfied => "satisfied",
            Self::Unsatisfied => "unsatisfied",
            Self::NotApplicable => "not-applicable",
            Self::Waived => "waived",
            Self::Unknown => "unknown",
        }
    }

    /// Whether a deployment may go on with it.
    #[must_use]
    pub const fn lets_pass(self) -> bool {
        match self {
            Self::Satisfied | Self::NotApplicable | Self::Waived => true,
            Self::Unsatisfied | Self::Unknown => false,
        }
    }
}

impl Support {
    /// Every one.
    pub(crate) const EVERY: [Self; 4] = [Self::For, Self::Unknown, Self::Missing, Self::Against];

    /// All of them must be there: the worst decides. Nothing at all is missing.
    ///
    /// ```
    /// use runbook_gate::checklist::Support;
    /// assert_eq!(Support::all([Support::For, Support::Unknown]), Support::Unknown);
    /// assert_eq!(Support::all([]), Support::Missing);
    /// ```
    #[must_use]
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().max().unwrap_or(Self::Missing)
    }

    /// Any one of them is enough, unless one speaks against.
    ///
    /// ```
    /// use runbook_gate::checklist::Support;
    /// assert_eq!(Support::any([Support::For, Support::Missing]), Support::For);
    /// assert_eq!(Support::any([Support::For, Support::Against]), Support::Against);
    /// assert_eq!(Support::any([]), Support::Missing);
    /// ```
    #[must_use]
    pub fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut best = Self::Missing;
        for part in parts {
            if part == Self::Against {
                return Self::Against;
            }
            best = best.min(part);
        }
        best
    }

    /// The item's status where nothing excepts it.
    #[must_use]
    pub const fn status(self) -> ItemStatus {
        match self {
            Self::For => ItemStatus::Satisfied,
            Self::Unknown => ItemStatus::Unknown,
            Self::Missing | Self::Against => ItemStatus::Unsatisfied,
        }
    }

    /// The word that the JSON prints.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::For => "for",
            Self::Unknown => "unknown",
            Self::Missing => "missing",
            Self::Against => "against",
        }
    }
}

impl Verdict {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Complete, Self::Incomplete, Self::NotEvaluated];

    /// What the gate decides: an incomplete checklist holds.
    #[must_use]
    pub const fn decision(self) -> Decision {
        match self {
            Self::Complete | Self::NotEvaluated => Decision::Proceed,
            Self::Incomplete => Decision::Hold,
        }
    }

    /// The word that reports and the JSON print.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Incomplete => "incomplete",
            Self::NotEvaluated => "not-evaluated",
        }
    }
}

impl ChecklistOutcome {
    /// The items with a status.
    pub fn with_status(&self, status: ItemStatus) -> impl Iterator<Item = &ItemOutcome> {
        self.items.iter().filter(move |item| item.status == status)
    }

    /// The items that were let pass at run time, against the checklist, each with the reason and who approved it.
    #[must_use]
    pub fn let_pass(&self) -> Vec<(&ItemOutcome, String)> {
        let why = |item: &ItemOutcome| {
            item.waivers.iter().find_map(|waiver| match (&waiver.standing, waiver.given) {
                (WaiverState::Counts(seen), WaiverGiven::AtRunTime) => {
                    Some(format!("{} ({seen})", waiver.reason))
                }
                _ => None,
            })
        };
        self.with_status(ItemStatus::Waived).filter_map(|item| Some((item, why(item)?))).collect()
    }

    /// An item by its id.
    #[must_use]
    pub fn item(&self, id: &str) -> Option<&ItemOutcome> {
        self.items.iter().find(|item| item.id.as_str() == id)
    }
}

impl Who {
    /// Either of the two.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let mut several = match self {
            Self::Any(several) => several,
            one => vec![one],
        };
        let others = match other {
            Self::Any(others) => others,
            one => vec![one],
        };
        for who in others {
            if !several.contains(&who) {
                several.push(who);
            }
        }
        Self::Any(several)
    }

    /// In words, as the subject of a sentence.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Author => "the author of the change".to_owned(),
            Self::SecondPerson => "somebody other than the author".to_owned(),
            Self::OneOf(names) if names.is_empty() => "an owner, once the policy names `owners`".to_owned(),
            Self::OneOf(names) => names.join(" or "),
            Self::PipelineOwner => "whoever maintains the pipeline".to_owned(),
            Self::Administrator => "an administrator of the project".to_owned(),
            Self::Caller => "you, who run this".to_owned(),
            Self::Any(several) => several.iter().map(Self::words).collect::<Vec<_>>().join(", or "),
        }
    }
}

impl Evidence {
    /// A fact without place, time and person.
    #[must_use]
    pub fn new(support: Support, what: impl Into<String>) -> Self {
        Self { support, what: what.into(), place: None, when: None, by: None }
    }

    /// The same fact, with its place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }
}

impl Need {
    /// What is missing, who can provide it, and how.
    #[must_use]
    pub fn new(what: impl Into<String>, who: Who, how: impl Into<String>) -> Self {
        Self { about: Vec::new(), what: what.into(), who, how: how.into() }
    }

    /// The same need, of a change.
    #[must_use]
    pub fn of(mut self, change: &str) -> Self {
        self.about.push(change.to_owned());
        self
    }

    /// What is missing, with the changes that it concerns: `no approval that counts (pull request 12 and 3 more)`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Some(more) = self.about.len().checked_sub(MOST_NAMED) else {
            return match self.about.as_slice() {
                [] => self.what.clone(),
                named => format!("{} ({})", self.what, named.join(", ")),
            };
        };
        let named: Vec<&str> = self.about.iter().take(MOST_NAMED).map(String::as_str).collect();
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        format!("{} ({}{more})", self.what, named.join(", "))
    }

    /// Takes in a need that is the same but for its changes; gives it back where it is another.
    pub(crate) fn take(&mut self, other: Self) -> Option<Self> {
        if self.what != other.what || self.who != other.who || self.how != other.how {
            return Some(other);
        }
        for change in other.about {
            if !self.about.contains(&change) {
                self.about.push(change);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_speaks_against_fails_both_all_and_any() {
        for other in Support::EVERY {
            assert_eq!(Support::all([other, Support::Against]), Support::Against);
            assert_eq!(Support::any([other, Support::Against]), Support::Against);
            assert_eq!(Support::any([Support::Against, other]), Support::Against);
        }
    }

    #[test]
    fn unknown_never_satisfies() {
        assert_eq!(Support::all([Support::For, Support::Unknown]), Support::Unknown);
        assert_eq!(Support::any([Support::Missing, Support::Unknown]), Support::Unknown);
        assert_eq!(Support::any([Support::For, Support::Unknown]), Support::For);
        assert!(!Support::Unknown.status().lets_pass());
    }

    #[test]
    fn missing_settles_all_whatever_is_unknown() {
        assert_eq!(Support::all([Support::Missing, Support::Unknown]), Support::Missing);
    }

    #[test]
    fn only_what_is_complete_proceeds() {
        assert_eq!(Verdict::Complete.decision(), Decision::Proceed);
        assert_eq!(Verdict::Incomplete.decision(), Decision::Hold);
    }
}
