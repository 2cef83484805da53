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

/// The state that a word names in other words: `failed`, `down`, `healthy`.
pub(super) fn state(word: &str) -> Option<State> {
    let lower = word.to_ascii_lowercase();
    match lower.as_str() {
        "failing" | "failed" | "fails" | "fail" | "failure" | "down" | "unhealthy" | "red" | "bad" => {
            Some(State::Failing)
        }
        "passing" | "passed" | "passes" | "pass" | "ok" | "up" | "healthy" | "green" | "good" => {
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
