//! Secrets that stand in a policy file, so that no finding shows them: every byte of one becomes a `*`.

use super::Span;

/// Keys and headers whose values are secrets when they are written out.
const KEYS: [&str; 10] = [
    "authorization",
    "cookie",
    "x-api-key",
    "api-key",
    "apikey",
    "ocp-apim-subscription-key",
    "x-functions-key",
    "password",
    "secret",
    "token",
];

/// Parameters of a URL's query that are secrets.
const PARAMETERS: [&str; 7] = ["access_token", "api_key", "apikey", "password", "secret", "sig", "token"];

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
        if PARAMETERS.iter().any(|known| known.eq_ignore_ascii_case(name)) && !value.starts_with("${") {
            let begin = at + 1 + name.len() + 1;
            let end = value.find(['&', '#', ' ', '"', '\'', ',', '}', '\n']).unwrap_or(value.len());
            hidden.push(Span::new(start + begin, start + begin + end));
        }
    }
}

/// `Authorization: Bearer …`, unless it is a mapping or made of variables.
fn values(line: &str, start: usize, hidden: &mut Vec<Span>) {
    let lower = line.to_ascii_lowercase();
    for key in KEYS {
        for (at, _) in lower.match_indices(key) {
            let before = lower.get(..at).and_then(|before| before.chars().next_back());
            if before.is_some_and(|c| c.is_ascii_alphanumeric()) {
                continue;
            }
            let Some(rest) = line.get(at + key.len()..) else { continue };
            let after = rest.trim_start_matches(['"', '\'']);
            let Some(value) = after.trim_start().strip_prefix(':') else { continue };
            let value = value.trim_start_matches([' ', '\t']);
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
