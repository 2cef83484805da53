//! Texts to values: lengths of time, shares, comparisons, names.

use super::Checker;
use crate::criterion::{Cmp, CriterionError, Quantity, parse_comparison};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::policy::decode::{ComparisonText, Field, Length, Pointer, Share};
use crate::policy::node::Text;
use crate::policy::purpose::Part;
use crate::policy::variables::{Expanded, misplaced};
use crate::{Duration, SignalName};

/// What to write for a quantile that is none.
const QUANTILE_HELP: &str = "write the 95th percentile as `95%` or `0.95`";

impl Checker<'_> {
    /// Records a finding.
    pub(super) fn say(&mut self, found: Diagnostic) {
        self.findings.push(found);
    }

    /// A text with its variables; `None` where it is not known yet or was refused. A secret is refused.
    pub(super) fn known(&mut self, text: &Text) -> Option<String> {
        match self.scope.expand(text, &mut self.findings) {
            Expanded::Known(known) => Some(known),
            Expanded::Secret(_) => {
                self.say(misplaced(text));
                None
            }
            Expanded::Open | Expanded::Refused => {
                self.open = true;
                None
            }
        }
    }

    /// The same of a text that decides, also where it stands in a source.
    fn deciding(&mut self, text: &Text) -> Option<String> {
        match self.part {
            Part::Sources => self.within(Part::Criteria, |checker| checker.known(text)),
            _ => self.known(text),
        }
    }

    /// A text of one line that may be printed.
    pub(super) fn line(&mut self, text: &Text) -> Option<String> {
        let known = self.known(text)?;
        if known.chars().any(char::is_control) {
            self.say(Diagnostic::new(
                Code::InvalidName,
                text.span,
                "this text must be one line without control characters",
            ));
            return None;
        }
        Some(known)
    }

    /// A length of time, or its default where the key is left out.
    pub(super) fn length(&mut self, field: &Field<Length>, default: Duration) -> Duration {
        field.get().and_then(|text| self.duration(text)).unwrap_or(default)
    }

    /// A length of time above 0, or its default where the key is left out.
    pub(super) fn positive(&mut self, field: &Field<Length>, default: Duration) -> Duration {
        let length = self.length(field, default);
        if !length.is_zero() {
            return length;
        }
        if let Some(span) = field.span() {
            self.say(Diagnostic::new(
                Code::InvalidDuration,
                span,
                "this length of time must be longer than 0",
            ));
        }
        default
    }

    pub(super) fn duration(&mut self, text: &Text) -> Option<Duration> {
        let known = self.deciding(text)?;
        match known.parse() {
            Ok(duration) => Some(duration),
            Err(error) => {
                let found = Diagnostic::new(Code::InvalidDuration, text.span, error.to_string());
                self.say(match crate::duration::meant(&known) {
                    Some(meant) => found.label(format!("did you mean `{meant}`?")),
                    None => found,
                });
                None
            }
        }
    }

    /// A share between 0 and 1.
    pub(super) fn share(&mut self, field: &Field<Share>) -> Option<f64> {
        self.share_with(field, 2.0, "write a percentage such as `50%`, or a number from 0 to 1")
    }

    /// A quantile: a share that is neither 0 nor 1. Where it is not known, one that is.
    pub(super) fn quantile(&mut self, field: &Field<Share>) -> f64 {
        // `1.5` is no 1.5 %: nobody asks for that quantile.
        let Some(quantile) = self.share_with(field, 50.0, QUANTILE_HELP) else { return 0.5 };
        if let (Some(span), true) = (field.span(), quantile <= 0.0 || quantile >= 1.0) {
            let found = Diagnostic::new(Code::InvalidShare, span, "a quantile lies between 0 and 1");
            self.say(found.help(QUANTILE_HELP));
        }
        quantile
    }

    /// A share; a number from `percent` to 100 was meant as a percentage.
    fn share_with(&mut self, field: &Field<Share>, percent: f64, help: &str) -> Option<f64> {
        let text = field.get()?;
        let known = self.deciding(text)?;
        let trimmed = known.trim();
        let share = match trimmed.strip_suffix('%') {
            Some(percent) => percent.trim().parse::<f64>().map(|percent| percent / 100.0),
            None => trimmed.parse::<f64>(),
        };
        match share {
            Ok(share) if (0.0..=1.0).contains(&share) => Some(share),
            read => {
                let message = format!("`{}` is not a share between 0 and 1", trimmed.escape_debug());
                let found = Diagnostic::new(Code::InvalidShare, text.span, message);
                self.say(match read {
                    Ok(number) if (percent..=100.0).contains(&number) && !trimmed.ends_with('%') => {
                        found.help(format!("write `{number}%`"))
                    }
                    _ => found.help(help),
                });
                None
            }
        }
    }

    /// A comparison with a number, `> 0`.
    pub(super) fn comparison(&mut self, field: &Field<ComparisonText>) -> Option<(Cmp, Quantity)> {
        let text = field.get()?;
        let known = self.deciding(text)?;
        match parse_comparison(&known) {
            Ok(comparison) => Some(comparison),
            Err(error) => {
                self.say(
                    at_word(Code::InvalidComparison, text, &known, &error)
                        .help("write a comparison and a number, such as `> 0`"),
                );
                None
            }
        }
    }

    /// A JSON pointer.
    pub(super) fn pointer(&mut self, text: &Pointer) -> Option<String> {
        let known = self.known(text)?;
        let escapes = known.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
        if (known.is_empty() || known.starts_with('/')) && escapes {
            return Some(known);
        }
        let message = format!("`{}` is not a JSON pointer (RFC 6901)", known.escape_debug());
        let found = Diagnostic::new(Code::InvalidPath, text.span, message);
        self.say(if known.starts_with('/') {
            found.help("in a pointer `~` is written `~0`, and a `/` inside a key `~1`")
        } else {
            let dotted = known.trim_start_matches(['$', '.']).replace('.', "/");
            found.help(format!("write `/{dotted}`"))
        });
        None
    }

    /// The name of a signal.
    pub(super) fn signal_name(&mut self, text: &Text) -> Option<SignalName> {
        match text.as_str().parse() {
            Ok(name) => Some(name),
            Err(error) => {
                let error: crate::SignalNameError = error;
                let found = Diagnostic::new(Code::InvalidName, text.span, error.to_string());
                let meant = text.as_str().replace(['-', '.', ' '], "_");
                self.say(match meant.parse::<SignalName>() {
                    Ok(meant) => found.label(format!("did you mean `{meant}`?")),
                    Err(_) => found,
                });
                None
            }
        }
    }
}

/// What the criteria language found wrong, at the word where the file shows it.
pub(super) fn at_word(code: Code, text: &Text, known: &str, error: &CriterionError) -> Diagnostic {
    let span = if text.as_str() == known { text.place(error.span()) } else { text.span };
    let found = Diagnostic::new(code, span, error.message());
    match error.suggestion() {
        Some(help) => found.help(help),
        None => found,
    }
}

/// The place of a word in a text; the whole text where it is written in another way.
pub(super) fn word_place(text: &Text, word: &str) -> Span {
    let whole = text.as_str();
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let found = whole.match_indices(word).find(|(at, _)| {
        let before = whole.get(..*at).and_then(|before| before.chars().next_back());
        let after = whole.get(at + word.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(inside) && !after.is_some_and(inside)
    });
    found.map_or(text.span, |(at, _)| text.place(at..at + word.len()))
}
