//! The last defence against printing a secret: everything that leaves the process goes through here.
//!
//! The first defences are types: [`Secret`] prints `***`, and errors name hosts only. This one knows the secrets' texts.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use runbook_gate::Secret;

/// Shorter texts would be found in every other word.
const SHORTEST: usize = 6;
/// So long a text is no word, whatever its letters.
const LONGEST_WORD: usize = 12;
const MASK: &str = "***";
/// What stands where a text was cut.
const CUT: char = '…';
/// A shorter beginning of a secret tells little, and would be found in every other word.
const SHORTEST_BEGINNING: usize = 4;

/// The secrets of this process, and the forms that they take in output. Clones share them.
#[derive(Clone, Default)]
pub struct Redactor {
    forms: Arc<RwLock<Vec<String>>>,
}

impl Redactor {
    /// Remembers a secret: as it is, percent-encoded, in Base64 and each of its lines.
    pub fn learn(&self, secret: &Secret) {
        let whole = secret.reveal();
        let mut found: Vec<String> = Vec::new();
        for part in whole.lines().chain([whole]).map(str::trim) {
            if part.len() < SHORTEST || is_word(part) {
                continue;
            }
            found.push(part.to_owned());
            found.push(percent_encoded(part));
            found.push(BASE64_STANDARD.encode(part));
            if let Ok(json) = serde_json::to_string(part) {
                found.push(json.trim_matches('"').to_owned());
            }
        }
        let mut forms = self.forms.write().unwrap_or_else(PoisonError::into_inner);
        forms.extend(found);
        // The longest first, so that no rest of one stays behind another.
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
    }

    /// Remembers a header's value where it may be a secret: by its name, or because it looks like one.
    pub fn learn_header(&self, name: &str, value: &Secret) {
        let text = value.reveal();
        if runbook_gate::transport::is_credential(name) || looks_secret(text) {
            self.learn(value);
            if let Some((_scheme, credential)) = text.split_once(' ') {
                self.learn(&Secret::new(credential));
            }
        }
    }

    /// The text without any secret.
    pub fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let forms = self.forms.read().unwrap_or_else(PoisonError::into_inner);
        let mut clean = Cow::Borrowed(text);
        for form in forms.iter() {
            if clean.contains(form.as_str()) {
                clean = Cow::Owned(clean.replace(form.as_str(), MASK));
            }
        }
        match without_beginnings(&clean, &forms) {
            Some(shorter) => Cow::Owned(shorter),
            None => clean,
        }
    }

    /// Whether the text carries a secret.
    pub fn finds_in(&self, text: &str) -> bool {
        matches!(self.clean(text), Cow::Owned(_))
    }
}

/// A "secret" such as `production` or `version` would take the report apart, and hide nothing.
fn is_word(text: &str) -> bool {
    text.len() < LONGEST_WORD && text.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

/// The text without the beginnings of secrets that stand where it was cut: an answer that repeats a secret may be cut within it.
fn without_beginnings(text: &str, forms: &[String]) -> Option<String> {
    let mut clean = String::new();
    let mut rest = text;
    let mut found = false;
    while let Some((part, tail)) = rest.split_once(CUT) {
        let length = forms.iter().filter_map(|form| beginning_at_end(part, form)).max();
        found |= length.is_some();
        let (kept, mask) = match length {
            Some(length) => (part.get(..part.len() - length).unwrap_or_default(), MASK),
            None => (part, ""),
        };
        clean.extend([kept, mask]);
        clean.push(CUT);
        rest = tail;
    }
    clean.push_str(rest);
    found.then_some(clean)
}

/// How many bytes at the end of a text are the beginning of a secret, where they are enough to tell.
fn beginning_at_end(text: &str, secret: &str) -> Option<usize> {
    let lengths = secret.char_indices().map(|(at, _)| at).filter(|length| *length >= SHORTEST_BEGINNING);
    lengths.rev().find(|length| secret.get(..*length).is_some_and(|beginning| text.ends_with(beginning)))
}

/// Every header of a policy is a secret by type; most are words such as `production` that reports print too.
fn looks_secret(value: &str) -> bool {
    value.len() >= 12 && value.chars().any(|c| c.is_ascii_digit()) && !value.contains('/')
}

/// A text without the user info and the queries of the addresses in it, whether or not they are valid.
pub fn without_credentials(text: &str) -> Cow<'_, str> {
    if !text.contains("://") {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    for (at, part) in text.split("://").enumerate() {
        if at == 0 {
            clean.push_str(part);
            continue;
        }
        clean.push_str("://");
        let end = part.find(char::is_whitespace).unwrap_or(part.len());
        let (address, rest) = part.split_at(end);
        // A password may hold what begins a path or a query: the last `@` counts.
        let address = match address.rsplit_once('@') {
            Some((_, place)) => {
                clean.push_str(MASK);
                clean.push('@');
                place
            }
            None => address,
        };
        match address.split_once(['?', '#']) {
            Some((place, _)) => clean.extend([place, "?", MASK]),
            None => clean.push_str(address),
        }
        clean.push_str(rest);
    }
    Cow::Owned(clean)
}

fn percent_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_a_secret_in_every_form() {
        let redactor = Redactor::default();
        redactor.learn(&Secret::new("p@ss/word+1"));
        for text in ["p@ss/word+1", "p%40ss%2Fword%2B1", "cEBzcy93b3JkKzE="] {
            assert_eq!(redactor.clean(&format!("a {text} b")), "a *** b", "{text}");
        }
    }

    #[test]
    fn masks_each_line_of_a_long_secret() {
        let redactor = Redactor::default();
        redactor.learn(&Secret::new("first-line\nsecond-line\n"));
        assert_eq!(redactor.clean("x second-line y"), "x *** y");
    }

    #[test]
    fn masks_a_bearer_token_without_its_scheme() {
        let redactor = Redactor::default();
        redactor.learn_header("Authorization", &Secret::new("Bearer canary-token"));
        assert_eq!(redactor.clean("token canary-token"), "token ***");
    }

    #[test]
    fn masks_what_a_cut_left_of_a_secret() {
        let redactor = Redactor::default();
        redactor.learn(&Secret::new("canary-token"));
        assert_eq!(redactor.clean("key: canary-t… and cana… and canary-token"), "key: ***… and ***… and ***");
        assert_eq!(redactor.clean("a can… and canary"), "a can… and canary");
    }

    #[test]
    fn an_address_loses_its_user_info_and_its_query() {
        for (text, clean) in [
            ("http://u:p@h/a", "http://***@h/a"),
            ("x=https://u:p/w?d@h:1/a?sig=1 b", "x=https://***@h:1/a?*** b"),
            ("http://[u:p@h", "http://***@h"),
            ("https://h/a#key", "https://h/a?***"),
            ("https://h/?to=https://u:p@i/", "https://h/?***://***@i/"),
            ("a@b?c", "a@b?c"),
        ] {
            assert_eq!(without_credentials(text), clean);
        }
    }

    #[test]
    fn leaves_words_alone() {
        let redactor = Redactor::default();
        redactor.learn_header("X-Scope-OrgID", &Secret::new("production"));
        redactor.learn_header("Accept", &Secret::new("application/vnd.api+json;v=1"));
        for word in ["on", "version", "rollback"] {
            redactor.learn(&Secret::new(word));
        }
        let text = "production: application/vnd.api+json;v=1 on \"version\"";
        assert_eq!(redactor.clean(text), text);
    }
}
