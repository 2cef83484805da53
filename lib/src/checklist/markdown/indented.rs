//! Indented code: four columns beyond what surrounds it, and not the continuation of a paragraph.

/// Follows the lines of a text that stand outside comments and fences.
#[derive(Default)]
pub(super) struct Indents {
    quotes: usize,
    /// The columns at which the contents of the list items begin that a line may still belong to, the innermost last.
    items: Vec<usize>,
    before: Before,
}

/// What stands before a line.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Before {
    /// Nothing that a line could go on.
    #[default]
    Nothing,
    /// A paragraph, which an indented line goes on.
    Paragraph,
}

/// Code is indented by so many columns beyond what surrounds it.
const BEYOND: usize = 4;

impl Indents {
    /// Whether the next line is indented code.
    pub(super) fn is_code(&mut self, line: &str) -> bool {
        let (quotes, inner) = quoted(line);
        if quotes != self.quotes {
            *self = Self { quotes, ..Self::default() };
        }
        let (column, text) = indented(inner);
        if text.is_empty() {
            self.before = Before::Nothing;
            return false;
        }
        let continues = self.before == Before::Paragraph;
        if continues && !begins_item(text) {
            // However it is indented, it belongs to the paragraph; a heading or a fence ends it.
            self.before = after(text);
            return false;
        }
        while self.items.last().is_some_and(|content| column < *content) {
            self.items.pop();
        }
        let surrounding = self.items.last().copied().unwrap_or(0);
        if column >= surrounding + BEYOND && !continues {
            return true;
        }
        if let Some(width) = item_width(text) {
            self.items.push(column + width);
            self.before = after(text.get(width..).unwrap_or_default().trim_start());
        } else {
            self.before = after(text);
        }
        false
    }
}

/// What a line is for the one after it.
fn after(text: &str) -> Before {
    let alone = text.is_empty()
        || super::heading(text).is_some()
        || super::opens(text).is_some()
        || (text.len() >= 3
            && ['-', '*', '_', '='].iter().any(|mark| text.chars().all(|c| c == *mark || c == ' ')));
    if alone { Before::Nothing } else { Before::Paragraph }
}

/// How many quotes a line stands in, and what stands in them.
fn quoted(line: &str) -> (usize, &str) {
    let (mut quotes, mut rest) = (0, line);
    while let Some(after) = rest.trim_start_matches(' ').strip_prefix('>').filter(|_| column(rest).0 < BEYOND)
    {
        quotes += 1;
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    (quotes, rest)
}

/// The column at which a line's text begins, and the text.
fn indented(line: &str) -> (usize, &str) {
    let (column, at) = column(line);
    (column, line.get(at..).unwrap_or_default().trim_end())
}

/// The column at which a line's text begins, and how many bytes stand before it.
fn column(line: &str) -> (usize, usize) {
    let mut column = 0;
    for (at, c) in line.char_indices() {
        match c {
            ' ' => column += 1,
            '\t' => column += 4 - column % 4,
            _ => return (column, at),
        }
    }
    (column, line.len())
}

fn begins_item(text: &str) -> bool {
    item_width(text).is_some()
}

/// How far the content of a list item stands from its mark: `- ` is 2, `10. ` is 4.
fn item_width(text: &str) -> Option<usize> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let mark = match text.as_bytes().get(digits)? {
        b'-' | b'*' | b'+' if digits == 0 => 1,
        b'.' | b')' if (1..=9).contains(&digits) => digits + 1,
        _ => return None,
    };
    let rest = text.get(mark..)?;
    let (spaces, content) = indented(rest);
    match spaces {
        _ if content.is_empty() => Some(mark + 1),
        0 => None,
        // What is indented further is code within the item.
        spaces if spaces > BEYOND => Some(mark + 1),
        spaces => Some(mark + spaces),
    }
}
