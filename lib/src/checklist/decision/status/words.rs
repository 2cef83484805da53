//! The words of a status.

use super::names;
use super::remark::{self, DOUBTS};
use super::{RecordStatus, short};

/// A status goes on for so many bytes at most: what is longer is a text, and not understood.
pub(super) const LONGEST: usize = 2_000;
/// So much of a line is looked at to see what it begins with.
const START: usize = 300;

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
    let unknown = || Some(RecordStatus::Unknown(short(text)));
    if text.len() > LONGEST {
        return unknown();
    }
    let bare = undecorated(text, Links::Shown);
    if bare.trim().is_empty() {
        return if is_plain(text) { None } else { unknown() };
    }
    // The choices of a template that nobody made: `{proposed | rejected | accepted}`, `<status>`.
    // Nor what is struck through into the next line.
    if bare.contains(['|', '{', '?', '<', '~']) || bare.contains(" / ") {
        return unknown();
    }
    let steps = steps(&bare);
    let words = words_of(steps.last().copied().unwrap_or_default());
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
    let marked = undecorated(text, Links::Marked);
    if !is_plain(text) || !self::steps(&marked).iter().all(|step| is_step(step)) {
        return unknown();
    }
    Some(status)
}

/// Whether a text is a status, and everything that stands with it is understood.
fn is_step(text: &str) -> bool {
    let begins = text
        .trim_start_matches(|c: char| c.is_whitespace() || GOOD_MARKS.contains(&c))
        .starts_with(|c: char| c.is_alphanumeric() || matches!(c, '(' | '['));
    let words = words_of(text);
    begins
        && words.first().is_some_and(|word| word_status(word).is_some())
        && !words.iter().skip(1).any(|word| DOUBTS.contains(&word.as_str()))
        && remark::is_understood(text)
}

/// Whether a text beside a status is understood by itself: a day, who decided, other records.
pub(super) fn stands_beside(text: &str) -> bool {
    let marked = undecorated(beginning(text, LONGEST), Links::Marked);
    let doubtful = words_of(&marked).iter().any(|word| DOUBTS.contains(&word.as_str()));
    text.len() <= LONGEST
        && !marked.contains(['|', '{', '?', '<', '~'])
        && !doubtful
        && is_plain(text)
        && remark::stands_beside(&marked)
}

/// The status whose word a text begins with, whatever follows.
pub(super) fn first_status(text: &str) -> Option<RecordStatus> {
    first_words(text).first().and_then(|word| word_status(word))
}

/// Whether a text begins with a word of a status, whatever follows.
pub(super) fn begins_with_status(text: &str) -> bool {
    first_status(text).is_some()
}

/// Whether a text begins as a condition does: `Pending …`, `Subject to …`, `Not yet …`, `On hold`.
pub(super) fn begins_with_doubt(text: &str) -> bool {
    let words = first_words(text);
    let doubt = |word: &String| DOUBTS.contains(&word.as_str());
    words.first().is_some_and(doubt)
        || (words.first().is_some_and(|first| first == "on") && words.get(1).is_some_and(doubt))
}

/// The words that a text is made of, in small letters; links to records and pull requests are left out.
pub(super) fn plain_words(text: &str) -> Vec<String> {
    words_of(&undecorated(beginning(text, LONGEST), Links::Marked))
}

fn first_words(text: &str) -> Vec<String> {
    words_of(&undecorated(beginning(text.trim_start(), START), Links::Shown))
}

fn beginning(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

/// `Proposed -> Accepted`: what it was, and what came of it.
fn steps(text: &str) -> Vec<&str> {
    text.split('→').flat_map(|part| part.split("->")).flat_map(|part| part.split("=>")).collect()
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

/// Whether a text has no mark that may take an acceptance back: a symbol, a footnote.
pub(super) fn is_plain(text: &str) -> bool {
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
    /// A reference where they lead to a record or a pull request, else what they show.
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
                let url = after.get(label.len()..).unwrap_or_default();
                let kept = links == Links::Shown || !is_reference(label, url);
                shown.push_str(if kept { label } else { remark::REFERENCE });
                // What stands at another place of a text may be anything.
                if links == Links::Marked && url.starts_with("](#") {
                    shown.push_str(" elsewhere ");
                }
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
        shown.split_whitespace().filter(|word| !is_emoji_name(word)).map(without_address).collect();
    let joined = words.join(" ");
    joined.chars().filter(|c| !matches!(c, '*' | '`' | '"' | '“' | '”' | '_')).collect::<String>()
}

/// What stands behind the address with which a word begins; a word that is no address is left as it is.
fn without_address(word: &str) -> &str {
    let bare = word.trim_start_matches(['(', '<', '[']);
    if !bare.starts_with("https://") && !bare.starts_with("http://") {
        return word;
    }
    bare.find([')', '>', ']', ',', ';']).and_then(|end| bare.get(end + 1..)).unwrap_or_default()
}

/// Whether a link leads to another record, a pull request or a work item. The title of a numbered record may have any words.
fn is_reference(label: &str, target: &str) -> bool {
    let url = target.trim_start_matches("](").split(')').next().unwrap_or_default().trim().to_lowercase();
    if label.contains(['[', ']']) || url.contains('#') {
        return false;
    }
    let words = words_of(label);
    let file = url.split('?').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let document = [".md", ".markdown", ".adoc", ".rst", ".html"].iter().any(|end| file.ends_with(end));
    let number = |word: &String| word.chars().all(|c| c.is_ascii_digit());
    let kind = |word: &String| {
        let name = word.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-');
        matches!(name, "adr" | "bdr" | "rfc" | "pr" | "mr")
    };
    let numbered = match words.as_slice() {
        [first, ..] if number(first) => true,
        [first, ..] if kind(first) && first.chars().any(|c| c.is_ascii_digit()) => true,
        [first, second, ..] => kind(first) && number(second),
        _ => false,
    };
    let numbered_file =
        file.starts_with(|c: char| c.is_ascii_digit()) || file.starts_with("adr") || file.starts_with("bdr");
    let asked = ["/pull/", "/pullrequest/", "/issues/", "/merge_requests/", "/_workitems/"];
    let known = (document && numbered_file) || asked.iter().any(|part| url.contains(part));
    (numbered && (document || url.contains("://")))
        || (known
            && !words.iter().any(|word| names::says_otherwise(word))
            && !words.first().is_some_and(|word| words.len() == 1 && names::acts(word))
            && !words.is_empty()
            && !remark::is_day(&words))
}
