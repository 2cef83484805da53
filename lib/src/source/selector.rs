//! Selectors of series, as PromQL writes them: `http_requests_total{code=~"5..",app="orders"}`.

use std::fmt;

use regex::{Regex, RegexBuilder};

/// Chooses series by name and labels.
#[derive(Clone, Debug)]
pub(super) struct Selector {
    /// The metric's name; `None` where only labels choose.
    name: Option<String>,
    matchers: Vec<Matcher>,
}

/// One condition on a label; a label that a series does not have is empty.
#[derive(Clone, Debug)]
struct Matcher {
    label: String,
    kind: Kind,
    value: String,
    pattern: Option<Regex>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Equal,
    NotEqual,
    Matches,
    NotMatches,
}

/// What is wrong with a selector, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}, at character {at} of the selector")]
pub struct SelectorError {
    what: String,
    at: usize,
}

impl SelectorError {
    /// The character of the selector that it is about, in bytes; empty at its end.
    pub(crate) fn place(&self, selector: &str) -> std::ops::Range<usize> {
        match selector.char_indices().nth(self.at - 1) {
            Some((start, c)) => start..start + c.len_utf8(),
            None => selector.len()..selector.len(),
        }
    }
}

/// The longest selector, in bytes.
const LONGEST: usize = 4096;

/// The most memory that a compiled pattern takes, in bytes.
const PATTERN_LIMIT: usize = 1 << 20;

/// The label that stands for the metric's name.
const NAME: &str = "__name__";

impl Selector {
    /// Reads `name`, `name{label="value"}` or `{__name__="name"}`.
    pub(super) fn parse(text: &str) -> Result<Self, SelectorError> {
        let mut reader = Reader::new(text)?;
        let mut name = reader.metric_name();
        let mut matchers = Vec::new();
        if reader.eat('{') {
            matchers = reader.matchers(&mut name)?;
            reader.expect('}')?;
        }
        reader.end()?;
        if name.is_none() && !matchers.iter().any(|matcher| matcher.label == NAME) {
            return Err(reader.error("a metric's name is missing"));
        }
        Ok(Self { name, matchers })
    }

    /// Reads the inside of a selector, `app="orders",env="prod"`, with or without braces; nothing chooses everything.
    pub(super) fn parse_labels(text: &str) -> Result<Self, SelectorError> {
        let mut reader = Reader::new(text)?;
        let braces = reader.eat('{');
        let mut name = None;
        let matchers = reader.matchers(&mut name)?;
        if braces {
            reader.expect('}')?;
        }
        reader.end()?;
        match name {
            Some(_) => {
                Err(reader.error("a metric's name cannot stand here; write labels, such as app=\"orders\""))
            }
            None => Ok(Self { name, matchers }),
        }
    }

    /// Whether a series is chosen.
    pub(super) fn chooses<N: AsRef<str>, V: AsRef<str>>(&self, name: &str, labels: &[(N, V)]) -> bool {
        if self.name.as_deref().is_some_and(|wanted| wanted != name) {
            return false;
        }
        self.matchers.iter().all(|matcher| {
            let value = if matcher.label == NAME {
                name
            } else {
                let found = labels.iter().find(|(label, _)| label.as_ref() == matcher.label);
                found.map_or("", |(_, value)| value.as_ref())
            };
            matcher.holds(value)
        })
    }

    /// The metric's name, where it is written.
    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The labels that it asks for, apart from the name.
    pub(super) fn labels(&self) -> impl Iterator<Item = &str> {
        self.matchers.iter().map(|matcher| matcher.label.as_str()).filter(|label| *label != NAME)
    }

    /// The same selector of another metric: `x` becomes `x_bucket`.
    pub(super) fn with_suffix(&self, suffix: &str) -> Option<Self> {
        let name = self.name.as_ref().map(|name| format!("{name}{suffix}"))?;
        Some(Self { name: Some(name), matchers: self.matchers.clone() })
    }
}

impl fmt::Display for Selector {
    /// The labels as PromQL, without braces: `app="orders",code=~"5.."`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, matcher) in self.matchers.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let sign = match matcher.kind {
                Kind::Equal => "=",
                Kind::NotEqual => "!=",
                Kind::Matches => "=~",
                Kind::NotMatches => "!~",
            };
            write!(formatter, "{comma}{}{sign}\"{}\"", matcher.label, escaped(&matcher.value))?;
        }
        Ok(())
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

impl Matcher {
    fn holds(&self, value: &str) -> bool {
        let matches = || self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(value));
        match self.kind {
            Kind::Equal => self.value == value,
            Kind::NotEqual => self.value != value,
            Kind::Matches => matches(),
            Kind::NotMatches => !matches(),
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Result<Self, SelectorError> {
        let reader = Self { text, rest: text };
        if text.len() > LONGEST {
            return Err(reader.error(&format!("a selector has at most {LONGEST} bytes")));
        }
        Ok(reader)
    }

    fn error(&self, what: &str) -> SelectorError {
        let read = self.text.len() - self.rest.len();
        let at = self.text.get(..read).map_or(0, |read| read.chars().count()) + 1;
        SelectorError { what: what.to_owned(), at }
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, c: char) -> bool {
        self.skip_spaces();
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, c: char) -> Result<(), SelectorError> {
        if self.eat(c) { Ok(()) } else { Err(self.error(&format!("`{c}` is expected"))) }
    }

    fn end(&mut self) -> Result<(), SelectorError> {
        self.skip_spaces();
        if self.rest.is_empty() { Ok(()) } else { Err(self.error("the selector should end")) }
    }

    fn word(&mut self, colon: Colon) -> Option<String> {
        self.skip_spaces();
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || (c == ':' && colon == Colon::Allowed);
        let end = self.rest.find(|c: char| !fits(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        if word.is_empty() || word.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        self.rest = rest;
        Some(word.to_owned())
    }

    fn metric_name(&mut self) -> Option<String> {
        self.word(Colon::Allowed)
    }

    /// `label="value", …`; a quoted text alone is the metric's name, as Prometheus 3 writes names with dots.
    fn matchers(&mut self, name: &mut Option<String>) -> Result<Vec<Matcher>, SelectorError> {
        let mut matchers = Vec::new();
        loop {
            self.skip_spaces();
            if self.rest.is_empty() || self.rest.starts_with('}') {
                return Ok(matchers);
            }
            match self.quoted()? {
                Some(quoted) if name.is_none() && !self.peeks_operator() => *name = Some(quoted),
                Some(_) => return Err(self.error("quoted label names are not supported; rename the label")),
                None => matchers.push(self.matcher()?),
            }
            if !self.eat(',') {
                return Ok(matchers);
            }
        }
    }

    fn peeks_operator(&mut self) -> bool {
        self.skip_spaces();
        self.rest.starts_with(['=', '!'])
    }

    fn matcher(&mut self) -> Result<Matcher, SelectorError> {
        let label = self.word(Colon::Refused).ok_or_else(|| self.error("a label's name is expected"))?;
        self.skip_spaces();
        let kinds =
            [("=~", Kind::Matches), ("!~", Kind::NotMatches), ("!=", Kind::NotEqual), ("=", Kind::Equal)];
        let Some((sign, kind)) = kinds.into_iter().find(|(sign, _)| self.rest.starts_with(sign)) else {
            return Err(self.error("`=`, `!=`, `=~` or `!~` is expected"));
        };
        self.rest = self.rest.get(sign.len()..).unwrap_or("");
        let value = self.quoted()?.ok_or_else(|| self.error("a value in quotes is expected"))?;
        let pattern = match kind {
            Kind::Matches | Kind::NotMatches => Some(
                RegexBuilder::new(&format!("^(?s:{value})$")).size_limit(PATTERN_LIMIT).build().map_err(
                    |_| self.error("the value is not a regular expression (RE2), or too large a one"),
                )?,
            ),
            Kind::Equal | Kind::NotEqual => None,
        };
        Ok(Matcher { label, kind, value, pattern })
    }

    fn quoted(&mut self) -> Result<Option<String>, SelectorError> {
        self.skip_spaces();
        let Some(quote) = self.rest.chars().next().filter(|c| matches!(c, '"' | '\'' | '`')) else {
            return Ok(None);
        };
        let mut value = String::new();
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((index, c)) = characters.next() {
            if c == quote {
                self.rest = self.rest.get(index + quote.len_utf8()..).unwrap_or("");
                return Ok(Some(value));
            }
            match c {
                '\\' if quote != '`' => match characters.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, 't')) => value.push('\t'),
                    Some((_, escaped @ ('\\' | '"' | '\''))) => value.push(escaped),
                    // As in PromQL: a pattern's `\d` is written `\\d`.
                    _ => return Err(self.error("unknown escape; write \\\\ for a backslash")),
                },
                c => value.push(c),
            }
        }
        Err(self.error("a quote is not closed"))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Colon {
    Allowed,
    Refused,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chooses(selector: &str, name: &str, labels: &[(&str, &str)]) -> bool {
        Selector::parse(selector).unwrap().chooses(name, labels)
    }

    #[test]
    fn chooses_by_name_and_labels_as_promql_does() {
        let labels = [("code", "503"), ("path", "/a\"b")];
        for (selector, expected) in [
            ("m", true),
            ("other", false),
            ("m{}", true),
            ("m{code=\"503\"}", true),
            ("m{code=~\"5..\",}", true),
            ("m{code=~\"5\"}", false),
            ("m{code!~\"5..\"}", false),
            ("m{ code != '200' , path=`/a\"b` }", true),
            ("m{path=\"/a\\\"b\"}", true),
            ("m{missing=\"\"}", true),
            ("m{missing!=\"\"}", false),
            ("m{missing=~\".+\"}", false),
            ("{__name__=~\"m|n\"}", true),
            ("{\"m\", code=\"503\"}", true),
        ] {
            assert_eq!(chooses(selector, "m", &labels), expected, "{selector}");
        }
    }

    #[test]
    fn says_where_a_selector_is_wrong() {
        for (selector, error) in [
            ("", "a metric's name is missing, at character 1 of the selector"),
            ("{a=\"b\"}", "a metric's name is missing, at character 8 of the selector"),
            ("m{a}", "`=`, `!=`, `=~` or `!~` is expected, at character 4 of the selector"),
            ("m{a=b}", "a value in quotes is expected, at character 5 of the selector"),
            ("m{a=\"b}", "a quote is not closed, at character 5 of the selector"),
            ("m{a=\"b\"", "`}` is expected, at character 8 of the selector"),
            ("m[5m]", "the selector should end, at character 2 of the selector"),
            (
                "m{a=~\"(\"}",
                "the value is not a regular expression (RE2), or too large a one, at character 9 of the selector",
            ),
            ("m{a=\"\\d\"}", "unknown escape; write \\\\ for a backslash, at character 5 of the selector"),
        ] {
            assert_eq!(Selector::parse(selector).unwrap_err().to_string(), error, "{selector}");
        }
        assert!(Selector::parse("m{a=~\"(((a{1000}){1000}){1000})\"}").is_err(), "a pattern that explodes");
        assert!(Selector::parse_labels("m").is_err());
        assert!(Selector::parse_labels("\"m\"").is_err());
    }

    #[test]
    fn labels_print_as_promql() {
        let labels = Selector::parse_labels("{app='or\"ders', env=~\"a|b\"}").unwrap();
        assert_eq!(labels.to_string(), "app=\"or\\\"ders\",env=~\"a|b\"");
        assert_eq!(Selector::parse_labels("").unwrap().to_string(), "");
        let again = Selector::parse_labels(&labels.to_string()).unwrap();
        assert_eq!(again.to_string(), labels.to_string());
    }
}
