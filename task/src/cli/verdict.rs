//! What `verify` leaves behind for a later rollback: the decision, and what it is about.

use runbook_gate::devops::verdict::RunTag;
use runbook_gate::gate::Outcome;
use runbook_gate::policy::Policy;
use runbook_gate::rollback::{Profile, RecordedImage, Release, VerdictRecord};

use super::arguments::VerifyArguments;
use crate::files::{ReportFolder, VERDICT};
use crate::history;
use crate::session::Session;

/// What a decision is about.
pub struct Deployed {
    /// What the gate was run for.
    pub profile: Profile,
    /// The version.
    pub release: Release,
    /// Its images.
    pub images: Vec<RecordedImage>,
}

/// Writes the decision into the report folder and the history, and tags the run with it. What cannot be written is said, and changes no decision.
///
/// Gives the decision as it is kept, without secrets.
pub fn keep(
    session: &Session,
    policy: &Policy,
    arguments: &VerifyArguments,
    outcome: &Outcome,
    Deployed { profile, release, images }: Deployed,
    folder: Option<&ReportFolder>,
) -> Option<VerdictRecord> {
    let history = history::path(session, arguments.history.as_deref());
    if folder.is_none() && history.is_none() && session.agent().is_none() && !arguments.announce {
        return None;
    }
    let enforcement = policy.environment().enforcement();
    let record = VerdictRecord::of(outcome, policy.service(), enforcement, profile, release, run(session))
        .with_images(images);
    let text = session.door.redactor().clean(&record.to_json()).into_owned();
    let written = folder.map(|folder| folder.write(VERDICT, &format!("{text}\n")));
    let kept = history.map(|path| history::append(&path, &text));
    // Elsewhere than in a run of a build pipeline the agent refuses tags, and fails the step for it.
    let taggable = record.judged_in.is_some() && session.variable("SYSTEM_HOSTTYPE") == Some("build");
    if let (Some(agent), true) = (session.agent(), taggable) {
        agent.tag(&RunTag::of(record.profile, record.decision).for_environment(&record.environment));
    }
    for outcome in [written, kept].into_iter().flatten() {
        if let Err(error) = outcome {
            session.door.say(&format!("warning: the decision is not kept for a later rollback: {error}"));
        }
    }
    VerdictRecord::read(&text).ok()
}

/// The run of the pipeline.
pub fn run(session: &Session) -> Option<u64> {
    session.variable("BUILD_BUILDID")?.parse().ok()
}
