//! The checklist that a gate's page shows. It decides nothing: what cannot be read or is another deployment's is said, and the watch goes on.

use std::path::Path;

use runbook_gate::diagnostic::Severity;
use runbook_gate::gate::Outcome;
use runbook_gate::policy::Policy;
use runbook_gate::report::checklist::{ChecklistReport, Deployed, Fit, InGate, read};
use runbook_gate::rollback::{Profile, VerdictRecord};

use super::verdict;
use crate::files::{CHECKLIST_JSON, ReportFolder, VERDICT, read_text, shown};
use crate::session::Session;

/// What a gate that begins now watches.
pub fn of_gate(session: &Session, policy: &Policy, profile: Profile, commit: Option<String>) -> Deployed {
    Deployed { profile, commit, run: verdict::run(session), ..named(policy) }
}

/// The verdict that the gate of a journal left beside it.
pub fn verdict_beside(policy: &Policy, beside: &ReportFolder, outcome: &Outcome) -> Option<VerdictRecord> {
    let verdict = read_text(&beside.path(VERDICT), "").ok().and_then(|text| VerdictRecord::read(&text).ok());
    verdict.filter(|verdict| {
        verdict.service == policy.service()
            && verdict.environment == outcome.environment
            && verdict.started_at == outcome.started_at
    })
}

/// What the gate of a journal watched, by its verdict.
pub fn of_journal(policy: &Policy, verdict: Option<&VerdictRecord>, outcome: &Outcome) -> Deployed {
    let profile = outcome.recovery.as_ref().map_or(Profile::Deployment, |_| Profile::Rollback);
    match verdict {
        Some(verdict) => Deployed {
            profile,
            commit: Some(verdict.release.commit.clone()).filter(|commit| !commit.is_empty()),
            run: verdict.judged_in,
            ..named(policy)
        },
        None => Deployed { profile, ..named(policy) },
    }
}

fn named(policy: &Policy) -> Deployed {
    Deployed {
        service: policy.service().to_owned(),
        environment: policy.environment().name().to_owned(),
        ..Deployed::default()
    }
}

/// The checklist that the caller gives; else the one in a folder, where it is certainly that of this deployment.
pub fn find(session: &Session, given: Option<&Path>, folder: &ReportFolder, deployed: &Deployed) -> InGate {
    let Some(path) = given else {
        return match report_at(&folder.path(CHECKLIST_JSON)) {
            Ok(report) if report.fits(deployed) == Fit::Same => shown_with(report, None),
            _ => InGate::Absent,
        };
    };
    let why = match report_at(path) {
        Ok(report) => match report.fits(deployed) {
            Fit::Same => return shown_with(report, None),
            Fit::Doubtful(why) => return shown_with(report, Some(why)),
            Fit::Other(why) => format!("{}: {why}", shown(path)),
        },
        Err(why) => why,
    };
    warn(session, &format!("the page will not show the checklist: {why}"));
    InGate::Left(why)
}

fn shown_with(report: ChecklistReport, doubt: Option<String>) -> InGate {
    InGate::Shown { report: Box::new(report), doubt }
}

fn report_at(path: &Path) -> Result<ChecklistReport, String> {
    let help = "name the checklist.json that `checklist --report-dir` wrote";
    let text = read_text(path, help).map_err(|error| error.to_string())?;
    read(&text).map_err(|error| format!("{}: {error}", shown(path)))
}

fn warn(session: &Session, words: &str) {
    match session.agent() {
        Some(agent) => agent.issue(Severity::Warning, words),
        None => session.door.say(&format!("warning: {words}")),
    }
}
