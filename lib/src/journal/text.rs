//! How long a text in a journal may be, whoever wrote it.

use std::borrow::Cow;

/// The longest text in a line, in bytes; longer ones are cut. Escaped six-fold, two of them still fit in a line.
const LONGEST: usize = 4000;

/// The longest name in a line that has other texts too, in bytes.
const LONGEST_NAME: usize = 500;

/// The text, or its beginning and `…`. What was cut is not cut again.
pub(super) fn bounded(text: &str) -> Cow<'_, str> {
    cut(text, LONGEST)
}

/// The same of a name.
pub(super) fn brief(name: &str) -> Cow<'_, str> {
    cut(name, LONGEST_NAME)
}

fn cut(text: &str, longest: usize) -> Cow<'_, str> {
    let mut places = text.char_indices().skip_while(|(place, _)| *place < longest);
    match (places.next(), places.next()) {
        (None, _) | (Some((_, '…')), None) => Cow::Borrowed(text),
        (Some((end, _)), _) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or(text))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_once() {
        assert_eq!(bounded("timeout"), "timeout");
        assert_eq!(bounded(&"x".repeat(LONGEST)), "x".repeat(LONGEST));
        for long in ["x".repeat(LONGEST + 1), "é".repeat(LONGEST), format!("x{}", "é".repeat(LONGEST))] {
            let cut = bounded(&long).into_owned();
            assert!(cut.ends_with('…') && cut.len() <= LONGEST + 4, "{}", cut.len());
            assert_eq!(bounded(&cut), cut);
        }
    }
}
