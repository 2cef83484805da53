//! From bytes to lines and columns.

/// Where the lines of a text begin.
pub(super) struct LineIndex<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> LineIndex<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(breaks).collect() }
    }

    /// The line of a byte, from 0.
    pub(super) fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).saturating_sub(1)
    }

    /// Line and column of a byte, both from 1, the column in characters.
    pub(super) fn position(&self, at: usize) -> (usize, usize) {
        let line = self.line(at);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let end = floor_boundary(self.text, at);
        let column = self.text.get(start..end).map_or(0, |before| before.chars().count());
        (line + 1, column + 1)
    }

    /// The bytes of the lines from `first` to `last`, both from 0, without the last line's break.
    pub(super) fn lines(&self, first: usize, last: usize) -> (usize, &'t str) {
        let start = self.starts.get(first).copied().unwrap_or(self.text.len());
        let end = self.starts.get(last + 1).copied().unwrap_or(self.text.len());
        let lines = self.text.get(start..end).unwrap_or("");
        (start, lines.trim_end_matches(['\n', '\r']))
    }
}

/// The last character boundary at or before a byte.
pub(super) fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
