//! Attestations: a person's word for an item.
//!
//! In texts they are ticked boxes (`- [x] backups-taken: snapshot 42`) whose label carries the item's id or begins with
//! its title. A box left as the template has it says nothing.

use crate::checklist::markdown::{Fences, content, visible};
use crate::checklist::{ItemId, Template};

/// A box for an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TickBox {
    /// Whether it is ticked.
    pub(crate) state: TickState,
    /// Its label, shortened.
    pub(crate) label: String,
    /// The line, from 1.
    pub(crate) line: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TickState {
    Ticked,
    Open,
}

/// The boxes of a text that speak of an item.
pub(crate) fn boxes(text: &str, template: &Template, id: &ItemId, title: &str) -> Vec<TickBox> {
    let mut found = Vec::new();
    for line in visible(text, template, Fences::Hidden) {
        let Some((state, label)) = tick_box(content(numberless(line.text))) else { continue };
        if speaks_of(label, id, title) {
            found.push(TickBox { state, label: label.chars().take(200).collect(), line: line.number });
        }
    }
    found
}

/// `1. [x] …`: the number of an ordered list before a box.
fn numberless(line: &str) -> &str {
    let start = line.trim_start();
    let rest = start.trim_start_matches(|c: char| c.is_ascii_digit());
    match rest.strip_prefix(['.', ')']) {
        Some(after) if rest.len() < start.len() => after,
        _ => line,
    }
}

fn tick_box(text: &str) -> Option<(TickState, &str)> {
    let (mark, label) = text.strip_prefix('[')?.split_once(']')?;
    // `[x](link)` is a link.
    let label = label.strip_prefix(char::is_whitespace)?.trim();
    match mark {
        "x" | "X" => Some((TickState::Ticked, label)),
        "" | " " => Some((TickState::Open, label)),
        _ => None,
    }
}

/// Whether a label carries an item's id as a word, or begins with its title.
fn speaks_of(label: &str, id: &ItemId, title: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let by_id = label.split(|c: char| !word(c)).any(|part| part.eq_ignore_ascii_case(id.as_str()));
    let (label, title) = (plain(label), plain(title));
    let by_title = !title.is_empty()
        && label.strip_prefix(&title).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    by_id || by_title
}

/// Small letters, one space between words, no emphasis.
fn plain(text: &str) -> String {
    let bare: String = text.chars().filter(|c| !matches!(c, '*' | '`' | '~')).collect();
    bare.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checklist::RunbookItem;

    fn state(text: &str) -> Option<TickState> {
        let item = RunbookItem::BackupsTaken;
        boxes(text, &Template::of(["- [x] backups-taken: by template"]), &item.id(), item.title())
            .first()
            .map(|found| found.state)
    }

    #[test]
    fn boxes_of_an_item_are_found() {
        use TickState::{Open, Ticked};
        for (text, expected) in [
            ("- [x] backups-taken", Some(Ticked)),
            ("- [X] backups-taken: snapshot 42", Some(Ticked)),
            ("* [x] **backups-taken**", Some(Ticked)),
            ("1. [x] `backups-taken`", Some(Ticked)),
            ("  - [x] (backups-taken) done", Some(Ticked)),
            ("[x] Backups-Taken", Some(Ticked)),
            ("- [x] Backups/snapshots taken for critical data stores, all of them", Some(Ticked)),
            ("- [ ] backups-taken", Some(Open)),
            ("- [x] Backups/snapshots taken for critical data storesX", None),
            ("- [x] no-backups-taken", None),
            ("- [x] backups-taken-later", None),
            ("- [x](backups-taken)", None),
            ("- [y] backups-taken", None),
            ("- backups-taken", None),
            ("<!-- - [x] backups-taken -->", None),
            ("```\n- [x] backups-taken\n```", None),
            ("- [x] backups-taken: by template", None),
            ("- [x] backups taken", None),
        ] {
            assert_eq!(state(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in "(?s).{0,100}|([-* \\[\\]xX()\n1.]|backups-taken){0,40}") {
            let _ = state(&text);
        }
    }
}
