//! The status that a decision record declares, in the forms that people use.
//!
//! Sources of the forms: MADR 4 (YAML front matter), MADR 2 and log4brains (`- Status: accepted`), Nygard and adr-tools
//! (`## Status`), `**Status:** Accepted`, tables with a status row, lists of boxes of which one is ticked, a quote under the
//! title that is the record's head. A status counts where everything that stands in its place is understood: the lines around it
//! under the title, its whole section, its table, its boxes. A condition is never cut off.

mod front;
mod head;
mod items;
mod labelled;
mod names;
mod reading;
mod region;
mod remark;
mod words;

use crate::checklist::Template;
use crate::checklist::markdown::{Fences, Line, visible};

use self::reading::Reading;

/// A status, whatever the words for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    #[default]
    Absent,
    /// The file is no UTF-8: whatever it seems to declare may be something else.
    Unreadable,
    /// The file is larger than what is read: its size in bytes.
    TooLarge(u64),
    /// Words that are no status known here, as written.
    Unknown(String),
    /// Several that disagree, as written, with their lines.
    Contradictory(String),
    /// Accepted from a day on that is still to come.
    NotYet(String),
}

/// What a record declares about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// The last day, month or year that the status names: `2026-11-23`, `2026`.
    pub(crate) from: Option<String>,
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
            Self::NotYet(day) => format!("accepted from {day} on, which is still to come"),
        }
    }
}

/// Reads what a record declares. Front matter, a `## Status` section and a `Status:` line under the title count; where they
/// disagree, the status is contradictory.
pub(crate) fn declared(text: &str) -> Declared {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (front, body, before) = front::matter(text);
    let lines: Vec<Line<'_>> = visible(body, &Template::default(), Fences::Hidden)
        .into_iter()
        .map(|line| Line { number: line.number + before, ..line })
        .collect();
    let (lines, wrapped) = region::unwrapped(&lines);
    let mut reading = Reading::default();
    for entry in &front {
        reading.front(entry);
    }
    reading.parts(&region::parts(&lines));
    for line in &wrapped {
        reading.elsewhere(line);
    }
    reading.settle()
}

fn empty(value: &str) -> bool {
    let bare =
        value.trim().trim_matches(|c: char| matches!(c, '"' | '\'' | '[' | ']' | '{' | '}' | '-' | '~'));
    matches!(bare.trim().to_lowercase().as_str(), "" | "null" | "none" | "n/a" | "no" | "false" | "-")
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
