//! `replay`: the same decision, from the journal.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::Path;

use runbook_gate::gate::Outcome;
use runbook_gate::journal::{self, Line, Reader};
use runbook_gate::policy::{Policy, Purpose};
use runbook_gate::report::ReportContext;
use runbook_gate::report::checklist::InGate;

use super::arguments::{PolicyArguments, ReplayArguments};
use super::outcome::{Junit, Publication, publish};
use super::{Exit, Failure, load};
use crate::files::{ReportFolder, plain, shown};
use crate::session::Session;

/// Feeds a journal to the gate.
pub fn run(session: &Session, arguments: &ReplayArguments) -> Result<Exit, Failure> {
    let folder = match &arguments.report_dir {
        Some(path) => {
            let folder = ReportFolder::open(path).map_err(Failure::input)?;
            folder.clear_reports().map_err(Failure::input)?;
            Some(folder)
        }
        None => None,
    };
    let (policy, journal) = open(session, &arguments.policy, &arguments.journal)?;
    let outcome = replayed(session, &policy, journal, &arguments.journal)?;
    let publication = Publication {
        folder: folder.as_ref(),
        junit: Junit::of_flag(arguments.junit),
        checklist: &InGate::Absent,
        format: arguments.format,
    };
    Ok(publish(session, &outcome, &context(&policy, String::new()), &publication))
}

/// What a report of this policy's gate says beside its outcome.
pub fn context(policy: &Policy, replay_command: String) -> ReportContext {
    ReportContext {
        service: policy.service().to_owned(),
        policy_file: policy.file_name().to_owned(),
        enforcement: policy.environment().enforcement(),
        replay_command,
        ..ReportContext::default()
    }
}

/// Opens a journal, and the policy for the environment that it names.
///
/// # Errors
/// Where one of them cannot be read or used.
pub fn open(session: &Session, given: &PolicyArguments, journal: &Path) -> Result<(Policy, File), Failure> {
    let file = load::file(session, given)?;
    let path = shown(journal);
    let unreadable = |error: &std::io::Error| {
        Failure::Input(format!(
            "cannot read the journal {path}: {}; name a journal that `verify --report-dir` wrote",
            plain(error)
        ))
    };
    let mut journal = File::open(journal).map_err(|error| unreadable(&error))?;
    if journal.metadata().map_err(|error| unreadable(&error))?.is_dir() {
        return Err(Failure::Input(format!("{path} is a folder; name the journal in it")));
    }
    let start = Reader::new(BufReader::new(&journal)).next().and_then(Result::ok).map(|(_, line)| line);
    journal.seek(SeekFrom::Start(0)).map_err(|error| unreadable(&error))?;
    let (environment, sha256) = match &start {
        Some(Line::Start { environment, policy_sha256, .. }) => {
            (Some(environment.as_str()).filter(|name| !name.is_empty()), policy_sha256.as_str())
        }
        _ => (None, ""),
    };
    let chosen = given.environment.as_deref().or(environment);
    let policy = load::resolve(session, given, &file, chosen, Purpose::Judge)?;
    if !sha256.is_empty() && sha256 != policy.sha256() {
        session.door.say(&format!(
            "warning: {} is not the policy that this journal was written with; the decision may differ",
            policy.file_name()
        ));
    }
    Ok((policy, journal))
}

/// What a journal comes to by a policy.
///
/// # Errors
/// Where it cannot be replayed.
pub fn replayed(session: &Session, policy: &Policy, journal: File, path: &Path) -> Result<Outcome, Failure> {
    let path = shown(path);
    let replayed = journal::replay(policy.gate().clone(), BufReader::with_capacity(1 << 16, journal))
        .map_err(|error| Failure::Input(format!("{path}: {error}")))?;
    if let Some(torn) = &replayed.torn {
        session.door.say(&format!("warning: {path}: {torn}"));
    }
    Ok(replayed.outcome)
}
