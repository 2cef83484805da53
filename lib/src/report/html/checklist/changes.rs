//! What is deployed: each pull request with who made and approved it and the records that it links, and each commit that came without.

use askama::Template;

use super::{Markup, View, commit, named, support};
use crate::checklist::{ChangeKind, ChangeShown, Gathered, LinkedRecord, Place, Verdict, VoteSays, Voter};
use crate::report::checklist::ChecklistReport;
use crate::report::checklist::changes::{Approval, counts, heading, records};
use crate::report::html::MOST_ENTRIES;

/// How many people a sentence names.
const MOST_NAMED: usize = 5;

struct Row {
    tone: &'static str,
    word: &'static str,
    name: Markup,
    title: String,
    people: String,
    records: Vec<Record>,
    more: usize,
}

struct Record {
    tone: &'static str,
    status: String,
    what: Markup,
}

#[derive(Template)]
#[template(path = "changes.html")]
struct Changes {
    /// Said once of all of them.
    said: Option<Markup>,
    rows: Vec<Row>,
    more: usize,
    elsewhere: &'static str,
}

/// The heading and the body; the body is empty where nothing is known of changes, or nothing was evaluated.
pub(super) fn section(view: View<'_>) -> (&'static str, Markup) {
    let View { report, room } = view;
    let outcome = &report.outcome;
    let changes = outcome.changes.as_deref().unwrap_or_default();
    let heading = heading(changes);
    if outcome.verdict == Verdict::NotEvaluated || changes.is_empty() {
        return (heading, Markup::default());
    }
    let mut sorted: Vec<(Approval, &ChangeShown)> =
        changes.iter().map(|change| (Approval::of(change), change)).collect();
    sorted.sort_by_key(|(approval, _)| *approval);
    let rows: Vec<Row> =
        sorted.iter().take(room.entries()).map(|(approval, change)| row(report, *approval, change)).collect();
    let gap = changes.iter().find_map(|change| match (change.kind, &change.votes) {
        (ChangeKind::NotKnown, Gathered::Unknown(gap)) => Some(gap),
        _ => None,
    });
    let said = gap.map(|gap| {
        Markup::prose(&format!("Which pull requests brought these commits is not known: {}.", gap.why))
    });
    let more = changes.len().saturating_sub(rows.len());
    (heading, Markup::of(&Changes { said, rows, more, elsewhere: room.elsewhere() }))
}

fn row(report: &ChecklistReport, approval: Approval, change: &ChangeShown) -> Row {
    let tone = match approval {
        Approval::Rejected => "bad",
        Approval::Alone | Approval::NotApproved | Approval::Waiting => "caveat",
        Approval::NotKnown => "silent",
        Approval::Approved => "good",
    };
    let linked = || records(report, change);
    let shown: Vec<Record> = linked().take(MOST_ENTRIES).map(|row| record(report, row)).collect();
    Row {
        tone,
        word: approval.word(),
        name: match &change.place {
            Some(Place::Url(url)) => Markup::link(url, &change.name),
            Some(Place::Commit(id)) => commit(report, id),
            Some(Place::Path(_)) | None => Markup::text(&change.name),
        },
        title: change.title.clone(),
        people: people(change),
        more: linked().count().saturating_sub(shown.len()),
        records: shown,
    }
}

fn record(report: &ChecklistReport, row: &LinkedRecord) -> Record {
    Record { tone: support(row.support).0, status: row.status.clone(), what: named(report, row) }
}

/// Who made it, and who said what of it.
fn people(change: &ChangeShown) -> String {
    let mut parts: Vec<String> = change.author.iter().map(|author| format!("by {author}")).collect();
    match &change.votes {
        Gathered::Known(votes) => {
            for (says, words) in [
                (VoteSays::Rejected, "rejected by"),
                (VoteSays::Approved, "approved by"),
                (VoteSays::Waiting, "waits for"),
            ] {
                let who: Vec<&str> =
                    votes.iter().filter(|vote| counts(vote, says)).map(|vote| vote.by.as_str()).collect();
                if !who.is_empty() {
                    parts.push(format!("{words} {}", names(&who)));
                }
            }
            if votes.iter().any(|vote| vote.says == VoteSays::Approved && vote.voter == Voter::Author) {
                parts.push("its author's own approval counts for nothing".to_owned());
            }
        }
        // Said once of all of them.
        Gathered::Unknown(_) if change.kind == ChangeKind::NotKnown => {}
        Gathered::Unknown(gap) => parts.push(format!("whether it was approved is not known: {}", gap.why)),
    }
    parts.join("; ")
}

fn names(who: &[&str]) -> String {
    let shown = who.get(..MOST_NAMED).unwrap_or(who).join(", ");
    match who.len().saturating_sub(MOST_NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
