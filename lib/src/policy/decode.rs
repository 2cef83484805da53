//! From a tree of values to documents: every field is read, whatever is wrong with the others.

mod homes;
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
        Self::read(key, node, "write a value, or remove the key to get its default", findings)
    }

    fn read(key: &Text, node: &Node, of_empty: &str, findings: &mut Vec<Diagnostic>) -> Self {
        if matches!(node.value, NodeValue::Null) {
            let message = format!("`{}` has no value", key.text.escape_debug());
            findings.push(Diagnostic::new(Code::WrongType, key.span, message).help(of_empty));
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
        let entries = named_mapping(node, findings)?;
        let mut list = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let of_empty = "write a value, or `{}` where each of its keys has a default";
            if let Field::Given(read, span) = Field::read(key, value, of_empty, findings) {
                list.push((key.clone(), Placed { value: read, span }));
            }
        }
        // A mapping of which nothing could be read is not an empty one.
        if list.is_empty() && !entries.is_empty() { None } else { Some(Self(list)) }
    }

    fn schema(schemas: &mut Schemas) -> serde_json::Value {
        let values = T::schema(schemas);
        serde_json::json!({ "type": "object", "additionalProperties": values })
    }
}

/// The entries of a mapping with known keys; what is no mapping is refused.
pub(crate) fn known_mapping<'n>(
    node: &'n Node,
    known: &[&str],
    findings: &mut Vec<Diagnostic>,
) -> Option<&'n [(Text, Node)]> {
    let wants = |key: &str| known.contains(&key);
    let text = match &node.value {
        NodeValue::Text(text) => text.as_str(),
        _ => "",
    };
    let is_address = text.starts_with("http://") || text.starts_with("https://");
    let help = if is_address && wants("url") {
        "write `{ url: \"…\" }`".to_owned()
    } else if !is_address && wants("query") {
        "write `{ query: \"…\" }`".to_owned()
    } else {
        let most = known.len().min(6);
        let keys = known.iter().take(most).map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        format!("write it as a mapping with keys: {keys}{}", if known.len() > most { ", …" } else { "" })
    };
    mapping(node, help, findings)
}

/// The entries of a mapping whose keys the author chooses; what is no mapping is refused.
fn named_mapping<'n>(node: &'n Node, findings: &mut Vec<Diagnostic>) -> Option<&'n [(Text, Node)]> {
    let first = match &node.value {
        NodeValue::List(items) => items.first().and_then(named),
        _ => None,
    };
    let help = format!("write each by its name: `{}: …`", first.unwrap_or("name").escape_debug());
    mapping(node, help, findings)
}

fn mapping<'n>(node: &'n Node, help: String, findings: &mut Vec<Diagnostic>) -> Option<&'n [(Text, Node)]> {
    match &node.value {
        NodeValue::Map(entries) => Some(entries),
        _ => refuse_type(node, "a mapping", Some(help), findings),
    }
}

/// What an entry of a list calls itself.
fn named(item: &Node) -> Option<&str> {
    let text = match &item.value {
        NodeValue::Map(entries) => match &entries.iter().find(|(key, _)| key.as_str() == "name")?.1.value {
            NodeValue::Text(name) => name,
            _ => return None,
        },
        NodeValue::Text(name) => name,
        _ => return None,
    };
    Some(text.as_str())
}

/// Refuses a value for what it is.
pub(crate) fn wrong_type<T>(node: &Node, expected: &str, findings: &mut Vec<Diagnostic>) -> Option<T> {
    let help = match &node.value {
        NodeValue::Number(_) | NodeValue::Boolean(_) if expected.contains("text") => "put quotes around it",
        NodeValue::Text(_) if expected.contains("list") => {
            "put it in brackets, `[\"…\"]`, or on a line of its own that begins with `- `"
        }
        NodeValue::Map(_) if expected.contains("list") => "begin each entry with `- `",
        NodeValue::Text(_) if expected.contains("number") => "write it in digits",
        NodeValue::List(_) if expected.contains("text") => "write one, without brackets or `- `",
        NodeValue::Map(_) if expected.contains("criterion") => {
            "write the whole of it in quotes, such as `\"error_rate > 5% for 5m\"`"
        }
        NodeValue::Map(_) if expected.contains("text") => {
            "put quotes around a text that begins with `{` or contains `: `"
        }
        _ => return refuse_type(node, expected, None, findings),
    };
    refuse_type(node, expected, Some(help.to_owned()), findings)
}

fn refuse_type<T>(
    node: &Node,
    expected: &str,
    help: Option<String>,
    findings: &mut Vec<Diagnostic>,
) -> Option<T> {
    if !matches!(node.value, NodeValue::Refused) {
        let message = format!("{expected} is expected here, not {}", node.value.kind());
        let found = Diagnostic::new(Code::WrongType, head(node), message);
        findings.push(match help {
            Some(help) => found.help(help),
            None => found,
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
    if let Some(home) = homes::of(key.as_str()) {
        findings.push(found.help(format!("`{key}` belongs {home}", key = key.text)));
        return None;
    }
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
    // `before 30m`: a colon is missing.
    if let Some((first, value)) = word.text.split_once([' ', '=']).filter(|(first, _)| known.contains(first))
    {
        let message = format!("`{}` is not {what}", word.text.escape_debug());
        findings.push(
            Diagnostic::new(Code::UnknownWord, word.span, message)
                .help(format!("write `{{ {first}: {} }}`", value.trim().escape_debug())),
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
pub(crate) fn kind<'n>(
    node: &'n Node,
    known: &[&str],
    what: &str,
    findings: &mut Vec<Diagnostic>,
) -> Option<Kind<'n>> {
    match &node.value {
        NodeValue::Text(word) => Some(Kind::Word(word)),
        NodeValue::Map(entries) => match entries.as_slice() {
            [(key, value)] => Some(Kind::One(key, value)),
            [] => wrong_type(node, what, findings),
            [(first, _), ..] if !known.contains(&first.as_str()) => {
                let message =
                    format!("{what} begins with its kind, and `{}` is none", first.text.escape_debug());
                let kinds = spelling::listed(known.iter().copied());
                findings.push(
                    Diagnostic::new(Code::UnknownWord, first.span, message)
                        .help(format!("write the kind first, and the rest under it: one of {kinds}")),
                );
                None
            }
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
