//! Attestations: a person's word for an item.
//!
//! In texts they are ticked boxes (`- [x] backups-taken: snapshot 42`) whose label begins with the item's id or title. A box
//! left as the template has it says nothing, nor does one that is quoted or struck out: it is somebody else's word, or none.

use crate::checklist::markdown::{Fences, inner, strikes, visible};
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
    /// Ticked in the same text before, and open after it.
    TakenBack,
}

/// What a text says of an item: its last box, as what is written later holds.
pub(crate) fn last_box(text: &str, template: &Template, id: &ItemId, title: &str) -> Option<TickBox> {
    let mut found: Option<TickBox> = None;
    let mut hiding = 0_usize;
    for line in visible(text, template, Fences::Hidden) {
        let hidden = hiding > 0;
        hiding = hiding_after(line.text, hiding);
        let own = inner(line.text);
        if introduces_a_mail(own.text) {
            break;
        }
        let Some((state, label)) = tick_box(own.text).filter(|_| !hidden && !own.quoted) else { continue };
        if speaks_of(label, id, title) {
            let ticked_before = found.is_some_and(|before| before.state != TickState::Open);
            let state = if ticked_before && state == TickState::Open { TickState::TakenBack } else { state };
            found = Some(TickBox { state, label: label.chars().take(200).collect(), line: line.number });
        }
    }
    found
}

/// How many tags are open after a line in which nothing is the writer's word, or none that still holds.
fn hiding_after(line: &str, mut open: usize) -> usize {
    for tag in line.split('<').skip(1) {
        let (closing, tag) = tag.strip_prefix('/').map_or((false, tag), |tag| (true, tag));
        let end = tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len());
        let name = tag.get(..end).unwrap_or_default();
        if name.eq_ignore_ascii_case("blockquote") || strikes(name) {
            open = if closing { open.saturating_sub(1) } else { open + 1 };
        }
    }
    open
}

/// `On Mon, Ada wrote:`: what comes after it is the mail that is answered.
fn introduces_a_mail(line: &str) -> bool {
    let dashed = line.trim_matches('-').trim();
    line.starts_with("On ") && line.ends_with(" wrote:")
        || line.starts_with("--") && dashed.eq_ignore_ascii_case("original message")
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

/// Whether a label begins with an item's id or title, in any emphasis: `this is not backups-taken yet` speaks of it, and does
/// not attest it.
fn speaks_of(label: &str, id: &ItemId, title: &str) -> bool {
    let start = label.trim_start_matches(['*', '`', '(', '"']);
    let word = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let named = start.get(..id.as_str().len()).is_some_and(|name| name.eq_ignore_ascii_case(id.as_str()));
    let by_id = named && !start.get(id.as_str().len()..).is_some_and(|rest| rest.starts_with(word));
    let (label, title) = (plain(label), plain(title));
    let by_title = !title.is_empty()
        && label.strip_prefix(&title).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    by_id || by_title
}

/// Small letters, one space between words, no emphasis.
fn plain(text: &str) -> String {
    let bare: String = text.chars().filter(|c| !matches!(c, '*' | '`')).collect();
    bare.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checklist::RunbookItem;

    fn state(text: &str) -> Option<TickState> {
        let item = RunbookItem::BackupsTaken;
        last_box(text, &Template::of(["- [x] backups-taken: by template"]), &item.id(), item.title())
            .map(|found| found.state)
    }

    #[test]
    fn boxes_of_an_item_are_found() {
        use TickState::{Open, TakenBack, Ticked};
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
            ("- [x] this is not backups-taken yet", None),
            ("- [x] ~~backups-taken~~", None),
            ("- [x] **~~backups-taken~~**", None),
            ("- [x] ~~Backups/snapshots taken for critical data stores~~", None),
            ("> - [x] backups-taken: snapshot 42\n\nNo! This is not done.", None),
            ("On Mon, Ada wrote:\n> - [x] backups-taken", None),
            ("No.\n\nOn Mon, 23 Nov 2026, Ada <ada@contoso.com> wrote:\n\n- [x] backups-taken", None),
            ("No.\n-----Original Message-----\n- [x] backups-taken", None),
            ("- a\n  > 1. [x] backups-taken", None),
            ("> > [x] backups-taken", None),
            ("<blockquote>\n- [x] backups-taken\n</blockquote>\nNo.", None),
            ("<del>\n\n- [x] backups-taken\n\n</del>", None),
            ("<DEL class=\"a\">\n- [x] backups-taken", None),
            ("- [x] <del>backups-taken</del>", None),
            ("<s>no</s>\n- [x] backups-taken", Some(Ticked)),
            ("> Is it done?\n\n- [x] backups-taken", Some(Ticked)),
            ("- [ ] backups-taken\n- [x] backups-taken", Some(Ticked)),
            ("- [x] backups-taken\n- [ ] backups-taken: I take it back", Some(TakenBack)),
            ("- [x] backups-taken\n- [ ] backups-taken\n- [ ] backups-taken", Some(TakenBack)),
            ("- [x] backups-taken\n- [ ] backups-taken\n- [x] backups-taken", Some(Ticked)),
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
