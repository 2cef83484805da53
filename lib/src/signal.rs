//! Names of signals.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The name of a signal: a letter or `_`, then letters, digits and `_`, at most 64 characters.
///
/// Cloning is cheap.
///
/// ```
/// use runbook_gate::SignalName;
///
/// let name: SignalName = "latency_p95".parse()?;
/// assert_eq!(name.as_str(), "latency_p95");
/// assert!("95th".parse::<SignalName>().is_err());
/// # Ok::<(), runbook_gate::SignalNameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignalName(Arc<str>);

/// A text that cannot name a signal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot name a signal; use a letter, then letters, digits and `_`, at most 64 characters")]
pub struct SignalNameError(String);

/// Words of the criteria language, which can name no signal.
const RESERVED: [&str; 7] = ["and", "for", "in", "strict", "failing", "passing", "baseline"];

impl SignalName {
    /// The name as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SignalName {
    type Err = SignalNameError;
    fn from_str(text: &str) -> Result<Self, SignalNameError> {
        let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let continues = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let free = !RESERVED.iter().any(|word| word.eq_ignore_ascii_case(text));
        if starts && continues && free && text.len() <= 64 {
            Ok(Self(text.into()))
        } else {
            Err(SignalNameError(text.chars().take(80).collect()))
        }
    }
}

impl fmt::Display for SignalName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for SignalName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SignalName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_identifiers_and_refuses_words_of_the_language() {
        for name in ["error_rate", "s0", "_x", "Latency"] {
            assert!(name.parse::<SignalName>().is_ok(), "{name}");
        }
        for name in ["", "0s", "a-b", "a b", "For", "baseline", "ä", &"x".repeat(65)] {
            assert!(name.parse::<SignalName>().is_err(), "{name}");
        }
    }
}
