//! A policy file as a tree of values, each with its place.

use crate::diagnostic::Span;

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Its bytes in the file: of a list or mapping, from its first to its last element.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) value: NodeValue,
}

/// What stands at a place.
#[derive(Clone, Debug)]
pub(crate) enum NodeValue {
    /// Nothing: an empty value, `null` or `~`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A plain number as it is written.
    Number(String),
    /// Text.
    Text(Text),
    /// A list.
    List(Vec<Node>),
    /// A mapping: keys in order, each once.
    Map(Vec<(Text, Node)>),
    /// Something that was refused already: nothing more is said about it.
    Refused,
}

/// A text and its place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text {
    /// What it says, escapes resolved.
    pub(crate) text: String,
    /// Its bytes in the file, quotes included.
    pub(crate) span: Span,
    /// Where it begins in the file, where every byte of it stands there as it is.
    verbatim: Option<usize>,
}

impl Text {
    /// A text whose bytes stand in the file from `verbatim` on, or are written in another way there.
    pub(crate) const fn new(text: String, span: Span, verbatim: Option<usize>) -> Self {
        Self { text, span, verbatim }
    }

    /// The place of some of its bytes; its whole place where the file writes it in another way.
    pub(crate) fn place(&self, range: std::ops::Range<usize>) -> Span {
        match self.verbatim {
            Some(start) if range.end <= self.text.len() => Span::new(start + range.start, start + range.end),
            _ => self.span,
        }
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }
}

impl NodeValue {
    /// What it is, in words for messages.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "an empty value",
            Self::Boolean(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
            Self::Refused => "something unreadable",
        }
    }
}
