//! What was probably meant by a word that the language does not have.

use super::Unit;
use crate::duration::unit_meant;
use crate::sample::State;
use crate::spelling;

/// The unit that a word names in other words: `sec`, `percent`, `rps`.
pub(super) fn unit(word: &str) -> Option<Unit> {
    let lower = word.to_ascii_lowercase();
    Some(match lower.as_str() {
        "percent" | "pct" | "per" => Unit::Percent,
        "rps" | "qps" | "ps" => Unit::PerSecond,
        "byte" | "bytes" => Unit::Bytes,
        "k" | "kbyte" | "kbytes" => Unit::Kilobytes,
        "mbyte" | "mbytes" => Unit::Megabytes,
        "g" | "gbyte" | "gbytes" => Unit::Gigabytes,
        "ki" | "mi" | "gi" => return Unit::parse(&format!("{lower}b")),
        _ => return unit_meant(&lower).and_then(Unit::parse),
    })
}

/// The state that a word names in other words: `failed`, `down`, `false`, `healthy`.
pub(super) fn state(word: &str) -> Option<State> {
    let lower = word.to_ascii_lowercase();
    match lower.as_str() {
        "failing" | "failed" | "fails" | "fail" | "failure" | "down" | "unhealthy" | "red" | "bad"
        | "false" => Some(State::Failing),
        "passing" | "passed" | "passes" | "pass" | "ok" | "up" | "healthy" | "green" | "good" | "true" => {
            Some(State::Passing)
        }
        _ => match spelling::nearest(&lower, ["failing", "passing"])? {
            "failing" => Some(State::Failing),
            _ => Some(State::Passing),
        },
    }
}

/// The word of a state.
pub(super) const fn word(state: State) -> &'static str {
    match state {
        State::Failing => "failing",
        State::Passing => "passing",
    }
}

/// What to write in place of a sign that the language does not have, which stands before `rest`.
pub(super) fn sign(before: &str, sign: char, rest: &str) -> String {
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).count();
    match sign {
        '*' | '×' | '·' if before.contains("baseline") || rest.contains("baseline") => {
            let after = rest.trim_start();
            let number = match last_number(before) {
                "" => {
                    after.get(..after.find(|c: char| !is_of_number(c)).unwrap_or(after.len())).unwrap_or("")
                }
                number => number,
            };
            format!("write `{}x baseline`", if number.is_empty() { "2" } else { number })
        }
        '*' | '×' | '·' => "nothing is calculated here: write the number itself".to_owned(),
        ',' if before.ends_with(|c: char| c.is_ascii_digit()) && digits(rest) > 0 => {
            let (whole, digits) = (last_number(before), rest.get(..digits(rest)).unwrap_or(""));
            match digits.len() {
                3 => format!("write a number without separators: `{whole}{digits}`"),
                _ => format!("write a decimal point: `{whole}.{digits}`"),
            }
        }
        '≥' => "write `>=`".to_owned(),
        '≤' => "write `<=`".to_owned(),
        '≠' | '!' => "write `!=`".to_owned(),
        '&' => "write `and`".to_owned(),
        '|' => TWO_CRITERIA.to_owned(),
        ',' | ';' | ':' | '"' | '\'' | '`' => "leave it out".to_owned(),
        _ => "a criterion is written like `error_rate > 5% for 5m`".to_owned(),
    }
}

/// What to write for `or`.
pub(super) const TWO_CRITERIA: &str = "write two criteria: each of a list decides by itself";

/// A comparison whose sign of equality stands first: `=>`.
pub(super) fn turned(text: &str) -> Option<&'static str> {
    match text.as_bytes() {
        [b'=', b'>', ..] => Some(">="),
        [b'=', b'<', ..] => Some("<="),
        _ => None,
    }
}

/// The number at the end of a text, spaces aside.
fn last_number(text: &str) -> &str {
    let text = text.trim_end();
    let start = text.rfind(|c: char| !is_of_number(c)).map_or(0, |at| at + 1);
    text.get(start..).unwrap_or("")
}

const fn is_of_number(c: char) -> bool {
    c.is_ascii_digit() || c == '.'
}

/// The name of a signal that was written with another sign than `_`: `error-rate`, `error.rate`.
///
/// `text` begins at its first letter.
pub(super) fn name(text: &str) -> Option<(usize, String)> {
    let joins = ['-', '.', '/', ':'];
    let length = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && !joins.contains(&c));
    let run = text.get(..length.unwrap_or(text.len()))?.trim_end_matches(joins);
    let is_name = run.contains(joins) && run.split(joins).all(|part| !part.is_empty());
    is_name.then(|| (run.len(), run.replace(joins, "_")))
}
