//! The status that a decision record declares, in the forms that people use.
//!
//! Sources of the forms: MADR 4 (YAML front matter), MADR 2 and log4brains (`- Status: accepted`), Nygard and adr-tools
//! (`## Status`), `**Status:** Accepted`, tables with a status row, lists of boxes of which one is ticked, a quote under the
//! title that is the record's head. What follows a status in its paragraph is a part of it: a condition is never cut off.

mod front;
mod head;
mod remark;
mod words;

use crate::checklist::Template;
use crate::checklist::markdown::{Fences, Line, content, heading, sections, visible};

use self::head::{Label, labels, starts_an_entry};
use self::words::{BY, after_any, begins_with_doubt, begins_with_status, read};

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
    /// The file is larger than what is read: its size in bytes.
    TooLarge(u64),
    /// Words that are no status known here, as written.
    Unknown(String),
    /// Several that disagree, as written, with their lines.
    Contradictory(String),
}

/// What a record declares about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Declared {
    /// Its status.
    pub(crate) status: RecordStatus,
    /// The line on which the status stands, from 1.
    pub(crate) line: Option<usize>,
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
    /// Whether the file could not be read, so that what it declares is not known.
    #[must_use]
    pub const fn is_unread(&self) -> bool {
        matches!(self, Self::Unreadable | Self::TooLarge(_))
    }

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
            Self::Unreadable => "not readable: it is binary, or of another encoding than UTF-8".to_owned(),
            Self::TooLarge(bytes) => {
                let most = crate::checklist::markdown::LONGEST_TEXT;
                format!("too large to read ({bytes} bytes; at most {most} are read)")
            }
            Self::Unknown(raw) => format!("of unknown status `{raw}`"),
            Self::Contradictory(raw) => format!("of contradictory status ({raw})"),
        }
    }
}

/// A text that stands where a status stands.
struct Said {
    raw: String,
    status: RecordStatus,
    line: usize,
}

/// What has been found so far.
struct Reading {
    said: Vec<Said>,
    /// A quote that is somebody else's word, and no status of the record.
    quoted: Option<(String, usize)>,
    found: Declared,
}

/// Reads what a record declares. Front matter, a `## Status` section and a `Status:` line of the head count; where they
/// disagree, the status is contradictory.
pub(crate) fn declared(text: &str) -> Declared {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (front, body, before) = front::matter(text);
    let lines: Vec<Line<'_>> = visible(body, &Template::default(), Fences::Hidden)
        .into_iter()
        .map(|line| Line { number: line.number + before, ..line })
        .collect();
    let mut reading = Reading {
        said: Vec::new(),
        quoted: None,
        found: Declared {
            status: RecordStatus::Absent,
            line: None,
            superseded_by: Vec::new(),
            supersedes: Vec::new(),
            date: None,
            deciders: None,
            id: None,
        },
    };
    for entry in &front {
        reading.front(entry);
    }
    reading.head(&lines);
    // `## Status: Accepted`
    for line in &lines {
        let Some((_, title)) = heading(line.text) else { continue };
        for label in labels(title).iter().filter(|label| label.key == "status") {
            reading.note(&label.value, line.number);
        }
    }
    let fits = |words: &str| matches!(words, "status" | "state" | "decision status");
    for section in sections(&lines, fits).iter().take(4) {
        reading.section(&section.lines);
    }
    reading.settle()
}

/// How many lines may stand before the first section.
const HEAD_LINES: usize = 60;

impl Reading {
    fn front(&mut self, entry: &front::Entry) {
        let value = &entry.value;
        let found = &mut self.found;
        match entry.key.as_str() {
            "status" | "state" => self.note(value, entry.line),
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

    /// The lines before the first section.
    fn head(&mut self, lines: &[Line<'_>]) {
        let end = lines
            .iter()
            .position(|line| heading(line.text).is_some_and(|(level, _)| level >= 2))
            .unwrap_or(lines.len().min(HEAD_LINES));
        let head = lines.get(..end.min(HEAD_LINES)).unwrap_or_default();
        let own_quote = head::own_quote(head);
        for (at, line) in head.iter().enumerate() {
            let foreign = is_quote(line) && !own_quote.contains(&at);
            for label in labels(line.text) {
                if !matches!(label.key.as_str(), "status" | "state") {
                    self.labelled(label);
                } else if foreign {
                    self.quoted.get_or_insert_with(|| (format!("> {}", content(line.text)), line.number));
                } else {
                    let rest = head.get(at + 1..).unwrap_or_default();
                    self.note(&with_rest(&label.value, line, rest), line.number);
                }
            }
        }
    }

    /// A labelled text of the head that is no status.
    fn labelled(&mut self, Label { key, value }: Label) {
        let found = &mut self.found;
        match key.as_str() {
            "date" | "decided" | "decision date" => found.date = found.date.take().or_else(|| day(&value)),
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

    /// Takes one text that stands where a status stands.
    fn note(&mut self, text: &str, line: usize) {
        let lower = text.to_lowercase();
        if let Some(status) = read(text) {
            if status == RecordStatus::Superseded
                && let Some(target) = after_any(&lower, text, &BY)
                && !empty(target)
            {
                self.found.superseded_by.push(target.to_owned());
            }
            self.said.push(Said { raw: text.trim().to_owned(), status, line });
        }
        if let Some(target) = after_any(&lower, text, &["supersedes ", "supersedes:", "replaces "]) {
            self.found.supersedes.push(target.to_owned());
        }
    }

    /// The lines under a `Status` heading: the first paragraph says the status; later ones may end it, put it off or supersede
    /// it (adr-tools adds them), and never make it one.
    fn section(&mut self, lines: &[Line<'_>]) {
        // What is quoted is somebody else's word: it may end a decision, and makes none.
        let (quoted, own): (Vec<Line<'_>>, Vec<Line<'_>>) =
            lines.iter().copied().partition(|line| is_quote(line));
        for quote in &quoted {
            let text = content(quote.text);
            if let Some(target) = after_any(&text.to_lowercase(), text, &BY) {
                self.found.superseded_by.push(target.to_owned());
            }
        }
        let own: Vec<Line<'_>> = own.into_iter().filter(|line| !content(line.text).is_empty()).collect();
        if let (true, Some(quote)) =
            (own.is_empty(), quoted.iter().find(|line| !content(line.text).is_empty()))
        {
            let raw = format!("> {}", content(quote.text));
            let status = RecordStatus::Unknown(short(&raw));
            self.said.push(Said { raw, status, line: quote.number });
        }
        let boxes: Vec<(bool, String, usize)> = own
            .iter()
            .filter_map(|line| tick(content(line.text)).map(|(on, text)| (on, text, line.number)))
            .collect();
        if !boxes.is_empty() {
            let ticked: Vec<&(bool, String, usize)> = boxes.iter().filter(|(on, ..)| *on).collect();
            match ticked.as_slice() {
                [(_, one, line)] => self.note(one, *line),
                [] => {}
                [(_, _, line), ..] => {
                    let all: Vec<&str> = ticked.iter().map(|(_, label, _)| label.as_str()).collect();
                    let raw = all.join(", ");
                    let status = RecordStatus::Unknown(short(&raw));
                    self.said.push(Said { raw, status, line: *line });
                }
            }
            return;
        }
        self.paragraphs(&own);
    }

    fn paragraphs(&mut self, own: &[Line<'_>]) {
        let mut first = true;
        let mut at = 0;
        while let Some(line) = own.get(at) {
            let rest = own.get(at + 1..).unwrap_or_default();
            let joined = continuation(line, rest);
            at += 1 + joined;
            let of_line = labels(line.text);
            if let Some(label) = of_line.iter().find(|label| matches!(label.key.as_str(), "status" | "state"))
            {
                self.note(&with_rest(&label.value, line, rest), line.number);
                first = false;
                continue;
            }
            let beside = !of_line.is_empty() && of_line.iter().all(|label| head::is_known(&label.key));
            if beside && !begins_with_status(content(line.text)) {
                of_line.into_iter().for_each(|label| self.labelled(label));
                continue;
            }
            let value = with_rest(content(line.text), line, rest);
            let lower = value.to_lowercase();
            let about_others =
                ["supersedes", "replaces", "amends", "amended", "clarifies", "clarified", "related"]
                    .iter()
                    .any(|word| lower.starts_with(word));
            if about_others {
                if let Some(target) = after_any(&lower, &value, &["supersedes", "replaces"]) {
                    self.found.supersedes.push(target.to_owned());
                }
            } else if first || begins_with_status(&value) || begins_with_doubt(&value) {
                self.note(&value, line.number);
                first = false;
            } else if let Some(target) = after_any(&lower, &value, &BY) {
                self.found.superseded_by.push(target.to_owned());
            }
        }
    }

    fn settle(mut self) -> Declared {
        let mut statuses: Vec<&RecordStatus> = Vec::new();
        for said in &self.said {
            if !statuses.contains(&&said.status) {
                statuses.push(&said.status);
            }
        }
        self.found.line = self.said.first().map(|said| said.line);
        self.found.status = match statuses.as_slice() {
            // A record that names its successor is superseded, whatever else it says.
            _ if !self.found.superseded_by.is_empty() => RecordStatus::Superseded,
            [] => match &self.quoted {
                Some((quote, line)) => {
                    self.found.line = Some(*line);
                    RecordStatus::Unknown(short(quote))
                }
                None => RecordStatus::Absent,
            },
            [one] => (*one).clone(),
            _ => {
                let words: Vec<String> = self
                    .said
                    .iter()
                    .map(|said| format!("{} (line {})", short(&said.raw), said.line))
                    .collect();
                RecordStatus::Contradictory(words.join("; "))
            }
        };
        self.found
    }
}

fn is_quote(line: &Line<'_>) -> bool {
    line.text.trim_start().starts_with('>')
}

/// How many of the lines after one go on with its paragraph.
fn continuation(line: &Line<'_>, rest: &[Line<'_>]) -> usize {
    if line.text.trim_start().starts_with('|') {
        return 0;
    }
    rest.iter()
        .enumerate()
        .take_while(|(at, next)| next.number == line.number + at + 1 && !starts_an_entry(next.text))
        .count()
}

/// A text and what goes on with it on the next lines.
fn with_rest(text: &str, line: &Line<'_>, rest: &[Line<'_>]) -> String {
    let more = rest.iter().take(continuation(line, rest)).map(|line| content(line.text));
    std::iter::once(text).chain(more).collect::<Vec<_>>().join(" ")
}

fn empty(value: &str) -> bool {
    let bare =
        value.trim().trim_matches(|c: char| matches!(c, '"' | '\'' | '[' | ']' | '{' | '}' | '-' | '~'));
    matches!(bare.trim().to_lowercase().as_str(), "" | "null" | "none" | "n/a" | "no" | "-")
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

#[cfg(test)]
mod tests;
