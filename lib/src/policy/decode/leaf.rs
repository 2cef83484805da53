//! Values without parts. Texts keep their places: what they mean is read once their variables are expanded.

use std::ops::Deref;

use serde_json::{Value, json};

use super::{Decode, wrong_type};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::node::{Node, NodeValue, Text};
use crate::policy::schema::Schemas;
use crate::sample::Finite;

/// A text leaf: its name, its words for messages and its JSON Schema.
macro_rules! text_leaf {
    ($( $(#[doc = $doc:literal])+ $name:ident, $what:literal, $schema:tt; )+) => { $(
        $(#[doc = $doc])+
        #[derive(Clone, Debug, Default)]
        pub(crate) struct $name(Text);

        impl Deref for $name {
            type Target = Text;
            fn deref(&self) -> &Text {
                &self.0
            }
        }

        impl Decode for $name {
            fn decode(node: &Node, findings: &mut Vec<Diagnostic>) -> Option<Self> {
                text(node, $what, findings).map(Self)
            }

            fn schema(_: &mut Schemas) -> Value {
                json!($schema)
            }
        }
    )+ };
}

text_leaf! {
    /// Words, names, paths, queries.
    Words, "a text", { "type": "string", "minLength": 1 };
    /// An address.
    UrlText, "a text with a URL", {
        "type": "string",
        "pattern": "^(https?://|.*\\$\\{)",
        "examples": ["https://orders.contoso.com"],
    };
    /// A criterion.
    CriterionText, "a text with a criterion", {
        "type": "string",
        "minLength": 1,
        "examples": ["error_rate > 5% for 5m", "latency_p95 > 2x baseline and > 200ms for 5m", "health failing for 2m"],
    };
    /// A comparison with a number.
    ComparisonText, "a text with a comparison", {
        "type": "string",
        "pattern": "^\\s*(>=?|<=?|==|!=)|\\$\\{",
        "examples": ["> 0", "< 24"],
    };
    /// A JSON pointer.
    Pointer, "a text with a JSON pointer", {
        "type": "string",
        "pattern": "^(/.*)?$",
        "examples": ["/data/age_hours"],
    };
    /// A day.
    Date, "a text with a date", {
        "type": "string",
        "pattern": "^\\d{4}-\\d{2}-\\d{2}$",
        "examples": ["2027-06-30"],
    };
}

/// A length of time, `5m`; a bare 0 is none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Length(Text);

/// A share: `50%`, or 0 to 1.
#[derive(Clone, Debug, Default)]
pub(crate) struct Share(Text);

/// Any scalar as it is written: `1.10` stays `1.10`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scalar(Text);

/// A whole number that is not negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Whole(pub(crate) u32);

/// The version of the language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Version(pub(crate) u32);

/// A number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Number(pub(crate) Finite);

impl Deref for Length {
    type Target = Text;
    fn deref(&self) -> &Text {
        &self.0
    }
}

impl Deref for Share {
    type Target = Text;
    fn deref(&self) -> &Text {
        &self.0
    }
}

impl Deref for Scalar {
    type Target = Text;
    fn deref(&self) -> &Text {
        &self.0
    }
}

impl Decode for Length {
    fn decode(node: &Node, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        match &node.value {
            NodeValue::Number(digits) if digits == "0" => Some(Self(number_text(node, digits))),
            NodeValue::Number(digits) => {
                findings.push(
                    Diagnostic::new(
                        Code::InvalidDuration,
                        node.span,
                        format!("`{digits}` has no unit of time"),
                    )
                    .help(format!("write `{digits}s`, `{digits}m` or `{digits}h`")),
                );
                None
            }
            _ => text(node, "a text with a length of time, such as `5m`,", findings).map(Self),
        }
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({
            "anyOf": [
                {
                    "type": "string",
                    "pattern": "^\\s*((\\d+(\\.\\d+)?\\s*(ns|us|ms|s|m|h|d))+|0)\\s*$|\\$\\{",
                    "examples": ["90s", "5m", "1h30m"],
                },
                { "const": 0 },
            ],
        })
    }
}

impl Decode for Share {
    fn decode(node: &Node, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        match &node.value {
            NodeValue::Number(digits) => Some(Self(number_text(node, digits))),
            _ => text(node, "a text with a share, such as `50%`,", findings).map(Self),
        }
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({
            "anyOf": [
                { "type": "string", "pattern": "^\\s*\\d+(\\.\\d+)?\\s*%\\s*$|\\$\\{", "examples": ["50%"] },
                { "type": "number", "minimum": 0, "maximum": 1 },
            ],
        })
    }
}

impl Decode for Scalar {
    fn decode(node: &Node, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        match &node.value {
            NodeValue::Number(digits) => Some(Self(number_text(node, digits))),
            NodeValue::Boolean(value) => Some(Self(Text::new(value.to_string(), node.span, None))),
            _ => text(node, "a text or a number", findings).map(Self),
        }
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": ["string", "number", "boolean"] })
    }
}

impl Decode for Whole {
    fn decode(node: &Node, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        match &node.value {
            NodeValue::Number(digits) => match digits.parse() {
                Ok(number) => Some(Self(number)),
                Err(_) => {
                    let message = format!("`{digits}` is not a whole number from 0 to {}", u32::MAX);
                    findings.push(Diagnostic::new(Code::InvalidNumber, node.span, message));
                    None
                }
            },
            _ => quoted_number(node, "a whole number", findings),
        }
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX })
    }
}

impl Decode for Version {
    fn decode(node: &Node, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        Whole::decode(node, findings).map(|version| Self(version.0))
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "integer", "const": 1 })
    }
}

impl Decode for Number {
    fn decode(node: &Node, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        match &node.value {
            NodeValue::Number(digits) => match digits.parse().ok().and_then(Finite::new) {
                Some(number) => Some(Self(number)),
                None => {
                    let message = format!("`{digits}` is not a finite decimal number");
                    findings.push(Diagnostic::new(Code::InvalidNumber, node.span, message));
                    None
                }
            },
            _ => quoted_number(node, "a number", findings),
        }
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "number" })
    }
}

impl Decode for bool {
    fn decode(node: &Node, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        let NodeValue::Text(text) = &node.value else {
            return match &node.value {
                NodeValue::Boolean(value) => Some(*value),
                _ => wrong_type(node, "`true` or `false`", findings),
            };
        };
        let meant = match text.text.to_ascii_lowercase().as_str() {
            "yes" | "y" | "on" | "true" => Some("true"),
            "no" | "n" | "off" | "false" => Some("false"),
            _ => None,
        };
        let message = format!("`true` or `false` is expected here, not `{}`", text.text.escape_debug());
        let found = Diagnostic::new(Code::WrongType, node.span, message);
        findings.push(match meant {
            Some(word) => found.help(format!("write `{word}`, without quotes")),
            None => found,
        });
        None
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "boolean" })
    }
}

/// Reads a text that is not empty.
fn text(node: &Node, what: &str, findings: &mut Vec<Diagnostic>) -> Option<Text> {
    let NodeValue::Text(text) = &node.value else {
        return wrong_type(node, what, findings);
    };
    if text.text.trim().is_empty() {
        findings.push(Diagnostic::new(
            Code::WrongType,
            node.span,
            format!("{what} is expected here, not an empty one"),
        ));
        return None;
    }
    if text.text.contains('\0') {
        findings.push(Diagnostic::new(Code::WrongType, node.span, "a text cannot contain a NUL character"));
        return None;
    }
    Some(text.clone())
}

/// A number's text, whose bytes stand in the file as they are.
fn number_text(node: &Node, digits: &str) -> Text {
    Text::new(digits.to_owned(), node.span, Some(node.span.start))
}

/// Refuses what is no number; a number in quotes gets its own words.
fn quoted_number<T>(node: &Node, what: &str, findings: &mut Vec<Diagnostic>) -> Option<T> {
    match &node.value {
        NodeValue::Text(text) if text.text.trim().parse::<f64>().is_ok() => {
            let message = format!("{what} is expected here, not a text");
            findings.push(
                Diagnostic::new(Code::WrongType, node.span, message)
                    .help(format!("write it without quotes: {}", text.text.trim())),
            );
            None
        }
        _ => wrong_type(node, what, findings),
    }
}
