//! When the tests of a file began, by its own words: what an archive that is unpacked late cannot make younger.

use crate::Timestamp;

/// The earliest times that a file says of its tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Began {
    /// Of those with an offset.
    pub at: Option<Timestamp>,
    /// Of those without an offset, as the latest moment that it can mean anywhere.
    pub without_offset: Option<Timestamp>,
}

impl Began {
    /// Takes in a time as a file says it; what is no time says nothing.
    pub(super) fn note(&mut self, said: &str) {
        let said = said.trim();
        if let Some(at) = with_offset(said) {
            self.at = Some(self.at.map_or(at, |earlier| earlier.min(at)));
        } else if let Ok(at) = format!("{}-12:00", said.replacen(' ', "T", 1)).parse::<Timestamp>() {
            self.without_offset = Some(self.without_offset.map_or(at, |earlier| earlier.min(at)));
        }
    }
}

/// `2026-01-01T00:00:00+01:00`, and also with `+0100`.
pub(super) fn with_offset(said: &str) -> Option<Timestamp> {
    let said = said.trim();
    said.parse().ok().or_else(|| {
        let (rest, minutes) = said.split_at_checked(said.len().checked_sub(2)?)?;
        format!("{rest}:{minutes}").parse().ok()
    })
}
