//! What the network made of a source's job: a mistake in the policy, or an outage.

use std::sync::{Mutex, PoisonError};

use runbook_gate::policy::source_spec::Address;
use runbook_gate::transport::{Request, Response, Transport, TransportError, printable};

/// What went wrong on the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Asking again will not help: a wrong URL, query or credential.
    Configuration(String),
    /// It may pass, and may be the very outage that the gate is there to see.
    Outage(String),
}

/// A transport that remembers the first thing that went wrong, a mistake before an outage.
pub struct Witness<'t> {
    inner: &'t dyn Transport,
    seen: Mutex<Option<Fault>>,
}

impl<'t> Witness<'t> {
    /// A witness of one job.
    pub const fn new(inner: &'t dyn Transport) -> Self {
        Self { inner, seen: Mutex::new(None) }
    }

    /// What went wrong.
    pub fn fault(self) -> Option<Fault> {
        self.seen.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, request: &Request, outcome: &Result<Response, TransportError>) {
        let Some(fault) = fault_of(request, outcome) else { return };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*seen, &fault) {
            (None, _) | (Some(Fault::Outage(_)), Fault::Configuration(_)) => *seen = Some(fault),
            _ => {}
        }
    }
}

impl Transport for Witness<'_> {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let outcome = self.inner.send(request);
        self.note(request, &outcome);
        outcome
    }

    fn send_all(&self, requests: &[Request]) -> Vec<Result<Response, TransportError>> {
        let outcomes = self.inner.send_all(requests);
        for (request, outcome) in requests.iter().zip(&outcomes) {
            self.note(request, outcome);
        }
        outcomes
    }
}

fn fault_of(request: &Request, outcome: &Result<Response, TransportError>) -> Option<Fault> {
    match outcome {
        Ok(response) => {
            let status = response.status;
            let path = request.path_and_query.split('?').next().unwrap_or_default();
            let place = match &request.address {
                Address::Url(url) => format!("{}{path}", printable(url).trim_end_matches('/')),
                Address::Connection(name) => format!("connection `{name}`{path}"),
            };
            match status {
                408 | 425 | 429 | 500.. => Some(Fault::Outage(format!("{place} answers {status}"))),
                401 | 403 => Some(Fault::Configuration(format!(
                    "{place} answers {status}: it needs credentials; give them by a connection \
                     (--connection NAME=URL --connection-token NAME=VARIABLE) or a header of the source"
                ))),
                404 | 410 => Some(Fault::Configuration(format!(
                    "{place} answers {status}: there is no such thing; check the URL and the path"
                ))),
                400.. => {
                    Some(Fault::Configuration(format!("{place} answers {status}: it does not take the request")))
                }
                _ => None,
            }
        }
        Err(error) => Some(match error {
            TransportError::Timeout { .. } | TransportError::Connect { .. } => Fault::Outage(error.to_string()),
            TransportError::Dns { .. }
            | TransportError::Tls { .. }
            | TransportError::TooLarge { .. }
            | TransportError::Redirect { .. }
            | TransportError::Refused { .. }
            | TransportError::UnknownConnection { .. }
            | TransportError::Protocol { .. } => Fault::Configuration(error.to_string()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runbook_gate::Duration;

    struct Answers(Result<u16, TransportError>);

    impl Transport for Answers {
        fn send(&self, _: &Request) -> Result<Response, TransportError> {
            self.0.clone().map(|status| Response {
                status,
                content_type: String::new(),
                retry_after: None,
                body: Vec::new(),
                elapsed: Duration::ZERO,
            })
        }
    }

    fn fault(answer: Result<u16, TransportError>) -> Option<Fault> {
        let answers = Answers(answer);
        let witness = Witness::new(&answers);
        let url = "http://ann:canary@example.com/base?key=canary".parse().unwrap();
        let request = Request::get(Address::Url(url), "/api?q=canary".into(), Duration::from_secs(1));
        let _ = witness.send_all(&[request]);
        witness.fault()
    }

    #[test]
    fn tells_a_mistake_from_an_outage() {
        for status in [400, 401, 403, 404, 405, 410, 422] {
            assert!(matches!(fault(Ok(status)), Some(Fault::Configuration(_))), "{status}");
        }
        for status in [408, 429, 500, 502, 503, 504] {
            assert!(matches!(fault(Ok(status)), Some(Fault::Outage(_))), "{status}");
        }
        assert_eq!(fault(Ok(200)), None);
        let host = || "example.com".to_owned();
        let timeout = TransportError::Timeout { host: host(), after: Duration::from_secs(1) };
        assert!(matches!(fault(Err(timeout)), Some(Fault::Outage(_))));
        let dns = TransportError::Dns { host: host(), why: "no address".into() };
        assert!(matches!(fault(Err(dns)), Some(Fault::Configuration(_))));
    }

    #[test]
    fn a_fault_names_the_place_without_secrets() {
        let Some(Fault::Configuration(text)) = fault(Ok(404)) else { panic!() };
        assert!(text.starts_with("http://example.com/base/api answers 404"), "{text}");
        assert!(!text.contains("canary"), "{text}");
    }
}
