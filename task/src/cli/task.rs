//! The task of Azure Pipelines: inputs in, outputs and a verdict out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use clap::Parser;
use runbook_gate::diagnostic::Severity;
use runbook_gate::gate::{Decision, Outcome};
use runbook_gate::policy::Enforcement;
use runbook_gate::report::checklist::ChecklistReport;
use runbook_gate::report::{ReportContext, decision_word};
use runbook_gate::rollback::{Plan, Proof, Safety};

use super::arguments::Arguments;
use super::remote::{self, RemotePolicy};
use super::{Exit, Failure};
use crate::agent::{Agent, Attachments, Output, Verdict};
use crate::door::Place;
use crate::files::{JOURNAL, ReportFolder, plain, shown};
use crate::inputs::{self, InputError};
use crate::session::{Session, Step};

/// Does what the inputs say, and tells the agent what it came to.
pub fn run(session: Session) -> Exit {
    if session.door.place() != Place::Pipeline {
        session
            .door
            .say("error: `task` is what the agent of Azure Pipelines runs; use the other commands here");
        return Exit::BadInput;
    }
    let temporary = session.variable("AGENT_TEMPDIRECTORY").map_or_else(std::env::temp_dir, PathBuf::from);
    let agent = Agent::new(session.door.clone(), &temporary);
    let ended = catch_unwind(AssertUnwindSafe(|| perform(session, &agent)));
    // The message of the panic stands on standard error.
    let ended =
        ended.unwrap_or_else(|_| Err("an internal error, which is a defect of runbook-gate".to_owned()));
    match ended {
        Ok(Ended { exit, verdict, words }) => {
            agent.complete(verdict, &words);
            exit
        }
        Err(words) => {
            fail(&agent, &words);
            Exit::Internal
        }
    }
}

/// How the task ended.
struct Ended {
    exit: Exit,
    verdict: Verdict,
    words: String,
}

/// The error is in words: something that the user did not cause.
fn perform(session: Session, agent: &Agent) -> Result<Ended, String> {
    let inputs = match inputs::read(&session.environment) {
        Ok(inputs) => inputs,
        Err(errors) => {
            if let Some(folder) = inputs::report_directory(&session.environment) {
                // That the inputs are wrong is what is said: a folder that is not there has no reports.
                let reports = ReportFolder::at(&folder);
                let _ = if inputs::asks_for_a_rollback(&session.environment) {
                    // What the gate left may lie beside it, and is what the rollback is of.
                    reports.clear_plan()
                } else {
                    reports
                        .clear()
                        .and_then(|()| reports.clear_checklist())
                        .and_then(|()| reports.clear_plan())
                };
            }
            return Ok(refused(agent, &errors));
        }
    };
    let session = Session {
        step: Some(Step { agent: agent.clone(), prometheus: inputs.prometheus.clone(), policy: None }),
        ..session
    };
    let folder = inputs.working_directory.as_deref().unwrap_or(Path::new("."));
    std::env::set_current_dir(folder)
        .map_err(|error| format!("cannot work in {}: {}", shown(folder), plain(&error)))?;
    let session = match remote::policy(&session, &inputs.policy) {
        Ok(policy) => with_policy(session, policy),
        Err(failure) => {
            clear_old_reports(inputs.command, inputs.report_directory.as_deref());
            return Ok(broken(&session, agent, &failure));
        }
    };
    let reports = match &inputs.report_directory {
        Some(folder) => std::path::absolute(folder).unwrap_or_else(|_| folder.clone()),
        None => agent.folder().map_err(|error| {
            format!(
                "no folder for the reports could be made in the agent's temporary directory: {}",
                plain(&error)
            )
        })?,
    };
    if inputs.command == "baseline" {
        std::fs::create_dir_all(&reports)
            .map_err(|error| format!("the folder {} cannot be made: {}", shown(&reports), plain(&error)))?;
        agent.output_path(Output::ReportPath, &reports);
    }
    let arguments =
        Arguments::try_parse_from(inputs.command_line(&reports)).map_err(|error| error.to_string())?;
    Ok(match super::perform(&session, arguments.command) {
        Ok(exit) => ended(agent, exit, &inputs.subcommand()),
        Err(failure) => broken(&session, agent, &failure),
    })
}

/// A step that cannot begin leaves nothing that a later one would take for its own.
fn clear_old_reports(command: &str, folder: Option<&Path>) {
    let Some(reports) = folder.map(ReportFolder::at) else { return };
    // Why it cannot begin is what is said: a folder that is not there has no reports.
    let _ = match command {
        "verify" => reports.clear(),
        "checklist" => reports.clear_checklist(),
        "rollback" => reports.clear_plan(),
        _ => Ok(()),
    };
}

/// The session with the policy that was read from elsewhere.
fn with_policy(session: Session, policy: Option<RemotePolicy>) -> Session {
    let step = session.step.map(|step| Step { policy, ..step });
    Session { step, ..session }
}

fn ended(agent: &Agent, exit: Exit, command: &str) -> Ended {
    let (verdict, words) = match (exit, agent.advised()) {
        (Exit::Success, None) => {
            let words = agent.said_of_recovery().map(str::to_owned);
            (Verdict::Succeeded, words.unwrap_or_else(|| format!("{command} succeeded")))
        }
        (Exit::Success, Some(decision)) => {
            (Verdict::SucceededWithIssues, format!("{decision}, which is only advised here"))
        }
        (Exit::Hold, _) => (Verdict::Failed, agent.said_of_recovery().unwrap_or("hold").to_owned()),
        (Exit::Rollback, _) => (Verdict::Failed, "rollback".to_owned()),
        (Exit::Internal | Exit::BadInput, _) => (Verdict::Failed, "error".to_owned()),
    };
    Ended { exit, verdict, words }
}

fn refused(agent: &Agent, errors: &[InputError]) -> Ended {
    let first = errors.first().map(ToString::to_string).unwrap_or_default();
    agent.output(Output::Decision, "error");
    agent.output(Output::Reason, &first);
    for error in errors {
        agent.issue(Severity::Error, &error.to_string());
    }
    Ended { exit: Exit::BadInput, verdict: Verdict::Failed, words: first }
}

fn broken(session: &Session, agent: &Agent, failure: &Failure) -> Ended {
    agent.output(Output::Decision, "error");
    agent.output(Output::Reason, &failure.reason());
    match failure {
        Failure::Policy(diagnostics) => session.show(diagnostics),
        Failure::Input(_) | Failure::Internal(_) => agent.issue(Severity::Error, &failure.reason()),
    }
    Ended { exit: failure.exit(), verdict: Verdict::Failed, words: failure.reason() }
}

fn fail(agent: &Agent, words: &str) {
    agent.output(Output::Decision, "error");
    agent.output(Output::Reason, words);
    agent.issue(Severity::Error, words);
    agent.complete(Verdict::Failed, words);
}

/// Tells the agent what a gate decided: the outputs, an issue with the reason, the reports.
pub fn tell(agent: &Agent, outcome: &Outcome, context: &ReportContext, folder: Option<&ReportFolder>) {
    let word = decision_word(outcome);
    agent.output(Output::Decision, &outcome.decision.to_string());
    if outcome.recovery.is_some() {
        agent.output(Output::Recovered, &(outcome.decision == Decision::Proceed).to_string());
        agent.recovery(word);
    }
    agent.output(Output::Enforcement, context.enforcement.as_str());
    agent.output(Output::Reason, &outcome.reason);
    if let Some(criterion) = &outcome.criterion {
        agent.output(Output::Criterion, criterion);
    }
    if let Some(at) = outcome.decided_at {
        agent.output(Output::DecidedAt, &at.to_string());
    }
    if let Some(folder) = folder {
        agent.output_path(Output::ReportPath, folder.folder());
        agent.output_path(Output::JournalPath, &folder.path(JOURNAL));
        agent.attach(folder, Attachments::GATE, &format!("Runbook gate {}", outcome.environment));
    }
    if outcome.decision == Decision::Proceed {
        return;
    }
    let severity = match context.enforcement {
        Enforcement::Enforce => Severity::Error,
        Enforcement::Advise | Enforcement::Off => {
            agent.advise(word);
            Severity::Warning
        }
    };
    agent.issue(severity, &format!("{word}: {}", outcome.reason));
}

/// Tells the agent what came of a checklist: the outputs, an issue for each item that is open, the reports.
pub fn tell_checklist(agent: &Agent, report: &ChecklistReport, folder: Option<&ReportFolder>) {
    let open: Vec<&str> = report.open().into_iter().map(|item| item.id.as_str()).collect();
    agent.output(Output::Decision, &report.decision().to_string());
    agent.output(Output::Enforcement, report.enforcement().as_str());
    agent.output(Output::Reason, &report.verdict());
    agent.output(Output::OpenItems, &open.join(","));
    if let Some(folder) = folder {
        agent.output_path(Output::ReportPath, folder.folder());
        agent.attach(folder, Attachments::CHECKLIST, &format!("Checklist {}", report.environment()));
    }
    if report.decision() == Decision::Proceed {
        return;
    }
    let severity = match report.enforcement() {
        Enforcement::Enforce => Severity::Error,
        Enforcement::Advise | Enforcement::Off => {
            agent.advise("hold");
            Severity::Warning
        }
    };
    agent.issue(severity, &format!("{}: {}", report.decision(), report.verdict()));
    for item in report.open() {
        agent.issue(severity, &format!("{} is {}: {}", item.id, item.status.as_str(), item.because));
    }
}

/// Tells the agent what a rollback would go back to: the outputs, an issue for each doubt, the reports.
pub fn tell_plan(agent: &Agent, plan: &Plan, folder: Option<&ReportFolder>) {
    let word = |proved: bool| if proved { "true" } else { "false" };
    agent.output(Output::Reason, &plan.headline());
    agent.output(Output::RollbackSafe, word(plan.safety() == Safety::Proved));
    if let Some(target) = &plan.target {
        let run = target.release.run.map(|run| run.to_string()).unwrap_or_default();
        agent.output(Output::LastKnownGoodRunId, &run);
        agent.output(Output::LastKnownGoodVersion, &target.release.version);
        agent.output(Output::LastKnownGoodCommit, &target.release.commit);
        agent.output(Output::LastKnownGoodArtifactsProved, word(target.artifacts_proved == Proof::Proved));
    }
    if let Some(folder) = folder {
        agent.output_path(Output::ReportPath, folder.folder());
        agent.attach(folder, Attachments::PLAN, &format!("Rollback plan {}", plan.environment));
    }
    let severity = if plan.target.is_some() {
        Severity::Warning
    } else {
        agent.output(Output::Decision, &Decision::Hold.to_string());
        Severity::Error
    };
    for doubt in &plan.doubts {
        agent.issue(severity, &format!("{}; {}: {}", doubt.what, doubt.who.words(), doubt.how));
    }
}

/// Tells the agent that the gate could not see.
pub fn tell_blind(agent: &Agent, enforcement: Enforcement) {
    let words =
        "the gate would be blind: a signal that the runbook requires cannot be read; the log says which";
    agent.output(Output::Decision, &Decision::Hold.to_string());
    agent.output(Output::Enforcement, enforcement.as_str());
    agent.output(Output::Reason, words);
    match enforcement {
        Enforcement::Enforce => agent.issue(Severity::Error, words),
        Enforcement::Advise | Enforcement::Off => {
            agent.advise("hold");
            agent.issue(Severity::Warning, words);
        }
    }
}

/// Tells the agent that somebody cancelled a command that decides nothing more.
pub fn tell_cancelled(agent: &Agent, words: &str) {
    agent.output(Output::Decision, &Decision::Hold.to_string());
    agent.output(Output::Reason, words);
    agent.issue(Severity::Error, words);
    agent.complete(Verdict::Failed, words);
}

/// Tells the agent that nothing was evaluated.
pub fn tell_off(agent: &Agent, words: &str) {
    agent.output(Output::Enforcement, Enforcement::Off.as_str());
    agent.output(Output::Reason, words);
}
