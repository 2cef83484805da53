//! Lines of styled text, wrapped to a width. The door to the terminal is [`Span::new`].

use anstyle::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Colour;
use crate::report::escape;

/// A text in one style, safe for a terminal.
#[derive(Clone, Debug)]
pub(super) struct Span {
    text: String,
    style: Style,
}

impl Span {
    pub(super) fn new(text: &str, style: Style) -> Self {
        Self { text: escape::terminal(text), style }
    }

    /// A word of ours, with blanks up to a width.
    pub(super) fn padded(word: &str, width: usize, style: Style) -> Self {
        Self { text: format!("{word:<width$}"), style }
    }

    pub(super) fn blanks(count: usize) -> Self {
        Self::padded("", count, Style::new())
    }
}

/// A line that fits, and how wide it is.
#[derive(Debug, Default)]
pub(super) struct Fitted {
    pub(super) spans: Vec<Span>,
    pub(super) width: usize,
}

/// A text that is being laid out.
pub(super) struct Page {
    out: String,
    width: usize,
    colour: Colour,
}

impl Page {
    pub(super) const fn new(width: usize, colour: Colour) -> Self {
        Self { out: String::new(), width, colour }
    }

    pub(super) const fn width(&self) -> usize {
        self.width
    }

    pub(super) fn into_text(self) -> String {
        self.out
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.out.push('\n');
    }

    pub(super) fn heading(&mut self, text: &str) {
        self.gap();
        self.line(0, &[Span::new(text, super::STRONG)]);
    }

    /// A wrapped paragraph: the first line indented by `first`, the others by `rest`.
    pub(super) fn paragraph(&mut self, first: usize, rest: usize, spans: &[Span]) {
        let lines = wrapped(spans, self.width.saturating_sub(first), self.width.saturating_sub(rest));
        for (index, line) in lines.iter().enumerate() {
            self.line(if index == 0 { first } else { rest }, &line.spans);
        }
    }

    /// A line as it stands.
    pub(super) fn line(&mut self, indent: usize, spans: &[Span]) {
        self.blanks(indent);
        self.spans(spans);
        self.end();
    }

    pub(super) fn blanks(&mut self, count: usize) {
        self.out.extend(std::iter::repeat_n(' ', count));
    }

    pub(super) fn spans(&mut self, spans: &[Span]) {
        for span in spans {
            // Two `#` that meet here were kept apart inside each text.
            if self.out.ends_with('#') && span.text.starts_with('#') {
                self.out.push(' ');
            }
            let plain = self.colour == Colour::Plain || span.style.is_plain() || span.text.trim().is_empty();
            if plain {
                self.out.push_str(&span.text);
            } else {
                self.out.push_str(&span.style.render().to_string());
                self.out.push_str(&span.text);
                self.out.push_str(&span.style.render_reset().to_string());
            }
        }
    }

    /// Ends a line, without blanks at its end.
    pub(super) fn end(&mut self) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push('\n');
    }
}

/// Breaks a text at blanks, and words that are too long anywhere, into lines: the first of at most `first` columns, the
/// others of at most `rest`.
pub(super) fn wrapped(spans: &[Span], first: usize, rest: usize) -> Vec<Fitted> {
    let (first, rest) = (first.max(2), rest.max(2));
    let mut lines = vec![Fitted::default()];
    let room = |lines: &[Fitted]| {
        let width = if lines.len() > 1 { rest } else { first };
        width.saturating_sub(lines.last().map_or(0, |line| line.width))
    };
    for span in spans {
        for word in span.text.split_inclusive(' ') {
            if word.trim_end().width() > room(&lines) && lines.last().is_some_and(|line| line.width > 0) {
                lines.push(Fitted::default());
            }
            for piece in pieces(word, first.min(rest)) {
                if piece.trim_end().width() > room(&lines) {
                    lines.push(Fitted::default());
                }
                if let Some(line) = lines.last_mut() {
                    line.push(piece, span.style);
                }
            }
        }
    }
    lines.iter_mut().for_each(Fitted::trim);
    lines
}

impl Fitted {
    fn push(&mut self, text: &str, style: Style) {
        self.width += text.width();
        match self.spans.last_mut() {
            Some(last) if last.style == style => last.text.push_str(text),
            _ => self.spans.push(Span { text: text.to_owned(), style }),
        }
    }

    /// Takes the blanks at the end away.
    fn trim(&mut self) {
        while let Some(last) = self.spans.last_mut() {
            let end = last.text.trim_end_matches(' ').len();
            self.width = self.width.saturating_sub(last.text.len() - end);
            last.text.truncate(end);
            if !last.text.is_empty() {
                break;
            }
            self.spans.pop();
        }
    }
}

/// A word in pieces of at most `width` columns.
fn pieces(word: &str, width: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = word;
    while rest.trim_end().width() > width {
        let mut columns = 0;
        let end = rest.char_indices().find(|(place, character)| {
            columns += character.width().unwrap_or(0);
            columns > width && *place > 0
        });
        let Some((end, _)) = end else { break };
        let (piece, tail) = rest.split_at(end);
        pieces.push(piece);
        rest = tail;
    }
    pieces.push(rest);
    pieces
}
