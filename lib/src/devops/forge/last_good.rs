//! What was last deployed well: a recorded `proceed` of this gate, else the environment's own record, else the last good run.
//!
//! What cannot be asked is not skipped: a later tag or an earlier run would make the deployment look smaller than it is.

use std::cmp::Reverse;

use crate::Timestamp;
use crate::checklist::{Gap, Gathered, Since};
use crate::devops::client::Page;
use crate::devops::environments::{DeploymentRecord, deployment_records};
use crate::devops::failure::DevOpsError;
use crate::devops::runs::{self, Build, BuildFilter, BuildState, RecordResult, Run};

use super::{AzureDevOpsForge, ThisRun};

/// So many earlier deployments are looked at before it is said that none can be told.
const MOST_BACK: usize = 5;

pub(super) fn find(forge: &AzureDevOpsForge<'_>) -> Gathered<Option<Since>> {
    // A pull request is compared with its target, which git knows; a desk has no run.
    let run = forge.at.run.as_ref().filter(|_| forge.at.pull_request.is_none());
    let Some((run, pipeline)) = run.and_then(|run| Some((run, run.pipeline?))) else {
        return Gathered::Known(None);
    };
    match earlier(forge, run, pipeline) {
        Ok(since) => Gathered::Known(since),
        Err(gap) => Gathered::Unknown(gap),
    }
}

fn earlier(forge: &AzureDevOpsForge<'_>, run: &ThisRun, pipeline: u64) -> Result<Option<Since>, Gap> {
    let early = forge.early(run);
    let gap = |error: &DevOpsError| {
        let mut gap = error.gap();
        gap.how = format!("{}; or name the last good commit with `--since REF`", gap.how);
        gap
    };
    let of_others = |builds: &[Build]| -> Vec<Build> {
        let mut builds: Vec<Build> = builds.iter().filter(|build| build.id != run.id).cloned().collect();
        // One that still runs deployed last; an older one that was run again is newer than its number.
        builds.sort_by_key(|build| Reverse((build.finish_time.is_none(), build.finish_time, build.id)));
        builds
    };
    let proceeded = of_others(early.proceeded.as_ref().map_err(gap)?);
    if let Some(build) = proceeded.first() {
        let words = format!("run {} of this gate's last `proceed`", build.build_number);
        return since(forge, run, pipeline, build, &words).map(Some).map_err(|error| gap(&error));
    }
    if let Some(found) = deployed(forge, run, pipeline).map_err(|error| gap(&error))? {
        return Ok(Some(found));
    }
    let succeeded = of_others(early.succeeded.as_ref().map_err(gap)?);
    match succeeded.iter().find(|build| build.status == BuildState::Completed) {
        Some(build) => {
            let words = format!("run {}, the last that succeeded on this branch", build.build_number);
            since(forge, run, pipeline, build, &words).map(Some).map_err(|error| gap(&error))
        }
        None => Ok(None),
    }
}

/// The newest deployment of this pipeline to the environment whose every job succeeded.
fn deployed(
    forge: &AzureDevOpsForge<'_>,
    run: &ThisRun,
    pipeline: u64,
) -> Result<Option<Since>, DevOpsError> {
    let name = forge.environment_name();
    let environments = forge.early(run).environments.as_ref().map_err(Clone::clone)?;
    let Some(environment) = environments.iter().find(|one| one.name.eq_ignore_ascii_case(name)) else {
        return Ok(None);
    };
    let page: Page<DeploymentRecord> = forge.client.page(&deployment_records(environment.id, name))?;
    let mut candidates: Vec<(Option<Timestamp>, u64)> = Vec::new();
    for record in &page.items {
        if record.definition.id != pipeline || record.owner.id == run.id {
            continue;
        }
        match candidates.iter_mut().find(|(_, owner)| *owner == record.owner.id) {
            Some((finished, _)) => *finished = record.finish_time.max(*finished),
            None => candidates.push((record.finish_time, record.owner.id)),
        }
    }
    candidates.sort_unstable_by_key(|candidate| Reverse(*candidate));
    let good = candidates
        .into_iter()
        .map(|(_, owner)| owner)
        .filter(|owner| succeeded(&page.items, *owner, pipeline));
    for owner in good.take(MOST_BACK) {
        match forge.client.get::<Build>(&runs::build(owner)) {
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
    Ok(None)
}

/// Whether every job of a run's last attempt on the environment succeeded.
fn succeeded(records: &[DeploymentRecord], owner: u64, pipeline: u64) -> bool {
    let of_run =
        || records.iter().filter(|record| record.owner.id == owner && record.definition.id == pipeline);
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
        Some(other) => built(forge, pipeline, build, &other.alias)?,
    };
    if is_commit(&commit) {
        return Ok(Since::LastGood { found: words.to_owned(), commit });
    }
    Err(DevOpsError::unreadable(&runs::build(build.id), "it names no commit of git"))
}

fn built(
    forge: &AzureDevOpsForge<'_>,
    pipeline: u64,
    build: &Build,
    alias: &str,
) -> Result<String, DevOpsError> {
    let asked = runs::run(pipeline, build.id);
    let taken: Run = forge.client.get(&asked)?;
    let Some(resource) = taken.resources.pipelines.get(alias) else {
        return Err(DevOpsError::unreadable(&asked, "it took no run of the pipeline that builds"));
    };
    let filter = BuildFilter {
        definition: Some(resource.pipeline.id),
        number: Some(resource.version.clone()),
        most: 2,
        ..BuildFilter::default()
    };
    let asked = runs::builds(&filter);
    let page: Page<Build> = forge.client.page(&asked)?;
    match &page.items[..] {
        [one] => Ok(one.source_version.clone()),
        _ => Err(DevOpsError::unreadable(
            &asked,
            "the run that it took is not there any more, or not the only one of its number",
        )),
    }
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
