//! The runs of another pipeline that built what this one deployed, where another one builds.

use std::collections::BTreeMap;

use crate::checklist::{ArtifactFact, Gap, Gathered};
use crate::devops::call::Call;
use crate::devops::failure::DevOpsError;
use crate::devops::runs::{self, Build, BuildFilter, Run};

use super::AzureDevOpsArchive;
use super::listing::Listing;
use super::look::missing;

/// The run that built what another one deployed.
pub(super) struct Built {
    /// It.
    pub run: Build,
    /// Its artifacts.
    pub artifacts: Gathered<Vec<ArtifactFact>>,
}

/// For each run what it deployed; none where the pipeline builds itself.
pub(super) fn of(
    archive: &AzureDevOpsArchive<'_>,
    listing: &Listing,
    deploying: &[u64],
) -> BTreeMap<u64, Result<Built, Gap>> {
    let alias = archive.at.run.as_ref().and_then(|run| run.build.as_ref()).map(|build| build.alias.as_str());
    let (Some(alias), Ok(pipeline)) = (alias, &listing.pipeline) else { return BTreeMap::new() };
    let client = &archive.client;
    let asked: Vec<Call> = deploying.iter().map(|run| runs::run(*pipeline, *run)).collect();
    let filters = asked.iter().zip(client.send_all(&asked)).map(|(call, answer)| {
        let taken: Run = answer?.read()?;
        let resource = taken.resources.pipelines.get(alias);
        let resource = resource
            .ok_or_else(|| DevOpsError::unreadable(call, "it took no run of the pipeline that builds"))?;
        Ok(runs::builds(&BuildFilter {
            definition: Some(resource.pipeline.id),
            number: Some(resource.version.clone()),
            most: 2,
            ..BuildFilter::default()
        }))
    });
    let filters: Vec<Result<Call, DevOpsError>> = filters.collect();
    let calls: Vec<Call> = filters.iter().flatten().cloned().collect();
    let mut answers = client.send_all(&calls).into_iter();
    let builds: Vec<Result<Build, DevOpsError>> = filters
        .into_iter()
        .zip(deploying)
        .map(|(call, run)| {
            let call = call?;
            let page = answers.next().unwrap_or_else(|| missing(*run))?.page::<Build>()?;
            match <[Build; 1]>::try_from(page.items) {
                Ok([one]) => Ok(one),
                Err(_) => Err(DevOpsError::unreadable(
                    &call,
                    "the run that it took is not there any more, may not be seen, or is not the only one of its number",
                )),
            }
        })
        .collect();
    let calls: Vec<Call> = builds.iter().flatten().map(|build| runs::artifacts(build.id)).collect();
    let mut answers = client.send_all(&calls).into_iter();
    deploying
        .iter()
        .zip(builds)
        .map(|(deployed, build)| {
            let built = build.map_err(|error| error.gap()).map(|run| {
                let answer = answers.next().unwrap_or_else(|| missing(run.id));
                Built { artifacts: archive.stored(run.id, answer), run }
            });
            (*deployed, built)
        })
        .collect()
}
