//! What may follow the word of a decision without taking it back: a day, a version, who decided, what it amends.
//!
//! The grammar is closed. Names alone are open (see [`super::names`]), and there [`DOUBTS`] stand against words that are none.

use super::names;

/// What takes a decision back, puts it off or makes it somebody's wish, wherever it stands.
pub(super) const DOUBTS: [&str; 132] = [
    "abgelehnt",
    "after",
    "against",
    "almost",
    "annulled",
    "anybody",
    "anyone",
    "assuming",
    "aufgehoben",
    "ausstehend",
    "awaiting",
    "bedingt",
    "before",
    "blocked",
    "but",
    "cancel",
    "caveat",
    "caveats",
    "condition",
    "conditional",
    "conditionally",
    "conditions",
    "contested",
    "contingent",
    "could",
    "decline",
    "defer",
    "deferred",
    "denied",
    "depending",
    "depends",
    "disputed",
    "dissent",
    "dissenting",
    "dissents",
    "draft",
    "erst",
    "except",
    "expected",
    "falls",
    "given",
    "hold",
    "if",
    "informally",
    "interim",
    "kein",
    "keine",
    "later",
    "maybe",
    "might",
    "must",
    "needs",
    "neither",
    "never",
    "nicht",
    "no",
    "nobody",
    "noch",
    "none",
    "noone",
    "nor",
    "not",
    "nowhere",
    "nur",
    "objection",
    "objections",
    "once",
    "only",
    "opposed",
    "or",
    "outstanding",
    "overruled",
    "overturned",
    "partial",
    "partially",
    "partly",
    "paused",
    "pending",
    "perhaps",
    "planned",
    "postpone",
    "postponed",
    "preliminary",
    "principle",
    "probably",
    "provided",
    "provides",
    "providing",
    "provisional",
    "provisionally",
    "refused",
    "reject",
    "rejecting",
    "rescinded",
    "reservation",
    "reservations",
    "scheduled",
    "should",
    "sofern",
    "somebody",
    "soon",
    "subject",
    "suspended",
    "tbc",
    "tbd",
    "temporarily",
    "temporary",
    "tentative",
    "tentatively",
    "unapproved",
    "unconfirmed",
    "undecided",
    "unknown",
    "unless",
    "unratified",
    "unsigned",
    "until",
    "verworfen",
    "veto",
    "vetoed",
    "voided",
    "vorbehalt",
    "vorbehaltlich",
    "vorläufig",
    "waiting",
    "wenn",
    "when",
    "whenever",
    "widerrufen",
    "wip",
    "with",
    "zurückgezogen",
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
const BESIDE_A_NUMBER: [&str; 22] = [
    "adr", "adrs", "bdr", "bdrs", "rfc", "record", "records", "by", "to", "also", "and", "the", "issue",
    "issues", "pr", "prs", "mr", "pull", "merge", "request", "ticket", "ref0",
];
/// What a reference begins with where no relation stands before it.
const REFERENCES: [&str; 10] =
    ["adr", "adrs", "bdr", "bdrs", "rfc", "record", "pr", "pull", "issue", "ticket"];
pub(super) const MONTHS: [&str; 23] = [
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
/// What stands for a link to a record or a pull request.
pub(super) const REFERENCE: &str = " ref0 ";

/// A word of a text, in small letters and as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) lower: String,
    pub(super) written: String,
}

/// What stands before a clause.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Comma,
    Break,
}

/// What a clause ends with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// Somebody's name, which a comma may follow and another name.
    Names,
    Other,
}

/// Whether everything that follows the first word of a status is understood, and takes nothing of it back.
pub(super) fn is_understood(status: &str) -> bool {
    let mut clauses = clauses(status);
    match clauses.iter_mut().find(|(_, words)| !words.is_empty()) {
        Some((_, words)) => {
            words.remove(0);
        }
        None => return false,
    }
    all_follow(&clauses)
}

/// Whether a text that stands beside a status is understood by itself: a day, who decided, other records.
pub(super) fn stands_beside(text: &str) -> bool {
    let clauses = clauses(text);
    clauses.iter().any(|(_, words)| !words.is_empty()) && all_follow(&clauses)
}

fn all_follow(clauses: &[(Mark, Vec<Word>)]) -> bool {
    let mut before = Ending::Other;
    for (mark, words) in clauses.iter().filter(|(_, words)| !words.is_empty()) {
        // `by Ada, Bob and Cleo`
        let more = (before == Ending::Names && *mark == Mark::Comma).then(|| decided_by(words)).flatten();
        match follows(words).or(more) {
            Some(ending) => before = ending,
            None => return false,
        }
    }
    true
}

/// The parts of a text between its punctuation; `v1.2`, `2026-01-02` and `A. Lovelace` stay whole.
fn clauses(text: &str) -> Vec<(Mark, Vec<Word>)> {
    let mut found = vec![(Mark::Break, Vec::new())];
    for chunk in text.split_whitespace() {
        if matches!(chunk, "-" | "–" | "—") {
            found.push((Mark::Break, Vec::new()));
            continue;
        }
        let mut rest = chunk;
        loop {
            let end = rest.find([',', ';', ':', '(', ')', '[', ']', '–', '—', '!', '"']);
            let (piece, mark) = match end {
                Some(end) => (
                    rest.get(..end).unwrap_or_default(),
                    rest.get(end..).and_then(|rest| rest.chars().next()),
                ),
                None => (rest, None),
            };
            let sentence = piece.ends_with('.') && piece.chars().count() > 3;
            if let Some((_, words)) = found.last_mut() {
                words_of_piece(piece, words);
            }
            if sentence {
                found.push((Mark::Break, Vec::new()));
            }
            let Some(mark) = mark else { break };
            found.push((if mark == ',' { Mark::Comma } else { Mark::Break }, Vec::new()));
            rest = rest.get(piece.len() + mark.len_utf8()..).unwrap_or_default();
        }
    }
    found
}

fn words_of_piece(piece: &str, words: &mut Vec<Word>) {
    let word = |written: &str| Word { lower: written.to_lowercase(), written: written.to_owned() };
    if piece.contains('@') {
        words.push(word(piece.trim_matches(['.', '<', '>'])));
    } else if piece == "&" {
        words.push(word("and"));
    } else {
        let parts = piece.split(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '\''));
        words.extend(parts.filter(|part| part.chars().any(char::is_alphanumeric)).map(word));
    }
}

fn follows(words: &[Word]) -> Option<Ending> {
    let Some((first, rest)) = words.split_first() else { return Some(Ending::Other) };
    match first.lower.as_str() {
        "and" if !rest.is_empty() => follows(rest),
        "by" => decided_by(rest),
        "as" => rest.split_first().filter(|(of, _)| of.lower == "of").and_then(|(_, when)| dated(when)),
        "in" => dated(rest).or_else(|| refers(rest)),
        "on" | "at" | "since" | "from" => dated(rest),
        "implemented" | "reviewed" => follows(rest),
        "proposed" | "drafted" if !rest.is_empty() => follows(rest),
        word if RELATIONS.contains(&word) => refers(rest),
        _ => dated(words)
            .or_else(|| is_reference(&first.lower).then(|| refers(words)).flatten())
            .or_else(|| names::is_body(words).then_some(Ending::Other)),
    }
}

/// A day or a version, and what follows it.
fn dated(words: &[Word]) -> Option<Ending> {
    let version = |word: &Word| {
        word.lower.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let length = match words.first() {
        // `v1.2`: its parts are words of their own.
        Some(first) if version(first) => {
            1 + words.iter().skip(1).take_while(|word| is_number(&word.lower)).count()
        }
        _ => words.iter().take_while(|word| is_of_a_day(&word.lower)).count(),
    };
    let (when, rest) = words.split_at(length);
    let lower: Vec<String> = when.iter().map(|word| word.lower.clone()).collect();
    if when.first().is_some_and(version) || is_day(&lower) { follows(rest) } else { None }
}

/// Whether words are a day, or a month: `2026-01-02`, `1 May 2024`, `May`.
pub(super) fn is_day(words: &[String]) -> bool {
    !words.is_empty()
        && words.iter().all(|word| is_of_a_day(word))
        && words.iter().any(|word| year(word).is_some() || MONTHS.contains(&word.as_str()))
}

/// The year that a word is, or begins with.
pub(super) fn year(word: &str) -> Option<&str> {
    let digits =
        word.find(|c: char| !c.is_ascii_digit()).map_or(word, |end| word.get(..end).unwrap_or_default());
    (digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"))).then_some(digits)
}

fn is_of_a_day(word: &str) -> bool {
    let ordinal = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
    MONTHS.contains(&word) || is_number(ordinal)
}

pub(super) fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit()) && word.chars().all(|c| c.is_ascii_digit() || c == '-')
}

/// Who decided, and what follows.
fn decided_by(words: &[Word]) -> Option<Ending> {
    let end = words
        .iter()
        .position(|word| matches!(word.lower.as_str(), "on" | "in" | "at" | "since" | "as"))
        .unwrap_or(words.len());
    let (who, rest) = words.split_at(end);
    if !names::are_names(who) {
        return None;
    }
    if rest.is_empty() { Some(Ending::Names) } else { follows(rest) }
}

/// Other records: their numbers, or links.
fn refers(words: &[Word]) -> Option<Ending> {
    let numbered = |word: &Word| {
        is_reference(&word.lower) && word.lower.chars().any(|c| c.is_ascii_digit()) || is_number(&word.lower)
    };
    let known = |word: &Word| numbered(word) || BESIDE_A_NUMBER.contains(&word.lower.as_str());
    (words.iter().any(numbered) && words.iter().all(known)).then_some(Ending::Other)
}

/// `adr`, `adr-7`, `pr12`, `0007-use-x`, what stands for a link.
fn is_reference(word: &str) -> bool {
    let bare = word.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-');
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let name =
        digits >= 3 && word.get(digits..digits + 1) == Some("-") && word.chars().any(char::is_alphabetic);
    word == "ref0" || REFERENCES.contains(&bare) || name
}
