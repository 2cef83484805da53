//! The decisions that are attached to runs: found by their type, read, and kept where they are of one service in one environment.

use crate::Timestamp;
use crate::checklist::{Gap, Who};
use crate::devops::call::Call;
use crate::devops::client::{Answer, Client};
use crate::devops::failure::DevOpsError;
use crate::devops::runs::{self, Attachment};
use crate::devops::verdict::ATTACHMENT;
use crate::rollback::{Profile, Release, VerdictRecord};

/// A run has no more decisions than this: one for each environment, stage and try.
const MOST: usize = 64;

/// The decisions of one run, or why they are not known.
pub(super) type Decisions = Result<Vec<VerdictRecord>, Gap>;

/// Which decisions count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'s> {
    pub service: &'s str,
    pub environment: &'s str,
}

/// Asks which decisions a run has.
pub(super) fn listed(run: u64) -> Call {
    runs::attachments(run, ATTACHMENT)
}

/// Reads the decisions of runs, all side by side, from the lists of what is attached to them.
pub(super) fn read(
    client: &Client<'_>,
    subject: Subject<'_>,
    lists: Vec<(u64, Result<Vec<Attachment>, DevOpsError>)>,
) -> Vec<Decisions> {
    let asked: Vec<Result<(u64, Vec<Call>), Gap>> =
        lists.into_iter().map(|(run, list)| Ok((run, contents(run, list)?))).collect();
    let calls: Vec<Call> = asked.iter().flatten().flat_map(|(_, calls)| calls.iter().cloned()).collect();
    let mut answers = client.send_all(&calls).into_iter();
    asked
        .into_iter()
        .map(|asked| {
            let (run, calls) = asked?;
            let answers: Vec<_> = answers.by_ref().take(calls.len()).collect();
            of_run(run, subject, answers)
        })
        .collect()
}

/// What has to be asked to read them.
fn contents(run: u64, list: Result<Vec<Attachment>, DevOpsError>) -> Result<Vec<Call>, Gap> {
    let list = list.map_err(|error| error.gap())?;
    if list.len() > MOST {
        return Err(unreadable(run, &format!("it has more than {MOST} of them")));
    }
    list.iter()
        .map(|attachment| {
            runs::attachment(run, ATTACHMENT, attachment)
                .ok_or_else(|| unreadable(run, "the service does not say where one of them is"))
        })
        .collect()
}

fn of_run(run: u64, subject: Subject<'_>, answers: Vec<Result<Answer, DevOpsError>>) -> Decisions {
    let mut found = Vec::new();
    for answer in answers {
        let bytes = answer.map_err(|error| error.gap())?.into_bytes();
        // One that cannot be read may be of this environment, and the newest.
        let record = VerdictRecord::read(String::from_utf8_lossy(&bytes).trim())
            .map_err(|error| unreadable(run, &error.to_string()))?;
        // What was attached again in another run proves nothing of it.
        let here = record.judged_in == Some(run);
        if here && record.service == subject.service && record.environment == subject.environment {
            found.push(record);
        }
    }
    Ok(found)
}

fn unreadable(run: u64, why: &str) -> Gap {
    Gap::new(
        format!("the decisions that are attached to run {run} cannot be read: {why}"),
        Who::PipelineOwner,
        "see the log of its gate",
    )
}

/// The version that a decision is about, where `own` is what its run deployed; `None` where it does not say.
pub(super) fn about(record: &VerdictRecord, own: &Release) -> Option<Release> {
    match (record.profile, record.release.run) {
        (Profile::Deployment, Some(run)) if Some(run) != record.judged_in => Some(record.release.clone()),
        (Profile::Deployment, _) => Some(own.clone()),
        // A rollback that names its own run did not say what it deployed again.
        (Profile::Rollback, Some(run)) if Some(run) == record.judged_in => None,
        (Profile::Rollback, None) if record.release == Release::default() => None,
        (Profile::Rollback, _) => Some(record.release.clone()),
    }
}

/// The newest decision. One without a time counts as the newest where it is no proof, else as the oldest.
pub(super) fn newest<'r>(records: impl Iterator<Item = &'r VerdictRecord>) -> Option<&'r VerdictRecord> {
    let (first, last) = (Timestamp::from_nanos(i64::MIN), Timestamp::from_nanos(i64::MAX));
    records.max_by_key(|record| {
        let unknown = if record.proves_good() { first } else { last };
        (record.decided_at.unwrap_or(unknown), !record.proves_good())
    })
}
