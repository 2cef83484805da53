//! The usual shape of a sample line, of which a journal has hundreds of thousands.

use crate::sample::{Counts, Reading};
use crate::{Finite, Timestamp};

/// A line of the usual shape: `kind`, `t`, `signal`, and then `value`, or `bad` and `total`.
#[derive(Debug, PartialEq)]
pub(super) struct Usual<'t> {
    pub(super) t: Timestamp,
    pub(super) signal: &'t str,
    pub(super) reading: Reading,
}

/// Reads a line of the usual shape, with or without blanks after `:` and `,`. `None` for every other line, right or wrong:
/// the general reader takes those, and reads these alike.
pub(super) fn read(text: &str) -> Option<Usual<'_>> {
    let rest = after(text, "{\"kind\"", ':')?.strip_prefix("\"sample\"")?;
    let (t, rest) = text_of(rest, "\"t\"")?;
    let (signal, rest) = text_of(rest, "\"signal\"")?;
    let rest = after(rest, "", ',')?;
    let reading = if let Some(rest) = after(rest, "\"value\"", ':') {
        Reading::Value { value: number(rest.strip_suffix('}')?)?, total: None }
    } else {
        let (bad, total) = after(rest, "\"bad\"", ':')?.split_once(',')?;
        let total = after(total.strip_prefix(' ').unwrap_or(total), "\"total\"", ':')?;
        let total = number(total.strip_suffix('}')?)?;
        let counts = Counts::new(number(bad)?.get(), total.get()).filter(|counts| counts.total() > 0.0)?;
        Reading::Counts(counts)
    };
    Some(Usual { t: t.parse().ok()?, signal, reading })
}

/// What follows a word, a mark and one blank at most.
fn after<'t>(text: &'t str, word: &str, mark: char) -> Option<&'t str> {
    let rest = text.strip_prefix(word)?.strip_prefix(mark)?;
    Some(rest.strip_prefix(' ').unwrap_or(rest))
}

/// The text of a key that comes next, and what follows it.
fn text_of<'t>(text: &'t str, key: &str) -> Option<(&'t str, &'t str)> {
    let rest = after(after(text, "", ',')?, key, ':')?.strip_prefix('"')?;
    let (value, rest) = rest.split_once('"')?;
    // A text with an escape is none of the usual ones.
    (!value.contains('\\')).then_some((value, rest))
}

/// A JSON number without an exponent.
fn number(text: &str) -> Option<Finite> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, fraction),
        None => (unsigned, "0"),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    if leading_zero || !digits(whole) || !digits(fraction) {
        return None;
    }
    text.parse().ok().and_then(Finite::new)
}
