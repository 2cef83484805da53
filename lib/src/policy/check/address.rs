//! Where sources read: URLs, connections, headers. Here is what a policy may not ask.

use url::Url;

use super::Checker;
use crate::Secret;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::policy::decode::{Field, Placed, UrlText, Words};
use crate::policy::document::{HeaderValue, Headers};
use crate::policy::node::Text;
use crate::policy::variables::{Expanded, is_unexpanded};
use crate::transport::{Address, Header, Sensitivity, is_credential, is_loopback, refusal_of_url};

/// Headers that a request sets itself, or that change whom it speaks to.
const RESERVED: [&str; 9] = [
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "proxy-authorization",
    "te",
    "transfer-encoding",
    "upgrade",
];

impl Checker<'_> {
    /// A URL that a policy may ask.
    pub(super) fn url(&mut self, text: &Text) -> Option<Url> {
        let known = self.known(text)?;
        match checked_url(&known) {
            Ok(url) => Some(url),
            Err((code, message, help)) => {
                // The message never repeats the URL: it may hold a password.
                self.say(Diagnostic::new(code, text.span, message).help(help));
                None
            }
        }
    }

    /// A URL or a connection; `None` where neither is given, or what is given was refused.
    pub(super) fn address(&mut self, url: &Field<UrlText>, connection: &Field<Words>) -> Option<Address> {
        if let (Some(_), Some(span)) = (url.get(), connection.span()) {
            self.say(
                Diagnostic::new(
                    Code::SourceReading,
                    span,
                    "`url` and `connection` cannot stand side by side",
                )
                .help("a connection has its own address: remove the `url`"),
            );
            return None;
        }
        if let Some(text) = url.get() {
            return self.url(text).map(Address::Url);
        }
        let name = connection.get()?;
        self.line(name).map(Address::Connection)
    }

    /// The addresses of `url`, `urls` and `connection`, in order.
    pub(super) fn addresses(
        &mut self,
        url: &Field<UrlText>,
        urls: &Field<Vec<Placed<UrlText>>>,
        connection: &Field<Words>,
    ) -> Vec<Address> {
        if let Some(span) = urls.span() {
            if url.get().is_some() || connection.get().is_some() {
                self.say(
                    Diagnostic::new(
                        Code::SourceReading,
                        span,
                        "`urls` stands in place of `url` and `connection`",
                    )
                    .help("keep one of them"),
                );
            }
            let listed: Vec<&UrlText> = urls.get().into_iter().flatten().map(|url| &url.value).collect();
            if listed.is_empty() && urls.get().is_some() {
                self.say(Diagnostic::new(Code::SourceReading, span, "`urls` lists no address"));
            }
            return listed.into_iter().filter_map(|url| self.url(url)).map(Address::Url).collect();
        }
        self.address(url, connection).into_iter().collect()
    }

    /// Headers. `to` are the addresses that they are sent to: a secret goes nowhere in the clear.
    pub(super) fn headers(&mut self, field: &Field<Headers>, to: &[Address]) -> Vec<Header> {
        let mut headers = Vec::new();
        for (name, header) in field.get().into_iter().flat_map(|headers| &headers.0) {
            if let Some(value) = self.header(name, &header.value, header.span, to) {
                let sensitivity = match &header.value {
                    HeaderValue::Plain(_) => Sensitivity::Plain,
                    HeaderValue::Secret(_) => Sensitivity::Secret,
                };
                headers.push(Header { name: name.text.clone(), value, sensitivity });
            }
        }
        headers
    }

    fn header(&mut self, name: &Text, value: &HeaderValue, span: Span, to: &[Address]) -> Option<Secret> {
        let lower = name.text.to_ascii_lowercase();
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if lower.is_empty() || lower.len() > 128 || !lower.bytes().all(is_token) {
            self.say(Diagnostic::new(Code::InvalidHeader, name.span, "this cannot be the name of a header"));
            return None;
        }
        if RESERVED.contains(&lower.as_str()) {
            let message = format!("the header `{}` is set by the request itself", name.text);
            self.say(Diagnostic::new(Code::InvalidHeader, name.span, message).help("remove it"));
            return None;
        }
        if let (HeaderValue::Secret(_), true) = (value, to.iter().any(sent_in_the_clear)) {
            self.say(
                Diagnostic::new(Code::SecretOverHttp, span, "this secret would be sent over plain HTTP")
                    .help("use an `https` address; plain HTTP is allowed to this machine itself only"),
            );
            return None;
        }
        let expanded = match value {
            HeaderValue::Plain(text) if is_credential(&name.text) => {
                self.say(
                    Diagnostic::new(
                        Code::SecretInPolicy,
                        text.span,
                        format!("the header `{}` holds a secret and is not marked as one", name.text),
                    )
                    .help(format!(
                        "write `{}: {{ secret: \"${{NAME}}\" }}`, and give NAME as a secret variable",
                        name.text
                    )),
                );
                return None;
            }
            HeaderValue::Plain(text) => Secret::new(self.known(text)?),
            HeaderValue::Secret(document) => self.secret(document.secret.get()?)?,
        };
        let sendable = |c: char| c == '\t' || (' '..='~').contains(&c);
        if !expanded.reveal().chars().all(sendable) {
            self.say(
                Diagnostic::new(Code::InvalidHeader, span, "a header's value is one line of printable ASCII")
                    .help("a secret file often ends with a line break: remove it from the variable"),
            );
            return None;
        }
        Some(expanded)
    }

    /// A text in a field made for a secret: it must come from a variable.
    pub(super) fn secret(&mut self, text: &Text) -> Option<Secret> {
        // A pipeline's `$(NAME)` is no secret: it is told its own spelling where the variables are put in.
        if !text.as_str().contains("${") && !is_unexpanded(text) {
            self.say(
                Diagnostic::new(Code::SecretInPolicy, text.span, "a secret stands in the policy itself")
                    .help("make it a secret variable and write `${NAME}`; and replace the secret: it is in the repository's history"),
            );
            return None;
        }
        match self.scope.expand_secret(text, &mut self.findings) {
            Expanded::Known(known) => Some(Secret::new(known)),
            Expanded::Secret(secret) => Some(secret),
            Expanded::Open | Expanded::Refused => {
                self.open = true;
                None
            }
        }
    }
}

type Refusal = (Code, &'static str, &'static str);

/// A URL that may be asked: http or https, with a host, without credentials, not link-local.
fn checked_url(text: &str) -> Result<Url, Refusal> {
    let url = Url::parse(text.trim()).map_err(|error| match error {
        url::ParseError::RelativeUrlWithoutBase => {
            (Code::InvalidUrl, "this is not a whole URL", "begin it with `https://`")
        }
        url::ParseError::InvalidPort => (
            Code::InvalidUrl,
            "the port of this URL is not a number up to 65535",
            "write it as in `https://host:8443`",
        ),
        _ => (Code::InvalidUrl, "this is not a URL", "write it as in `https://orders.contoso.com/path`"),
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        // `p:9090` reads as a URL of the kind `p`.
        let help = if text.contains("://") {
            "only `https://` and `http://` addresses are asked"
        } else {
            "begin it with `https://` or `http://`"
        };
        return Err((Code::UrlRefused, "this kind of URL is not asked", help));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let help = "use a `connection`, or a header marked `{ secret: \"${NAME}\" }`";
        return Err((Code::UrlRefused, "a URL must not hold a user or a password", help));
    }
    if url.host().is_none() {
        let help = "write it as in `https://orders.contoso.com/path`";
        return Err((Code::InvalidUrl, "this URL has no host", help));
    }
    match refusal_of_url(&url) {
        Some(why) => Err((Code::UrlRefused, "this address is never asked", why)),
        None => Ok(url),
    }
}

/// Whether what is sent there can be read on the way.
fn sent_in_the_clear(address: &Address) -> bool {
    let Address::Url(url) = address else { return false };
    url.scheme() == "http" && !is_loopback(url)
}
