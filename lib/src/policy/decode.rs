//! From a tree of values to documents: every field is read, whatever is wrong with the others.

mod leaf;
mod macros;

use super::node::{Node, NodeValue, Text};
use super::schema::Schemas;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::spelling;

pub(crate) use leaf::{
    ComparisonText, CriterionText, Date, Length, Number, Pointer, Scalar, Share, UrlText, Version, Whole,
    Words,
};
pub(crate) use macros::{choice, document, words};

/// Something that a value of the policy file can be read as, and that the JSON Schema can describe.
pub(crate) trait Decode: Sized {
    /// Reads it; `None` where that failed, and then `findings` says why.
    fn decode(node: &Node, findings: &mut Vec<Diagnostic>) -> Option<Self>;

    /// Its JSON Schema.
    fn schema(schemas: &mut Schemas) -> serde_json::Value;
}

/// A key's value: given, left out, or given in a way that was refused already.
#[derive(Clone, Debug, Default)]
pub(crate) enum Field<T> {
    /// It was read.
    Given(T, Span),
    /// The key is not there.
    #[default]
    Missing,
    /// The key is there, and its value was refused.
    Invalid,
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Placed<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

/// A mapping whose keys the author chooses.
#[derive(Clone, Debug)]
pub(crate) struct Entries<T>(pub(crate) Vec<(Text, Placed<T>)>);

impl<T> Field<T> {
    /// The value, where it was read.
    pub(crate) const fn get(&self) -> Option<&T> {
        match self {
            Self::Given(value, _) => Some(value),
            Self::Missing | Self::Invalid => None,
        }
    }

    /// The place of the value, where it was read.
    pub(crate) const fn span(&self) -> Option<Span> {
        match self {
            Self::Given(_, span) => Some(*span),
            Self::Missing | Self::Invalid => None,
        }
    }

    /// Whether the key is not there.
    pub(crate) const fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }
}

impl<T: Decode> Field<T> {
    /// Reads a key's value. An empty one (`key:`) is refused: it reads like a slip.
    pub(crate) fn decode(key: &Text, node: &Node, findings: &mut Vec<Diagnostic>) -> Self {
        if matches!(node.value, NodeValue::Null) {
            findings.push(
                Diagnostic::new(
                    Code::WrongType,
                    key.span,
                    format!("`{}` has no value", key.text.escape_debug()),
                )
                .help("write a value, or remove the key to get its default"),
            );
            return Self::Invalid;
        }
        match T::decode(node, findings) {
            Some(value) => Self::Given(value, node.span),
            None => Self::Invalid,
        }
    }
}

impl<T: Decode> Decode for Vec<Placed<T>> {
    fn decode(node: &Node, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        let NodeValue::List(items) = &node.value else {
            return wrong_type(node, "a list", findings);
        };
        let mut list = Self::with_capacity(items.len());
        for item in items {
            if let Some(value) = T::decode(item, findings) {
                list.push(Placed { value, span: item.span });
            }
        }
        // A list of which nothing could be read is not an empty list.
        if list.is_empty() && !items.is_empty() { None } else { Some(list) }
    }

    fn schema(schemas: &mut Schemas) -> serde_json::Value {
        let items = T::schema(schemas);
        serde_json::json!({ "type": "array", "items": items })
    }
}

impl<T: Decode> Decode for Entries<T> {
    fn decode(node: &Node, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        let entries = mapping(node, findings)?;
        let mut list = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            if let Field::Given(read, span) = Field::decode(key, value, findings) {
                list.push((key.clone(), Placed { value: read, span }));
            }
        }
        Some(Self(list))
    }

    fn schema(schemas: &mut Schemas) -> serde_json::Value {
        let values = T::schema(schemas);
        serde_json::json!({ "type": "object", "additionalProperties": values })
    }
}

/// The entries of a mapping; what is no mapping is refused.
pub(crate) fn mapping<'n>(node: &'n Node, findings: &mut Vec<Diagnostic>) -> Option<&'n [(Text, Node)]> {
    match &node.value {
        NodeValue::Map(entries) => Some(entries),
        _ => wrong_type(node, "a mapping", findings),
    }
}

/// Refuses a value for what it is.
pub(crate) fn wrong_type<T>(node: &Node, expected: &str, findings: &mut Vec<Diagnostic>) -> Option<T> {
    if !matches!(node.value, NodeValue::Refused) {
        let message = format!("{expected} is expected here, not {}", node.value.kind());
        let found = Diagnostic::new(Code::WrongType, head(node), message);
        findings.push(match &node.value {
            NodeValue::Number(_) | NodeValue::Boolean(_) if expected.contains("text") => {
                found.help("put quotes around it")
            }
            NodeValue::Text(_) if expected.contains("list") => {
                found.help("put it in brackets, `[\"…\"]`, or on a line of its own that begins with `- `")
            }
            NodeValue::Text(_) if expected.contains("number") => found.help("write it in digits"),
            NodeValue::List(_) if expected.contains("text") => {
                found.help("write one, without brackets or `- `")
            }
            _ => found,
        });
    }
    None
}

/// The place of a value, of a collection only its beginning.
fn head(node: &Node) -> Span {
    match &node.value {
        NodeValue::Map(entries) => entries.first().map_or(node.span, |(key, _)| key.span),
        NodeValue::List(items) => {
            Span::new(node.span.start, items.first().map_or(node.span.end, |item| head(item).end))
        }
        _ => node.span,
    }
}

/// Refuses a key that does not exist; gives the one that was probably meant.
pub(crate) fn unknown_key(
    key: &Text,
    known: &[&'static str],
    what: &str,
    findings: &mut Vec<Diagnostic>,
) -> Option<&'static str> {
    let message = format!("{what} has no key `{}`", key.text.escape_debug());
    let found = Diagnostic::new(Code::UnknownKey, key.span, message);
    let near = spelling::nearest(&key.text, known.iter().copied());
    findings.push(match near {
        Some(near) => found.label(format!("did you mean `{near}`?")),
        None => found.help(format!("the keys are {}", spelling::listed(known.iter().copied()))),
    });
    near
}

/// Says that a key has to be there.
pub(crate) fn missing_key(key: &str, node: &Node, what: &str, findings: &mut Vec<Diagnostic>) {
    findings.push(Diagnostic::new(Code::MissingKey, head(node), format!("{what} needs the key `{key}`")));
}

/// Refuses a word that is none of several.
pub(crate) fn unknown_word(word: &Text, known: &[&str], what: &str, findings: &mut Vec<Diagnostic>) {
    if known.contains(&word.as_str()) {
        findings.push(
            Diagnostic::new(Code::WrongType, word.span, format!("`{}` needs a value", word.text))
                .help(format!("write `{{ {}: … }}`", word.text)),
        );
        return;
    }
    let message = format!("`{}` is not {what}", word.text.escape_debug());
    let found = Diagnostic::new(Code::UnknownWord, word.span, message);
    findings.push(match spelling::nearest(&word.text, known.iter().copied()) {
        Some(near) => found.label(format!("did you mean `{near}`?")),
        None => found.help(format!("write one of {}", spelling::listed(known.iter().copied()))),
    });
}

/// Refuses a mapping where a bare word is meant.
pub(crate) fn bare_word(key: &Text, findings: &mut Vec<Diagnostic>) {
    findings.push(
        Diagnostic::new(Code::WrongType, key.span, format!("`{}` takes no value", key.text))
            .help(format!("write it as the bare word `{}`", key.text)),
    );
}

/// How a kind is written.
pub(crate) enum Kind<'n> {
    /// As a word.
    Word(&'n Text),
    /// As a mapping with one key.
    One(&'n Text, &'n Node),
}

/// Reads how a kind is written.
pub(crate) fn kind<'n>(node: &'n Node, what: &str, findings: &mut Vec<Diagnostic>) -> Option<Kind<'n>> {
    match &node.value {
        NodeValue::Text(word) => Some(Kind::Word(word)),
        NodeValue::Map(entries) => match entries.as_slice() {
            [(key, value)] => Some(Kind::One(key, value)),
            [] => wrong_type(node, what, findings),
            [_, (second, _), ..] => {
                findings.push(
                    Diagnostic::new(
                        Code::WrongType,
                        second.span,
                        format!("{what} has one key, and this is a second"),
                    )
                    .help("begin a new list entry with `- `, or indent the key under the one before"),
                );
                None
            }
        },
        _ => wrong_type(node, what, findings),
    }
}
