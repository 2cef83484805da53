//! `WWW-Authenticate`: how a registry wants to be asked.

use url::Url;

use crate::transport::ResponseHeaders;

/// The longest challenge that is read, in bytes.
const LONGEST: usize = 4096;

/// What a registry asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A token of a realm.
    Bearer {
        /// Where tokens are given.
        realm: Url,
        /// For which service; empty where it is not said.
        service: String,
    },
    /// A user and a password.
    Basic,
}

/// The first challenge that can be met, a token before a password; `None` where there is none.
pub(super) fn read(headers: &ResponseHeaders) -> Option<Challenge> {
    let challenges: Vec<Challenge> = headers.all("WWW-Authenticate").filter_map(of_header).collect();
    let bearer = challenges.iter().find(|challenge| matches!(challenge, Challenge::Bearer { .. }));
    bearer.or_else(|| challenges.first()).cloned()
}

/// The challenge that stands first in a header.
fn of_header(text: &str) -> Option<Challenge> {
    let text = text.get(..LONGEST.min(text.len()))?.trim();
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let (mut realm, mut service) = (None, String::new());
    for (name, value) in parameters(rest) {
        match name.to_ascii_lowercase().as_str() {
            "realm" if realm.is_none() => realm = value.parse().ok(),
            "service" if service.is_empty() => service = value,
            _ => {}
        }
    }
    realm.map(|realm| Challenge::Bearer { realm, service })
}

/// `name=value` and `name="value"` with commas between them, as far as they are well formed.
fn parameters(text: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.trim_start_matches([' ', '\t', ',']).split_once('=') {
        let name = name.trim();
        // Another scheme begins: `… , Basic realm=…`.
        if name.is_empty() || name.contains([' ', '"', ',']) {
            break;
        }
        let (value, left) = match after.strip_prefix('"') {
            Some(quoted) => {
                let Some(parts) = unquoted(quoted) else { break };
                parts
            }
            None => {
                let end = after.find([',', ' ']).unwrap_or(after.len());
                let (value, left) = after.split_at(end);
                (value.to_owned(), left)
            }
        };
        found.push((name, value));
        rest = left;
    }
    found
}

/// What stands up to the closing quote, and what is left behind it; `None` where it never closes.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(values: &[&str]) -> Option<Challenge> {
        read(&values.iter().map(|value| ("www-authenticate", *value)).collect())
    }

    fn bearer(realm: &str, service: &str) -> Option<Challenge> {
        Some(Challenge::Bearer { realm: realm.parse().unwrap(), service: service.to_owned() })
    }

    #[test]
    fn the_challenges_of_known_registries_are_read() {
        for (values, expected) in [
            (
                vec![
                    r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#,
                ],
                bearer("https://auth.docker.io/token", "registry.docker.io"),
            ),
            (
                vec![
                    r#"Bearer realm="https://contoso.azurecr.io/oauth2/token", service="contoso.azurecr.io", error="invalid_token""#,
                ],
                bearer("https://contoso.azurecr.io/oauth2/token", "contoso.azurecr.io"),
            ),
            (vec![r#"bearer service=s , realm="https://r.io/t""#], bearer("https://r.io/t", "s")),
            (vec![r#"BASIC realm="Sonatype Nexus Repository Manager""#], Some(Challenge::Basic)),
            (vec!["Basic"], Some(Challenge::Basic)),
            (vec![r#"Basic realm="x""#, r#"Bearer realm="https://r.io/t""#], bearer("https://r.io/t", "")),
            (
                vec![r#"Bearer realm="https://r.io/t",service="a\"b", Basic realm="x""#],
                bearer("https://r.io/t", "a\"b"),
            ),
        ] {
            assert_eq!(challenge(&values), expected, "{values:?}");
        }
    }

    #[test]
    fn others_are_none() {
        for values in [
            vec![],
            vec![""],
            vec!["Negotiate"],
            vec!["Bearer"],
            vec!["Bearer realm="],
            vec![r#"Bearer realm="not a url""#],
            vec![r#"Bearer realm="https://r.io"#],
            vec![r#"Bearer service="s""#],
            vec!["Bearer ==,\"\\"],
        ] {
            assert_eq!(challenge(&values), None, "{values:?}");
        }
    }
}
