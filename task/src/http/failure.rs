//! What went wrong with a request, in the words of the library.

use runbook_gate::Duration;
use runbook_gate::report::escape::one_line;
use runbook_gate::transport::TransportError;

use super::guard::NotAsked;
use super::proxy::NamedProxy;

/// TLS failed: the reason, apart from failures of the connection below it.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct TlsFailure {
    why: String,
}

impl TlsFailure {
    /// As the agent carries it.
    pub fn error(why: &str) -> ureq::Error {
        ureq::Error::Other(Box::new(Self { why: why.to_owned() }))
    }
}

/// The connection was cut while TLS was being set up.
#[derive(Debug, thiserror::Error)]
#[error("cut short")]
pub struct CutShort;

impl CutShort {
    /// As the agent carries it.
    pub fn error() -> ureq::Error {
        ureq::Error::Other(Box::new(Self))
    }
}

/// What answers plain HTTP there speaks TLS.
#[derive(Debug, thiserror::Error)]
#[error("speaks TLS")]
pub struct SpeaksTls;

impl SpeaksTls {
    /// As the agent carries it.
    pub fn error() -> ureq::Error {
        ureq::Error::Other(Box::new(Self))
    }
}

/// The way through a proxy failed, before anything was sent to what lies behind it.
#[derive(Debug, thiserror::Error)]
#[error("the proxy failed")]
pub struct ProxyFailure {
    inner: ureq::Error,
}

impl ProxyFailure {
    /// As the agent carries it.
    pub fn error(inner: ureq::Error) -> ureq::Error {
        ureq::Error::Other(Box::new(Self { inner }))
    }
}

/// The way that a request went.
#[derive(Clone, Copy, Debug)]
pub struct Way<'w> {
    /// Host and port, as errors show it.
    pub host: &'w str,
    /// The time allowed.
    pub after: Duration,
    /// The proxy between.
    pub proxy: Option<&'w NamedProxy>,
    /// What to add where it was closed too early.
    pub if_closed: &'static str,
}

/// The agent's error as the library's. Says nothing of headers, queries or credentials.
pub fn named(error: ureq::Error, way: Way<'_>) -> TransportError {
    let Way { host, after, .. } = way;
    let host = host.to_owned();
    match error {
        ureq::Error::Timeout(_) => TransportError::Timeout { host, after },
        ureq::Error::HostNotFound => TransportError::Dns { host, why: "the name has no address".to_owned() },
        ureq::Error::Io(error) => of_io(error, way),
        ureq::Error::ConnectionFailed => {
            TransportError::Connect { host, why: "the connection failed".to_owned() }
        }
        ureq::Error::InvalidProxyUrl => {
            TransportError::Connect { host, why: "the proxy's URL is not valid".to_owned() }
        }
        ureq::Error::Tls(why) => TransportError::Tls { host, why: why.to_owned() },
        ureq::Error::Rustls(error) => TransportError::Tls { host, why: error.to_string() },
        ureq::Error::Other(inner) => of_own(inner, way),
        ureq::Error::LargeResponseHeader(..) => {
            TransportError::Protocol { host, why: "its headers are too large".to_owned() }
        }
        ureq::Error::Decompress(..) => {
            TransportError::Protocol { host, why: "its body cannot be decompressed".to_owned() }
        }
        ureq::Error::Protocol(error) => TransportError::Protocol { host, why: bounded(&error.to_string()) },
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
            TransportError::Protocol { host, why: "the address cannot be asked".to_owned() }
        }
        other => TransportError::Protocol { host, why: bounded(&other.to_string()) },
    }
}

/// What this program's own connectors and resolver say.
fn of_own(inner: Box<dyn std::error::Error + Send + Sync>, way: Way<'_>) -> TransportError {
    let host = way.host.to_owned();
    let inner = match inner.downcast::<NotAsked>() {
        Ok(not_asked) => return not_asked.named(host),
        Err(inner) => inner,
    };
    let inner = match inner.downcast::<TlsFailure>() {
        Ok(failure) => return TransportError::Tls { host, why: explained(&failure.why) },
        Err(inner) => inner,
    };
    let inner = match inner.downcast::<ProxyFailure>() {
        Ok(failure) => return of_proxy(failure.inner, way),
        Err(inner) => inner,
    };
    if inner.is::<CutShort>() {
        // It may also be an outage: what balances load does so while it has nobody to ask.
        let why = "the connection was closed while TLS was being set up: if what answers there does not speak TLS, \
                   write http://, or the port of https";
        return TransportError::Connect { host, why: why.to_owned() };
    }
    if inner.is::<SpeaksTls>() {
        return TransportError::Protocol { host, why: SPEAKS_TLS.to_owned() };
    }
    TransportError::Protocol { host, why: "the request failed".to_owned() }
}

/// What to do where plain HTTP meets TLS.
pub const SPEAKS_TLS: &str = "it speaks TLS: write https://";

fn of_proxy(error: ureq::Error, way: Way<'_>) -> TransportError {
    let host = way.host.to_owned();
    let Some(proxy) = way.proxy else { return named(error, way) };
    let place = proxy.place();
    let cause = match error {
        ureq::Error::ConnectProxyFailed(why) => {
            let status = why.rsplit(' ').next().and_then(|word| word.split('/').next()).unwrap_or_default();
            let why = match status {
                // The proxy is well, and what lies behind it is not.
                "502" | "503" | "504" => {
                    let why = format!(
                        "the proxy {place} (of {}) does not reach it, and answers {status}",
                        proxy.variable()
                    );
                    return TransportError::Connect { host, why };
                }
                "407" => "it answers 407: it wants a user and a password; write them into its URL".to_owned(),
                "403" | "405" => {
                    format!(
                        "it answers {status}: it does not let requests through to there; name the host in NO_PROXY, or have it allowed"
                    )
                }
                _ => bounded(&format!("it does not connect: {why}")),
            };
            TransportError::Connect { host: place, why }
        }
        error => named(error, Way { host: &place, proxy: None, if_closed: "", ..way }),
    };
    TransportError::Proxy { host, setting: proxy.variable().to_owned(), cause: Box::new(cause) }
}

fn of_io(error: std::io::Error, way: Way<'_>) -> TransportError {
    use std::io::ErrorKind;
    let Way { after, if_closed, .. } = way;
    let host = way.host.to_owned();
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return TransportError::Tls { host, why: explained(&tls.to_string()) };
    }
    let why = match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => return TransportError::Timeout { host, after },
        ErrorKind::ConnectionRefused => "nobody listens there".to_owned(),
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            "the connection was reset".to_owned()
        }
        ErrorKind::UnexpectedEof => {
            format!("the connection was closed before the whole answer came{if_closed}")
        }
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "there is no route to it".to_owned(),
        ErrorKind::InvalidData | ErrorKind::InvalidInput => {
            return TransportError::Protocol { host, why: bounded(&error.to_string()) };
        }
        _ => bounded(&error.to_string()),
    };
    TransportError::Connect { host, why }
}

/// What servers say to plain HTTP at the port of https: nginx, Go, Apache, Tomcat.
pub fn wants_tls(body: &[u8]) -> bool {
    const WORDS: [&str; 4] = [
        "http request was sent to https port",
        "http request to an https server",
        "plain http to an ssl-enabled server",
        "requires tls",
    ];
    let body =
        String::from_utf8_lossy(body.get(..body.len().min(2000)).unwrap_or_default()).to_ascii_lowercase();
    WORDS.iter().any(|words| body.contains(words))
}

/// A TLS failure with what to do.
fn explained(why: &str) -> String {
    /// What rustls and the system's verifier say, and what it means to whoever wrote the address.
    const MEANINGS: [(&str, &str); 6] = [
        ("UnknownIssuer", "a corporate authority is trusted with --ca-file"),
        ("InvalidContentType", "what answers there does not speak TLS: write http://, or the port of https"),
        ("NotValidForName", "its certificate is of another name: write the name that it is of"),
        ("Expired", "its certificate has expired: have it renewed"),
        ("NotValidYet", "its certificate is not valid yet: compare the clocks"),
        ("HandshakeFailure", "it accepts none of TLS 1.2 and 1.3 as this program speaks them"),
    ];
    match MEANINGS.iter().find(|(word, _)| why.contains(word)) {
        Some((_, meaning)) => format!("{meaning} ({})", bounded(why)),
        None => bounded(why),
    }
}

fn bounded(text: &str) -> String {
    one_line(text, 200)
}
