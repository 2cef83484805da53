//! What `verify` watches: which run built it, of which commit. A later rollback goes back to it, so that a wrong word is worse than none.

use std::path::Path;

use runbook_gate::checklist::Checkout;
use runbook_gate::policy::Policy;
use runbook_gate::policy::source_spec::SourceSpec;
use runbook_gate::report::checklist::InGate;
use runbook_gate::rollback::Release;

use super::arguments::VerifyArguments;
use super::devops::{Built, resource, resources};
use super::{Failure, verdict};
use crate::git::GitCheckout;
use crate::session::Session;

/// Who built what is deployed.
#[derive(Debug)]
pub enum Origin {
    /// Nothing tells that it was another than this run, or this checkout.
    Here,
    /// A run of another pipeline, which the caller names.
    Named(Built),
    /// This run takes runs of other pipelines, by these names; nobody says which of them is deployed, or whether one is.
    Unsaid(Vec<String>),
}

impl Origin {
    /// What the caller and the job's variables say.
    ///
    /// # Errors
    /// Where the caller names a pipeline resource that this run does not have.
    pub fn of(session: &Session, build: Option<&str>) -> Result<Self, Failure> {
        if let Some(alias) = build {
            return resource(session, alias).map(Self::Named);
        }
        let taken = resources(session);
        Ok(if taken.is_empty() { Self::Here } else { Self::Unsaid(taken) })
    }

    /// The deployed commit, where it is known without the checklist.
    pub fn commit(&self, session: &Session) -> Option<String> {
        match self {
            Self::Here => commit_here(session),
            Self::Named(built) => Some(built.commit.clone()),
            Self::Unsaid(_) => None,
        }
    }

    /// What is deployed, as far as this and the checklist of the same deployment tell.
    pub fn release(
        &self,
        session: &Session,
        policy: &Policy,
        arguments: &VerifyArguments,
        checklist: &InGate,
    ) -> Release {
        let given = arguments.release_version.clone();
        let expected = || expected_version(policy).map(str::to_owned);
        let own = commit_here(session);
        // A checklist judges what is deployed: it may have looked at another commit than that of the run.
        let judged = checklist.commit_of_same().filter(|commit| Some(*commit) != own.as_deref());
        let (run, version, commit) = match (self, judged) {
            (Self::Named(built), _) => {
                let version = given.or_else(|| built.version.clone()).or_else(expected);
                (Some(built.run.id), version, Some(built.commit.clone()))
            }
            (_, Some(commit)) => (verdict::run(session), given.or_else(expected), Some(commit.to_owned())),
            (Self::Here, None) => {
                let number = || session.variable("BUILD_BUILDNUMBER").map(str::to_owned);
                (verdict::run(session), given.or_else(number).or_else(expected), own)
            }
            (Self::Unsaid(taken), None) => {
                session.door.say(&format!(
                    "warning: this run takes what other pipelines built ({}), so that the commit of what is deployed is not known, and is \
                     left out of the verdict; name the resource with --build (input buildResource)",
                    taken.join(", ")
                ));
                (verdict::run(session), given.or_else(expected), None)
            }
        };
        Release { run, version: version.unwrap_or_default(), commit: commit.unwrap_or_default() }
    }
}

/// The version that the policy's probe has to find.
fn expected_version(policy: &Policy) -> Option<&str> {
    policy.sources().iter().find_map(|source| match source {
        SourceSpec::Probe(probe) => probe.version.as_ref().map(|version| version.equals.as_str()),
        _ => None,
    })
}

/// The commit of this run, else the one that is checked out here.
fn commit_here(session: &Session) -> Option<String> {
    if let Some(commit) = session.variable("BUILD_SOURCEVERSION") {
        return Some(commit.to_owned());
    }
    let head =
        GitCheckout::open(Path::new("."), &session.environment).and_then(|checkout| checkout.commit("HEAD"));
    head.ok().map(|commit| commit.id)
}
