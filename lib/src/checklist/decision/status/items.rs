//! The paragraphs, list items, rows and boxes in the place of a status.

use super::head::continuation;
use crate::checklist::markdown::{Line, content};

/// What stands in a section or a head: one paragraph, list item or row.
pub(super) struct Item<'t> {
    pub(super) line: Line<'t>,
    /// All its lines as one.
    pub(super) text: String,
    pub(super) last: usize,
}

impl Item<'_> {
    pub(super) fn is_listed(&self) -> bool {
        let start = self.line.text.trim_start();
        ["- ", "* ", "+ ", "|"].iter().any(|mark| start.starts_with(mark))
    }

    /// A rule, the line under a table's head, an empty row, the head of a table of labels.
    pub(super) fn is_empty(&self) -> bool {
        const HEADS: [&str; 13] = [
            "",
            "attribute",
            "description",
            "details",
            "field",
            "info",
            "information",
            "item",
            "key",
            "metadata",
            "name",
            "property",
            "value",
        ];
        let text = self.line.text.trim();
        let lines = text.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ')) && !text.contains(": ");
        let stars = text.len() >= 3 && text.chars().all(|c| matches!(c, '*' | '_' | ' '));
        let row = text.strip_prefix('|').is_some_and(|row| {
            row.split('|').all(|cell| {
                let bare = cell.replace(['*', '_'], "");
                HEADS.contains(&bare.trim().to_lowercase().as_str())
            })
        });
        lines || stars || row
    }
}

pub(super) fn items<'t>(lines: &[Line<'t>]) -> Vec<Item<'t>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let rest = lines.get(at + 1..).unwrap_or_default();
        let joined = rest.get(..continuation(line, rest)).unwrap_or_default();
        let more = joined.iter().map(|line| content(line.text));
        found.push(Item {
            line: *line,
            text: std::iter::once(content(line.text)).chain(more).collect::<Vec<_>>().join(" "),
            last: line.number + joined.len(),
        });
        at += 1 + joined.len();
    }
    found
}

/// `[x] Accepted`.
pub(super) fn tick(text: &str) -> Option<(bool, &str)> {
    let (mark, label) = text.strip_prefix('[')?.split_once(']')?;
    match mark.trim() {
        "" => Some((false, label.trim())),
        "x" | "X" => Some((true, label.trim())),
        _ => None,
    }
}
