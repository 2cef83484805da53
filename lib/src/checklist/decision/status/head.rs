//! The head of a record: `Label: value` lines, rows of tables, and the quote under the title that some templates put them in.

use std::ops::Range;

use super::labelled::{is_known, is_status};
use super::words::begins_with_status;
use crate::checklist::markdown::{Line, content, heading, heading_words};

/// `Status: accepted`, `**Date:** 2026-01-02`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Label {
    /// In small letters, without emphasis.
    pub(super) key: String,
    pub(super) value: String,
}

/// The labels of a line: `- **Status:** Accepted`, `| Status | Accepted |`, `Status: Accepted | Date: 2026-01-02`. What stands
/// beside a status without a label that is known belongs to its value.
pub(super) fn labels(line: &str) -> Vec<Label> {
    let text = content(line);
    let Some(row) = text.strip_prefix('|') else { return inline(text) };
    let cells: Vec<&str> = row.trim_end().trim_end_matches('|').split('|').map(str::trim).collect();
    if cells
        .first()
        .is_some_and(|cell| inline(cell).iter().any(|label| is_status(&label.key) && !label.value.is_empty()))
    {
        return inline(&cells.join(" | "));
    }
    let pairs: Vec<Label> = cells
        .chunks_exact(2)
        .filter_map(|pair| match pair {
            [key, value] => Some(Label { key: key_of(key)?, value: (*value).to_owned() }),
            _ => None,
        })
        .collect();
    if pairs.len() * 2 == cells.len() && pairs.iter().all(|label| is_known(&label.key)) {
        return pairs;
    }
    let Some((key, values)) = cells.split_first() else { return Vec::new() };
    let values: Vec<&str> = values.iter().copied().filter(|value| !value.is_empty()).collect();
    key_of(key).map(|key| Label { key, value: values.join(" | ") }).into_iter().collect()
}

fn inline(text: &str) -> Vec<Label> {
    let Some(whole) = label(text) else { return Vec::new() };
    let mut parts = text.split(['|', '·', '•']);
    let first = parts.next().and_then(label);
    let others: Option<Vec<Label>> = parts
        .filter(|part| !part.trim().is_empty())
        .map(|part| label(part).filter(|label| is_known(&label.key)))
        .collect();
    match (first, others) {
        (Some(first), Some(others)) => std::iter::once(first).chain(others).collect(),
        _ => vec![whole],
    }
}

fn label(text: &str) -> Option<Label> {
    let (key, value) = text.trim().split_once(':')?;
    let marks: String = key.chars().take_while(|c| matches!(c, '*' | '_')).collect();
    let key = key_of(key)?;
    // `**Status:** Accepted` leaves the closing stars before the value, `*Status: Accepted*` behind it.
    let value = value.trim();
    let closed = value.strip_prefix(marks.as_str()).or_else(|| value.strip_suffix(marks.as_str()));
    Some(Label { key, value: closed.unwrap_or(value).trim().to_owned() })
}

fn key_of(text: &str) -> Option<String> {
    let bare: String = text.chars().filter(|c| !matches!(c, '*' | '_' | '`')).collect();
    let words = bare.trim().trim_end_matches(':').to_lowercase();
    (!words.is_empty() && words.len() <= 30).then(|| heading_words(&words))
}

/// Whether a line begins something of its own, and goes on with nothing.
pub(super) fn starts_an_entry(line: &str) -> bool {
    let start = line.trim_start();
    let bare = content(line);
    let numbered = start.trim_start_matches(|c: char| c.is_ascii_digit());
    let listed = ["- ", "* ", "+ ", "|"].iter().any(|mark| start.starts_with(mark))
        || (numbered.len() < start.len() && (numbered.starts_with(". ") || numbered.starts_with(") ")));
    listed
        || heading(line).is_some()
        || !bare.chars().any(char::is_alphanumeric)
        || labels(line).iter().any(|label| is_known(&label.key))
        || begins_with_status(bare)
        || ["supersedes", "replaces", "amends", "amended", "clarifies", "clarified", "related"]
            .iter()
            .any(|word| bare.to_lowercase().starts_with(word))
}

/// The lines of the quote that is the record's own head: it stands directly under the title, and each line of its first paragraph
/// is a label with a value. Any other quote is somebody else's words. `head` is what stands under the title.
pub(super) fn own_quote(head: &[Line<'_>]) -> Range<usize> {
    let mut end = 0;
    while let Some(line) = head.get(end) {
        let follows = end == 0 || head.get(end - 1).is_some_and(|before| before.number + 1 == line.number);
        if !follows || !is_quote(line) || content(line.text).is_empty() {
            break;
        }
        let labels = labels(line.text);
        if labels.is_empty() || labels.iter().any(|label| label.value.is_empty()) {
            return 0..0;
        }
        end += 1;
    }
    0..end
}

pub(super) fn is_quote(line: &Line<'_>) -> bool {
    line.text.trim_start().starts_with('>')
}

/// How many of the lines after one go on with its paragraph.
pub(super) fn continuation(line: &Line<'_>, rest: &[Line<'_>]) -> usize {
    if line.text.trim_start().starts_with('|') {
        return 0;
    }
    rest.iter()
        .enumerate()
        .take_while(|(at, next)| next.number == line.number + at + 1 && !starts_an_entry(next.text))
        .count()
}

/// How far a line stands from the margin, in columns.
pub(super) fn indent(line: &str) -> usize {
    line.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\t' { 4 } else { 1 }).sum()
}
