//! The labels that a record's head may have beside its status, and what their values may be.
//!
//! A value that is not understood may hide a condition (`Decided: not yet`, `Scope: only if legal agrees`).

use super::remark::{self, DOUBTS};
use super::words::{LONGEST, begins_with_doubt, first_status, plain_words, word_status};
use super::{RecordStatus, empty};

/// What the value of a label is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Status,
    /// A day.
    Day,
    /// Words that have no status and no condition among them: names, tags, references.
    Plain,
    /// Another record, or what it depends on, by number or link.
    Reference,
    /// Whether it is done.
    Done,
    /// A sentence on what is decided, which does not begin as a status or a condition does.
    Text,
}

fn kind(key: &str) -> Option<Kind> {
    Some(match key {
        "status" | "state" => Kind::Status,
        "date" | "decided" | "decision date" | "date decided" | "decided on" | "accepted on"
        | "approved on" | "created" | "created on" | "date created" | "updated" | "last updated"
        | "last modified" | "last revision date" | "modified" | "published" | "reviewed"
        | "last reviewed" | "proposed on" => Kind::Day,
        "deciders" | "decision-makers" | "decision makers" | "decided by" | "approvers" | "approver"
        | "approved by" | "accepted by" | "author" | "authors" | "author(s)" | "written by" | "owner"
        | "owners" | "consulted" | "informed" | "reviewers" | "reviewer" | "reviewed by" | "contributors"
        | "participants" | "stakeholders" | "driver" | "team" | "teams" | "editor" | "editors"
        | "maintainers" | "responsible" | "accountable" | "proposer" | "proposed by" | "sponsor" | "tags"
        | "tag" | "keywords" | "scope" | "area" | "component" | "components" | "affects" | "type"
        | "class" | "category" | "version" | "priority" | "impact" | "domain" | "system" | "service"
        | "product" | "project" | "language" | "milestone" | "release" | "id" | "number" | "adr" | "bdr"
        | "ticket" | "issue" | "pr" | "pull request" | "jira" | "epic" | "work item" | "discussion"
        | "rfc" | "amends" | "amended by" | "related" | "related to" | "related adrs"
        | "related decisions" | "relates to" | "links" | "supersedes" | "superseded by" | "replaces"
        | "replaced by" | "source" | "sources" | "reference" | "references" => Kind::Plain,
        "depends on" => Kind::Reference,
        "implemented" => Kind::Done,
        "title" | "summary" | "description" | "technical story" => Kind::Text,
        _ => return None,
    })
}

/// Whether a label is one of a record's head.
pub(super) fn is_known(key: &str) -> bool {
    kind(key).is_some()
}

pub(super) fn is_status(key: &str) -> bool {
    kind(key) == Some(Kind::Status)
}

/// Symbols that say that something is not so, or not yet.
const BAD_MARKS: [char; 16] =
    ['❌', '✗', '✘', '❎', '✖', '🚫', '⛔', '🛑', '🔴', '🚧', '⏳', '⌛', '❓', '❗', '⚠', '👎'];

/// Whether a label's value takes nothing back of what the record declares.
pub(super) fn is_understood(key: &str, value: &str) -> bool {
    if empty(value) || is_placeholder(value) {
        return true;
    }
    // The head of a table whose columns are labels: `| ADR | Status |`.
    let of_a_table = matches!(value.trim().to_lowercase().as_str(), "status" | "state");
    if of_a_table
        || value.len() > LONGEST
        || value.contains(BAD_MARKS)
        || value.contains("~~")
        || has_element(value)
    {
        return false;
    }
    let words = plain_words(value);
    let plain = || !words.iter().any(|word| takes_back(word));
    match kind(key) {
        Some(Kind::Day) => {
            words.iter().all(|word| is_of_a_date(word))
                && words.iter().any(|word| word.contains(|c: char| c.is_ascii_digit()))
        }
        Some(Kind::Plain) => plain(),
        Some(Kind::Reference) => {
            plain() && (value.contains("](") || value.contains(|c: char| c.is_ascii_digit()))
        }
        Some(Kind::Done) => {
            matches!(
                words.join(" ").as_str(),
                "yes" | "no" | "not yet" | "in progress" | "partially" | "partly"
            ) || plain()
        }
        Some(Kind::Text) => {
            let begins = first_status(value).is_some_and(|status| status != RecordStatus::Accepted);
            !begins && !begins_with_doubt(value)
        }
        Some(Kind::Status) | None => false,
    }
}

/// Whether there is an element of HTML in a text, which may go on behind it. `<ada@example.com>` is none.
fn has_element(text: &str) -> bool {
    text.split('<').skip(1).any(|part| {
        let inner = part.split('>').next().unwrap_or_default();
        !inner.contains('@') && !inner.contains("://")
    })
}

fn takes_back(word: &str) -> bool {
    DOUBTS.contains(&word) || word_status(word).is_some_and(|status| status != RecordStatus::Accepted)
}

fn is_of_a_date(word: &str) -> bool {
    const BESIDE: [&str; 17] = [
        "on", "at", "last", "updated", "revised", "created", "utc", "z", "am", "pm", "mon", "tue", "wed",
        "thu", "fri", "sat", "sun",
    ];
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    (word.starts_with(|c: char| c.is_ascii_digit()) && word.len() <= 14)
        || remark::MONTHS.contains(&word)
        || BESIDE.contains(&word)
        || DAYS.contains(&word)
        // `2026-01-02 (accepted)`
        || word_status(word) == Some(RecordStatus::Accepted)
}

/// What the templates of MADR and log4brains have in the place of a value that nobody gave.
fn is_placeholder(value: &str) -> bool {
    const STARTS: [&str; 9] = [
        "yyyy-mm-dd",
        "list everyone involved",
        "list everyone who",
        "list everybody involved",
        "list everybody who",
        "space and/or comma separated list of tags",
        "description | ticket/issue url",
        "description and/or ticket/issue url",
        "comma-separated list",
    ];
    let lower = value.trim().to_lowercase();
    let inner = ["[", "{"].iter().find_map(|open| lower.strip_prefix(open));
    // Of one bracket alone, so that nothing else stands behind it.
    inner.is_some_and(|inner| {
        STARTS.iter().any(|start| inner.starts_with(start))
            && inner.trim_end_matches([']', '}']).find([']', '}', '[', '{']).is_none()
            && inner.ends_with([']', '}'])
            && !inner.contains(" if ")
            && inner.len() <= 120
    })
}
