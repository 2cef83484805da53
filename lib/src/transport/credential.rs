//! What carries a credential by its name.

/// Headers that carry nothing else.
const HEADERS: [&str; 3] = ["authorization", "proxy-authorization", "cookie"];

/// Words that make the name of a header, a key or a parameter one of a credential.
const WORDS: [&str; 9] =
    ["token", "secret", "password", "passwd", "api-key", "apikey", "-key", "signature", "credential"];

/// Whether a header, a key or a parameter carries a credential by its name: such a value is never written in a policy, and
/// never printed or sent in the clear.
///
/// ```
/// use runbook_gate::transport::is_credential;
/// assert!(is_credential("Authorization") && is_credential("X-Functions-Key") && is_credential("access_token"));
/// assert!(!is_credential("Accept") && !is_credential("X-Environment"));
/// ```
#[must_use]
pub fn is_credential(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    HEADERS.contains(&name.as_str()) || name == "sig" || WORDS.iter().any(|word| name.contains(word))
}
