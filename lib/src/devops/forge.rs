//! What the checklist asks of Azure DevOps: a run, its repository's pull requests, and their work items.
//!
//! ```text
//! before the last good commit is known   one batch: runs, environment, stages, artifacts, test results
//! after it                               commits → pull requests → their texts and votes → work items → their changes
//! ```
//!
//! Each arrow is one batch of calls side by side, however large the deployment. Paths come from git: they are what is
//! deployed, while a pull request's own list is what was once proposed.

mod changes;
mod last_good;
mod run;
mod texts;
mod write;

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;

use crate::checklist::{
    ArtifactFact, Change, Forge, Gap, Gathered, History, LinkedWorkItem, Since, StageFact, TestFact, Waiver,
    WaiverFact, Who, WorkItemFact, approval_of_waiver,
};
use crate::devops::Client;

/// The hidden mark of the comment that the gate keeps up to date. A comment that has it attests nothing.
pub const MARK: &str = "<!-- runbook-gate: checklist -->";

/// From where the gate looks: what runs, what is deployed, and to where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standpoint {
    /// The address of the project's pages, without a slash at the end; links are made of it, and nothing is asked there.
    pub web: String,
    /// The repository, by its id or name; `None` where it lives elsewhere.
    pub repository: Option<String>,
    /// The branch that is deployed, or that a pull request goes into: `refs/heads/main`.
    pub branch: Option<String>,
    /// The environment, as the policy names it.
    pub environment: String,
    /// The environment, as Azure Pipelines names it.
    pub azure_environment: Option<String>,
    /// The run.
    pub run: Option<ThisRun>,
    /// The pull request that is built, where it is one.
    pub pull_request: Option<u64>,
}

/// The run that the gate is a step of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThisRun {
    /// Its id.
    pub id: u64,
    /// Its pipeline; `None` where that is not known, and so no earlier run of it.
    pub pipeline: Option<u64>,
    /// The stage that the gate is in, by the name that the pipeline gives it.
    pub stage: Option<String>,
    /// The run of another pipeline that built what is deployed, where it is another.
    pub build: Option<BuildRun>,
}

/// The run of another pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildRun {
    /// The name that this pipeline gives it: `resources.pipelines.<alias>`.
    pub alias: String,
    /// Its id.
    pub id: u64,
}

/// Azure DevOps as the checklist's forge.
pub struct AzureDevOpsForge<'t> {
    client: Client<'t>,
    at: Standpoint,
    early: OnceCell<run::Early>,
    own: OnceCell<run::OwnResults>,
    /// What was found of the stretch of history that was asked for last.
    gathered: RefCell<Option<(History, Result<changes::Conversations, Gap>)>>,
}

impl<'t> AzureDevOpsForge<'t> {
    /// A forge that has asked nothing yet.
    #[must_use]
    pub const fn new(client: Client<'t>, at: Standpoint) -> Self {
        Self { client, at, early: OnceCell::new(), own: OnceCell::new(), gathered: RefCell::new(None) }
    }

    /// Something of what was found of the changes that were asked for last.
    fn of_conversations<T>(&self, take: impl FnOnce(&changes::Conversations) -> Gathered<T>) -> Gathered<T> {
        match &*self.gathered.borrow() {
            Some((_, Ok(found))) => take(found),
            Some((_, Err(gap))) => Gathered::Unknown(gap.clone()),
            None => Gathered::Unknown(Gap::new(
                "the changes of this deployment were not looked for",
                Who::Caller,
                "run the checklist in a checkout",
            )),
        }
    }
}

impl Standpoint {
    /// The environment's name in Azure Pipelines; the policy's where they are the same.
    pub(crate) fn environment_name(&self) -> &str {
        self.azure_environment.as_deref().unwrap_or(&self.environment)
    }

    /// The page of a pull request.
    #[must_use]
    pub fn pull_request_page(&self, number: u64) -> String {
        format!("{}/_git/{}/pullrequest/{number}", self.web, self.repository.as_deref().unwrap_or_default())
    }

    /// The page of a work item.
    #[must_use]
    pub fn work_item_page(&self, number: u64) -> String {
        format!("{}/_workitems/edit/{number}", self.web)
    }

    /// The page of a run.
    #[must_use]
    pub fn run_page(&self, run: u64) -> String {
        format!("{}/_build/results?buildId={run}", self.web)
    }
}

fn no_run<T>(what: &str) -> Gathered<T> {
    Gathered::Unknown(Gap::new(
        format!("{what} belong to a run, and this is none"),
        Who::Caller,
        "run the checklist in the pipeline, or name a run with `--run ID`",
    ))
}

impl Forge for AzureDevOpsForge<'_> {
    fn last_good(&self) -> Gathered<Option<Since>> {
        last_good::find(self)
    }

    fn changes(&self, history: &History) -> Gathered<Vec<Change>> {
        let known = self.gathered.borrow().as_ref().is_some_and(|(of, _)| of == history);
        if !known {
            let found = changes::gather(self, history);
            *self.gathered.borrow_mut() = Some((history.clone(), found));
        }
        self.of_conversations(|found| Gathered::Known(found.changes.clone()))
    }

    fn work_items(&self, _: &[Change]) -> Gathered<Vec<WorkItemFact>> {
        self.of_conversations(|found| found.work_items.clone())
    }

    fn linked_work_items(&self, numbers: &BTreeSet<u64>) -> Gathered<Vec<LinkedWorkItem>> {
        changes::linked_work_items(self, numbers)
    }

    fn tests(&self) -> Gathered<Vec<TestFact>> {
        run::tests(self)
    }

    fn artifacts(&self) -> Gathered<Vec<ArtifactFact>> {
        run::artifacts(self)
    }

    fn stages(&self) -> Gathered<Vec<StageFact>> {
        run::stages(self)
    }

    fn waiver(&self, waiver: &Waiver, policy_path: &str) -> Gathered<WaiverFact> {
        self.of_conversations(|found| approval_of_waiver(&found.changes, waiver, policy_path))
    }

    fn run_approval(&self) -> Gathered<Option<String>> {
        run::approval(self)
    }
}
