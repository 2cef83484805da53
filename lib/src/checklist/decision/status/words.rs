//! The words of a status.

use super::remark::{self, DOUBTS};
use super::{RecordStatus, short};

pub(super) const BY: [&str; 4] = ["superseded by", "superseded-by", "superceded by", "replaced by"];

/// What stands after the first of `marks`, in the text as written. `lower` is the text in small letters.
pub(super) fn after_any<'t>(lower: &str, text: &'t str, marks: &[&str]) -> Option<&'t str> {
    // Small letters may be longer or shorter than the text's own; then there is no safe place to cut.
    if lower.len() != text.len() {
        return None;
    }
    marks.iter().find_map(|mark| {
        let at = lower.find(mark)?;
        text.get(at + mark.len()..).map(|rest| rest.trim_start_matches([':', ' ']))
    })
}

/// The status that a text declares; `None` where it declares nothing at all.
pub(super) fn read(text: &str) -> Option<RecordStatus> {
    let bare = undecorated(text, Links::Shown);
    if bare.trim().is_empty() {
        return None;
    }
    let unknown = || Some(RecordStatus::Unknown(short(text)));
    // The choices of a template that nobody made: `{proposed | rejected | accepted}`, `<status>`.
    // Nor what is struck through into the next line.
    if bare.contains(['|', '{', '?', '<', '~']) || bare.contains(" / ") {
        return unknown();
    }
    let last = after_arrows(&bare);
    let words = words_of(last);
    let lower = words.join(" ");
    if BY.iter().any(|mark| lower.contains(mark)) {
        return Some(RecordStatus::Superseded);
    }
    let Some(status) = words.first().and_then(|word| word_status(word)) else { return unknown() };
    if status != RecordStatus::Accepted {
        return Some(status);
    }
    // `Accepted, deprecated by …`: what ends a decision wins over what began it.
    let ended = words.iter().skip(1).filter_map(|word| word_status(word)).find(|other| {
        matches!(other, RecordStatus::Rejected | RecordStatus::Deprecated | RecordStatus::Superseded)
    });
    if let Some(ended) = ended {
        return Some(ended);
    }
    let doubtful = words.iter().any(|word| DOUBTS.contains(&word.as_str()));
    let marked = undecorated(text, Links::Marked);
    if doubtful || !is_plain(text) || !remark::is_understood(after_arrows(&marked)) {
        return unknown();
    }
    Some(status)
}

/// Whether a text begins with a word of a status, whatever follows.
pub(super) fn begins_with_status(text: &str) -> bool {
    words_of(&undecorated(text, Links::Shown)).first().is_some_and(|word| word_status(word).is_some())
}

/// Whether a text begins as a condition does: `Pending …`, `Subject to …`, `Not yet …`, `On hold`.
pub(super) fn begins_with_doubt(text: &str) -> bool {
    let words = words_of(&undecorated(text, Links::Shown));
    words.iter().take(2).any(|word| DOUBTS.contains(&word.as_str()))
}

/// `Proposed -> Accepted`: what came of it.
fn after_arrows(text: &str) -> &str {
    ["→", "->", "=>"].iter().fold(text, |rest, arrow| rest.rsplit(arrow).next().unwrap_or(rest))
}

fn words_of(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '\'')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

pub(super) fn word_status(word: &str) -> Option<RecordStatus> {
    Some(match word {
        "draft" | "wip" => RecordStatus::Draft,
        "proposed" | "proposal" | "pending" | "open" => RecordStatus::Proposed,
        "accepted" | "approved" | "adopted" | "decided" | "agreed" => RecordStatus::Accepted,
        "rejected" | "declined" | "withdrawn" | "abandoned" | "cancelled" | "canceled" => {
            RecordStatus::Rejected
        }
        "deprecated" | "obsolete" | "retired" | "revoked" | "reverted" | "expired" | "archived" => {
            RecordStatus::Deprecated
        }
        "superseded" | "superceded" | "replaced" => RecordStatus::Superseded,
        _ => return None,
    })
}

/// Marks that people set beside an acceptance. Others (a cross, a building site, an hourglass) may say that it is none.
const GOOD_MARKS: [char; 12] = ['✅', '✔', '☑', '✓', '🟢', '👍', '🎉', '\u{fe0f}', '→', '–', '—', '№'];
const GOOD_NAMES: [&str; 8] = [
    ":white_check_mark:",
    ":heavy_check_mark:",
    ":ballot_box_with_check:",
    ":green_circle:",
    ":large_green_circle:",
    ":thumbsup:",
    ":+1:",
    ":tada:",
];

/// Whether an acceptance has no mark that may take it back: a symbol, a footnote.
fn is_plain(text: &str) -> bool {
    let known = |c: char| {
        c.is_alphanumeric()
            || c.is_whitespace()
            || (c.is_ascii_punctuation() && c != '^')
            || GOOD_MARKS.contains(&c)
            || matches!(c, '“' | '”' | '‘' | '’')
    };
    let names = text.split_whitespace().filter(|word| is_emoji_name(word));
    text.chars().all(known)
        && names.into_iter().all(|name| GOOD_NAMES.contains(&name))
        && text.matches('*').count().is_multiple_of(2)
}

fn is_emoji_name(word: &str) -> bool {
    word.len() > 2 && word.starts_with(':') && word.ends_with(':')
}

/// What a link counts as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Links {
    /// What it shows.
    Shown,
    /// A reference, unless it shows the status itself or a day.
    Marked,
}

/// A text without emphasis, what is struck through, badges, emoji names and quotes.
fn undecorated(text: &str, links: Links) -> String {
    let mut rest = text.trim().to_owned();
    // `~~Proposed~~ Accepted`
    while let Some(start) = rest.find("~~") {
        let Some(end) = rest.get(start + 2..).and_then(|after| after.find("~~")) else { break };
        rest.replace_range(start..start + 2 + end + 2, " ");
    }
    // `![Accepted](https://img.shields.io/…)`, `[Accepted](link)`: what is shown.
    let mut shown = String::new();
    let mut left = rest.as_str();
    while let Some((before, after)) = left.split_once('[') {
        match after.split_once("](").and_then(|(label, url)| Some((label, url.split_once(')')?.1))) {
            Some((label, next)) => {
                shown.push_str(before.trim_end_matches('!'));
                let label = label.trim_start_matches(['!', '[']);
                let first = words_of(label);
                let itself = first.first().is_some_and(|word| word_status(word).is_some());
                let kept = links == Links::Shown || itself || remark::is_day(&first);
                shown.push_str(if kept { label } else { remark::REFERENCE });
                // A badge that is a link has an address of its own behind it.
                left = next
                    .strip_prefix("](")
                    .and_then(|rest| rest.split_once(')'))
                    .map_or(next, |(_, rest)| rest);
            }
            None => {
                shown.push_str(before);
                left = after;
            }
        }
    }
    shown.push_str(left);
    let words: Vec<&str> =
        shown.split_whitespace().filter(|word| !is_emoji_name(word) && !word.contains("://")).collect();
    let joined = words.join(" ");
    joined.chars().filter(|c| !matches!(c, '*' | '`' | '"' | '“' | '”' | '_' | '!')).collect::<String>()
}
