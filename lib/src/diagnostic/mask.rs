//! Secrets that stand in a policy file, so that no finding shows them: every byte of one becomes a `*`.

use super::Span;
use crate::transport::is_credential;

/// The text with secrets masked: those in `spans`, users and passwords in URLs, secret parameters, and the values of keys that
/// name a secret. Its length and its lines stay.
pub(super) fn masked(text: &str, spans: impl Iterator<Item = Span>) -> String {
    let mut hidden: Vec<Span> = spans.collect();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        users(line, at, &mut hidden);
        parameters(line, at, &mut hidden);
        values(line, at, &mut hidden);
        at += line.len();
    }
    if hidden.is_empty() {
        return text.to_owned();
    }
    hidden.sort();
    let mut out = String::with_capacity(text.len());
    let mut spans = hidden.into_iter().peekable();
    for (at, character) in text.char_indices() {
        while spans.next_if(|span| span.end <= at).is_some() {}
        let inside = spans.peek().is_some_and(|span| span.start <= at && at < span.end);
        if inside && !matches!(character, '\n' | '\r') {
            out.extend(std::iter::repeat_n('*', character.len_utf8()));
        } else {
            out.push(character);
        }
    }
    out
}

/// `://user:password@`
fn users(line: &str, start: usize, hidden: &mut Vec<Span>) {
    for (at, _) in line.match_indices("://") {
        let begin = at + 3;
        let rest = line.get(begin..).unwrap_or("");
        let authority = rest.find(['/', '?', '#', ' ', '\t', '"', '\'']).unwrap_or(rest.len());
        if let Some(end) = rest.get(..authority).and_then(|authority| authority.rfind('@')) {
            hidden.push(Span::new(start + begin, start + begin + end));
        }
    }
}

/// `?sig=…`, `&token=…`
fn parameters(line: &str, start: usize, hidden: &mut Vec<Span>) {
    for (at, _) in line.match_indices(['?', '&']) {
        let rest = line.get(at + 1..).unwrap_or("");
        let Some((name, value)) = rest.split_once('=') else { continue };
        if is_name(name) && is_credential(name) && !value.starts_with("${") {
            let begin = at + 1 + name.len() + 1;
            let end = value.find(['&', '#', ' ', '"', '\'', ',', '}', '\n']).unwrap_or(value.len());
            hidden.push(Span::new(start + begin, start + begin + end));
        }
    }
}

/// `Authorization: Bearer …`, unless it is a mapping or made of variables.
fn values(line: &str, start: usize, hidden: &mut Vec<Span>) {
    for (colon, _) in line.match_indices(':') {
        let before = line.get(..colon).unwrap_or("").trim_end().trim_end_matches(['"', '\'']);
        let key = before.rsplit(|c| !is_part(c)).next().unwrap_or("");
        if !is_credential(key) {
            continue;
        }
        let value = line.get(colon + 1..).unwrap_or("").trim_start_matches([' ', '\t']);
        let begin = line.len() - value.len();
        let length = match value.chars().next() {
            Some('{' | '[' | '&' | '*' | '|' | '>') | None => continue,
            Some(quote @ ('"' | '\'')) => {
                value.get(1..).and_then(|v| v.find(quote)).map_or(value.len(), |end| end + 2)
            }
            Some(_) => value.find([',', '}', '\n', '\r']).unwrap_or(value.len()),
        };
        if !value.get(..length).is_some_and(|value| value.contains("${")) {
            hidden.push(Span::new(start + begin, start + begin + length));
        }
    }
}

/// Whether a text can be the name of a parameter.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_part)
}

/// Whether a character can be part of a key.
fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_users_parameters_and_values_of_secret_keys() {
        for (text, shown) in [
            ("url: https://user:hunter2@d.contoso.com/x", "url: https://************@d.contoso.com/x"),
            ("url: \"https://a/hook?x=1&sig=abc#f\"", "url: \"https://a/hook?x=1&sig=***#f\""),
            ("{ Authorization: Bearer abc, X: y }", "{ Authorization: **********, X: y }"),
            ("\"X-Api-Key\": 'abc' # note", "\"X-Api-Key\": ***** # note"),
            ("X: { secret: plain }\r\n", "X: { secret: ******}\r\n"),
            ("secret: ${TOKEN}", "secret: ${TOKEN}"),
            (
                "Authorization: { secret: \"Bearer ${TOKEN}\" }",
                "Authorization: { secret: \"Bearer ${TOKEN}\" }",
            ),
            ("query: rate(x{token=\"a\"}[5m])", "query: rate(x{token=\"a\"}[5m])"),
            ("password: pässwörd", "password: **********"),
            ("'X-Auth-Token' : abc", "'X-Auth-Token' : ***"),
            ("vars: { api_token: abc, host: a }", "vars: { api_token: ***, host: a }"),
            ("at 12:30, secret-less: x", "at 12:30, secret-less: *"),
            ("url: https://a/?x=1&access_token=abc", "url: https://a/?x=1&access_token=***"),
        ] {
            assert_eq!(masked(text, std::iter::empty()), shown, "{text}");
        }
    }

    #[test]
    fn hides_what_a_finding_names_as_secret() {
        assert_eq!(
            masked("url: https://hooks/abc", std::iter::once(Span::new(5, 22))),
            "url: *****************"
        );
    }
}
