//! The container images of a version: which they were when its gate let it proceed, and whether their registries still have them.

use crate::checklist::{ChecklistRules, EvidenceRule, Gap, Gathered, Who, unanswered};
use crate::registry::{ImageReference, RegistryError, StoredImage, stored};
use crate::transport::Transport;

/// A record names at most so many images; of a version with more none is recorded, and so none is proved.
pub const MOST_IMAGES: usize = 50;

/// An image that a version was deployed from, as its gate recorded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedImage {
    /// Its name with its tag or digest, `contoso.azurecr.io/orders:42`.
    pub image: String,
    /// What its registry had under that name: `sha256:…`. `None` where the registry did not say it.
    pub digest: Option<String>,
}

/// An image of a version, as its registry has it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFact {
    /// Its name with its tag or digest.
    pub name: String,
    /// What its registry says.
    pub state: Gathered<ImageState>,
}

/// What a registry has under an image's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageState {
    /// The one that the gate recorded.
    Same {
        /// Its digest.
        digest: String,
    },
    /// Another one: the tag was moved.
    Moved {
        /// What the gate recorded.
        recorded: String,
        /// What is there now.
        found: String,
    },
    /// One, and the gate recorded none: it may be another.
    Unrecorded {
        /// What is there now.
        found: String,
    },
    /// None, where the gate recorded one.
    Gone,
}

/// The images that the checklist of an environment asks for outright. One that is an alternative to something else need not be
/// what is deployed.
#[must_use]
pub fn images_of(rules: &ChecklistRules) -> Vec<ImageReference> {
    let concerned = rules.items.iter().filter(|item| item.environments.include(&rules.environment));
    let mut images: Vec<ImageReference> = Vec::new();
    for rule in concerned.flat_map(|item| &item.evidence) {
        match rule {
            EvidenceRule::Image(image) if !images.contains(image) => images.push(image.clone()),
            _ => {}
        }
    }
    images
}

/// What the registries have now, for a record. An image that no registry says is recorded without its digest.
///
/// Gives beside it what could not be recorded, each with why.
#[must_use]
pub fn record_images(
    images: &[ImageReference],
    transport: &dyn Transport,
) -> (Vec<RecordedImage>, Vec<(String, Gap)>) {
    let named: Vec<&ImageReference> = images.iter().collect();
    let mut gaps = Vec::new();
    let mut recorded = Vec::new();
    for (image, found) in images.iter().zip(stored(&named, transport)) {
        let name = image.to_string();
        let digest = match found {
            Ok(StoredImage { digest, .. }) => Some(digest),
            Err(error) => {
                gaps.push((name.clone(), gap_of(image, &error, "watch the next deployment")));
                None
            }
        };
        recorded.push(RecordedImage { image: name, digest });
    }
    (recorded, gaps)
}

/// What has become of the images of a version, side by side. `recorded` is what its gate recorded.
#[must_use]
pub fn images_now(recorded: &[RecordedImage], transport: &dyn Transport) -> Vec<ImageFact> {
    let parsed: Vec<Result<ImageReference, String>> =
        recorded.iter().map(|image| image.image.parse().map_err(|error| format!("{error}"))).collect();
    let known: Vec<&ImageReference> = parsed.iter().flatten().collect();
    let mut answers = stored(&known, transport).into_iter();
    let mut facts = Vec::new();
    for (recorded, image) in recorded.iter().zip(&parsed) {
        let state = match image {
            Ok(image) => match answers.next() {
                Some(found) => state_of(image, recorded.digest.as_deref(), found),
                None => Gathered::Unknown(unnamed("it was not asked")),
            },
            Err(error) => Gathered::Unknown(unnamed(error)),
        };
        facts.push(ImageFact { name: recorded.image.clone(), state });
    }
    facts
}

fn state_of(
    image: &ImageReference,
    recorded: Option<&str>,
    found: Result<StoredImage, RegistryError>,
) -> Gathered<ImageState> {
    Gathered::Known(match (found, recorded) {
        (Ok(StoredImage { digest, .. }), Some(recorded)) if digest == recorded => ImageState::Same { digest },
        (Ok(StoredImage { digest, .. }), Some(recorded)) => {
            ImageState::Moved { recorded: recorded.to_owned(), found: digest }
        }
        (Ok(StoredImage { digest, .. }), None) => ImageState::Unrecorded { found: digest },
        // Without a record the name itself may be wrong: nothing is known to be gone.
        (Err(RegistryError::Missing), Some(_)) => ImageState::Gone,
        (Err(error), _) => return Gathered::Unknown(gap_of(image, &error, "plan the rollback again")),
    })
}

fn gap_of(image: &ImageReference, error: &RegistryError, again: &str) -> Gap {
    let (who, how) = unanswered(image, error, again);
    Gap::new(error.to_string(), who, how)
}

fn unnamed(why: &str) -> Gap {
    Gap::new(
        format!("the name of the image that is recorded cannot be asked for: {why}"),
        Who::SecondPerson,
        "look for the image by hand",
    )
}
