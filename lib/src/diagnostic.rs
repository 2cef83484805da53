//! What is wrong with a policy, or doubtful: each finding with its code, its place and what to do.

mod code;
mod mask;
mod position;
mod render;

use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use position::LineIndex;

pub use code::{Code, Severity, codes, explain};
pub use render::Colour;

/// A stretch of a policy file, in bytes from its beginning (after a byte-order mark).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last; equal to `start` where something is missing.
    pub end: usize,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    code: Code,
    message: String,
    span: Span,
    label: String,
    also: Vec<(Span, String)>,
    help: Vec<String>,
}

/// The text that diagnostics point into, secrets masked.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SourceText {
    name: String,
    text: String,
}

/// Findings about one file, in the order of their places; at most [`Diagnostics::MOST`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics {
    source: Arc<SourceText>,
    list: Vec<Diagnostic>,
    left_out: usize,
}

impl Span {
    /// From the first byte up to, not including, `end`.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end: if end < start { start } else { end } }
    }
}

impl Diagnostic {
    pub(crate) fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), span, label: String::new(), also: Vec::new(), help: Vec::new() }
    }

    /// Words beside the caret.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// A second place that belongs to it.
    pub(crate) fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        self.also.push((span, label.into()));
        self
    }

    /// What to do.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// Error or warning.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// What is wrong, in one sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.span
    }

    /// What to do, in order.
    #[must_use]
    pub fn suggestions(&self) -> &[String] {
        &self.help
    }
}

impl Diagnostics {
    /// More findings than this are counted, not listed.
    pub const MOST: usize = 200;

    /// The findings about a file, sorted by place, each once.
    pub(crate) fn new(name: &str, text: &str, mut list: Vec<Diagnostic>) -> Self {
        list.sort_by(|a, b| (a.span, a.code, &a.message).cmp(&(b.span, b.code, &b.message)));
        list.dedup_by(|a, b| a.code == b.code && a.span == b.span && a.message == b.message);
        // Errors are never left out in favour of warnings.
        let errors = list.iter().filter(|found| found.severity() == Severity::Error).count();
        let mut left_out = 0;
        if list.len() > Self::MOST {
            left_out = list.len();
            if errors > 0 {
                list.retain(|found| found.severity() == Severity::Error);
            }
            list.truncate(Self::MOST);
            left_out -= list.len();
        }
        let secrets = list.iter().filter(|found| found.code == Code::SecretInPolicy).map(|found| found.span);
        let text = if list.is_empty() { String::new() } else { mask::masked(text, secrets) };
        Self { source: Arc::new(SourceText { name: name.to_owned(), text }), list, left_out }
    }

    /// The findings.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// How many are listed.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.list.len()
    }

    /// How many were found beyond those listed.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }

    /// Whether nothing was found.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether any of them is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|found| found.severity() == Severity::Error)
    }

    /// The file's name, as it was given.
    #[must_use]
    pub fn file_name(&self) -> &str {
        &self.source.name
    }

    /// Line and column of a finding, both from 1, the column in characters.
    #[must_use]
    pub fn position(&self, found: &Diagnostic) -> (usize, usize) {
        LineIndex::new(&self.source.text).position(found.span.start)
    }

    /// All of them as text for people: each with the source line, a caret and what to do.
    #[must_use]
    pub fn render(&self, colour: Colour) -> String {
        render::render(self, colour)
    }

    /// All of them for machines: an array of `{severity, code, message, file, line, column, end_line, end_column, help}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let lines = LineIndex::new(&self.source.text);
        self.list
            .iter()
            .map(|found| {
                let (line, column) = lines.position(found.span.start);
                let (end_line, end_column) = lines.position(found.span.end);
                json!({
                    "severity": found.severity().as_str(),
                    "code": found.code.as_str(),
                    "message": found.message,
                    "file": self.source.name,
                    "line": line,
                    "column": column,
                    "end_line": end_line,
                    "end_column": end_column,
                    "help": found.help,
                })
            })
            .collect()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.render(Colour::Plain).trim_end())
    }
}

impl std::error::Error for Diagnostics {}

#[cfg(test)]
mod tests;
