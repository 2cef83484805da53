//! The checklist's report as JSON, for programs. Versioned with the gate's.

use serde_json::{Value, json};

use super::ChecklistReport;
use crate::checklist::{
    ChangeShown, Evidence, Gathered, ItemOutcome, Place, Vote, Voter, WaiverGiven, WaiverState, When,
};
use crate::report::VERSION;
use crate::report::json::disarmed;

/// The report as one JSON object in one line, without a line end. It is safe to print in a pipeline's log.
#[must_use]
pub fn render(report: &ChecklistReport) -> String {
    let missing: Vec<Value> = report
        .open()
        .iter()
        .flat_map(|item| {
            item.needs.iter().map(|need| {
                json!({ "item": item.id.as_str(), "about": need.about, "what": need.what, "who": need.who.words(), "how": need.how })
            })
        })
        .collect();
    let document = json!({
        "version": VERSION,
        "kind": "checklist",
        "decision": report.decision(),
        "verdict": report.outcome.verdict.as_str(),
        "reason": report.verdict(),
        "service": report.context.service,
        "environment": report.outcome.environment,
        "enforcement": report.enforcement(),
        "deploying": report.outcome.deploying,
        "at": report.outcome.at,
        "commit": report.outcome.commit,
        "run": report.run,
        "repository": report.repository(),
        "missing": missing,
        "items": report.outcome.items.iter().map(item).collect::<Vec<_>>(),
        "changes": report.outcome.changes.as_ref().map(|changes| changes.iter().map(change).collect::<Vec<_>>()),
        "notes": report.notes,
    });
    disarmed(&document.to_string())
}

fn item(item: &ItemOutcome) -> Value {
    json!({
        "id": item.id.as_str(),
        "title": item.title,
        "status": item.status.as_str(),
        "because": item.because,
        "evidence": item.evidence.iter().map(evidence).collect::<Vec<_>>(),
        "needs": item.needs.iter().map(|need| json!({
            "about": need.about, "what": need.what, "who": need.who.words(), "how": need.how,
        })).collect::<Vec<_>>(),
        "waivers": item.waivers.iter().map(|waiver| {
            let (standing, words) = match &waiver.standing {
                WaiverState::Counts(seen) => ("counts", Some(seen)),
                WaiverState::Expired => ("expired", None),
                WaiverState::NotApproved(why) => ("not-approved", Some(why)),
                WaiverState::Unknown(why) => ("unknown", Some(why)),
                WaiverState::NotNeeded => ("not-needed", None),
            };
            json!({
                "reason": waiver.reason, "approved_by": waiver.approved_by, "expires": waiver.expires,
                "standing": standing, "words": words,
                "given": match waiver.given {
                    WaiverGiven::InThePolicy => "in-the-policy",
                    WaiverGiven::AtRunTime => "at-run-time",
                },
            })
        }).collect::<Vec<_>>(),
        "cautions": item.cautions,
        "records": item.records.iter().map(|row| json!({
            "change": row.change, "record": row.record, "status": row.status, "path": row.path,
            "support": row.support.as_str(),
        })).collect::<Vec<_>>(),
        "irreversible": item.irreversible.iter().map(|migration| json!({
            "path": migration.path, "reasons": migration.reasons, "data_plan": migration.data_plan,
        })).collect::<Vec<_>>(),
    })
}

fn change(change: &ChangeShown) -> Value {
    let (_, url, commit) = parted(change.place.as_ref());
    let (votes, unknown) = match &change.votes {
        Gathered::Known(votes) => (Some(votes.iter().map(vote).collect::<Vec<_>>()), None),
        Gathered::Unknown(gap) => (None, Some(&gap.why)),
    };
    json!({
        "name": change.name,
        "kind": change.kind.as_str(),
        "title": change.title,
        "url": url, "commit": commit,
        "author": change.author,
        "votes": votes,
        "votes_unknown": unknown,
    })
}

fn vote(vote: &Vote) -> Value {
    json!({
        "by": vote.by,
        "says": vote.says.as_str(),
        "when": vote.when,
        "own": vote.voter == Voter::Author,
    })
}

/// A place as path, URL and commit, of which one at most is there.
fn parted(place: Option<&Place>) -> (Option<&String>, Option<&String>, Option<&String>) {
    match place {
        Some(Place::Path(path)) => (Some(path), None, None),
        Some(Place::Url(url)) => (None, Some(url), None),
        Some(Place::Commit(id)) => (None, None, Some(id)),
        None => (None, None, None),
    }
}

fn evidence(evidence: &Evidence) -> Value {
    let (path, url, commit) = parted(evidence.place.as_ref());
    let when = evidence.when.as_ref().map(|when| match when {
        When::At(moment) => moment.to_string(),
        When::On(day) => day.clone(),
    });
    json!({
        "support": evidence.support.as_str(),
        "what": evidence.what,
        "path": path, "url": url, "commit": commit,
        "when": when,
        "by": evidence.by,
    })
}
