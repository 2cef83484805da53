//! What may follow the word of a decision without taking it back: a day, a version, who decided, what it amends.
//!
//! The grammar is closed. Names alone are open, and there [`DOUBTS`] stand against words that are none.

use super::words::word_status;

/// What takes a decision back, puts it off or makes it somebody's wish, wherever it stands.
pub(super) const DOUBTS: [&str; 87] = [
    "after",
    "against",
    "almost",
    "anybody",
    "anyone",
    "assuming",
    "awaiting",
    "before",
    "but",
    "cancel",
    "caveat",
    "caveats",
    "condition",
    "conditional",
    "conditionally",
    "conditions",
    "contingent",
    "could",
    "decline",
    "defer",
    "deferred",
    "depending",
    "depends",
    "draft",
    "except",
    "expected",
    "hold",
    "if",
    "informally",
    "interim",
    "later",
    "maybe",
    "might",
    "must",
    "needs",
    "neither",
    "never",
    "no",
    "nobody",
    "none",
    "noone",
    "nor",
    "not",
    "nowhere",
    "objection",
    "objections",
    "once",
    "only",
    "or",
    "outstanding",
    "partial",
    "partially",
    "partly",
    "pending",
    "perhaps",
    "planned",
    "postpone",
    "postponed",
    "preliminary",
    "principle",
    "probably",
    "provided",
    "provisional",
    "provisionally",
    "reject",
    "rejecting",
    "reservation",
    "reservations",
    "scheduled",
    "should",
    "somebody",
    "soon",
    "subject",
    "tbc",
    "tbd",
    "temporarily",
    "temporary",
    "tentative",
    "tentatively",
    "unknown",
    "unless",
    "until",
    "veto",
    "waiting",
    "when",
    "with",
    "wip",
];
/// Words that make of `by …` a deadline.
const DEADLINES: [&str; 16] = [
    "end",
    "next",
    "week",
    "month",
    "quarter",
    "year",
    "today",
    "tomorrow",
    "eod",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];
/// What stands before a reference to another record.
const RELATIONS: [&str; 16] = [
    "supersedes",
    "replaces",
    "amends",
    "amended",
    "clarifies",
    "clarified",
    "related",
    "relates",
    "extends",
    "extended",
    "refines",
    "refined",
    "updates",
    "updated",
    "implements",
    "see",
];
/// What may stand beside the number of a reference.
const BESIDE_A_NUMBER: [&str; 13] =
    ["adr", "adrs", "bdr", "bdrs", "rfc", "record", "records", "by", "to", "also", "and", "the", "issue"];
/// A body that decides, at the end of its name.
const BODIES: [&str; 9] =
    ["board", "committee", "council", "forum", "group", "guild", "meeting", "panel", "team"];
/// What the name of a body is made of.
const OF_BODIES: [&str; 22] = [
    "the",
    "adr",
    "bdr",
    "adrs",
    "advisory",
    "architecture",
    "architectural",
    "business",
    "change",
    "data",
    "decision",
    "design",
    "engineering",
    "enterprise",
    "platform",
    "product",
    "review",
    "security",
    "software",
    "solution",
    "steering",
    "technical",
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
/// What stands for a link to something else.
pub(super) const REFERENCE: &str = " ref0 ";

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
        // `by Ada, Bob and Cleo`
        if !(follows(&lower) || names && words.iter().all(|word| is_name(word))) {
            return false;
        }
        names |= lower.iter().any(|word| word == "by");
    }
    true
}

/// The parts of a text between its punctuation; `v1.2` and `2026-01-02` stay whole.
fn clauses(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split([',', ';', ':', '(', ')', '[', ']', '–', '—', '!', '"']);
    parts.flat_map(|part| part.split(". ")).flat_map(|part| part.split(" - "))
}

fn follows(words: &[String]) -> bool {
    let Some((first, rest)) = words.split_first() else { return true };
    match first.as_str() {
        "and" => !rest.is_empty() && follows(rest),
        "by" => decided_by(rest),
        "as" => rest.split_first().is_some_and(|(of, when)| of == "of" && dated(when)),
        "on" | "in" | "at" | "since" | "from" => dated(rest),
        "implemented" | "reviewed" => follows(rest),
        "proposed" | "drafted" => !rest.is_empty() && follows(rest),
        word if RELATIONS.contains(&word) => refers(rest),
        _ => dated(words) || is_body(words),
    }
}

/// A day or a version, and what follows it.
fn dated(words: &[String]) -> bool {
    let version = |word: &&String| {
        word.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let length = match words.first() {
        // `v1.2`: its parts are words of their own.
        Some(first) if version(&first) => 1 + words.iter().skip(1).take_while(|word| is_number(word)).count(),
        _ => words.iter().take_while(|word| is_of_a_day(word)).count(),
    };
    let (when, rest) = words.split_at(length);
    (when.first().is_some_and(|first| version(&first)) || is_day(when)) && follows(rest)
}

/// Whether words are a day, or a month: `2026-01-02`, `1 May 2024`, `May`.
pub(super) fn is_day(words: &[String]) -> bool {
    let of_a_year = |word: &String| {
        let digits: String = word.chars().take_while(char::is_ascii_digit).collect();
        digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"))
    };
    !words.is_empty()
        && words.iter().all(|word| is_of_a_day(word))
        && words.iter().any(|word| of_a_year(word) || MONTHS.contains(&word.as_str()))
}

fn is_of_a_day(word: &str) -> bool {
    let ordinal = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
    MONTHS.contains(&word) || is_number(ordinal)
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit()) && word.chars().all(|c| c.is_ascii_digit() || c == '-')
}

/// Who decided, and what follows.
fn decided_by(words: &[String]) -> bool {
    let end = words
        .iter()
        .position(|word| matches!(word.as_str(), "on" | "in" | "at" | "since" | "as"))
        .unwrap_or(words.len());
    let (who, rest) = words.split_at(end);
    let somebody = |word: &String| {
        !word.starts_with(|c: char| c.is_ascii_digit())
            && !DEADLINES.contains(&word.as_str())
            && word_status(word).is_none()
    };
    let month = who.len() == 1 && who.iter().any(|word| MONTHS.contains(&word.as_str()));
    !who.is_empty() && !month && who.iter().all(somebody) && follows(rest)
}

/// Other records: their numbers, or links.
fn refers(words: &[String]) -> bool {
    let numbered = |word: &String| word.chars().any(|c| c.is_ascii_digit());
    words.iter().any(numbered)
        && words.iter().all(|word| numbered(word) || BESIDE_A_NUMBER.contains(&word.as_str()))
}

/// `ADR board`, `the architecture review board`: who decided, in brackets.
fn is_body(words: &[String]) -> bool {
    words.split_last().is_some_and(|(last, name)| {
        BODIES.contains(&last.as_str()) && name.iter().all(|word| OF_BODIES.contains(&word.as_str()))
    })
}

fn is_name(word: &str) -> bool {
    word == "and" || word.starts_with(char::is_uppercase)
}
