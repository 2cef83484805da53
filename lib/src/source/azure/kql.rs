//! What a policy's KQL asks for, as far as that can be seen without the service: its step, its columns, and traps.

use std::collections::BTreeSet;

use crate::Duration;

/// Why KQL cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KqlError {
    /// Nothing is asked.
    #[error("the query is empty")]
    Empty,
    /// It is longer than a query of a gate has to be.
    #[error("the query is longer than {0} bytes")]
    TooLong(usize),
    /// It changes something.
    #[error("a query that starts with `.` is a command; the gate only reads")]
    Command,
    /// A variable that is not known.
    #[error("`{0}` is not known; the one variable is $step")]
    Variable(String),
    /// A quote or bracket is not closed, or closed without being open.
    #[error("{0}")]
    Unbalanced(&'static str),
    /// It bins by another length than its step: rows would be taken for what they are not.
    #[error("the query bins by {binned}, and the step is {step}: write `bin(…, $step)`, or the same length")]
    Binned {
        /// What it bins by.
        binned: Duration,
        /// The step.
        step: Duration,
    },
}

/// The longest query, in bytes.
const LONGEST: usize = 32 * 1024;

/// Without a length of its own, rows are a minute apart.
const USUAL_STEP: Duration = Duration::from_secs(60);

/// A query that has been looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kql {
    /// The text around each `$step`.
    parts: Vec<String>,
    shape: Shape,
    step: Duration,
    /// The names that it assigns: `value = count()`.
    assigned: BTreeSet<String>,
}

/// What an answer has rows for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One row for each step, by a column of times.
    Binned,
    /// One row for the whole time that is asked for.
    Whole,
}

impl Kql {
    /// Looks at a query. `step` is what the policy says beside it.
    pub(crate) fn parse(text: &str, step: Option<Duration>) -> Result<Self, KqlError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(KqlError::Empty);
        }
        if text.len() > LONGEST {
            return Err(KqlError::TooLong(LONGEST));
        }
        if text.starts_with('.') {
            return Err(KqlError::Command);
        }
        let scanned = Scanner::scan(text)?;
        let binned: Vec<Duration> = scanned.bins.iter().flatten().copied().collect();
        let step = step.or_else(|| binned.first().copied()).unwrap_or(USUAL_STEP);
        if let Some(other) = binned.into_iter().find(|length| *length != step) {
            return Err(KqlError::Binned { binned: other, step });
        }
        let shape = if scanned.bins.is_empty() { Shape::Whole } else { Shape::Binned };
        Ok(Self { parts: scanned.parts, shape, step, assigned: scanned.assigned })
    }

    pub(crate) const fn shape(&self) -> Shape {
        self.shape
    }

    /// The grain of its rows.
    pub(crate) const fn step(&self) -> Duration {
        self.step
    }

    /// Whether it gives a column this name.
    pub(crate) fn assigns(&self, name: &str) -> bool {
        self.assigned.contains(name)
    }

    /// The text to send.
    pub(crate) fn text(&self) -> String {
        let seconds = self.step.as_nanos().div_ceil(1_000_000_000);
        self.parts.join(&format!("{seconds}s"))
    }
}

struct Scanner<'t> {
    rest: &'t str,
    part: String,
    parts: Vec<String>,
    open: Vec<char>,
    /// Every `bin(…)`, with its length where it is written out.
    bins: Vec<Option<Duration>>,
    /// The name before this place, for an assignment.
    word: String,
    assigned: BTreeSet<String>,
}

impl<'t> Scanner<'t> {
    fn scan(text: &'t str) -> Result<Self, KqlError> {
        let mut scanner = Self {
            rest: text,
            part: String::new(),
            parts: Vec::new(),
            open: Vec::new(),
            bins: Vec::new(),
            word: String::new(),
            assigned: BTreeSet::new(),
        };
        while let Some(c) = scanner.rest.chars().next() {
            match c {
                '/' if scanner.rest.starts_with("//") => scanner.comment(),
                '`' if scanner.rest.starts_with("```") => scanner.fenced()?,
                '@' if scanner.rest.starts_with("@\"") || scanner.rest.starts_with("@'") => {
                    scanner.take(c);
                    let quote = scanner.rest.chars().next().unwrap_or('"');
                    scanner.quoted(quote, None)?;
                }
                '"' | '\'' => scanner.quoted(c, Some('\\'))?,
                '$' => scanner.variable()?,
                c if c.is_ascii_alphabetic() || c == '_' => scanner.name(),
                '=' => scanner.equals(),
                '(' | '[' | '{' => {
                    if c == '(' && matches!(scanner.word.as_str(), "bin" | "bin_at" | "floor") {
                        let length = bin_length(scanner.rest);
                        scanner.bins.push(length);
                    }
                    scanner.word.clear();
                    scanner.open.push(c);
                    scanner.take(c);
                }
                ')' | ']' | '}' => scanner.close(c)?,
                c => {
                    if !c.is_whitespace() {
                        scanner.word.clear();
                    }
                    scanner.take(c);
                }
            }
        }
        if !scanner.open.is_empty() {
            return Err(KqlError::Unbalanced("a bracket is not closed"));
        }
        let last = std::mem::take(&mut scanner.part);
        scanner.parts.push(last.trim_end().to_owned());
        if scanner.parts.iter().all(|part| part.trim().is_empty()) {
            return Err(KqlError::Empty);
        }
        Ok(scanner)
    }

    fn take(&mut self, c: char) {
        self.part.push(c);
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or("");
    }

    fn name(&mut self) {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.part.push_str(name);
        name.clone_into(&mut self.word);
        self.rest = rest;
    }

    /// `=` assigns, `==`, `=~`, `!=`, `<=` and `>=` compare.
    fn equals(&mut self) {
        let compares = self.rest.starts_with("==") || self.rest.starts_with("=~");
        let signs = if compares { 2 } else { 1 };
        let before = self.part.chars().next_back();
        if !compares && !matches!(before, Some('!' | '<' | '>')) && !self.word.is_empty() {
            self.assigned.insert(std::mem::take(&mut self.word));
        }
        self.word.clear();
        for _ in 0..signs {
            if let Some(c) = self.rest.chars().next() {
                self.take(c);
            }
        }
    }

    fn close(&mut self, c: char) -> Result<(), KqlError> {
        let opening = match c {
            ')' => '(',
            ']' => '[',
            _ => '{',
        };
        if self.open.pop() != Some(opening) {
            return Err(KqlError::Unbalanced("a bracket is closed that is not open"));
        }
        self.word.clear();
        self.take(c);
        Ok(())
    }

    fn quoted(&mut self, quote: char, escape: Option<char>) -> Result<(), KqlError> {
        self.word.clear();
        self.take(quote);
        while let Some(c) = self.rest.chars().next() {
            self.take(c);
            if c == quote {
                return Ok(());
            }
            if Some(c) == escape
                && let Some(escaped) = self.rest.chars().next()
            {
                self.take(escaped);
            }
        }
        Err(KqlError::Unbalanced("a quote is not closed"))
    }

    fn fenced(&mut self) -> Result<(), KqlError> {
        let inside = self.rest.get(3..).unwrap_or("");
        let end = inside.find("```").ok_or(KqlError::Unbalanced("a quote is not closed"))?;
        let (text, rest) = self.rest.split_at(end + 6);
        self.part.push_str(text);
        self.rest = rest;
        self.word.clear();
        Ok(())
    }

    /// A comment is not sent: it may name anything.
    fn comment(&mut self) {
        self.rest = self.rest.find('\n').and_then(|end| self.rest.get(end..)).unwrap_or("");
    }

    fn variable(&mut self) -> Result<(), KqlError> {
        let name = self.rest.get(1..).unwrap_or("");
        let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
        let (name, rest) = name.split_at(end);
        match name {
            "step" => {
                self.parts.push(std::mem::take(&mut self.part));
                self.rest = rest;
                self.word.clear();
                Ok(())
            }
            _ => Err(KqlError::Variable(format!("${}", name.chars().take(40).collect::<String>()))),
        }
    }
}

/// The length in `(TimeGenerated, 5m)`; `None` where it is `$step` or an expression.
fn bin_length(call: &str) -> Option<Duration> {
    let inside = call.get(1..)?;
    let end = inside.find(')')?;
    let written = inside.get(..end)?.split(',').nth(1)?.trim();
    written.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Kql {
        Kql::parse(text, None).unwrap()
    }

    #[test]
    fn a_query_says_its_step_and_its_shape() {
        let binned = parse("AppExceptions | summarize value=count() by bin(TimeGenerated, 5m)");
        assert_eq!((binned.shape(), binned.step()), (Shape::Binned, Duration::from_secs(300)));
        let whole = parse("OrdersAudit | where Mismatch | summarize value = count()");
        assert_eq!((whole.shape(), whole.step()), (Shape::Whole, USUAL_STEP));
        let open =
            Kql::parse("T | summarize n = count() by bin(t, $step)", Some(Duration::from_secs(120))).unwrap();
        assert_eq!(
            (open.shape(), open.text().as_str()),
            (Shape::Binned, "T | summarize n = count() by bin(t, 120s)")
        );
        let wrong = Kql::parse("T | summarize count() by bin(t, 5m)", Some(Duration::from_secs(60)));
        assert!(matches!(wrong, Err(KqlError::Binned { .. })));
    }

    #[test]
    fn what_is_assigned_is_told_from_what_is_compared() {
        let kql = parse(
            "let from = 1; T | where bad == 1 and total=~'x' and n >= 2 and m != 3 | summarize bad = countif(Success == false), total=count()",
        );
        for name in ["from", "bad", "total"] {
            assert!(kql.assigns(name), "{name}");
        }
        for name in ["Success", "n", "m"] {
            assert!(!kql.assigns(name), "{name}");
        }
        assert!(!parse("T | where value == 1").assigns("value"));
    }

    #[test]
    fn texts_and_comments_are_not_read() {
        let kql = parse(
            "T // bin(x, 9m) $nothing (\n| where a == \"$step bin(x, 9m) \\\" (\" and b == @'\\' and c == ```'(```",
        );
        assert_eq!(kql.shape(), Shape::Whole);
        assert!(kql.text().starts_with("T \n| where a == \"$step"), "{}", kql.text());
    }

    #[test]
    fn says_what_cannot_be_asked() {
        let error = |text: &str| Kql::parse(text, None).unwrap_err();
        assert_eq!(error("  "), KqlError::Empty);
        assert_eq!(error("// all"), KqlError::Empty);
        assert_eq!(error(".drop table T"), KqlError::Command);
        assert_eq!(error("T | where t > $__from"), KqlError::Variable("$__from".into()));
        assert_eq!(error("T | where a == 'b"), KqlError::Unbalanced("a quote is not closed"));
        assert_eq!(error("T | where (a"), KqlError::Unbalanced("a bracket is not closed"));
        assert_eq!(error("T | where a)"), KqlError::Unbalanced("a bracket is closed that is not open"));
        assert!(matches!(error(&"x".repeat(40_000)), KqlError::TooLong(_)));
    }
}
