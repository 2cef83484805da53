//! What the checklist asks of GitHub: the pull requests of a stretch of history, and who approved them.
//!
//! Paths come from git: they are what is deployed, while a pull request's own list is what was once proposed. What belongs
//! to a run (tests, artifacts, stages, the last good deployment) is where the pipeline is: another forge is asked.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::boards;
use super::client::{Client, Question};
use super::failure::{GitHubError, Why};
use super::graphql::GraphQl;
use super::people::{Told, Writers, may_write, permission_of};
use super::rest::Rest;
use super::way::{Asking, Way};
use super::wire::{Permission, PullRequest};
use crate::checklist::{
    ArtifactFact, Change, ChangeKind, Forge, Gap, Gathered, History, Place, Since, StageFact, TestFact,
    Waiver, WaiverFact, Who, WorkItemFact, approval_of_waiver,
};

/// More commits than this are not asked for: by REST each is a question of its own.
const MOST_COMMITS: usize = 2_000;

/// From where the gate looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standpoint {
    /// The address of the repository's pages, without a slash at the end: links are made of it, and nothing is asked there.
    pub web: String,
    /// The branch that is deployed, `main`; `None` where it is not known.
    pub branch: Option<String>,
    /// The pull request that is built, where it is one.
    pub pull_request: Option<u64>,
}

/// A repository on GitHub as the checklist's forge, with the forge of the pipeline that deploys it.
pub struct GitHubForge<'t> {
    client: Client<'t>,
    at: Standpoint,
    pipeline: &'t dyn Forge,
    gathered: OnceCell<Result<Conversations, Gap>>,
}

/// What people said about a deployment.
struct Conversations {
    changes: Vec<Change>,
    work_items: Gathered<Vec<WorkItemFact>>,
}

impl<'t> GitHubForge<'t> {
    /// A forge that has asked nothing yet. `pipeline` knows the run: Azure DevOps, or a desk's nothing.
    #[must_use]
    pub const fn new(client: Client<'t>, at: Standpoint, pipeline: &'t dyn Forge) -> Self {
        Self { client, at, pipeline, gathered: OnceCell::new() }
    }

    fn gap(&self, error: &GitHubError) -> Gap {
        error.gap(&self.client.repository().to_string())
    }

    fn gather(&self, history: &History) -> Result<Conversations, Gap> {
        if history.steps.len() > MOST_COMMITS {
            return Err(Gap::new(
                format!("there are more than {MOST_COMMITS} commits to ask GitHub about"),
                Who::Caller,
                "name a nearer commit with `--since REF`",
            ));
        }
        let Brought { owners, told } = self.looked_up(history).map_err(|error| self.gap(&error))?;
        let writers = self.writers(&told);
        let mut changes = self.assembled(history, &owners, &told, &writers);
        let work_items = self.work_items_of(&mut changes);
        Ok(Conversations { changes, work_items })
    }

    /// The work items of Azure Boards that changes link (`AB#12`), and their texts with the changes'.
    fn work_items_of(&self, changes: &mut [Change]) -> Gathered<Vec<WorkItemFact>> {
        let linked: Vec<BTreeSet<u64>> = changes.iter().map(boards::linked).collect();
        let numbers: BTreeSet<u64> = linked.iter().flatten().copied().collect();
        if numbers.len() > boards::MOST {
            return Gathered::Unknown(Gap::new(
                format!("the changes link more than {} work items", boards::MOST),
                Who::Caller,
                "name a nearer commit with `--since REF`",
            ));
        }
        match self.pipeline.linked_work_items(&numbers) {
            Gathered::Known(items) => {
                for (change, numbers) in changes.iter_mut().zip(&linked) {
                    let own = items.iter().filter(|item| numbers.contains(&item.fact.id));
                    change.texts.extend(own.flat_map(|item| item.texts.iter().cloned()));
                }
                Gathered::Known(items.into_iter().map(|item| item.fact).collect())
            }
            Gathered::Unknown(gap) => Gathered::Unknown(gap),
        }
    }

    /// Something of what was found of the changes that were asked for.
    fn of_conversations<T>(&self, take: impl FnOnce(&Conversations) -> Gathered<T>) -> Gathered<T> {
        match self.gathered.get() {
            Some(Ok(found)) => take(found),
            Some(Err(gap)) => Gathered::Unknown(gap.clone()),
            None => Gathered::Unknown(Gap::new(
                "the changes of this deployment were not looked for",
                Who::Caller,
                "run the checklist in a checkout",
            )),
        }
    }

    /// Which pull requests brought a history, and what was said of them.
    fn looked_up(&self, history: &History) -> Result<Brought, GitHubError> {
        if self.client.way() == Way::GraphQl {
            match self.asked(history, &GraphQl(&self.client)) {
                Err(GitHubError { why: why @ Why::NotTaken(_), .. }) => {
                    log::debug!("GitHub is asked by REST: {why}");
                }
                answered => return answered,
            }
        }
        self.asked(history, &Rest(&self.client))
    }

    fn asked(&self, history: &History, by: &dyn Asking) -> Result<Brought, GitHubError> {
        let (owners, known) = match self.at.pull_request {
            // The pull request that is built: everything since its target is its own.
            Some(number) => (vec![Some(number); history.steps.len()], BTreeMap::new()),
            None => self.brought(history, by)?,
        };
        let numbers = owners.iter().copied().flatten().chain(self.at.pull_request).collect();
        Ok(Brought { owners, told: by.told(&numbers, known)? })
    }

    /// For each step of a history, the pull request that brought it. A merge covers the commits that it merged.
    fn brought(&self, history: &History, by: &dyn Asking) -> Result<Owned, GitHubError> {
        let commits: Vec<&str> = history.steps.iter().map(|step| step.commit.id.as_str()).collect();
        let mut owners = Vec::with_capacity(commits.len());
        let mut known = BTreeMap::new();
        for (commit, found) in commits.iter().zip(by.of_commits(&commits)?) {
            let owner = self.owner(commit, found);
            owners.push(owner.as_ref().map(|request| request.number));
            if let Some(request) = owner {
                known.entry(request.number).or_insert(request);
            }
        }
        Ok((owners, known))
    }

    /// The merged pull request into the deployed branch: the one whose merge this commit is, else the last one. One that is
    /// open, or went elsewhere, did not bring the commit here.
    fn owner(&self, commit: &str, found: Vec<PullRequest>) -> Option<PullRequest> {
        let into_branch = |request: &PullRequest| {
            let branch = request.base.as_ref().and_then(|base| base.branch.as_deref());
            request.merged_at.is_some() && self.at.branch.as_deref().is_none_or(|asked| branch == Some(asked))
        };
        let merge_of = |request: &PullRequest| {
            request.merge_commit_sha.as_deref().is_some_and(|merge| merge.eq_ignore_ascii_case(commit))
        };
        found.into_iter().filter(into_branch).max_by_key(|request| (merge_of(request), request.number))
    }

    /// Whether reviewers may write, of whom GitHub does not say that they belong to the repository.
    fn writers(&self, told: &BTreeMap<u64, Told>) -> Writers {
        let doubtful: BTreeSet<String> = told.values().flat_map(Told::doubtful).collect();
        let questions: Vec<Question> = doubtful.iter().map(|login| permission_of(login)).collect();
        let answers = self.client.ask::<Permission>(&questions);
        doubtful
            .into_iter()
            .zip(answers)
            .map(|(login, answer)| {
                let may = match answer {
                    Ok(permission) => Ok(may_write(&permission)),
                    // No collaborator at all.
                    Err(GitHubError { why: Why::NotFound, .. }) => Ok(false),
                    Err(error) => Err(error),
                };
                (login, may)
            })
            .collect()
    }

    /// The changes, newest first: each pull request once, with all that it brought.
    fn assembled(
        &self,
        history: &History,
        owners: &[Option<u64>],
        told: &BTreeMap<u64, Told>,
        writers: &Writers,
    ) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        let mut places: BTreeMap<u64, usize> = BTreeMap::new();
        for (step, owner) in history.steps.iter().zip(owners) {
            let Some((number, told)) = owner.and_then(|number| Some((number, told.get(&number)?))) else {
                // Nobody approved what came without a pull request.
                changes.push(Change::of_step(step, Gathered::Known(Vec::new())));
                continue;
            };
            let place = *places.entry(number).or_insert_with(|| {
                changes.push(self.requested(told, writers));
                changes.len() - 1
            });
            if let Some(change) = changes.get_mut(place) {
                change.add_step(step);
            }
        }
        changes
    }

    /// A pull request, still without what git knows of it.
    fn requested(&self, told: &Told, writers: &Writers) -> Change {
        let number = told.request.number;
        let page = format!("{}/pull/{number}", self.at.web);
        Change {
            name: format!("pull request {number}"),
            kind: ChangeKind::PullRequest,
            title: told.request.title.clone().unwrap_or_default(),
            author: told.author().map(str::to_owned),
            texts: told.texts(&page),
            paths: Vec::new(),
            votes: told.votes(writers, &self.client.repository().to_string()),
            place: Some(Place::Url(page)),
        }
    }
}

impl Forge for GitHubForge<'_> {
    fn last_good(&self) -> Gathered<Option<Since>> {
        self.pipeline.last_good()
    }

    fn changes(&self, history: &History) -> Gathered<Vec<Change>> {
        self.gathered.get_or_init(|| self.gather(history));
        self.of_conversations(|found| Gathered::Known(found.changes.clone()))
    }

    fn work_items(&self, _: &[Change]) -> Gathered<Vec<WorkItemFact>> {
        self.of_conversations(|found| found.work_items.clone())
    }

    fn tests(&self) -> Gathered<Vec<TestFact>> {
        self.pipeline.tests()
    }

    fn artifacts(&self) -> Gathered<Vec<ArtifactFact>> {
        self.pipeline.artifacts()
    }

    fn stages(&self) -> Gathered<Vec<StageFact>> {
        self.pipeline.stages()
    }

    fn waiver(&self, waiver: &Waiver, policy_path: &str) -> Gathered<WaiverFact> {
        self.of_conversations(|found| approval_of_waiver(&found.changes, waiver, policy_path))
    }

    fn run_approval(&self) -> Gathered<Option<String>> {
        self.pipeline.run_approval()
    }
}

/// The pull request of each step, and what was said of each.
struct Brought {
    owners: Vec<Option<u64>>,
    told: BTreeMap<u64, Told>,
}

/// The pull request of each step, and the pull requests by their numbers.
type Owned = (Vec<Option<u64>>, BTreeMap<u64, PullRequest>);
