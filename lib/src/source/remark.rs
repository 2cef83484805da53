//! Texts from outside, made fit for notes and errors: bounded, on one line, without secrets.

use url::Url;

use super::SourceNote;
use crate::SignalName;
/// A text on one line of at most so many characters.
pub(crate) use crate::steering::one_line as bounded;
use crate::transport::{Address, AzureApi, Header, printable};

/// The most characters that a remark has.
const LONGEST: usize = 300;

/// The most notes that one poll gives.
const MOST_NOTES: usize = 10;

/// A text on one line of at most 300 characters: control characters, and characters that turn or hide text, become
/// spaces; runs of spaces become one.
pub(crate) fn plain(text: &str) -> String {
    bounded(text, LONGEST)
}

/// What a source must not repeat: servers echo what they were sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets(Vec<crate::Secret>);

impl Secrets {
    /// The values of headers, and what URLs carry besides their host and path.
    pub(crate) fn of<'a>(headers: &[Header], addresses: impl IntoIterator<Item = &'a Address>) -> Self {
        let mut found: Vec<String> = Vec::new();
        for header in headers {
            let value = header.value.reveal().trim();
            found.push(value.to_owned());
            // `Bearer abc`: a server may echo the token alone.
            found.extend(value.split_whitespace().skip(1).map(str::to_owned));
        }
        for address in addresses {
            if let Address::Url(url) = address {
                found.extend(carried(url));
            }
        }
        // Words of one to three letters would blank out ordinary text.
        found.retain(|text| text.chars().count() >= 4);
        found.sort_by_key(|text| std::cmp::Reverse(text.len()));
        found.dedup();
        Self(found.into_iter().map(crate::Secret::new).collect())
    }

    /// [`plain`], with every secret replaced by `***`.
    pub(crate) fn plain(&self, text: &str) -> String {
        // Only as much as can reach the result is looked at.
        let mut text: String = text.chars().take(8 * LONGEST).collect();
        for secret in &self.0 {
            if text.contains(secret.reveal()) {
                text = text.replace(secret.reveal(), "***");
            }
        }
        plain(&text)
    }
}

/// User info and values of the query.
fn carried(url: &Url) -> impl Iterator<Item = String> + '_ {
    let password = url.password().map(str::to_owned);
    let user = (!url.username().is_empty()).then(|| url.username().to_owned());
    password.into_iter().chain(user).chain(url.query_pairs().map(|(_, value)| value.into_owned()))
}

/// An address as it may be printed.
pub(crate) fn place(address: &Address) -> String {
    match address {
        Address::Url(url) | Address::Opened(url) => plain(printable(url).trim_end_matches('/')),
        Address::Connection(name) => plain(&format!("connection {name}")),
        Address::Service(service) => service.name().to_owned(),
        Address::Azure(AzureApi::Prometheus(url)) => plain(printable(url).trim_end_matches('/')),
        Address::Azure(api) => api.name().to_owned(),
        Address::Webhook(_) => "a webhook".to_owned(),
    }
}

/// A note, unless there are too many already; the last place says how many were left out.
pub(crate) fn note(notes: &mut Vec<SourceNote>, signal: Option<&SignalName>, text: &str) {
    push(notes, SourceNote { signal: signal.cloned(), text: plain(text), clears: None });
}

/// The same of good news: what was remarked of `place` before holds no more.
pub(crate) fn good_news(notes: &mut Vec<SourceNote>, signal: Option<&SignalName>, place: &str, text: &str) {
    push(notes, SourceNote { signal: signal.cloned(), text: plain(text), clears: Some(plain(place)) });
}

fn push(notes: &mut Vec<SourceNote>, note: SourceNote) {
    if notes.len() < MOST_NOTES {
        notes.push(note);
    } else if notes.len() == MOST_NOTES {
        let text = "there is more to say than is said here".to_owned();
        notes.push(SourceNote { signal: None, text, clears: None });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;
    use crate::transport::Sensitivity;

    #[test]
    fn a_hostile_text_becomes_one_short_line() {
        assert_eq!(plain("  a\r\n##vso[task.setvariable]\u{1b}[31m\tb "), "a ##vso[task.setvariable] [31m b");
        assert_eq!(plain("admin\u{202e}txt.exe\u{200b}"), "admin txt.exe");
        assert_eq!(plain(&"x".repeat(900)).chars().count(), 300);
        assert_eq!(bounded("abcdef", 4), "abc…");
        assert_eq!(bounded("abc", 4), "abc");
    }

    #[test]
    fn what_a_server_echoes_of_a_secret_is_not_repeated() {
        let headers = [Header {
            name: "authorization".into(),
            value: Secret::new("Bearer abc123"),
            sensitivity: Sensitivity::Secret,
        }];
        let keyed = Address::Url("https://u:pass@h.example/x?code=k3y0&a=1".parse().unwrap());
        let secrets = Secrets::of(&headers, [&keyed]);
        assert_eq!(
            secrets.plain("bad Bearer abc123, token abc123, pass, code k3y0, a 1"),
            "bad ***, token ***, ***, code ***, a 1"
        );
        assert!(!format!("{secrets:?}").contains("abc"));
        assert_eq!(place(&keyed), "https://h.example/x");
    }
}
