//! What went wrong with a request, in the words of the library.

use runbook_gate::Duration;
use runbook_gate::transport::TransportError;

use super::guard::NotAsked;

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

/// The agent's error as the library's. Says nothing of headers, queries or credentials.
pub fn named(error: ureq::Error, host: &str, after: Duration) -> TransportError {
    let host = host.to_owned();
    match error {
        ureq::Error::Timeout(_) => TransportError::Timeout { host, after },
        ureq::Error::HostNotFound => TransportError::Dns { host, why: "the name has no address".to_owned() },
        ureq::Error::Io(error) => of_io(error, host, after),
        ureq::Error::ConnectionFailed => {
            TransportError::Connect { host, why: "the connection failed".to_owned() }
        }
        ureq::Error::ConnectProxyFailed(why) => {
            TransportError::Connect { host, why: format!("the proxy does not connect to it: {why}") }
        }
        ureq::Error::InvalidProxyUrl => {
            TransportError::Connect { host, why: "the proxy's URL is not valid".to_owned() }
        }
        ureq::Error::Tls(why) => TransportError::Tls { host, why: why.to_owned() },
        ureq::Error::Rustls(error) => TransportError::Tls { host, why: error.to_string() },
        ureq::Error::Other(inner) => match inner.downcast::<NotAsked>() {
            Ok(not_asked) => not_asked.named(host),
            Err(inner) => match inner.downcast::<TlsFailure>() {
                Ok(failure) => TransportError::Tls { host, why: explained(&failure.why) },
                Err(_) => TransportError::Protocol { host, why: "the request failed".to_owned() },
            },
        },
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

fn of_io(error: std::io::Error, host: String, after: Duration) -> TransportError {
    use std::io::ErrorKind;
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return TransportError::Tls { host, why: explained(&tls.to_string()) };
    }
    let why = match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => return TransportError::Timeout { host, after },
        ErrorKind::ConnectionRefused => "nobody listens there".to_owned(),
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            "the connection was reset".to_owned()
        }
        ErrorKind::UnexpectedEof => "the connection was closed before the whole answer came".to_owned(),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "there is no route to it".to_owned(),
        ErrorKind::InvalidData | ErrorKind::InvalidInput => {
            return TransportError::Protocol { host, why: bounded(&error.to_string()) };
        }
        _ => bounded(&error.to_string()),
    };
    TransportError::Connect { host, why }
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
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}
