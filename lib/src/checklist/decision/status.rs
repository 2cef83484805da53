//! The status that a decision record declares, in the forms that people use.
//!
//! Sources of the forms: MADR 4 (YAML front matter), MADR 2 and log4brains (`- Status: accepted`), Nygard and adr-tools
//! (`## Status`), `**Status:** Accepted`, tables with a status row, lists of boxes of which one is ticked.

mod remark;

use crate::checklist::Template;
use crate::checklist::markdown::{Fences, Line, content, heading, heading_words, sections, visible};

/// A status, whatever the words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordStatus {
    /// Being written.
    Draft,
    /// Open for comments.
    Proposed,
    /// Decided. The only status that satisfies.
    Accepted,
    /// Decided against.
    Rejected,
    /// No longer to be followed.
    Deprecated,
    /// Replaced by another record.
    Superseded,
    /// None is declared.
    Absent,
    /// The file is no UTF-8: whatever it seems to declare may be something else.
    Unreadable,
    /// Words that are no status known here, as written.
    Unknown(String),
    /// Several that disagree, as written.
    Contradictory(String),
}

/// What a record declares about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Declared {
    /// Its status.
    pub(crate) status: RecordStatus,
    /// Texts that name what it is superseded by, each with one or more references.
    pub(crate) superseded_by: Vec<String>,
    /// Texts that name what it supersedes.
    pub(crate) supersedes: Vec<String>,
    /// Its day, `2026-11-23`.
    pub(crate) date: Option<String>,
    /// Who decided, as written.
    pub(crate) deciders: Option<String>,
    /// Its id, as its front matter has it.
    pub(crate) id: Option<String>,
}

impl RecordStatus {
    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Draft => "draft".to_owned(),
            Self::Proposed => "proposed".to_owned(),
            Self::Accepted => "accepted".to_owned(),
            Self::Rejected => "rejected".to_owned(),
            Self::Deprecated => "deprecated".to_owned(),
            Self::Superseded => "superseded".to_owned(),
            Self::Absent => "without a status".to_owned(),
            Self::Unreadable => "not readable: save it as UTF-8".to_owned(),
            Self::Unknown(raw) => format!("of unknown status `{raw}`"),
            Self::Contradictory(raw) => format!("of contradictory status ({raw})"),
        }
    }
}

/// Reads what a record declares. Front matter, a `## Status` section and a `Status:` line of the head count; where they
/// disagree, the status is contradictory.
pub(crate) fn declared(text: &str) -> Declared {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (front, body) = front_matter(text);
    let lines = visible(body, &Template::default(), Fences::Hidden);
    let mut said: Vec<(String, RecordStatus)> = Vec::new();
    let mut found = Declared {
        status: RecordStatus::Absent,
        superseded_by: Vec::new(),
        supersedes: Vec::new(),
        date: None,
        deciders: None,
        id: None,
    };
    for (key, value) in &front {
        match key.as_str() {
            "status" | "state" => note(value, &mut said, &mut found),
            "superseded_by" | "superseded-by" | "superseded by" | "supersededby" | "superceded_by"
            | "superceded-by" | "replaced_by" | "replaced-by" | "replaced by" | "replacedby"
                if !empty(value) =>
            {
                found.superseded_by.push(value.clone());
            }
            "supersedes" | "replaces" if !empty(value) => found.supersedes.push(value.clone()),
            "date" => found.date = found.date.take().or_else(|| day(value)),
            "decision-makers" | "deciders" | "decision_makers" | "approvers" | "approved_by"
                if !empty(value) =>
            {
                found.deciders = Some(value.clone());
            }
            "id" | "number" | "adr" => found.id = Some(value.clone()),
            _ => {}
        }
    }
    let head_end = lines
        .iter()
        .position(|line| heading(line.text).is_some_and(|(level, _)| level >= 2))
        .unwrap_or(lines.len().min(HEAD_LINES));
    for line in lines.iter().take(head_end.min(HEAD_LINES)) {
        if let Some((key, value)) = labelled(line.text) {
            match key.as_str() {
                "status" | "state" => note(&value, &mut said, &mut found),
                "date" | "decided" | "decision date" => {
                    found.date = found.date.take().or_else(|| day(&value))
                }
                "deciders" | "decision-makers" | "decision makers" | "decided by" | "approvers"
                    if !empty(&value) =>
                {
                    found.deciders = found.deciders.take().or(Some(value));
                }
                "superseded by" | "replaced by" if !empty(&value) => found.superseded_by.push(value),
                "supersedes" | "replaces" if !empty(&value) => found.supersedes.push(value),
                _ => {}
            }
        }
    }
    // `## Status: Accepted`
    for (_, title) in lines.iter().filter_map(|line| heading(line.text)) {
        if let Some((_, value)) = labelled(title).filter(|(key, _)| key == "status") {
            note(&value, &mut said, &mut found);
        }
    }
    for section in
        sections(&lines, |words| matches!(words, "status" | "state" | "decision status")).iter().take(4)
    {
        of_section(&section.lines, &mut said, &mut found);
    }
    found.status = settled(&said, &found);
    found
}

/// How many lines may stand before the first section.
const HEAD_LINES: usize = 60;

fn settled(said: &[(String, RecordStatus)], found: &Declared) -> RecordStatus {
    let mut statuses: Vec<&RecordStatus> = Vec::new();
    for (_, status) in said {
        if !statuses.contains(&status) {
            statuses.push(status);
        }
    }
    match statuses.as_slice() {
        // A record that names its successor is superseded, whatever else it says.
        _ if !found.superseded_by.is_empty() => RecordStatus::Superseded,
        [] => RecordStatus::Absent,
        [one] => (*one).clone(),
        _ => {
            let words: Vec<String> = said.iter().map(|(raw, _)| short(raw)).collect();
            RecordStatus::Contradictory(words.join("; "))
        }
    }
}

fn empty(value: &str) -> bool {
    let bare =
        value.trim().trim_matches(|c: char| matches!(c, '"' | '\'' | '[' | ']' | '{' | '}' | '-' | '~'));
    matches!(bare.trim().to_lowercase().as_str(), "" | "null" | "none" | "n/a" | "no" | "-")
}

/// Takes one text that stands where a status stands.
fn note(text: &str, said: &mut Vec<(String, RecordStatus)>, found: &mut Declared) {
    if let Some(status) = read(text) {
        if status == RecordStatus::Superseded
            && let Some(target) = after_any(&text.to_lowercase(), text, &BY)
            && !empty(target)
        {
            found.superseded_by.push(target.to_owned());
        }
        said.push((text.trim().to_owned(), status));
    }
    if let Some(target) = after_any(&text.to_lowercase(), text, &["supersedes ", "supersedes:", "replaces "])
    {
        found.supersedes.push(target.to_owned());
    }
}

const BY: [&str; 4] = ["superseded by", "superseded-by", "superceded by", "replaced by"];

/// What stands after the first of `marks`, in the text as written. `lower` is the text in small letters.
fn after_any<'t>(lower: &str, text: &'t str, marks: &[&str]) -> Option<&'t str> {
    // Small letters may be longer or shorter than the text's own; then there is no safe place to cut.
    if lower.len() != text.len() {
        return None;
    }
    marks.iter().find_map(|mark| {
        let at = lower.find(mark)?;
        text.get(at + mark.len()..).map(|rest| rest.trim_start_matches([':', ' ']))
    })
}

/// The lines under a `Status` heading: the first says the status; later ones may supersede it (adr-tools adds them).
fn of_section(lines: &[Line<'_>], said: &mut Vec<(String, RecordStatus)>, found: &mut Declared) {
    // What is quoted is somebody else's word: it may end a decision, and makes none.
    let (quoted, own): (Vec<&Line<'_>>, Vec<&Line<'_>>) =
        lines.iter().partition(|line| line.text.trim_start().starts_with('>'));
    let text_of = |line: &&Line<'_>| Some(content(line.text).to_owned()).filter(|text| !text.is_empty());
    let texts: Vec<String> = own.iter().filter_map(text_of).collect();
    let quotes: Vec<String> = quoted.iter().filter_map(text_of).collect();
    for quote in &quotes {
        if let Some(target) = after_any(&quote.to_lowercase(), quote, &BY) {
            found.superseded_by.push(target.to_owned());
        }
    }
    if let (true, Some(quote)) = (texts.is_empty(), quotes.first()) {
        said.push((quote.clone(), RecordStatus::Unknown(short(&format!("> {quote}")))));
    }
    let boxes: Vec<(bool, String)> = texts.iter().filter_map(|text| tick(text)).collect();
    if !boxes.is_empty() {
        let ticked: Vec<&str> = boxes.iter().filter(|(on, _)| *on).map(|(_, label)| label.as_str()).collect();
        match ticked.as_slice() {
            [one] => note(one, said, found),
            [] => {}
            many => said.push((many.join(", "), RecordStatus::Unknown(short(&many.join(", "))))),
        }
        return;
    }
    let mut first = true;
    for text in &texts {
        let value = match labelled(text) {
            Some((key, value)) if key == "status" => value,
            Some((key, value)) if key == "date" => {
                found.date = found.date.take().or_else(|| day(&value));
                continue;
            }
            Some((key, value)) if key == "superseded by" || key == "replaced by" => {
                if !empty(&value) {
                    found.superseded_by.push(value);
                }
                continue;
            }
            _ => text.clone(),
        };
        let lower = value.to_lowercase();
        let about_others =
            ["supersedes", "replaces", "amends", "amended", "clarifies", "clarified", "related"]
                .iter()
                .any(|word| lower.starts_with(word));
        if about_others {
            if let Some(target) = after_any(&lower, &value, &["supersedes", "replaces"]) {
                found.supersedes.push(target.to_owned());
            }
        } else if first {
            note(&value, said, found);
            first = false;
        } else if let Some(target) = after_any(&lower, &value, &BY) {
            found.superseded_by.push(target.to_owned());
        }
    }
}

/// `[x] Accepted`.
fn tick(text: &str) -> Option<(bool, String)> {
    let rest = text.strip_prefix('[')?;
    let (mark, label) = rest.split_once(']')?;
    match mark.trim() {
        "" => Some((false, label.trim().to_owned())),
        "x" | "X" => Some((true, label.trim().to_owned())),
        _ => None,
    }
}

/// `Status: accepted`, `- **Status:** Accepted`, `| Status | Accepted |`: the label in small letters and the rest.
fn labelled(line: &str) -> Option<(String, String)> {
    let text = content(line);
    if let Some(row) = text.strip_prefix('|') {
        let mut cells = row.split('|').map(str::trim);
        let (key, value) = (cells.next()?, cells.next()?);
        return label_of(key).map(|key| (key, value.to_owned()));
    }
    let (key, value) = text.split_once(':')?;
    let key = label_of(key)?;
    // `**Status:** Accepted` leaves the closing stars with the value.
    let value = value.trim_start().trim_start_matches("**").trim_start_matches("__").trim();
    Some((key, value.to_owned()))
}

fn label_of(text: &str) -> Option<String> {
    let bare: String = text.chars().filter(|c| !matches!(c, '*' | '_' | '`')).collect();
    let words = bare.trim().trim_end_matches(':').to_lowercase();
    (!words.is_empty() && words.len() <= 30).then(|| heading_words(&words))
}

/// The status that a text declares; `None` where it declares nothing at all.
fn read(text: &str) -> Option<RecordStatus> {
    let bare = undecorated(text);
    if bare.trim().is_empty() {
        return None;
    }
    let unknown = || Some(RecordStatus::Unknown(short(text)));
    // The choices of a template that nobody made: `{proposed | rejected | accepted}`, `<status>`.
    // Nor what is struck through into the next line.
    if bare.contains(['|', '{', '?', '<', '~']) || bare.contains(" / ") {
        return unknown();
    }
    let last =
        ["→", "->", "=>"].iter().fold(bare.as_str(), |rest, arrow| rest.rsplit(arrow).next().unwrap_or(rest));
    let words: Vec<String> = last
        .split(|c: char| !c.is_alphanumeric() && c != '-' && c != '\'')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let lower = words.join(" ");
    if BY.iter().any(|mark| lower.contains(mark)) {
        return Some(RecordStatus::Superseded);
    }
    let Some(status) = words.first().and_then(|word| word_status(word)) else { return unknown() };
    let doubtful = [
        "pending",
        "not",
        "never",
        "unless",
        "if",
        "once",
        "or",
        "conditionally",
        "provisionally",
        "tentatively",
        "until",
        "subject",
        "awaiting",
        "hold",
        "draft",
        "wip",
    ];
    if status == RecordStatus::Accepted {
        if words.iter().any(|word| doubtful.contains(&word.as_str())) {
            return unknown();
        }
        // `Accepted, deprecated by …`: what ends a decision wins over what began it.
        let ended = words.iter().skip(1).filter_map(|word| word_status(word)).find(|other| {
            matches!(other, RecordStatus::Rejected | RecordStatus::Deprecated | RecordStatus::Superseded)
        });
        return match ended {
            Some(ended) => Some(ended),
            None if remark::is_understood(last) => Some(status),
            None => unknown(),
        };
    }
    Some(status)
}

fn word_status(word: &str) -> Option<RecordStatus> {
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

/// A text without emphasis, what is struck through, badges, emoji names and quotes.
fn undecorated(text: &str) -> String {
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
                shown.push_str(label.trim_start_matches(['!', '[']));
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
    let words: Vec<&str> = shown
        .split_whitespace()
        .filter(|word| !(word.len() > 2 && word.starts_with(':') && word.ends_with(':')))
        .filter(|word| !word.contains("://"))
        .collect();
    let joined = words.join(" ");
    joined.chars().filter(|c| !matches!(c, '*' | '`' | '"' | '“' | '”' | '_' | '!')).collect::<String>()
}

/// `2026-11-23` at the start of a text.
fn day(text: &str) -> Option<String> {
    let bare = text.trim().trim_matches(|c: char| matches!(c, '"' | '\'' | '*'));
    let day = bare.get(..10)?;
    let digits = day.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    digits.then(|| day.to_owned())
}

fn short(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= 60 { line } else { line.chars().take(59).chain(['…']).collect() }
}

/// The keys and values of YAML (`---`) or TOML (`+++`) front matter, and the text after it. Only what stands at the
/// left margin is a key; lists and folded texts become one text.
fn front_matter(text: &str) -> (Vec<(String, String)>, &str) {
    let mut lines = text.split_inclusive('\n');
    let Some(fence) = lines.next().map(str::trim_end).filter(|first| matches!(*first, "---" | "+++")) else {
        return (Vec::new(), text);
    };
    let split = if fence == "---" { ':' } else { '=' };
    let mut at = text.split_inclusive('\n').next().map_or(0, str::len);
    let mut entries: Vec<(String, String)> = Vec::new();
    for line in lines.take(200) {
        at += line.len();
        let written = line.trim_end();
        if written == fence || (fence == "---" && written == "...") {
            return (entries, text.get(at..).unwrap_or(""));
        }
        let indented = written.starts_with([' ', '\t', '-']);
        match written.split_once(split) {
            Some((key, value)) if !indented && !written.starts_with('#') => {
                entries.push((key.trim().trim_matches('"').to_lowercase(), scalar(value)));
            }
            _ => {
                if let Some((_, value)) = entries.last_mut() {
                    let more = scalar(written.trim().trim_start_matches("- "));
                    let gap = if value.is_empty() || more.is_empty() { "" } else { ", " };
                    value.push_str(gap);
                    value.push_str(&more);
                }
            }
        }
    }
    // It never ends: it is no front matter but a line of dashes.
    (Vec::new(), text)
}

fn scalar(value: &str) -> String {
    let text = value.trim();
    for quote in ['"', '\''] {
        if let Some((inner, _)) = text.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            return inner.to_owned();
        }
    }
    let uncommented = text.split_once(" #").map_or(text, |(before, after)| {
        // `superseded by #12` is a reference, `accepted # since May` a comment.
        if after.starts_with(|c: char| c.is_ascii_digit()) { text } else { before }
    });
    let plain = uncommented.trim();
    if matches!(plain, ">" | "|" | ">-" | "|-") || plain.starts_with("# ") {
        String::new()
    } else {
        plain.to_owned()
    }
}

#[cfg(test)]
mod tests;
