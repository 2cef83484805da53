//! Reads the criteria language; errors point at the word.

mod other_words;

use std::ops::Range;
use std::str::FromStr;

use super::{Aggregate, Cmp, Comparison, Criterion, Form, Operand, Quantity, Sign, Threshold, Unit, meant};
use crate::sample::State;
use crate::spelling;
use crate::{Duration, Finite, SignalName};

/// The longest criterion that is read, in bytes.
const LONGEST: usize = 4096;

/// What is wrong with a criterion, and where in its text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CriterionError {
    message: String,
    help: Option<String>,
    span: Range<usize>,
}

impl CriterionError {
    fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, span }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same error with the advice that another gives, where that has one.
    pub(crate) fn advised_by(mut self, other: Self) -> Self {
        self.help = other.help.or(self.help);
        self
    }

    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to write instead, where that is known.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The bytes of the text that are wrong; empty at its end where something is missing.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token<'t> {
    Word(&'t str),
    Number(&'t str),
    Cmp(Cmp),
    /// A single `=`, which is no comparison.
    Equals,
    Percent,
    PerSecond,
    Open,
    Close,
    Plus,
    Minus,
}

/// Words that may stand before a duration, of which the language has `for` and `in` alone.
const LASTING: &[&str] = &["in", "over", "during", "within", "since"];

struct Reader<'t> {
    text: &'t str,
    tokens: Vec<(Token<'t>, Range<usize>)>,
    next: usize,
}

impl FromStr for Criterion {
    type Err = CriterionError;

    fn from_str(text: &str) -> Result<Self, CriterionError> {
        let mut reader = Reader::new(text)?;
        let comparisons = reader.predicate()?;
        let form = reader.form()?;
        if reader.peek().is_some() {
            return Err(reader.unexpected());
        }
        if form != Form::Instant
            && let Some(comparison) = comparisons
                .iter()
                .find(|c| matches!(c, Comparison::Threshold { operand, .. } if operand.aggregate.is_some()))
        {
            return Err(CriterionError::new(
                0..text.len(),
                format!("`{comparison}` has both an aggregate and a duration"),
            )
            .help(
                "a duration already says how the window is judged: leave out the aggregate, or the `for`",
            ));
        }
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok(Self { text, comparisons, form })
    }
}

/// Reads a bare comparison such as `> 0` or `<= 500ms`, as the `failing` key of a signal has it.
///
/// # Errors
/// Anything else, and thresholds relative to a baseline.
///
/// ```
/// use runbook_gate::criterion::{Cmp, parse_comparison};
/// assert_eq!(parse_comparison("> 0")?.0, Cmp::Greater);
/// # Ok::<(), runbook_gate::criterion::CriterionError>(())
/// ```
pub fn parse_comparison(text: &str) -> Result<(Cmp, Quantity), CriterionError> {
    let mut reader = Reader::new(text)?;
    let cmp = reader.cmp()?;
    let threshold = reader.threshold()?;
    if let Some((_, span)) = reader.peek_spanned() {
        return Err(CriterionError::new(span, "nothing may follow the number"));
    }
    match threshold {
        Threshold::Absolute(quantity) => Ok((cmp, quantity)),
        Threshold::TimesBaseline(_) | Threshold::BaselineOffset { .. } => {
            Err(CriterionError::new(0..text.len(), "a number is expected here, not a baseline"))
        }
    }
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Result<Self, CriterionError> {
        if text.len() > LONGEST {
            return Err(CriterionError::new(0..0, format!("a criterion has at most {LONGEST} characters")));
        }
        let tokens = tokens(text)?;
        if tokens.is_empty() {
            return Err(CriterionError::new(0..text.len(), "a criterion is empty")
                .help("write a signal, a comparison and a duration, such as `error_rate > 5% for 5m`"));
        }
        Ok(Self { text, tokens, next: 0 })
    }

    fn peek(&self) -> Option<Token<'t>> {
        self.tokens.get(self.next).map(|(token, _)| *token)
    }

    fn peek_spanned(&self) -> Option<(Token<'t>, Range<usize>)> {
        self.tokens.get(self.next).cloned()
    }

    fn take(&mut self) -> Option<(Token<'t>, Range<usize>)> {
        let found = self.tokens.get(self.next).cloned();
        self.next += usize::from(found.is_some());
        found
    }

    fn take_word(&mut self, word: &str) -> Option<Range<usize>> {
        match self.peek_spanned() {
            Some((Token::Word(found), span)) if found.eq_ignore_ascii_case(word) => {
                self.next += 1;
                Some(span)
            }
            _ => None,
        }
    }

    /// An error at the next token, or at the end.
    fn expected(&self, what: &str) -> CriterionError {
        match self.peek_spanned() {
            Some((_, span)) => CriterionError::new(
                span.clone(),
                format!("{what} is expected here, not `{}`", &self.text[span]),
            ),
            None => CriterionError::new(
                self.text.len()..self.text.len(),
                format!("{what} is expected at the end"),
            ),
        }
    }

    /// An error at the next token.
    fn at_next(&self, message: &str) -> CriterionError {
        let span = self.peek_spanned().map_or(self.text.len()..self.text.len(), |(_, span)| span);
        CriterionError::new(span, message)
    }

    /// What follows a whole criterion.
    fn unexpected(&self) -> CriterionError {
        let Some((token, span)) = self.peek_spanned() else { return self.expected("nothing") };
        let found =
            CriterionError::new(span.clone(), format!("`{}` is not expected here", &self.text[span.clone()]));
        let (near, lasts) = match token {
            Token::Word(word) => {
                (spelling::nearest(word, ["and", "for", "strict", "in"]), self.lasts(word, span.end))
            }
            _ => (None, None),
        };
        if let Some(duration) = lasts {
            return found.help(format!("did you mean `for {duration}`?"));
        }
        match (token, near) {
            (Token::Word(word), _) if word.eq_ignore_ascii_case("or") => found.help(meant::TWO_CRITERIA),
            (Token::Word(word), _) if word.eq_ignore_ascii_case("and") => {
                found.help(self.duration_last(span.start))
            }
            (Token::Word(word), Some(near @ ("strict" | "in"))) if word.eq_ignore_ascii_case(near) => {
                found.help("it stands after a duration: `for 5m strict`, or `for 5m in 30m`")
            }
            (Token::Number(_), _) => match self.duration_at(span.start) {
                Some(duration) => found.help(format!("did you mean `for {duration}`?")),
                None => found.help("after a predicate stands `and`, `for 5m`, or nothing"),
            },
            (_, Some(near)) => found.help(format!("did you mean `{near}`?")),
            _ => found.help("after a predicate stands `and`, `for 5m`, or nothing"),
        }
    }

    fn predicate(&mut self) -> Result<Vec<Comparison>, CriterionError> {
        let mut comparisons = vec![self.comparison(None)?];
        while self.take_word("and").is_some() {
            let next = self.comparison(comparisons.last())?;
            comparisons.push(next);
        }
        Ok(comparisons)
    }

    fn comparison(&mut self, before: Option<&Comparison>) -> Result<Comparison, CriterionError> {
        let operand = match (self.peek(), before) {
            (Some(Token::Cmp(_)), Some(Comparison::Threshold { operand, .. })) => operand.clone(),
            (Some(Token::Cmp(_)), _) => {
                return Err(self.expected("a signal").help("name the signal before the comparison"));
            }
            _ => self.operand()?,
        };
        if operand.aggregate.is_none() {
            for (word, state) in [("failing", State::Failing), ("passing", State::Passing)] {
                if self.take_word(word).is_some() {
                    return Ok(Comparison::State { signal: operand.signal, state });
                }
            }
            if let Some(error) = self.state_in_other_words(&operand.signal) {
                return Err(error);
            }
        }
        let cmp = self.cmp()?;
        let threshold = self.threshold()?;
        Ok(Comparison::Threshold { operand, cmp, threshold })
    }

    fn operand(&mut self) -> Result<Operand, CriterionError> {
        let Some((Token::Word(word), span)) = self.peek_spanned() else {
            return Err(self.expected("a signal").help("write the signal first, as in `error_rate > 5%`"));
        };
        self.next += 1;
        if self.peek() != Some(Token::Open) {
            return Ok(Operand { signal: self.signal(word, span)?, aggregate: None });
        }
        let aggregate = aggregate(word, span)?;
        self.next += 1;
        let Some((Token::Word(word), span)) = self.peek_spanned() else {
            return Err(self.expected("a signal"));
        };
        self.next += 1;
        let signal = self.signal(word, span)?;
        if self.peek() != Some(Token::Close) {
            return Err(self.expected("`)`"));
        }
        self.next += 1;
        Ok(Operand { signal, aggregate: Some(aggregate) })
    }

    /// The signal that a word names; other signs than `_` are not part of a name.
    fn signal(&self, word: &str, span: Range<usize>) -> Result<SignalName, CriterionError> {
        if let Some((length, name)) = self.text.get(span.start..).and_then(meant::name) {
            let written = span.start..span.start + length;
            let message = format!("`{}` is not the name of a signal", &self.text[written.clone()]);
            return Err(CriterionError::new(written, message).help(format!("did you mean `{name}`?")));
        }
        word.parse().map_err(|error: crate::SignalNameError| CriterionError::new(span, error.to_string()))
    }

    fn cmp(&mut self) -> Result<Cmp, CriterionError> {
        match self.peek() {
            Some(Token::Cmp(cmp)) => {
                self.next += 1;
                Ok(cmp)
            }
            Some(Token::Equals) => {
                let found = self.at_next("`=` is not a comparison");
                let turned = self.text.get(found.span.start..).and_then(meant::turned);
                Err(found.help(format!("write `{}`", turned.unwrap_or("=="))))
            }
            _ => Err(self
                .expected("a comparison")
                .help("write `>`, `>=`, `<`, `<=`, `==` or `!=` and a threshold, or `failing` or `passing`")),
        }
    }

    fn threshold(&mut self) -> Result<Threshold, CriterionError> {
        if self.take_word("baseline").is_some() {
            let sign = match self.take() {
                Some((Token::Plus, _)) => Sign::Plus,
                Some((Token::Minus, _)) => Sign::Minus,
                None => {
                    return Err(CriterionError::new(
                        self.text.len()..self.text.len(),
                        "`+` or `-` and a number are expected after `baseline`",
                    )
                    .help("write `baseline + 0` for the baseline itself, or `2x baseline` for twice it"));
                }
                Some((_, span)) => {
                    return Err(CriterionError::new(span, "`+` or `-` is expected after `baseline`").help(
                        "write `baseline + 0` for the baseline itself, or `2x baseline` for twice it",
                    ));
                }
            };
            let number = self.number()?;
            return Ok(Threshold::BaselineOffset { sign, amount: self.quantity(number)? });
        }
        let negative = match self.peek() {
            Some(Token::Minus) => {
                self.next += 1;
                true
            }
            _ => false,
        };
        let start = self.peek_spanned().map_or(self.text.len(), |(_, span)| span.start);
        let number = self.number()?;
        if let Some(error) = self.multiple_in_other_words(number, start) {
            return Err(error);
        }
        let number = if negative { Finite::new(-number.get()).unwrap_or(number) } else { number };
        if let Some((Token::Word(word), span)) = self.peek_spanned() {
            let times = word.eq_ignore_ascii_case("x");
            if times || word.eq_ignore_ascii_case("xbaseline") {
                self.next += 1;
                if times && self.take_word("baseline").is_none() {
                    return Err(self.expected("`baseline`").help("write `2x baseline`"));
                }
                if number.get() <= 0.0 {
                    return Err(CriterionError::new(span, "a factor of the baseline must be above 0"));
                }
                return Ok(Threshold::TimesBaseline(number));
            }
        }
        Ok(Threshold::Absolute(self.quantity(number)?))
    }

    fn number(&mut self) -> Result<Finite, CriterionError> {
        let Some((Token::Number(digits), span)) = self.peek_spanned() else {
            return Err(match self.peek() {
                Some(Token::Cmp(_) | Token::Equals) => {
                    self.expected("a number").help("write one comparison: `>`, `>=`, `<`, `<=`, `==` or `!=`")
                }
                _ => self.expected("a number"),
            });
        };
        self.next += 1;
        digits
            .parse()
            .ok()
            .and_then(Finite::new)
            .ok_or_else(|| CriterionError::new(span, format!("`{digits}` is not a number")))
    }

    fn quantity(&mut self, number: Finite) -> Result<Quantity, CriterionError> {
        let unit = match self.peek_spanned() {
            Some((Token::Percent, _)) => Some(Unit::Percent),
            Some((Token::PerSecond, _)) => Some(Unit::PerSecond),
            Some((Token::Word(word), span)) if !is_keyword(word) => {
                let unit = Unit::parse(word).ok_or_else(|| {
                    let error = CriterionError::new(span, format!("`{word}` is not a unit"));
                    let meant = meant::unit(word).map(Unit::as_str);
                    match meant.or_else(|| spelling::nearest(word, ["and", "for"])) {
                        Some(meant) => error.help(format!("did you mean `{meant}`?")),
                        None => {
                            let units = Unit::spellings().collect::<Vec<_>>().join(", ");
                            error.help(format!("the units are {units}"))
                        }
                    }
                })?;
                Some(unit)
            }
            _ => None,
        };
        self.next += usize::from(unit.is_some());
        Ok(Quantity::new(number, unit))
    }

    fn form(&mut self) -> Result<Form, CriterionError> {
        if self.take_word("for").is_none() {
            return Ok(Form::Instant);
        }
        let (duration, span) = self.duration()?;
        if duration.is_zero() {
            return Err(CriterionError::new(span, "a duration must be longer than 0")
                .help("leave out `for` to judge each sample by itself"));
        }
        if self.take_word("strict").is_some() {
            return Ok(Form::Strict { duration });
        }
        if self.take_word("in").is_some() {
            let (within, span) = self.duration()?;
            if within < duration {
                return Err(CriterionError::new(
                    span,
                    format!("`{within}` is shorter than the `{duration}` that it should hold"),
                ));
            }
            return Ok(Form::Flapping { duration, within });
        }
        Ok(Form::Sustained { duration })
    }

    /// `90s`, `5m`, `1h30m`: numbers and units side by side.
    fn duration(&mut self) -> Result<(Duration, Range<usize>), CriterionError> {
        let Some((Token::Number(_), first)) = self.peek_spanned() else {
            return Err(self.expected("a duration such as `5m`"));
        };
        let mut end = first.start;
        while let Some((Token::Number(_) | Token::Word(_), span)) = self.peek_spanned() {
            if span.start != end {
                break;
            }
            end = span.end;
            self.next += 1;
        }
        let span = first.start..end;
        let duration = self.text[span.clone()].parse().map_err(|error: crate::DurationError| {
            let found = CriterionError::new(span.clone(), error.to_string());
            // The unit may stand apart: `for 5 min`.
            match self.duration_at(span.start) {
                Some(meant) => found.help(format!("did you mean `{meant}`?")),
                None => found,
            }
        })?;
        Ok((duration, span))
    }
}

fn is_keyword(word: &str) -> bool {
    ["and", "for", "or", "strict"].iter().chain(LASTING).any(|keyword| keyword.eq_ignore_ascii_case(word))
}

fn aggregate(word: &str, span: Range<usize>) -> Result<Aggregate, CriterionError> {
    let lower = word.to_ascii_lowercase();
    let named = match lower.as_str() {
        "avg" => Some(Aggregate::Avg),
        "median" => Some(Aggregate::Median),
        "min" => Some(Aggregate::Min),
        "max" => Some(Aggregate::Max),
        "last" => Some(Aggregate::Last),
        _ => lower
            .strip_prefix('p')
            .and_then(|percent| percent.parse().ok())
            .filter(|percent| (1..=99).contains(percent))
            .map(Aggregate::Percentile),
    };
    named.ok_or_else(|| {
        CriterionError::new(span, format!("`{word}` is not an aggregate"))
            .help("the aggregates are avg, median, min, max, last and p1 to p99")
    })
}

fn tokens(text: &str) -> Result<Vec<(Token<'_>, Range<usize>)>, CriterionError> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let followed_by_equals = bytes.get(at + 1) == Some(&b'=');
        let run = |keep: fn(&u8) -> bool| bytes[at..].iter().take_while(|byte| keep(byte)).count();
        let (token, length) = match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {
                at += 1;
                continue;
            }
            b'>' if followed_by_equals => (Token::Cmp(Cmp::GreaterOrEqual), 2),
            b'>' => (Token::Cmp(Cmp::Greater), 1),
            b'<' if followed_by_equals => (Token::Cmp(Cmp::LessOrEqual), 2),
            b'<' => (Token::Cmp(Cmp::Less), 1),
            b'=' if followed_by_equals => (Token::Cmp(Cmp::Equal), 2),
            b'!' if followed_by_equals => (Token::Cmp(Cmp::NotEqual), 2),
            b'=' => (Token::Equals, 1),
            b'%' => (Token::Percent, 1),
            b'(' => (Token::Open, 1),
            b')' => (Token::Close, 1),
            b'+' => (Token::Plus, 1),
            b'-' => (Token::Minus, 1),
            b'/' if bytes.get(at + 1).is_some_and(|next| next.eq_ignore_ascii_case(&b's')) => {
                (Token::PerSecond, 2)
            }
            b'0'..=b'9' | b'.' => {
                let length = run(|byte| byte.is_ascii_digit() || *byte == b'.');
                (Token::Number(&text[at..at + length]), length)
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let length = run(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
                (Token::Word(&text[at..at + length]), length)
            }
            _ => {
                let found = text[at..].chars().next().unwrap_or(' ');
                let span = at..at + found.len_utf8();
                let help = meant::sign(&text[..at], found, &text[span.end..]);
                let message = format!("`{}` has no meaning here", found.escape_debug());
                return Err(CriterionError::new(span, message).help(help));
            }
        };
        tokens.push((token, at..at + length));
        at += length;
    }
    Ok(tokens)
}
