//! From the commits of a deployment to the pull requests that brought them, and the commits that came without one.

use std::collections::{BTreeMap, BTreeSet};

use crate::checklist::{
    Change, ChangeKind, ChangeText, Gap, Gathered, History, LinkedWorkItem, Place, Vote, Who, WorkItemFact,
};
use crate::devops::call::Call;
use crate::devops::client::Answer;
use crate::devops::failure::DevOpsError;
use crate::devops::pull_requests::{
    self, FoundPullRequest, MergeStrategy, PullRequest, PullRequestState, Thread, pull_request, threads,
};
use crate::devops::test_results::cases;
use crate::devops::work_items::{self, WorkItem, WorkItemChange};

use super::{AzureDevOpsForge, texts};

/// The cases of a small set of test results.
const CASES: u64 = 200;

/// So many pages of a work item's changes are read: a text has no writer where there are more.
const MOST_PAGES: usize = 5;

/// What people said about a deployment.
pub(super) struct Conversations {
    pub changes: Vec<Change>,
    pub work_items: Gathered<Vec<WorkItemFact>>,
}

/// The changes of work items, by their numbers.
type Written = BTreeMap<u64, Vec<WorkItemChange>>;

/// A pull request with its threads.
struct Told {
    request: PullRequest,
    threads: Vec<Thread>,
}

pub(super) fn gather(forge: &AzureDevOpsForge<'_>, history: &History) -> Result<Conversations, Gap> {
    let gap = |error: DevOpsError| error.gap();
    let Some(repository) = forge.at.repository.as_deref() else {
        return Err(Gap::new(
            "the repository is not in Azure Repos: its pull requests are elsewhere",
            Who::Caller,
            "name a repository of the project with `--repository NAME`",
        ));
    };
    let brought = brought(forge, repository, history).map_err(gap)?;
    let numbers: BTreeSet<u64> = brought.iter().flatten().copied().chain(forge.at.pull_request).collect();
    let told = details(forge, repository, &numbers).map_err(gap)?;
    let owners = owners(history, &brought, &told, forge.at.pull_request);
    let linked: BTreeSet<u64> =
        told.values().flat_map(|told| &told.request.work_item_refs).map(|reference| reference.id).collect();
    let (items, written) = read_work_items(forge, &linked).map_err(gap)?;
    Ok(Conversations {
        work_items: work_items(forge, &linked, &items),
        changes: changes(forge, history, &owners, &told, &items, &written),
    })
}

/// Work items by their numbers, and the changes of those that may attest something.
fn read_work_items(
    forge: &AzureDevOpsForge<'_>,
    numbers: &BTreeSet<u64>,
) -> Result<(Vec<WorkItem>, Written), DevOpsError> {
    let numbers: Vec<u64> = numbers.iter().copied().collect();
    let items = forge.client.work_items(&numbers)?;
    let written = written(forge, &items)?;
    Ok((items, written))
}

/// Work items that the pull requests of another forge link.
pub(super) fn linked_work_items(
    forge: &AzureDevOpsForge<'_>,
    numbers: &BTreeSet<u64>,
) -> Gathered<Vec<LinkedWorkItem>> {
    let (items, written) = match read_work_items(forge, numbers) {
        Ok(read) => read,
        Err(error) => return Gathered::Unknown(error.gap()),
    };
    match work_items(forge, numbers, &items) {
        Gathered::Known(facts) => Gathered::Known(
            items
                .iter()
                .zip(facts)
                .map(|(item, fact)| LinkedWorkItem { fact, texts: work_item_texts(forge, item, &written) })
                .collect(),
        ),
        Gathered::Unknown(gap) => Gathered::Unknown(gap),
    }
}

fn work_item_texts(forge: &AzureDevOpsForge<'_>, item: &WorkItem, written: &Written) -> Vec<ChangeText> {
    let page = Place::Url(forge.at.work_item_page(item.id));
    texts::of_work_item(item, written.get(&item.id).map_or(&[], Vec::as_slice), &page)
}

/// For each step of a history, the pull request that brought it, as the service says by the commit's id.
fn brought(
    forge: &AzureDevOpsForge<'_>,
    repository: &str,
    history: &History,
) -> Result<Vec<Option<u64>>, DevOpsError> {
    if forge.at.pull_request.is_some() {
        return Ok(vec![None; history.steps.len()]);
    }
    let commits: Vec<String> = history.steps.iter().map(|step| step.commit.id.clone()).collect();
    let queries = pull_requests::queries(repository, &commits);
    // What the checklist asks of the test results goes along: it costs no time of its own.
    let doubtful = match (&forge.at.run, forge.own.get()) {
        (Some(run), None) => forge.doubtful_results(run),
        _ => Vec::new(),
    };
    let calls: Vec<Call> =
        queries.iter().cloned().chain(doubtful.iter().map(|set| cases(*set, CASES))).collect();
    let mut answers = forge.client.send_all(&calls);
    let results = answers.split_off(queries.len().min(answers.len()));
    if forge.at.run.is_some() {
        // Where it is known already, it is the same.
        let _ = forge.own.set(AzureDevOpsForge::own_results(&doubtful, results));
    }
    let found = pull_requests::by_commit(answers)?;
    Ok(commits.iter().map(|commit| completed(forge, found.get(&commit.to_ascii_lowercase()))).collect())
}

/// The completed pull request into the deployed branch. One that is open, or went elsewhere, did not bring the commit here.
fn completed(forge: &AzureDevOpsForge<'_>, found: Option<&Vec<FoundPullRequest>>) -> Option<u64> {
    let into_branch = |request: &&FoundPullRequest| {
        request.status == PullRequestState::Completed
            && forge.at.branch.as_ref().is_none_or(|branch| *branch == request.target)
    };
    found?.iter().filter(into_branch).map(|request| request.id).max()
}

/// The pull requests by their numbers, with their threads: two calls for each, all side by side.
fn details(
    forge: &AzureDevOpsForge<'_>,
    repository: &str,
    numbers: &BTreeSet<u64>,
) -> Result<BTreeMap<u64, Told>, DevOpsError> {
    let calls: Vec<Call> = numbers
        .iter()
        .flat_map(|number| [pull_request(repository, *number), threads(repository, *number)])
        .collect();
    let mut answers = forge.client.send_all(&calls).into_iter();
    let mut told = BTreeMap::new();
    while let (Some(request), Some(threads)) = (answers.next(), answers.next()) {
        let request: PullRequest = request?.read()?;
        let threads = whole::<Thread>(&threads?)?;
        told.insert(request.id, Told { request, threads });
    }
    Ok(told)
}

fn whole<T: serde::de::DeserializeOwned>(answer: &Answer) -> Result<Vec<T>, DevOpsError> {
    let page = answer.page()?;
    match page.next {
        None => Ok(page.items),
        Some(_) => Err(answer.failed("it goes on, over more pages than are read".to_owned())),
    }
}

/// The pull request of each step, with the commits that a rebase made: the service knows only the last of them.
fn owners(
    history: &History,
    brought: &[Option<u64>],
    told: &BTreeMap<u64, Told>,
    built: Option<u64>,
) -> Vec<Option<u64>> {
    if built.is_some() {
        // The build of a pull request merges it into its target: everything since then is its own.
        return vec![built; history.steps.len()];
    }
    let mut owners = brought.to_vec();
    for (index, number) in brought.iter().enumerate() {
        let Some(told) = number.as_ref().and_then(|number| told.get(number)) else { continue };
        let request = &told.request;
        let rebased = matches!(
            request.completion_options.merge_strategy,
            MergeStrategy::Rebase | MergeStrategy::RebaseMerge
        );
        let Some(target) = request.last_merge_target_commit.as_ref().filter(|_| rebased) else { continue };
        let is_base = |id: &str| id.eq_ignore_ascii_case(&target.commit_id);
        let base = match history.steps.iter().position(|step| is_base(&step.commit.id)) {
            Some(base) => base,
            None if history.since.as_deref().is_some_and(is_base) => history.steps.len(),
            // What lies below a base that is not seen could be anybody's.
            None => continue,
        };
        for owner in owners.iter_mut().take(base).skip(index + 1).filter(|owner| owner.is_none()) {
            *owner = Some(request.id);
        }
    }
    owners
}

/// The changes of work items whose texts hold a ticked box: who ticked it, and when.
fn written(forge: &AzureDevOpsForge<'_>, items: &[WorkItem]) -> Result<Written, DevOpsError> {
    let mut found = Written::new();
    let mut open: Vec<u64> =
        items.iter().filter(|item| texts::may_attest(item)).map(|item| item.id).collect();
    for _ in 0..MOST_PAGES {
        let calls: Vec<Call> =
            open.iter().map(|id| work_items::updates(*id, found.get(id).map_or(0, Vec::len))).collect();
        let mut longer = Vec::new();
        for (id, answer) in open.into_iter().zip(forge.client.send_all(&calls)) {
            let items = answer?.page::<WorkItemChange>()?.items;
            if items.len() >= work_items::UPDATES_OF_A_PAGE {
                longer.push(id);
            }
            found.entry(id).or_default().extend(items);
        }
        open = longer;
    }
    // Whose the text is now stands in the changes that were not read.
    for id in open {
        found.remove(&id);
    }
    Ok(found)
}

fn work_items(
    forge: &AzureDevOpsForge<'_>,
    linked: &BTreeSet<u64>,
    items: &[WorkItem],
) -> Gathered<Vec<WorkItemFact>> {
    let missing: Vec<String> =
        linked.iter().filter(|id| !items.iter().any(|item| item.id == **id)).map(u64::to_string).collect();
    if !missing.is_empty() {
        return Gathered::Unknown(Gap::new(
            format!("linked work items are not there, or may not be seen: {}", missing.join(", ")),
            Who::Administrator,
            "the build identity needs *View work items in this node* on their area path; a personal access token needs the scope Work Items (read)",
        ));
    }
    Gathered::Known(items.iter().map(|item| texts::work_item(forge, item)).collect())
}

fn changes(
    forge: &AzureDevOpsForge<'_>,
    history: &History,
    owners: &[Option<u64>],
    told: &BTreeMap<u64, Told>,
    items: &[WorkItem],
    written: &Written,
) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    let mut places: BTreeMap<u64, usize> = BTreeMap::new();
    for (step, owner) in history.steps.iter().zip(owners) {
        let known = owner.and_then(|number| Some((number, told.get(&number)?)));
        let Some((number, told)) = known else {
            // Nobody approved what came without a pull request.
            changes.push(Change::of_step(step, Gathered::Known(Vec::new())));
            continue;
        };
        let place = *places.entry(number).or_insert_with(|| {
            changes.push(requested(forge, told, items, written));
            changes.len() - 1
        });
        if let Some(change) = changes.get_mut(place) {
            change.add_step(step);
        }
    }
    changes
}

/// A pull request, still without what git knows of it.
fn requested(forge: &AzureDevOpsForge<'_>, told: &Told, items: &[WorkItem], written: &Written) -> Change {
    let request = &told.request;
    let page = Place::Url(forge.at.pull_request_page(request.id));
    let mut said = texts::of_request(request, &told.threads, &page);
    for item in items.iter().filter(|item| request.work_item_refs.iter().any(|linked| linked.id == item.id)) {
        said.extend(work_item_texts(forge, item, written));
    }
    let votes: Vec<Vote> = texts::votes(request, &told.threads);
    Change {
        name: format!("pull request {}", request.id),
        kind: ChangeKind::PullRequest,
        title: request.title.clone(),
        place: Some(page),
        author: Some(request.created_by.display_name.clone()).filter(|author| !author.is_empty()),
        texts: said,
        paths: Vec::new(),
        votes: Gathered::Known(votes),
    }
}
