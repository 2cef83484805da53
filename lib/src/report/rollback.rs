//! The report of a rollback plan: what to go back to, whether that is proved to be safe, and what is in doubt.

mod json;
mod markdown;
#[cfg(test)]
mod tests;

use crate::checklist::{ArtifactFact, ArtifactState, Place};
use crate::report::numbers;
use crate::rollback::{Plan, Proof, Safety, Target};

pub use super::terminal::plan as terminal;
pub use json::render as json;
pub use markdown::render as markdown;

/// How the plan stands, in a word.
pub(super) const fn word(plan: &Plan) -> &'static str {
    match (&plan.target, plan.safety()) {
        (None, _) => "nothing to go back to",
        (Some(_), Safety::Proved) => "safe",
        (Some(_), Safety::NotProved) => "not proved to be safe",
    }
}

/// `orders-api in production`
pub(super) fn subject(plan: &Plan) -> String {
    format!("{} in {}", plan.service, plan.environment)
}

/// What says whether the service has recovered.
const WATCH_IT: &str = "`runbook-gate verify --profile rollback`";

/// What to do, one sentence.
pub(super) fn next(plan: &Plan) -> String {
    match (plan.release(), plan.safety()) {
        (Some(target), Safety::Proved) => {
            format!("Deploy {} again, then watch the service with {WATCH_IT}.", target.words())
        }
        (Some(target), Safety::NotProved) => format!(
            "A person decides. Look at each doubt below; if {} may be deployed again, do it and watch the service with {WATCH_IT}.",
            target.words()
        ),
        (None, _) => {
            "A person decides what to deploy: this gate has proved nothing that could be gone back to."
                .to_owned()
        }
    }
}

/// The target's facts, a name and a value each.
pub(super) fn facts(target: &Target) -> Vec<(&'static str, String)> {
    let mut facts = vec![("version", target.release.words())];
    // The time that is known of a record is its decision's, not its deployment's.
    let when = target.judged.map(|at| ("judged good", at)).or(target.at.map(|at| ("deployed", at)));
    facts.extend(when.map(|(name, at)| (name, numbers::moment(at))));
    facts.push(("proof", target.proof.clone()));
    let artifacts: Vec<String> = target.artifacts.iter().map(artifact).collect();
    facts.push((
        "artifacts",
        match (target.artifacts_proved, artifacts.is_empty()) {
            (Proof::NotProved, true) => "not known".to_owned(),
            (Proof::NotProved, false) => format!("{}; not all of them are proved", artifacts.join(", ")),
            (Proof::Proved, true) => "none".to_owned(),
            (Proof::Proved, false) => artifacts.join(", "),
        },
    ));
    facts.extend(target.place.as_ref().map(|place| match place {
        Place::Path(text) | Place::Url(text) | Place::Commit(text) => ("where", text.clone()),
    }));
    facts
}

fn artifact(artifact: &ArtifactFact) -> String {
    let state = match artifact.state {
        ArtifactState::Stored => "",
        ArtifactState::Empty => ", empty",
        ArtifactState::Mismatch => ", not what its checksum says",
        ArtifactState::Unchecked => ", its checksum cannot be read",
    };
    let details = match artifact.details.as_str() {
        "" => String::new(),
        details => format!(" ({details}{state})"),
    };
    format!("{}{details}", artifact.name)
}

/// When a rollback was last rehearsed, in words.
pub(super) fn rehearsed(plan: &Plan) -> Option<String> {
    let rehearsal = plan.rehearsed.as_ref()?;
    Some(format!("{}, {}", numbers::moment(rehearsal.at), rehearsal.seen))
}
