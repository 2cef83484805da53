//! YAML to a tree of values with places. The only module that names the YAML crate.
//!
//! YAML 1.2 core rules: `true` and `false` are the booleans, `yes` and `on` are text. Bounded: 1 MiB, 48 levels, 200,000
//! values with every alias expanded. Refused, each with a code: duplicate keys, several documents, tags, keys that are
//! not text.

mod syntax;

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError};

use super::node::{Node, NodeValue, Text};
use crate::diagnostic::{Code, Diagnostic, Span};

/// The largest policy, in bytes.
pub(crate) const LARGEST: usize = 1024 * 1024;
/// The deepest nesting.
const DEEPEST: usize = 48;
/// The most values, those that aliases repeat included.
const MOST_NODES: usize = 200_000;

/// The key that merges another mapping into its own, where YAML 1.1 is read.
const MERGE: &str = "<<";

/// Reads one document. `None` where nothing of it can be used; what is wrong is in `findings` either way.
pub(crate) fn read(text: &str, findings: &mut Vec<Diagnostic>) -> Option<Node> {
    let mut options = Options::default();
    options.emit_comments = false;
    options.emit_unresolved_aliases = true;
    options.flow_nesting_limit = DEEPEST;
    options.block_nesting_limit = DEEPEST;
    let mut builder =
        Builder { text, findings, open: Vec::new(), anchors: HashMap::new(), nodes: 0, root: None };
    let mut documents = 0_usize;
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = match event {
            Ok(found) => found,
            Err(error) => {
                builder.syntax(&error);
                return None;
            }
        };
        let span = bytes(text, span);
        match event {
            Event::DocumentStart(..) => {
                documents += 1;
                if documents > 1 {
                    builder.findings.push(
                        Diagnostic::new(Code::SeveralDocuments, span, "a second YAML document begins here")
                            .help("a policy is one document: remove the `---` and what does not belong"),
                    );
                    break;
                }
            }
            Event::Scalar(value, style, anchor, tag) => {
                let node = scalar(text, value, style, span);
                let node = if tag.is_some() { builder.tagged(node.span) } else { node };
                builder.add(node, anchor)?;
            }
            Event::SequenceStart(_, anchor, tag) => {
                builder.open(Open::List(Vec::new()), span, anchor, tag.is_some())?
            }
            Event::MappingStart(_, anchor, tag) => {
                builder.open(
                    Open::Map { entries: Vec::new(), seen: HashMap::new(), key: None, merges: false },
                    span,
                    anchor,
                    tag.is_some(),
                )?;
            }
            Event::SequenceEnd | Event::MappingEnd => builder.close(span)?,
            Event::Alias(id) => builder.alias(id, span)?,
            Event::UnresolvedAlias(name) => {
                let message = format!("no anchor `&{}` stands before this alias", name.escape_debug());
                builder.findings.push(
                    Diagnostic::new(Code::YamlSyntax, span, message)
                        .help("a text that begins with `*` needs quotes, as in '*.cs'"),
                );
                builder.add(Node { span, value: NodeValue::Refused }, 0)?;
            }
            _ => {}
        }
    }
    builder.root
}

/// A collection that is being read.
enum Open {
    List(Vec<Node>),
    Map { entries: Vec<(Text, Node)>, seen: HashMap<String, Span>, key: Option<Key>, merges: bool },
}

/// A key that waits for its value.
enum Key {
    Text(Text),
    /// Its value is read and dropped.
    Refused,
}

struct Builder<'t, 'f> {
    text: &'t str,
    findings: &'f mut Vec<Diagnostic>,
    open: Vec<(Open, Span, usize)>,
    /// Each anchor's value, how many values it has and how many levels.
    anchors: HashMap<usize, (Node, (usize, usize))>,
    nodes: usize,
    root: Option<Node>,
}

impl Builder<'_, '_> {
    /// Counts a value; `None` where there are too many.
    fn count(&mut self, nodes: usize, span: Span) -> Option<()> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MOST_NODES {
            self.findings.push(
                Diagnostic::new(
                    Code::PolicyTooLarge,
                    span,
                    format!("the policy has more than {MOST_NODES} values"),
                )
                .help("aliases count each time they are used"),
            );
            return None;
        }
        Some(())
    }

    /// Asks for more levels inside what is open; `None` where that is too deep.
    fn deeper(&mut self, levels: usize, span: Span) -> Option<()> {
        if self.open.len() + levels > DEEPEST {
            let message = format!("the policy nests deeper than {DEEPEST} levels");
            self.findings.push(Diagnostic::new(Code::PolicyTooLarge, span, message));
            return None;
        }
        Some(())
    }

    fn tagged(&mut self, span: Span) -> Node {
        self.findings.push(
            Diagnostic::new(Code::YamlTag, span, "a policy has no YAML tags")
                .help("remove the `!…`; put quotes around a number that is meant as text"),
        );
        Node { span, value: NodeValue::Refused }
    }

    fn open(&mut self, open: Open, span: Span, anchor: usize, tagged: bool) -> Option<()> {
        if tagged {
            let _ = self.tagged(span);
        }
        self.deeper(1, span)?;
        self.open.push((open, span, anchor));
        Some(())
    }

    fn close(&mut self, end: Span) -> Option<()> {
        let Some((open, begin, anchor)) = self.open.pop() else { return Some(()) };
        let (value, last) = match open {
            Open::List(items) => {
                let last = items.last().map(|node| node.span.end);
                (NodeValue::List(items), last)
            }
            Open::Map { entries, merges, .. } => {
                let last = entries.last().map(|(key, node)| node.span.end.max(key.span.end));
                // What a merge would have brought is not there: nothing more is said about the mapping.
                (if merges { NodeValue::Refused } else { NodeValue::Map(entries) }, last)
            }
        };
        // A flow collection ends at its bracket; a block one at its last element, not at what follows it.
        let bracket = self.text.as_bytes().get(begin.start).is_some_and(|byte| matches!(byte, b'{' | b'['));
        let stop = if bracket { end.end } else { last.unwrap_or(begin.end) };
        self.add(Node { span: Span::new(begin.start, stop), value }, anchor)
    }

    fn alias(&mut self, id: usize, span: Span) -> Option<()> {
        let Some((node, measure)) = self.anchors.get(&id) else {
            // An alias inside its own anchor.
            self.findings.push(Diagnostic::new(
                Code::YamlSyntax,
                span,
                "this alias stands inside its own anchor",
            ));
            return self.add(Node { span, value: NodeValue::Refused }, 0);
        };
        let (values, levels) = *measure;
        let node = node.clone();
        self.count(values, span)?;
        self.deeper(levels, span)?;
        self.add(node, 0)
    }

    /// Puts a whole value where it belongs.
    fn add(&mut self, node: Node, anchor: usize) -> Option<()> {
        self.count(1, node.span)?;
        if anchor != 0 {
            let measure = measure(&node);
            self.count(measure.0, node.span)?;
            self.anchors.insert(anchor, (node.clone(), measure));
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some((Open::List(items), ..)) => items.push(node),
            Some((Open::Map { entries, seen, key, merges }, ..)) => match key.take() {
                None => {
                    *merges |= matches!(&node.value, NodeValue::Text(text) if text.as_str() == MERGE);
                    *key = Some(new_key(node, seen, self.findings));
                }
                Some(Key::Text(text)) => entries.push((text, node)),
                Some(Key::Refused) => {}
            },
        }
        Some(())
    }

    /// What the YAML crate found wrong, in words that say what to do.
    fn syntax(&mut self, error: &ScanError) {
        let at = error.marker().byte_offset().unwrap_or_else(|| byte_of(self.text, error.marker().index()));
        let is_bracket =
            |start: &usize| self.text.as_bytes().get(*start).is_some_and(|byte| matches!(byte, b'{' | b'['));
        let bracket = self.open.iter().rev().map(|(_, span, _)| span.start).find(is_bracket);
        self.findings.push(syntax::explained(self.text, at.min(self.text.len()), &error.info(), bracket));
    }
}

fn new_key(node: Node, seen: &mut HashMap<String, Span>, findings: &mut Vec<Diagnostic>) -> Key {
    let text = match node.value {
        NodeValue::Text(text) => text,
        NodeValue::Number(text) => Text::new(text, node.span, None),
        NodeValue::Boolean(value) => Text::new(value.to_string(), node.span, None),
        NodeValue::Refused => return Key::Refused,
        value @ (NodeValue::Null | NodeValue::List(_) | NodeValue::Map(_)) => {
            let message = format!("{} cannot be a key", value.kind());
            findings.push(
                Diagnostic::new(Code::WrongType, node.span, message).help("a key is a word or a quoted text"),
            );
            return Key::Refused;
        }
    };
    if text.text == MERGE {
        findings.push(
            Diagnostic::new(Code::UnknownKey, text.span, "a policy has no merge keys (`<<`)").help(
                "write the keys here; an anchor and its alias work for a whole value: `a: &x …` and `b: *x`",
            ),
        );
        return Key::Refused;
    }
    if let Some(first) = seen.get(&text.text) {
        findings.push(
            Diagnostic::new(
                Code::DuplicateKey,
                text.span,
                format!("`{}` is written twice", text.text.escape_debug()),
            )
            .label("again here")
            .also(*first, "first here")
            .help("keep one of them: YAML has no rule for which one counts"),
        );
        return Key::Refused;
    }
    seen.insert(text.text.clone(), text.span);
    Key::Text(text)
}

fn scalar(source: &str, value: Cow<'_, str>, style: ScalarStyle, span: Span) -> Node {
    let written = source.get(span.start..span.end).unwrap_or("");
    if style == ScalarStyle::Plain {
        match value.as_ref() {
            "" | "~" | "null" | "Null" | "NULL" => return Node { span, value: NodeValue::Null },
            "true" | "True" | "TRUE" => return Node { span, value: NodeValue::Boolean(true) },
            "false" | "False" | "FALSE" => return Node { span, value: NodeValue::Boolean(false) },
            number if is_number(number) => {
                return Node { span, value: NodeValue::Number(value.into_owned()) };
            }
            _ => {}
        }
    }
    let verbatim = if written == value.as_ref() {
        Some(span.start)
    } else {
        let inner = written.get(1..written.len().saturating_sub(1));
        let quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
        (quoted && inner == Some(value.as_ref())).then_some(span.start + 1)
    };
    Node { span, value: NodeValue::Text(Text::new(value.into_owned(), span, verbatim)) }
}

/// Whether YAML 1.2's core schema reads a plain scalar as a number.
fn is_number(text: &str) -> bool {
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(body, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let digits = |text: &str, radix: u32| !text.is_empty() && text.chars().all(|c| c.is_digit(radix));
    if let Some(hexadecimal) = body.strip_prefix("0x") {
        return digits(hexadecimal, 16);
    }
    if let Some(octal) = body.strip_prefix("0o") {
        return digits(octal, 8);
    }
    let first = body.strip_prefix('.').unwrap_or(body);
    first.starts_with(|c: char| c.is_ascii_digit())
        && body.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'))
        && body.parse::<f64>().is_ok()
}

/// How many values a tree has, and how many levels.
fn measure(node: &Node) -> (usize, usize) {
    let inner: Vec<(usize, usize)> = match &node.value {
        NodeValue::List(items) => items.iter().map(measure).collect(),
        NodeValue::Map(entries) => entries.iter().map(|(_, value)| measure(value)).collect(),
        _ => return (1, 0),
    };
    let values = inner.iter().map(|(values, _)| values).sum::<usize>() + 1;
    (values, inner.iter().map(|(_, levels)| *levels).max().unwrap_or(0) + 1)
}

fn bytes(text: &str, span: granit_parser::Span) -> Span {
    match span.byte_range() {
        Some(range) => Span::new(range.start.min(text.len()), range.end.min(text.len())),
        None => Span::new(byte_of(text, span.start.index()), byte_of(text, span.end.index())),
    }
}

/// The byte at which a character begins.
fn byte_of(text: &str, character: usize) -> usize {
    text.char_indices().nth(character).map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests;
