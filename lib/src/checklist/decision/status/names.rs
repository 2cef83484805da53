//! Who decided: `Ada Lovelace`, `A. Lovelace`, `@ada`, `ada@example.com`, `the architecture board`.
//!
//! A name is any capitalised word, so words that say the contrary of a decision are told from names by lists and by their endings.

use super::remark::{DOUBTS, MONTHS, Word};
use super::words::word_status;

/// Words that make of `by …` a deadline.
const DEADLINES: [&str; 17] = [
    "end",
    "next",
    "week",
    "month",
    "quarter",
    "year",
    "today",
    "tomorrow",
    "tonight",
    "eod",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];
/// Who decides without a name of their own, at the end of a body's name or alone.
const BODIES: [&str; 30] = [
    "all",
    "arb",
    "architect",
    "architects",
    "board",
    "ceo",
    "cio",
    "ciso",
    "committee",
    "consensus",
    "council",
    "cto",
    "everybody",
    "everyone",
    "forum",
    "group",
    "guild",
    "lead",
    "leads",
    "maintainer",
    "maintainers",
    "meeting",
    "owner",
    "owners",
    "panel",
    "stakeholders",
    "team",
    "teams",
    "vote",
    "workgroup",
];
/// What the name of a body is made of.
const OF_BODIES: [&str; 30] = [
    "the",
    "our",
    "of",
    "for",
    "adr",
    "bdr",
    "adrs",
    "advisory",
    "architecture",
    "architectural",
    "business",
    "change",
    "core",
    "data",
    "decision",
    "design",
    "development",
    "engineering",
    "enterprise",
    "it",
    "platform",
    "product",
    "project",
    "review",
    "security",
    "software",
    "solution",
    "steering",
    "technical",
    "tech",
];
/// What stands in small letters within a person's name.
const PARTICLES: [&str; 16] =
    ["al", "bin", "da", "de", "del", "den", "der", "di", "dos", "du", "el", "la", "le", "ter", "van", "von"];
/// Words that are written with a capital and are nobody's name.
const NO_NAMES: [&str; 77] = [
    "abandoned",
    "abandonné",
    "aber",
    "abgelehnt",
    "absent",
    "abstain",
    "abstains",
    "although",
    "annulé",
    "anulado",
    "aplazado",
    "aufgehoben",
    "ausgesetzt",
    "aussteht",
    "because",
    "chance",
    "concerns",
    "default",
    "deny",
    "despite",
    "dissent",
    "dissents",
    "error",
    "ersetzt",
    "forbidden",
    "frozen",
    "gegen",
    "half",
    "halted",
    "ice",
    "instead",
    "invalid",
    "jedoch",
    "minus",
    "mistake",
    "moot",
    "nay",
    "nobody",
    "noone",
    "nope",
    "null",
    "obsolet",
    "ohne",
    "overridden",
    "overthrown",
    "pendiente",
    "pero",
    "rechazado",
    "refusé",
    "reject",
    "rejects",
    "rejeté",
    "retirado",
    "said",
    "sans",
    "sauf",
    "says",
    "sin",
    "stale",
    "stop",
    "stops",
    "suspendu",
    "though",
    "undone",
    "unlike",
    "unsure",
    "unter",
    "veraltet",
    "versus",
    "void",
    "wait",
    "waits",
    "while",
    "withdrawn",
    "withdrew",
    "withheld",
    "without",
];
const NAMES_IN_LY: [&str; 18] = [
    "beverly", "billy", "carly", "connelly", "donnelly", "elly", "emily", "holly", "kelly", "kimberly",
    "lily", "molly", "nelly", "polly", "reilly", "sally", "shelly", "willy",
];
/// Names that end as words of an action do.
const NAMES_IN_ED: [&str; 22] = [
    "ahmed", "alfred", "creed", "ed", "fred", "jared", "jed", "khaled", "majed", "manfred", "mohamed",
    "mohammed", "ned", "obed", "reed", "saeed", "sayed", "syed", "ted", "walid", "wilfred", "winifred",
];
const NAMES_IN_ING: [&str; 20] = [
    "bing", "browning", "channing", "ding", "fleming", "golding", "harding", "hastings", "jing", "king",
    "ling", "manning", "ming", "ping", "qing", "sterling", "ting", "wing", "xing", "ying",
];
/// More words than this are no name.
const LONGEST: usize = 5;

/// Whether words are the names of those who decided, joined by `and`.
pub(super) fn are_names(words: &[Word]) -> bool {
    !words.is_empty() && words.split(|word| word.lower == "and").all(|name| is_body(name) || is_person(name))
}

/// `ADR board`, `the architecture review board`, `the Payments team`, `the Guild of Architects`.
pub(super) fn is_body(words: &[Word]) -> bool {
    let part = |word: &Word| {
        let lower = word.lower.as_str();
        OF_BODIES.contains(&lower) || BODIES.contains(&lower) || (is_capitalised(word) && may_be_a_name(word))
    };
    let first = words.first().filter(|first| BODIES.contains(&first.lower.as_str()));
    let last = words.last().filter(|last| BODIES.contains(&last.lower.as_str()));
    let titled = first.is_some() && words.last().is_some_and(is_capitalised);
    let all = words.len() == 1
        || !words.iter().any(|word| {
            matches!(word.lower.as_str(), "all" | "everybody" | "everyone" | "vote" | "consensus")
        });
    words.len() <= LONGEST + 1 && all && (last.is_some() || titled) && words.iter().all(part)
}

fn is_person(words: &[Word]) -> bool {
    let alone = words.len() == 1;
    let month = |word: &Word| MONTHS.contains(&word.lower.as_str());
    !words.is_empty()
        && words.len() <= LONGEST
        && !(alone && words.iter().any(month))
        && words.first().is_some_and(|first| is_capitalised(first) || is_handle(first))
        && words.last().is_some_and(|last| is_capitalised(last) || is_handle(last))
        && words.iter().all(|word| {
            is_handle(word)
                || PARTICLES.contains(&word.lower.as_str())
                || (is_capitalised(word) && may_be_a_name(word))
        })
}

fn is_capitalised(word: &Word) -> bool {
    word.written.starts_with(char::is_uppercase)
}

/// `@ada`, `ada@example.com`.
fn is_handle(word: &Word) -> bool {
    word.written.matches('@').count() == 1
        && word
            .written
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '@' | '.' | '-' | '_' | '+' | '/'))
        && !word.written.ends_with('@')
}

/// Whether a capitalised word is none of those that say something else of a decision.
fn may_be_a_name(word: &Word) -> bool {
    let lower = word.lower.as_str();
    // `No-One`, `Un-Accepted`
    let otherwise = says_otherwise(lower) || lower.split('-').any(says_otherwise);
    !acts(lower) && !otherwise && !DEADLINES.contains(&lower)
}

/// Whether a word, in small letters, ends as those of an action and of its manner do.
pub(super) fn acts(lower: &str) -> bool {
    match lower {
        _ if lower.len() > 2 && lower.ends_with("ed") => !NAMES_IN_ED.contains(&lower),
        _ if lower.ends_with("ing") => !NAMES_IN_ING.contains(&lower),
        _ if lower.ends_with("ly") => !NAMES_IN_LY.contains(&lower),
        _ => false,
    }
}

/// Whether a word, in small letters, may take a decision back.
pub(super) fn says_otherwise(lower: &str) -> bool {
    DOUBTS.contains(&lower) || NO_NAMES.contains(&lower) || word_status(lower).is_some()
}
