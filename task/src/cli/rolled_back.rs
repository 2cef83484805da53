//! The tag `rolled-back` on the run whose release was undone: no later rollback goes back to it.

use runbook_gate::Duration;
use runbook_gate::devops::Client;
use runbook_gate::devops::verdict::ROLLED_BACK;
use runbook_gate::diagnostic::Severity;

use super::arguments::AzureDevOpsArguments;
use super::devops::{Deadline, Surroundings};
use super::{Failure, verdict};
use crate::agent::Agent;
use crate::session::Session;

/// The longest that another run's tag may take: the decision stands already, and people wait to be told of it.
const LONGEST: Duration = Duration::from_secs(3);

/// Tags the run whose release was undone, where this process is a pipeline's step. Whatever the gate decided of the redeployment,
/// it has been made. A tag that cannot be set is said, and changes neither the decision nor how the process ends.
pub fn mark(session: &Session, undone: Option<u64>) {
    let Some(agent) = session.agent() else { return };
    if session.variable("SYSTEM_HOSTTYPE") != Some("build") {
        return;
    }
    match undone {
        None => session.door.say(&format!(
            "no run is tagged {ROLLED_BACK}: which one failed is not known; give its verdict.json, or its report folder, with --failed-gate \
             (input failedGate)"
        )),
        // An agent tags its own run without any permission.
        Some(run) if verdict::run(session) == Some(run) => agent.tag(ROLLED_BACK),
        Some(run) => mark_another(session, agent, run),
    }
}

fn mark_another(session: &Session, agent: &Agent, run: u64) {
    let refused = match ask(session, run) {
        Ok(()) => return session.door.say(&format!("run {run} is tagged {ROLLED_BACK}")),
        Err(why) => why,
    };
    agent.issue(
        Severity::Warning,
        &format!("run {run} is not tagged {ROLLED_BACK}: {refused}; set the tag on its page, so that nobody goes back to it"),
    );
}

/// The error is in words, with what would change it.
fn ask(session: &Session, run: u64) -> Result<(), String> {
    let words = |failure: Failure| failure.words();
    let place = Surroundings::find(session, &AzureDevOpsArguments::of_job()).map_err(words)?;
    let place = place.ok_or("which Azure DevOps runs this pipeline is not known")?;
    let transport = session.azure_devops(None).map_err(words)?;
    let allowance = Deadline::within(LONGEST);
    let client = Client::new(transport.as_ref(), place.project, &allowance);
    client.tag_run(run, ROLLED_BACK).map_err(|error| format!("{error}; {}", error.gap().how))
}
