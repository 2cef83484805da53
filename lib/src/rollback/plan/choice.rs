//! Which version is the last known good one.

use crate::Timestamp;
use crate::checklist::{ArtifactFact, ArtifactState, Gathered, Place, Who};
use crate::gate::Decision;
use crate::numbers::moment;
use crate::policy::Enforcement;
use crate::rollback::{Candidate, Doubt, ImageFact, ImageState, Kept, Release, RollbackRules};

/// How many versions that are passed over are told apart; the rest is counted.
const MOST_NAMED: usize = 20;

/// The last known good version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The version.
    pub release: Release,
    /// When it was deployed, or judged.
    pub at: Option<Timestamp>,
    /// When it was judged to be good, where that is known.
    pub judged: Option<Timestamp>,
    /// Why it is known to be good, one sentence.
    pub proof: String,
    /// Its artifacts, as far as they are known.
    pub artifacts: Vec<ArtifactFact>,
    /// Whether the artifacts that are needed are proved to be there.
    pub artifacts_proved: Proof,
    /// Where its run is.
    pub place: Option<Place>,
}

/// Whether something is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It was seen.
    Proved,
    /// It could not be looked at.
    NotProved,
}

/// A version that is not gone back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// The version, in words.
    pub release: String,
    /// Why not, one sentence without a full stop.
    pub why: String,
}

/// What choosing came to.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// The last known good version.
    pub target: Option<Target>,
    /// Versions newer than it, newest first.
    pub passed_over: Vec<PassedOver>,
    /// What could not be looked at on the way.
    pub doubts: Vec<Doubt>,
}

/// Whether a version can be gone back to.
enum Fitness {
    Fit {
        judged: Option<Timestamp>,
        proof: String,
        artifacts: Vec<ArtifactFact>,
        proved: Proof,
        doubts: Vec<Doubt>,
    },
    Unfit {
        why: String,
        doubt: Option<Doubt>,
    },
}

/// The last known good version among candidates, newest first.
#[must_use]
pub fn target(rules: &RollbackRules, current: Option<&Release>, candidates: &[Candidate]) -> Choice {
    let mut choice = Choice::default();
    let mut more = 0_usize;
    for (index, candidate) in candidates.iter().enumerate() {
        // The newest word on a version counts.
        let newer = candidates.get(..index).unwrap_or_default();
        if newer.iter().any(|newer| newer.release.is(&candidate.release)) {
            continue;
        }
        let fitness = match fitness(rules, current, candidate) {
            fit @ Fitness::Fit { .. } => match newer.iter().find_map(|newer| against(newer, candidate)) {
                Some(why) => Fitness::Unfit { why, doubt: None },
                None => fit,
            },
            unfit @ Fitness::Unfit { .. } => unfit,
        };
        match fitness {
            Fitness::Fit { judged, proof, artifacts, proved, doubts } => {
                choice.doubts.extend(doubts);
                choice.target = Some(Target {
                    release: candidate.release.clone(),
                    at: candidate.at,
                    judged,
                    proof,
                    artifacts,
                    artifacts_proved: proved,
                    place: candidate.place.clone(),
                });
                break;
            }
            Fitness::Unfit { why, doubt } => {
                choice.doubts.extend(doubt);
                if choice.passed_over.len() < MOST_NAMED {
                    choice.passed_over.push(PassedOver { release: candidate.release.words(), why });
                } else {
                    more += 1;
                }
            }
        }
    }
    if more > 0 {
        let why = "for reasons like these".to_owned();
        choice.passed_over.push(PassedOver { release: format!("{more} more"), why });
    }
    choice
}

/// What a newer decision says against a version that shares a name with its own.
fn against(newer: &Candidate, candidate: &Candidate) -> Option<String> {
    let verdict = newer.verdict.known()?.as_ref()?;
    let speaks = verdict.decision != Decision::Proceed && verdict.enforcement != Enforcement::Off;
    (speaks && newer.release.shares_a_name(&candidate.release)).then(|| {
        format!("this gate said {} of {} later: {}", verdict.word(), newer.release.words(), verdict.reason)
    })
}

fn fitness(rules: &RollbackRules, current: Option<&Release>, candidate: &Candidate) -> Fitness {
    let unfit = |why: String| Fitness::Unfit { why, doubt: None };
    let name = candidate.release.words();
    if candidate.release.is_nameless() {
        return unfit(
            "neither its run nor its version nor its commit is recorded, so it cannot be deployed again"
                .to_owned(),
        );
    }
    if let Some(current) = current {
        if candidate.release.is(current) {
            return unfit("it is what is deployed now".to_owned());
        }
        if candidate.release.is_of_commit(current) {
            return unfit("it is of the same commit as what is deployed now".to_owned());
        }
    }
    // What is known to be no way back needs no verdict.
    let gone = match candidate.kept {
        Gathered::Known(Kept::Deleted) => Some("its run was deleted"),
        Gathered::Known(Kept::RolledBack) => Some("it was rolled back itself"),
        Gathered::Known(Kept::NeverWhole) => Some("no try of its deployment succeeded in every job"),
        Gathered::Known(Kept::There) | Gathered::Unknown(_) => None,
    };
    let verdict = match (&candidate.verdict, gone) {
        (Gathered::Known(Some(verdict)), _) if verdict.proves_good() => verdict,
        (Gathered::Known(Some(verdict)), _) if verdict.enforcement == Enforcement::Off => {
            return unfit("the gate was switched off: nothing was evaluated".to_owned());
        }
        (Gathered::Known(Some(verdict)), _) => {
            return unfit(format!("this gate said {} of it: {}", verdict.word(), verdict.reason));
        }
        (Gathered::Known(None), _) => return unfit("no `proceed` of this gate is recorded of it".to_owned()),
        (Gathered::Unknown(_), Some(gone)) => return unfit(gone.to_owned()),
        (Gathered::Unknown(gap), None) => {
            return Fitness::Unfit {
                why: format!("what this gate said of it is not known: {}", gap.why),
                doubt: Some(Doubt::of(
                    &format!("{name} may be good and is newer: its verdict is not known"),
                    gap,
                )),
            };
        }
    };
    let mut doubts = Vec::new();
    if let Some(gone) = gone {
        return unfit(gone.to_owned());
    }
    if let Gathered::Unknown(gap) = &candidate.kept {
        doubts.push(Doubt::of(&format!("whether the run of {name} is still there is not known"), gap));
    }
    let (mut artifacts, mut proved) = match &candidate.artifacts {
        Gathered::Known(artifacts) => match missing(&rules.artifacts, artifacts) {
            Some(why) => return unfit(why),
            None => (artifacts.clone(), Proof::Proved),
        },
        Gathered::Unknown(gap) => {
            doubts.push(Doubt::of(
                &format!("whether the artifacts of {name} are still there is not known"),
                gap,
            ));
            (Vec::new(), Proof::NotProved)
        }
    };
    let images = match images(&name, candidate.images.as_deref()) {
        Ok(images) => images,
        Err(why) => return unfit(why),
    };
    artifacts.extend(images.stored);
    if !images.doubts.is_empty() {
        proved = Proof::NotProved;
        doubts.extend(images.doubts);
    }
    let when = verdict.decided_at.map(|at| format!(" at {}", moment(at))).unwrap_or_default();
    let proof = format!("this gate said {}{when}: {}", verdict.word(), verdict.reason);
    Fitness::Fit { judged: verdict.decided_at, proof, artifacts, proved, doubts }
}

/// What is known of a version's images.
#[derive(Default)]
struct Images {
    /// Those that are proved to be there.
    stored: Vec<ArtifactFact>,
    doubts: Vec<Doubt>,
}

/// What is known of a version's images, or why it cannot be deployed again.
fn images(version: &str, known: Option<&[ImageFact]>) -> Result<Images, String> {
    let mut images = Images::default();
    let doubt = |what: String, how: String| Doubt { what, who: Who::SecondPerson, how };
    let Some(known) = known else {
        let what = format!("whether the images of {version} are still stored was not asked");
        images.doubts.push(doubt(what, "look for them in their registry".to_owned()));
        return Ok(images);
    };
    for ImageFact { name, state } in known {
        match state {
            Gathered::Known(ImageState::Same { digest }) => images.stored.push(ArtifactFact {
                name: format!("image {name}"),
                details: digest.clone(),
                state: ArtifactState::Stored,
                place: None,
            }),
            Gathered::Known(ImageState::Gone) => {
                return Err(format!("its image {name} is not in its registry any more"));
            }
            Gathered::Known(ImageState::Moved { recorded, found }) => images.doubts.push(doubt(
                format!(
                    "the image {name} is another one now: {found}, and this gate let {recorded} proceed"
                ),
                format!("deploy the image by its digest, {recorded}, where it is still stored, and not by its tag"),
            )),
            Gathered::Known(ImageState::Unrecorded { found }) => images.doubts.push(doubt(
                format!("the image {name} is stored as {found}, and which one {version} was deployed from is not recorded"),
                "compare that digest with what was deployed then".to_owned(),
            )),
            Gathered::Unknown(gap) => {
                images.doubts.push(Doubt::of(&format!("whether the image {name} is still stored is not known"), gap));
            }
        }
    }
    Ok(images)
}

/// Why the artifacts that are there are not enough.
fn missing(needed: &[String], artifacts: &[ArtifactFact]) -> Option<String> {
    if needed.is_empty() {
        let any = artifacts.iter().any(|artifact| artifact.state == ArtifactState::Stored);
        return (!any).then(|| "no artifact of it is there".to_owned());
    }
    needed.iter().find_map(|name| {
        match artifacts.iter().find(|artifact| artifact.name == *name).map(|artifact| artifact.state) {
            Some(ArtifactState::Stored) => None,
            Some(ArtifactState::Empty) => Some(format!("its artifact {name} is empty")),
            Some(ArtifactState::Mismatch) => {
                Some(format!("its artifact {name} is not what its checksum says"))
            }
            Some(ArtifactState::Unchecked) => {
                Some(format!("whether its artifact {name} is what its checksum says is not known"))
            }
            None => Some(format!("its artifact {name} is gone")),
        }
    })
}
