//! What may follow the word of a decision without taking it back: a day, a place, who decided, what it amends.

use super::word_status;

/// What takes a decision back, puts it off or makes it somebody's wish, wherever it stands.
const DOUBTS: [&str; 33] = [
    "no",
    "nobody",
    "none",
    "noone",
    "nowhere",
    "anybody",
    "anyone",
    "neither",
    "nor",
    "yet",
    "to",
    "against",
    "reject",
    "rejecting",
    "decline",
    "postpone",
    "postponed",
    "defer",
    "deferred",
    "withdraw",
    "cancel",
    "but",
    "except",
    "without",
    "only",
    "partially",
    "partly",
    "later",
    "tbd",
    "waiting",
    "when",
    "unknown",
    "somebody",
];
/// What begins a remark on other records, or on what became of this one.
const REMARKS: [&str; 19] = [
    "supersedes",
    "replaces",
    "amends",
    "amended",
    "clarifies",
    "clarified",
    "related",
    "extends",
    "extended",
    "refines",
    "refined",
    "updates",
    "updated",
    "proposed",
    "drafted",
    "reviewed",
    "implements",
    "implemented",
    "see",
];
const MONTHS: [&str; 23] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "jan",
    "feb",
    "mar",
    "apr",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
];

/// Whether everything that follows the first word of a status is understood, and takes nothing of it back.
pub(super) fn is_understood(status: &str) -> bool {
    let status = status.trim_start_matches(|c: char| !c.is_alphanumeric());
    let rest = status.trim_start_matches(|c: char| c.is_alphanumeric() || matches!(c, '-' | '\''));
    let mut names = false;
    for clause in clauses(rest) {
        let words: Vec<&str> = clause
            .split(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '\''))
            .filter(|word| word.chars().any(char::is_alphanumeric))
            .collect();
        let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        if lower.iter().any(|word| DOUBTS.contains(word)) {
            return false;
        }
        // `by Ada, Bob and Cleo`
        if !(remark(&lower) || names && words.iter().all(|word| is_name(word))) {
            return false;
        }
        names |= lower.contains(&"by");
    }
    true
}

/// The parts of a text between its punctuation; `v1.2` and `2026-01-02` stay whole.
fn clauses(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split([',', ';', ':', '(', ')', '[', ']', '–', '—', '!', '"']);
    parts.flat_map(|part| part.split(". ")).flat_map(|part| part.split(" - "))
}

fn remark(words: &[&str]) -> bool {
    let dated = words.iter().take_while(|word| is_of_a_day(word)).count();
    let (day, rest) = words.split_at(dated);
    match rest {
        [] => day.is_empty() || has_digit(day),
        ["by", who @ ..] => !who.is_empty() && !who.iter().any(|word| word_status(word).is_some()),
        ["on" | "in" | "at" | "since" | "from" | "for" | "as", when @ ..] => {
            has_digit(when) || when.iter().any(|word| MONTHS.contains(word))
        }
        ["and", more @ ..] => !more.is_empty() && remark(more),
        [first, ..] => REMARKS.contains(first),
    }
}

fn is_of_a_day(word: &str) -> bool {
    MONTHS.contains(&word) || word.starts_with(|c: char| c.is_ascii_digit())
}

fn has_digit(words: &[&str]) -> bool {
    words.iter().any(|word| word.contains(|c: char| c.is_ascii_digit()))
}

fn is_name(word: &str) -> bool {
    word == "and" || word.starts_with(char::is_uppercase)
}
