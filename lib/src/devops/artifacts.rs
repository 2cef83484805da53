//! Artifacts of a run, as facts.

use crate::checklist::{ArtifactFact, ArtifactState, Place};
use crate::devops::client::Answer;
use crate::devops::failure::DevOpsError;
use crate::devops::runs::Artifact;

/// What the reports of this product begin with, and the artifacts and test results that hold them.
pub(super) const OWN: &str = "runbook-gate";

/// Artifacts as facts, this product's own left out.
pub(super) fn facts<'a>(
    artifacts: impl IntoIterator<Item = &'a Artifact>,
    place: &Place,
) -> Vec<ArtifactFact> {
    let others = artifacts.into_iter().filter(|artifact| !artifact.name.starts_with(OWN));
    others
        .map(|artifact| {
            let size = artifact.size();
            let bytes = size.map(|size| format!("{size} bytes"));
            let kind = Some(artifact.resource.kind.clone()).filter(|kind| !kind.is_empty());
            ArtifactFact {
                name: artifact.name.clone(),
                details: kind.into_iter().chain(bytes).collect::<Vec<_>>().join(", "),
                state: if size == Some(0) { ArtifactState::Empty } else { ArtifactState::Stored },
                place: Some(place.clone()),
            }
        })
        .collect()
}

/// A list that must be whole: what is on a page that was not asked for could be the part that matters.
pub(super) fn whole<T: serde::de::DeserializeOwned>(answer: &Answer) -> Result<Vec<T>, DevOpsError> {
    let page = answer.page()?;
    match page.next {
        None => Ok(page.items),
        Some(_) => Err(answer.failed("it goes on, over more pages than are read".to_owned())),
    }
}
