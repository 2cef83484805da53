//! What was last deployed well: a recorded `proceed` of this gate, else the environment's own record, else the last good run.
//!
//! What cannot be asked is not skipped: a later tag or an earlier run would make the deployment look smaller than it is.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::Timestamp;
use crate::checklist::{Gathered, Since};
use crate::devops::call::Call;
use crate::devops::client::Page;
use crate::devops::environments::{DeploymentRecord, deployment_records};
use crate::devops::failure::{DevOpsError, Why};
use crate::devops::runs::{self, Build, BuildState, RecordResult};
use crate::devops::verdict::{ROLLED_BACK, RunTag};

use super::run::EarlierRuns;
use super::{AzureDevOpsForge, ThisRun};

/// So many earlier deployments whose runs are gone are passed over before it is said that none can be told.
const MOST_BACK: usize = 5;
/// So many pages of earlier runs or deployments are read before that is said.
const MOST_PAGES: usize = 20;

pub(super) fn find(forge: &AzureDevOpsForge<'_>) -> Gathered<Option<Since>> {
    // A pull request is compared with its target, which git knows; a desk has no run.
    let run = forge.at.run.as_ref().filter(|_| forge.at.pull_request.is_none());
    let Some((run, pipeline)) = run.and_then(|run| Some((run, run.pipeline?))) else {
        return Gathered::Known(None);
    };
    match earlier(forge, run, pipeline) {
        Ok(since) => Gathered::Known(since),
        Err(error) => {
            let mut gap = error.gap();
            if !matches!(error.why, Why::TooMany(_)) {
                gap.how = format!("{}; or name the last good commit with `--since REF`", gap.how);
            }
            Gathered::Unknown(gap)
        }
    }
}

fn earlier(forge: &AzureDevOpsForge<'_>, run: &ThisRun, pipeline: u64) -> Result<Option<Since>, DevOpsError> {
    let early = forge.early(run);
    let proceeded = early.proceeded.as_ref().map_err(Clone::clone)?;
    // One that still runs deployed last. What was rolled back is not what is there.
    let stands = |build: &Build| build.id != run.id && !is_rolled_back(build, &forge.at.environment);
    if let Some(build) = newest(forge, proceeded, stands)? {
        let words = format!("run {} of this gate's last `proceed`", build.build_number);
        return since(forge, run, pipeline, &build, &words).map(Some);
    }
    if let Some(found) = deployed(forge, run, pipeline)? {
        return Ok(Some(found));
    }
    let succeeded = early.succeeded.as_ref().map_err(Clone::clone)?;
    let ended = |build: &Build| stands(build) && build.status == BuildState::Completed;
    match newest(forge, succeeded, ended)? {
        Some(build) => {
            let words = format!("run {}, the last that succeeded on this branch", build.build_number);
            since(forge, run, pipeline, &build, &words).map(Some)
        }
        None => Ok(None),
    }
}

/// Of the earlier runs that fit, the one that ended last: an older one that was run again is newer than its number. Later pages
/// hold what ended earlier, and are read only where the first ones have no run that fits, or are not in the order that was
/// asked for.
fn newest(
    forge: &AzureDevOpsForge<'_>,
    runs: &EarlierRuns,
    fits: impl Fn(&Build) -> bool,
) -> Result<Option<Build>, DevOpsError> {
    let mut page = runs.first.clone();
    let mut seen: Vec<Build> = Vec::new();
    for _ in 0..MOST_PAGES {
        seen.extend(page.items);
        let last = seen
            .iter()
            .filter(|build| fits(build))
            .max_by_key(|build| (build.finish_time.is_none(), build.finish_time, build.id));
        match (last, page.next) {
            (None, None) => return Ok(None),
            (Some(build), None) => return Ok(Some(build.clone())),
            (Some(build), Some(_)) if in_order(&seen) => return Ok(Some(build.clone())),
            (_, Some(token)) => page = forge.client.next_page(&runs.call, token)?,
        }
    }
    Err(DevOpsError::too_many(&runs.call, seen.len()))
}

/// Whether a run's release was rolled back, as its tags say: whoever does that says so, and this gate where it asked for it.
fn is_rolled_back(build: &Build, environment: &str) -> bool {
    let asked = RunTag::Rollback.for_environment(environment);
    build.tags.iter().any(|tag| tag.eq_ignore_ascii_case(ROLLED_BACK) || tag.eq_ignore_ascii_case(&asked))
}

/// Whether runs stand with the one that ended last before the others.
fn in_order(runs: &[Build]) -> bool {
    let ended: Vec<Timestamp> = runs.iter().filter_map(|build| build.finish_time).collect();
    ended.is_sorted_by(|newer, older| newer >= older)
}

/// The newest deployment of this pipeline to the environment whose every job succeeded.
fn deployed(
    forge: &AzureDevOpsForge<'_>,
    run: &ThisRun,
    pipeline: u64,
) -> Result<Option<Since>, DevOpsError> {
    let name = forge.at.environment_name();
    let environments = forge.early(run).environments.as_ref().map_err(Clone::clone)?;
    let Some(environment) = environments.iter().find(|one| one.name.eq_ignore_ascii_case(name)) else {
        return Ok(None);
    };
    let call = deployment_records(environment.id, name);
    let good = good_deployments(forge, &call, |record| {
        record.definition.id == pipeline && record.owner.id != run.id
    })?;
    for owner in good.iter().take(MOST_BACK) {
        match forge.client.get::<Build>(&runs::build(*owner)) {
            Ok(build) if is_rolled_back(&build, &forge.at.environment) => {}
            Ok(build) if !build.deleted => {
                let words = format!("run {}, the last that deployed to {name}", build.build_number);
                return since(forge, run, pipeline, &build, &words).map(Some);
            }
            // Records outlive their runs.
            Ok(_) => {}
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    if good.is_empty() {
        return Ok(None);
    }
    Err(DevOpsError::unreadable(&call, "the runs of its good deployments are gone, or were rolled back"))
}

/// The runs of good deployments, the one that ended last first: of all pages where there are few, else of those up to the one
/// after the first that shows one. The jobs of a stage may stand on two pages, and are judged together.
fn good_deployments(
    forge: &AzureDevOpsForge<'_>,
    call: &Call,
    counts: impl Fn(&DeploymentRecord) -> bool,
) -> Result<Vec<u64>, DevOpsError> {
    let mut page: Page<DeploymentRecord> = forge.client.page(call)?;
    let mut records: Vec<DeploymentRecord> = Vec::new();
    let mut last = None;
    for _ in 0..MOST_PAGES {
        records.extend(page.items.into_iter().filter(|record| counts(record)));
        let good = good(&records);
        let stands = good.first().is_some_and(|run| last == Some(*run));
        match page.next {
            Some(token) if !stands => page = forge.client.next_page(call, token)?,
            _ => return Ok(good),
        }
        last = good.first().copied();
    }
    Err(DevOpsError::too_many(call, records.len()))
}

/// The runs whose every job in the last attempt succeeded, the one that ended last first.
fn good(records: &[DeploymentRecord]) -> Vec<u64> {
    let mut ended: BTreeMap<u64, Option<Timestamp>> = BTreeMap::new();
    for record in records {
        let last = ended.entry(record.owner.id).or_default();
        *last = record.finish_time.max(*last);
    }
    let mut runs: Vec<(Option<Timestamp>, u64)> = ended
        .into_iter()
        .filter(|(owner, _)| succeeded(records, *owner))
        .map(|(owner, ended)| (ended, owner))
        .collect();
    runs.sort_unstable_by_key(|run| Reverse(*run));
    runs.into_iter().map(|(_, owner)| owner).collect()
}

/// Whether every job of a run's last attempt on the environment succeeded.
fn succeeded(records: &[DeploymentRecord], owner: u64) -> bool {
    let of_run = || records.iter().filter(|record| record.owner.id == owner);
    let Some(last) = of_run().map(|record| record.stage_attempt).max() else { return false };
    of_run().filter(|record| record.stage_attempt == last).all(|record| {
        matches!(record.result, Some(RecordResult::Succeeded | RecordResult::SucceededWithIssues))
    })
}

/// The commit of a run; where another pipeline builds, the commit of the run that it took.
fn since(
    forge: &AzureDevOpsForge<'_>,
    run: &ThisRun,
    pipeline: u64,
    build: &Build,
    words: &str,
) -> Result<Since, DevOpsError> {
    let commit = match &run.build {
        None => build.source_version.clone(),
        Some(other) => forge.client.built_for(pipeline, build.id, &other.alias)?.source_version,
    };
    if is_commit(&commit) {
        return Ok(Since::LastGood { found: words.to_owned(), commit });
    }
    Err(DevOpsError::unreadable(&runs::build(build.id), "it names no commit of git"))
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
