//! What is no YAML, in words that say what to do.

use crate::diagnostic::{Code, Diagnostic, Span};

/// What the YAML crate found wrong at a byte; `bracket` is the innermost that is still open there.
pub(super) fn explained(text: &str, at: usize, info: &str, bracket: Option<usize>) -> Diagnostic {
    let line = Line::around(text, at);
    if let Some(tab) = tab(text, line, info) {
        return wrong(Span::new(tab, tab + 1), "a tab indents this line")
            .help("YAML indents with spaces only");
    }
    if let Some(found) = bracket.is_none().then(|| without_colon(text, line, info)).flatten() {
        return found;
    }
    let found = wrong(Span::new(at, at), format!("this is not YAML: {info}"));
    let item = line.text.trim_start().strip_prefix("- ").unwrap_or("").trim();
    let value = line.without_dash().split_once(": ").map_or("", |(_, value)| value.trim());
    let begins = |signs: &[char]| [value, item].iter().any(|text| text.starts_with(signs));
    if text.get(at..).is_some_and(|rest| rest.starts_with('\0')) {
        wrong(Span::new(at, at + 1), "a NUL character stands here")
            .help("a policy is UTF-8 text: save it as such, or remove the character")
    } else if let Some(bracket) = bracket {
        found.also(Span::new(bracket, bracket + 1), "this is not closed yet").help(
            "close it, and put quotes around a text that contains `: `, `, ` or a bracket, such as `${NAME}`",
        )
    } else if info.contains("quoted") {
        found.help("a quote may be missing in a line before; inside double quotes a `\"` is written `\\\"`")
    } else if begins(&['>', '|']) {
        found.help("in YAML a `>` or `|` begins a block of text: put quotes around the text")
    } else if begins(&['@', '`', '%', '&', '!', '*']) {
        found.help("put quotes around a text that begins with a special character")
    } else if value.contains(": ") {
        found.help("put quotes around a text that contains `: `")
    } else if info.contains("mapping values") || info.contains("block mapping") || info.contains("indent") {
        found.help("check the indentation: keys of one mapping stand in one column")
    } else {
        found
    }
}

fn wrong(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Code::YamlSyntax, span, message)
}

/// A line and where it begins.
#[derive(Clone, Copy)]
struct Line<'t> {
    start: usize,
    text: &'t str,
}

impl<'t> Line<'t> {
    fn around(text: &'t str, at: usize) -> Self {
        let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |found| found + 1);
        Self { start, text: text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or("") }
    }

    /// The line before that says something.
    fn before(self, text: &'t str) -> Option<Self> {
        let mut line = self;
        while line.start > 0 {
            line = Self::around(text, line.start - 1);
            if !matches!(line.text.trim_start().chars().next(), None | Some('#')) {
                return Some(line);
            }
        }
        None
    }

    fn indent(self) -> &'t str {
        self.text.get(..self.text.len() - self.text.trim_start().len()).unwrap_or("")
    }

    fn without_dash(self) -> &'t str {
        self.text.trim_start().trim_start_matches("- ")
    }
}

/// The tab that indents the line, or the next of a text over several lines.
fn tab(text: &str, line: Line<'_>, info: &str) -> Option<usize> {
    let of = |line: Line<'_>| line.indent().find('\t').map(|tab| line.start + tab);
    of(line).or_else(|| {
        let after = text.get(line.start..).filter(|_| info.contains("tab"))?.find('\n')?;
        let next = Line::around(text, line.start + after + 1);
        of(next)
    })
}

/// A key without its colon: the text goes on in the next line, or ends before one.
fn without_colon(text: &str, line: Line<'_>, info: &str) -> Option<Diagnostic> {
    let line = if info.contains("expected ':'") {
        line
    } else if info.contains("mapping values") {
        line.before(text).filter(|before| before.indent() == line.indent())?
    } else {
        return None;
    };
    let written = line.without_dash().split(" #").next().unwrap_or("").trim_end();
    let (key, value) = written.split_once(' ').unwrap_or((written, ""));
    let is_key = |key: &str| {
        !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    };
    if written.contains(':') || !is_key(key) {
        return None;
    }
    let start = line.start + line.text.find(written)?;
    let found = wrong(Span::new(start, start + written.len()), "this line has no `:` after its key");
    Some(found.help(format!("write `{}`", format!("{key}: {}", value.trim()).trim_end())))
}
