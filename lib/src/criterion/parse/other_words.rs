//! What is not written as the language has it, and what to write instead.

use super::{Cmp, Criterion, CriterionError, LASTING, Reader, Token};
use crate::criterion::meant;
use crate::sample::State;
use crate::{Finite, SignalName};

impl Reader<'_> {
    /// What to write where an `and` follows a duration, as in `a > 1 for 5m and b > 2`: one duration is for all of it.
    pub(super) fn duration_last(&self, and: usize) -> String {
        let is_for =
            |token: &Token<'_>| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case("for"));
        let lasts = self.tokens.iter().find(|(token, span)| is_for(token) && span.start < and);
        let whole = lasts.and_then(|(_, lasts)| {
            let before = self.text.get(..lasts.start)?.trim();
            let (duration, rest) = (self.text.get(lasts.start..and)?.trim(), self.text.get(and..)?.trim());
            Some(format!("{before} {rest} {duration}"))
        });
        // Two durations, or more that is wrong: the form alone.
        let whole = whole.filter(|whole| whole.parse::<Criterion>().is_ok());
        format!("the duration stands last: `{}`", whole.as_deref().unwrap_or("… and … for 5m"))
    }

    /// The duration after a word that was written for `for`.
    pub(super) fn lasts(&self, word: &str, end: usize) -> Option<String> {
        LASTING.iter().any(|known| word.eq_ignore_ascii_case(known)).then(|| self.duration_at(end)).flatten()
    }

    /// The duration that the rest of the text is, be it with spaces or units of another spelling.
    pub(super) fn duration_at(&self, start: usize) -> Option<String> {
        let rest = self.text.get(start..)?;
        crate::duration::meant(rest)
    }

    /// `health is failing`, `health == false`, `health down`: a state that is not written as the language has it.
    pub(super) fn state_in_other_words(&self, signal: &SignalName) -> Option<CriterionError> {
        let words = self.tokens.get(self.next..)?;
        let from = words.first()?.1.start;
        let joins = |token: &Token<'_>| {
            matches!(token, Token::Cmp(_) | Token::Equals)
                || matches!(token, Token::Word(word) if word.eq_ignore_ascii_case("is"))
        };
        let unequal = |token: &Token<'_>| *token == Token::Cmp(Cmp::NotEqual);
        let not = |token: &Token<'_>| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case("not"));
        let mut tokens = words.iter().peekable();
        let turned = [
            tokens.next_if(|(token, _)| joins(token)).is_some_and(|(token, _)| unequal(token)),
            tokens.next_if(|(token, _)| not(token)).is_some(),
        ];
        let (Token::Word(word), to) = tokens.next()? else { return None };
        let state = match (meant::state(word)?, turned[0] != turned[1]) {
            (state, false) => state,
            (State::Failing, true) => State::Passing,
            (State::Passing, true) => State::Failing,
        };
        let span = from..to.end;
        let message = format!("`{}` is not how a state is written", &self.text[span.clone()]);
        let mut meant = format!("{signal} {}", meant::word(state));
        // The duration belongs to what is to be written.
        if let Some(rest) = self.text.get(to.end..).filter(|rest| !rest.trim().is_empty()) {
            let whole = format!("{meant} {}", rest.trim());
            if whole.parse::<Criterion>().is_ok() {
                meant = whole;
            }
        }
        Some(CriterionError::new(span, message).help(format!("did you mean `{meant}`?")))
    }

    /// `200% baseline`, `2 of the baseline`: a multiple that is not written as the language has it.
    pub(super) fn multiple_in_other_words(&self, number: Finite, start: usize) -> Option<CriterionError> {
        let mut tokens = self.tokens.get(self.next..)?.iter().peekable();
        let percent = tokens.next_if(|(token, _)| *token == Token::Percent).is_some();
        let joins = |word: &str| ["of", "the", "times"].iter().any(|known| word.eq_ignore_ascii_case(known));
        while tokens.next_if(|(token, _)| matches!(token, Token::Word(word) if joins(word))).is_some() {}
        let (Token::Word(word), end) = tokens.next()? else { return None };
        if !word.eq_ignore_ascii_case("baseline") {
            return None;
        }
        let span = start..end.end;
        let message = format!("`{}` is not how a multiple is written", &self.text[span.clone()]);
        let factor = if percent { number.get() / 100.0 } else { number.get() };
        Some(CriterionError::new(span, message).help(format!("write `{factor}x baseline`")))
    }
}
