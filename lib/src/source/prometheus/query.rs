//! What a policy's PromQL asks for: its `$window`, and the traps that can be seen without a server.

use crate::Duration;

/// Why a query cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// Nothing is asked.
    #[error("the query is empty")]
    Empty,
    /// It is longer than servers take.
    #[error("the query is longer than {0} bytes")]
    TooLong(usize),
    /// A variable of a dashboard.
    #[error("`{0}` is a dashboard's variable, which Prometheus does not know; write $window")]
    Variable(String),
    /// Counts over a window of the query's own: windows would overlap, and events would count twice.
    #[error(
        "counts are read window after window, so their range must be [$window], not `[{0}]`: with another range \
         events count twice or not at all"
    )]
    OwnWindow(String),
    /// One of the two queries of a ratio asks a window, and the other a moment.
    #[error(
        "`bad` and `total` must both use [$window], or neither: their counts would be of different times"
    )]
    MixedWindows,
    /// A quote or bracket is not closed.
    #[error("{0} is not closed")]
    NotClosed(&'static str),
    /// A bracket closes nothing, or another kind of bracket.
    #[error("a `{0}` in the query closes no bracket of its kind")]
    NotOpened(char),
}

/// The longest query, in bytes.
const LONGEST: usize = 16 * 1024;

/// A query whose `$window` has been found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    /// The text around each `$window`.
    parts: Vec<String>,
    /// The ranges `[…]` that are written without `$window`.
    own_ranges: Vec<String>,
}

impl Query {
    /// Finds `$window` outside of quotes and comments.
    pub(super) fn parse(text: &str) -> Result<Self, QueryError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(QueryError::Empty);
        }
        if text.len() > LONGEST {
            return Err(QueryError::TooLong(LONGEST));
        }
        let mut reader = Reader { rest: text, part: String::new(), parts: Vec::new() };
        let mut own_ranges = Vec::new();
        // The text of the range that is open, and how many `$window` were found before it.
        let mut range: Option<(String, usize)> = None;
        let mut open: Vec<char> = Vec::new();
        while let Some(c) = reader.rest.chars().next() {
            match c {
                '"' | '\'' | '`' => reader.quoted(c)?,
                '#' => reader.comment(),
                '$' => reader.variable()?,
                '[' => {
                    open.push(c);
                    range = Some((String::new(), reader.parts.len()));
                    reader.take(c);
                }
                ']' => {
                    closes(&mut open, c)?;
                    if let Some((written, before)) = range.take()
                        && reader.parts.len() == before
                    {
                        own_ranges.push(written.trim().chars().take(40).collect());
                    }
                    reader.take(c);
                }
                c => {
                    match c {
                        '(' | '{' => open.push(c),
                        ')' | '}' => closes(&mut open, c)?,
                        _ => {}
                    }
                    if let Some((written, _)) = &mut range {
                        written.push(c);
                    }
                    reader.take(c);
                }
            }
        }
        match open.last() {
            None => {}
            Some('[') => return Err(QueryError::NotClosed("a range `[`")),
            Some('{') => return Err(QueryError::NotClosed("a selector `{`")),
            Some(_) => return Err(QueryError::NotClosed("a parenthesis `(`")),
        }
        reader.parts.push(reader.part.trim_end().to_owned());
        if reader.parts.iter().all(|part| part.trim().is_empty()) {
            return Err(QueryError::Empty);
        }
        Ok(Self { parts: reader.parts, own_ranges })
    }

    /// Whether it spans `$window`.
    pub(super) fn spans_window(&self) -> bool {
        self.parts.len() > 1
    }

    /// A range that is written without `$window`, if there is one.
    pub(super) fn own_range(&self) -> Option<&str> {
        self.own_ranges.first().map(String::as_str)
    }

    /// Whether it may be read as counts.
    pub(super) fn check_counts(&self) -> Result<(), QueryError> {
        match self.own_range() {
            Some(range) => Err(QueryError::OwnWindow(range.to_owned())),
            None => Ok(()),
        }
    }

    /// The text to send.
    pub(super) fn text(&self, window: Duration) -> String {
        self.parts.join(&seconds(window))
    }
}

/// Closes the newest bracket, which must be of the same kind.
fn closes(open: &mut Vec<char>, c: char) -> Result<(), QueryError> {
    let opening = match c {
        ')' => '(',
        ']' => '[',
        _ => '{',
    };
    if open.pop() == Some(opening) { Ok(()) } else { Err(QueryError::NotOpened(c)) }
}

/// A duration as PromQL writes it.
pub(super) fn seconds(duration: Duration) -> String {
    let milliseconds = duration.as_nanos().div_ceil(1_000_000);
    if milliseconds.is_multiple_of(1000) {
        format!("{}s", milliseconds / 1000)
    } else {
        format!("{milliseconds}ms")
    }
}

struct Reader<'t> {
    rest: &'t str,
    part: String,
    parts: Vec<String>,
}

impl Reader<'_> {
    fn take(&mut self, c: char) {
        self.part.push(c);
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or("");
    }

    fn quoted(&mut self, quote: char) -> Result<(), QueryError> {
        self.take(quote);
        while let Some(c) = self.rest.chars().next() {
            self.take(c);
            if c == quote {
                return Ok(());
            }
            if c == '\\'
                && quote != '`'
                && let Some(escaped) = self.rest.chars().next()
            {
                self.take(escaped);
            }
        }
        Err(QueryError::NotClosed("a quote"))
    }

    /// A comment is not sent: it may name anything.
    fn comment(&mut self) {
        self.rest = self.rest.find('\n').and_then(|end| self.rest.get(end..)).unwrap_or("");
    }

    fn variable(&mut self) -> Result<(), QueryError> {
        let name = self.rest.get(1..).unwrap_or("");
        let (braced, name) = match name.strip_prefix('{') {
            Some(name) => (true, name),
            None => (false, name),
        };
        let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
        let (name, after) = name.split_at(end);
        let after = if braced { after.strip_prefix('}') } else { Some(after) };
        match after {
            Some(after) if name == "window" => {
                self.parts.push(std::mem::take(&mut self.part));
                self.rest = after;
                Ok(())
            }
            _ => Err(QueryError::Variable(format!("${}", name.chars().take(40).collect::<String>()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn window_expands_outside_of_quotes_and_comments_only() {
        let query = Query::parse(
            "sum(increase(x{a=\"$window [5m]\", b='\\'[1m]'}[$window])) # of [9m] $window\n or vector(0)",
        )
        .unwrap();
        assert!(query.spans_window());
        assert_eq!(query.check_counts(), Ok(()));
        assert_eq!(
            query.text(Duration::from_secs(60)),
            "sum(increase(x{a=\"$window [5m]\", b='\\'[1m]'}[60s])) \n or vector(0)"
        );
        assert_eq!(
            Query::parse("rate(x[${window}])").unwrap().text(Duration::from_millis(1500)),
            "rate(x[1500ms])"
        );
        assert_eq!(
            Query::parse("x[$window:15s]").unwrap().check_counts(),
            Ok(()),
            "a subquery over the window has a step of its own"
        );
    }

    #[test]
    fn says_what_cannot_be_asked() {
        assert_eq!(Query::parse(" \n "), Err(QueryError::Empty));
        assert_eq!(Query::parse("# all"), Err(QueryError::Empty));
        assert_eq!(Query::parse("x{a=\"b}"), Err(QueryError::NotClosed("a quote")));
        assert_eq!(Query::parse("rate(x[5m"), Err(QueryError::NotClosed("a range `[`")));
        assert_eq!(Query::parse("rate(x[5m)"), Err(QueryError::NotOpened(')')));
        assert_eq!(Query::parse("sum(rate(x[5m])"), Err(QueryError::NotClosed("a parenthesis `(`")));
        assert_eq!(Query::parse("rate(x{a=\"b\"[5m])"), Err(QueryError::NotOpened(')')));
        assert_eq!(Query::parse("x{a=\"b\""), Err(QueryError::NotClosed("a selector `{`")));
        assert_eq!(Query::parse("rate(x[5m]))"), Err(QueryError::NotOpened(')')));
        assert!(Query::parse("x{a=\"(\"} # )\n + y{b='}'}").is_ok());
        assert_eq!(
            Query::parse("rate(x[$__rate_interval])"),
            Err(QueryError::Variable("$__rate_interval".into()))
        );
        assert_eq!(Query::parse("$"), Err(QueryError::Variable("$".into())));
        assert_eq!(Query::parse("${window"), Err(QueryError::Variable("$window".into())));
        assert_eq!(Query::parse("${}"), Err(QueryError::Variable("$".into())));
        assert_eq!(
            Query::parse("increase(x[5m])").unwrap().check_counts(),
            Err(QueryError::OwnWindow("5m".into()))
        );
        assert!(matches!(Query::parse(&"x".repeat(20_000)), Err(QueryError::TooLong(_))));
    }
}
