//! What the checklist reads of a git repository, and of the service that hosts it.
//!
//! Both are traits: the binary implements [`Checkout`] with the real `git`; tests implement it by hand.

use std::collections::BTreeSet;

use crate::checklist::facts::{
    ArtifactFact, Change, ChangeText, ChangedPath, CommitFact, Gap, Gathered, Since, StageFact, TestFact,
    WaiverFact, WorkItemFact,
};
use crate::checklist::outcome::Who;
use crate::checklist::rules::Waiver;

/// A git repository on this machine.
///
/// An implementation runs nothing that the repository brings (hooks, filters, external diffs), asks no network, and
/// bounds what it reads.
pub trait Checkout {
    /// The commit that a name means: `HEAD`, a tag, a branch, an id.
    ///
    /// # Errors
    /// When there is no such commit, or git cannot be asked.
    fn commit(&self, reference: &str) -> Result<CommitFact, CheckoutError>;

    /// The nearest tag among the ancestors of a commit, not on the commit itself: its name and its commit.
    ///
    /// # Errors
    /// When git cannot be asked.
    fn last_tag(&self, commit: &str) -> Result<Option<(String, String)>, CheckoutError>;

    /// What was committed after `since` (from the beginning without it) up to `until`, along the first parents.
    ///
    /// # Errors
    /// When git cannot be asked, or the history is cut off or longer than is read.
    fn history(&self, since: Option<&str>, until: &str) -> Result<History, CheckoutError>;

    /// The files of a commit, links left out.
    ///
    /// # Errors
    /// When git cannot be asked.
    fn files(&self, commit: &str) -> Result<Vec<TreeFile>, CheckoutError>;

    /// The paths of a commit that are links: their text is elsewhere, or nowhere.
    ///
    /// # Errors
    /// When git cannot be asked.
    fn links(&self, commit: &str) -> Result<BTreeSet<String>, CheckoutError>;

    /// The contents of files, in their order.
    ///
    /// # Errors
    /// When git cannot be asked.
    fn read(&self, files: &[&TreeFile]) -> Result<Vec<Vec<u8>>, CheckoutError>;

    /// The addresses that the repository is fetched from and pushed to.
    ///
    /// # Errors
    /// When git cannot be asked.
    fn remotes(&self) -> Result<Vec<String>, CheckoutError>;
}

/// A file of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeFile {
    /// From the repository's root.
    pub path: String,
    /// The id of its content.
    pub id: String,
    /// In bytes.
    pub size: u64,
}

/// A stretch of history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The commit that it begins after; `None` where it begins at the beginning.
    pub since: Option<String>,
    /// Its steps, newest first.
    pub steps: Vec<HistoryStep>,
    /// What a reader should know: a shallow clone, a `since` that is no ancestor.
    pub notes: Vec<String>,
}

/// A commit on the line of first parents, with the commits that it merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryStep {
    /// The commit.
    pub commit: CommitFact,
    /// Its author's name, as the commit says.
    pub author: String,
    /// Its message, and those of the commits that it merged.
    pub messages: Vec<String>,
    /// The ids of the commits that it merged.
    pub merged: Vec<String>,
    /// What it changed against its first parent.
    pub paths: Vec<ChangedPath>,
}

/// A work item that a change links, with its texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedWorkItem {
    /// What it is.
    pub fact: WorkItemFact,
    /// What people wrote in it.
    pub texts: Vec<ChangeText>,
}

/// Why a repository could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckoutError {
    /// There is no repository, or git is not there.
    #[error("this is no git checkout that can be read: {0}")]
    NoRepository(String),
    /// A name means no commit.
    #[error("git knows no commit `{0}` here")]
    UnknownCommit(String),
    /// The clone is shallow, and ends before what is asked.
    #[error("the checkout is shallow and does not reach back to {0}")]
    Shallow(String),
    /// More than is read.
    #[error("{0}")]
    TooMuch(String),
    /// Git failed, or took too long.
    #[error("git could not be asked: {0}")]
    Git(String),
    /// Git was ended before it had answered: why.
    #[error("git had not answered: {0}")]
    Halted(String),
}

/// The service that hosts a repository and runs its pipeline: Azure DevOps, GitHub.
///
/// Each answer is what the service really has, or why it could not be had. None of them decides anything.
pub trait Forge {
    /// What was last deployed well to this environment; `None` where nothing was, as far as this forge is asked to know.
    /// Where it is unknown, so is what is being deployed: no later commit stands in for it.
    fn last_good(&self) -> Gathered<Option<Since>>;

    /// The pull requests that brought a stretch of history, and the commits that came without one.
    fn changes(&self, history: &History) -> Gathered<Vec<Change>>;

    /// The work items that changes link.
    fn work_items(&self, changes: &[Change]) -> Gathered<Vec<WorkItemFact>>;

    /// Work items by their numbers, with what they say: for a forge whose pull requests link the work items of this one.
    fn linked_work_items(&self, numbers: &BTreeSet<u64>) -> Gathered<Vec<LinkedWorkItem>> {
        if numbers.is_empty() {
            return Gathered::Known(Vec::new());
        }
        let named: Vec<String> = numbers.iter().take(5).map(|number| format!("AB#{number}")).collect();
        Gathered::Unknown(Gap::new(
            format!("the linked work items ({}) are in Azure DevOps, not in the checkout", named.join(", ")),
            Who::Caller,
            "run the checklist in the pipeline, or name the organisation with `--azure-devops`",
        ))
    }

    /// The run's test results.
    fn tests(&self) -> Gathered<Vec<TestFact>>;

    /// The run's artifacts.
    fn artifacts(&self) -> Gathered<Vec<ArtifactFact>>;

    /// The run's earlier stages.
    fn stages(&self) -> Gathered<Vec<StageFact>>;

    /// Who approved the change that brought a waiver. Asked only of one that the last good commit's policy does not have.
    fn waiver(&self, waiver: &Waiver, policy_path: &str) -> Gathered<WaiverFact>;

    /// The approval of this stage of the run that a person gave, in words; `None` where nobody did. It is what a waiver
    /// that is given at run time stands on.
    fn run_approval(&self) -> Gathered<Option<String>> {
        Gathered::Unknown(Gap::new(
            "approvals of a run are in Azure DevOps, not in the checkout",
            Who::Caller,
            "run the checklist in a stage of the pipeline that has an approval",
        ))
    }
}

/// No service at all: a desk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Desk;

impl Desk {
    fn gap<T>(what: &str, how: &str) -> Gathered<T> {
        Gathered::Unknown(Gap::new(format!("{what} in Azure DevOps, not in the checkout"), Who::Caller, how))
    }
}

impl Forge for Desk {
    fn last_good(&self) -> Gathered<Option<Since>> {
        Gathered::Known(None)
    }

    fn changes(&self, _: &History) -> Gathered<Vec<Change>> {
        Self::gap("pull requests and approvals are", "run the checklist in the pipeline")
    }

    fn work_items(&self, _: &[Change]) -> Gathered<Vec<WorkItemFact>> {
        Self::gap("work items are", "run the checklist in the pipeline")
    }

    fn tests(&self) -> Gathered<Vec<TestFact>> {
        Self::gap(
            "the run's test results are",
            "give JUnit or TRX files with `--tests PATTERN`, or run the checklist in the pipeline",
        )
    }

    fn artifacts(&self) -> Gathered<Vec<ArtifactFact>> {
        Self::gap(
            "the run's artifacts are",
            "give the files with `--artifact NAME=PATH`, or run the checklist in the pipeline",
        )
    }

    fn stages(&self) -> Gathered<Vec<StageFact>> {
        Self::gap("the run's stages are", "run the checklist in the pipeline")
    }

    fn waiver(&self, _: &Waiver, _: &str) -> Gathered<WaiverFact> {
        Self::gap("who approved it stands", "run the checklist in the pipeline")
    }
}
