//! All the network that the library knows.

mod address;
mod azure;
mod credential;
mod place;
mod response;

use url::Url;

use crate::Duration;

pub use address::{Address, Header, Sensitivity, Service};
pub use azure::{AzureApi, AzureIdentity, Region, RegionError};
pub use credential::is_credential;
pub use place::{is_loopback, refusal, refusal_of_url};
pub(crate) use response::said;
pub use response::{Response, ResponseHeaders, http_date};

/// Sends requests. The binary implements it over one HTTP agent with one proxy and certificate rule; tests implement it
/// by hand.
///
/// An implementation bounds time and size as the request says, attaches a connection's credentials to that connection's
/// origin alone, follows no redirect that leaves the origin, and puts no secret into an error.
pub trait Transport: Send + Sync {
    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// When no whole answer came: see [`TransportError`]. A status such as 500 is an answer.
    fn send(&self, request: &Request) -> Result<Response, TransportError>;

    /// Sends requests that do not depend on each other, and gives one result for each, in their order.
    ///
    /// As written here one goes after the other. An implementation with threads sends them side by side, bounded, so
    /// that the whole takes about as long as its slowest request: 200 probes fit into one interval.
    fn send_all(&self, requests: &[Request]) -> Vec<Result<Response, TransportError>> {
        requests.iter().map(|request| self.send(request)).collect()
    }

    /// Whom Azure sees; `None` where nobody signs in.
    fn azure_identity(&self) -> Option<AzureIdentity> {
        None
    }
}

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// What it does.
    pub method: Method,
    /// The server.
    pub address: Address,
    /// What is appended to the address: path and query, percent-encoded, starting with `/`; empty for the address itself.
    pub path_and_query: String,
    /// Headers beside those that the transport sets.
    pub headers: Vec<Header>,
    /// The body, with its content type; a `GET` has none.
    pub body: Option<Body>,
    /// The whole time, retries included.
    pub timeout: Duration,
    /// The largest body that is read, in bytes.
    pub max_bytes: usize,
    /// Whether failures are tried again inside `timeout`.
    pub retry: Retry,
    /// Whether a redirect inside the origin is followed.
    pub redirects: Redirects,
}

/// A request's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// `application/x-www-form-urlencoded`, `application/json`, `application/json-patch+json`.
    pub content_type: &'static str,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// How a request is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Asks with a body, or makes something new.
    Post,
    /// Makes something be as it says.
    Put,
    /// Changes something.
    Patch,
    /// Takes something away.
    Delete,
}

impl Method {
    /// As it stands in a request.
    ///
    /// ```
    /// assert_eq!(runbook_gate::transport::Method::Patch.as_str(), "PATCH");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Whether a failure is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Once only: a probe's failure is a fact.
    Never,
    /// Refused, reset, 429, 502, 503 and 504, with back-off and `Retry-After`, inside the timeout.
    WithinTimeout,
}

/// What a redirect means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Redirects {
    /// Followed inside the origin, at most five times; one that leaves it is an error.
    #[default]
    SameOrigin,
    /// It is the answer: a probe that is sent to a sign-in page has not found a healthy service.
    AsAnswer,
}

/// Why no whole answer came. No variant carries a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The time ran out.
    #[error("no answer from {host} within {after}")]
    Timeout {
        /// Where it was sent.
        host: String,
        /// The time allowed.
        after: Duration,
    },
    /// Nobody listens there, or the connection broke.
    #[error("cannot connect to {host}: {why}")]
    Connect {
        /// Where it was sent.
        host: String,
        /// In words.
        why: String,
    },
    /// The name has no address.
    #[error("cannot find the host {host}: {why}")]
    Dns {
        /// Whose name it is.
        host: String,
        /// In words.
        why: String,
    },
    /// The certificate is not trusted, or TLS failed.
    #[error("cannot make a secure connection to {host}: {why}")]
    Tls {
        /// Where it was sent.
        host: String,
        /// In words.
        why: String,
    },
    /// The proxy on the way to it fails.
    #[error("{host} is asked through the proxy of {setting}: {cause}")]
    Proxy {
        /// Where the request would go.
        host: String,
        /// The variable that names the proxy.
        setting: String,
        /// What is wrong with the proxy, which is the host of it.
        cause: Box<TransportError>,
    },
    /// The answer is larger than allowed.
    #[error("the answer of {host} is larger than {limit} bytes")]
    TooLarge {
        /// Who answered.
        host: String,
        /// The largest allowed.
        limit: usize,
    },
    /// The server redirects to another origin.
    #[error("{host} redirects to another place, which is not followed: name the final address in the policy")]
    Redirect {
        /// Who answered.
        host: String,
    },
    /// The address may not be asked.
    #[error("{host} is not asked: {why}")]
    Refused {
        /// Where it would go.
        host: String,
        /// Why not.
        why: String,
    },
    /// Whoever asked waited no longer.
    #[error("the answer of {host} was not waited for: {why}")]
    Halted {
        /// Where it was sent, or would have been.
        host: String,
        /// Why not.
        why: String,
    },
    /// A service that was not given.
    #[error("{} is not known here: {help}", service.name())]
    UnknownService {
        /// The service.
        service: Service,
        /// How to give it.
        help: String,
    },
    /// The connection named in the policy is not known here.
    #[error("no connection is named `{name}`: {help}")]
    UnknownConnection {
        /// The name.
        name: String,
        /// How to define it.
        help: String,
    },
    /// The identity gets no token.
    #[error("no token for {host}: {why}")]
    SignIn {
        /// Whom the token is for.
        host: String,
        /// Which identity, why, and what to do.
        why: String,
    },
    /// Anything else that is not HTTP.
    #[error("the answer of {host} is not HTTP: {why}")]
    Protocol {
        /// Who answered.
        host: String,
        /// In words.
        why: String,
    },
}

impl Request {
    /// A `GET` of an address with the defaults of a source: retries inside the timeout, 8 MiB at most.
    #[must_use]
    pub const fn get(address: Address, path_and_query: String, timeout: Duration) -> Self {
        Self {
            method: Method::Get,
            address,
            path_and_query,
            headers: Vec::new(),
            body: None,
            timeout,
            max_bytes: 8 * 1024 * 1024,
            retry: Retry::WithinTimeout,
            redirects: Redirects::SameOrigin,
        }
    }
}

/// The URL of a request: `path_and_query` appended to a base, whatever slash the base ends with. The base's own query
/// stays, in front.
///
/// ```
/// use runbook_gate::transport::joined;
/// let base = "https://example.com/orders/".parse()?;
/// assert_eq!(joined(&base, "/health?full=1").as_str(), "https://example.com/orders/health?full=1");
/// assert_eq!(joined(&base, "").as_str(), "https://example.com/orders/");
/// let keyed = "https://example.com/api?key=1".parse()?;
/// assert_eq!(joined(&keyed, "/v1?q=2").as_str(), "https://example.com/api/v1?key=1&q=2");
/// # Ok::<(), url::ParseError>(())
/// ```
#[must_use]
pub fn joined(base: &Url, path_and_query: &str) -> Url {
    let mut whole = base.clone();
    if path_and_query.is_empty() {
        return whole;
    }
    let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    if !path.is_empty() {
        let slash = if path.starts_with('/') { "" } else { "/" };
        whole.set_path(&format!("{}{slash}{path}", base.path().trim_end_matches('/')));
    }
    match (base.query().unwrap_or(""), query) {
        (_, "") => {}
        ("", query) => whole.set_query(Some(query)),
        (own, query) => whole.set_query(Some(&format!("{own}&{query}"))),
    }
    whole
}

/// A URL as it may be printed: without user info, query and fragment.
///
/// ```
/// let url = "https://user:secret@example.com/a?key=1".parse()?;
/// assert_eq!(runbook_gate::transport::printable(&url), "https://example.com/a");
/// # Ok::<(), url::ParseError>(())
/// ```
#[must_use]
pub fn printable(url: &Url) -> String {
    let mut clean = url.clone();
    // A URL that can have no user info has none to remove.
    let _ = clean.set_username("");
    let _ = clean.set_password(None);
    clean.set_query(None);
    clean.set_fragment(None);
    clean.to_string()
}
