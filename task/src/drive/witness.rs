//! What the network made of a source's job: a mistake in the policy, or an outage.

use std::sync::{Mutex, PoisonError};

use runbook_gate::transport::{
    Address, AzureIdentity, Request, Response, Transport, TransportError, printable,
};

/// What went wrong on the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind of thing it is.
    pub kind: FaultKind,
    /// In words without secrets, with what to do.
    pub text: String,
}

/// What kind of thing went wrong, from the least telling to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// It may pass, and may be the very outage that the gate is there to see.
    Outage,
    /// The server answers, but not what was asked for: a wrong path, query or credential.
    Answer,
    /// There is nothing to ask: a wrong host, a connection that is not defined, an address that is refused.
    Address,
}

/// A transport that remembers the most telling thing that went wrong, the first of its kind.
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
        let Some(fault) = fault_of(request, outcome, self.inner.azure_identity()) else { return };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.as_ref().is_none_or(|seen| seen.kind < fault.kind) {
            *seen = Some(fault);
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

    fn azure_identity(&self) -> Option<AzureIdentity> {
        self.inner.azure_identity()
    }
}

fn fault_of(
    request: &Request,
    outcome: &Result<Response, TransportError>,
    azure: Option<AzureIdentity>,
) -> Option<Fault> {
    let fault = |kind, text| Some(Fault { kind, text });
    match outcome {
        Ok(response) => {
            let status = response.status;
            let path = request.path_and_query.split('?').next().unwrap_or_default();
            let place = match &request.address {
                Address::Url(url) | Address::Opened(url) => {
                    format!("{}{path}", printable(url).trim_end_matches('/'))
                }
                Address::Connection(name) => format!("connection `{name}`{path}"),
                Address::Service(service) => format!("{}{path}", service.name()),
                Address::Azure(api) => format!("{}{path}", api.name()),
                Address::Webhook(_) => "the webhook".to_owned(),
            };
            let answers = |what: &str| format!("{place} answers {status}{what}");
            match (status, &request.address) {
                (401 | 403, Address::Azure(api)) => {
                    let who = azure.map_or_else(String::new, |identity| format!(" to {}", identity.words));
                    let what = match status {
                        403 => format!("it needs the role {}", api.role()),
                        _ => "its token is not accepted there; check its tenant and cloud (--azure-tenant, --azure-cloud, \
                              or the service connection's)"
                            .to_owned(),
                    };
                    return fault(FaultKind::Answer, answers(&format!("{who}: {what}")));
                }
                (404, Address::Azure(_)) => {
                    let what =
                        ": there is no such thing in this cloud and tenant; check the id in the policy";
                    return fault(FaultKind::Answer, answers(what));
                }
                _ => {}
            }
            match status {
                408 | 425 | 429 | 500.. => fault(FaultKind::Outage, answers("")),
                401 | 403 => fault(
                    FaultKind::Answer,
                    answers(
                        ": it needs credentials; give them by a connection (--connection NAME=URL \
                         --connection-token NAME=VARIABLE) or by a header of the source",
                    ),
                ),
                404 | 410 => fault(
                    FaultKind::Answer,
                    answers(": there is no such thing; check the URL and the path in the policy"),
                ),
                400.. => fault(FaultKind::Answer, answers(": it does not take the request")),
                _ => None,
            }
        }
        Err(error) => fault(kind_of(error), error.to_string()),
    }
}

fn kind_of(error: &TransportError) -> FaultKind {
    match error {
        TransportError::Proxy { cause, .. } => kind_of(cause),
        TransportError::Timeout { .. } | TransportError::Connect { .. } | TransportError::Halted { .. } => {
            FaultKind::Outage
        }
        TransportError::Tls { .. }
        | TransportError::TooLarge { .. }
        | TransportError::Redirect { .. }
        | TransportError::Protocol { .. } => FaultKind::Answer,
        TransportError::Dns { .. }
        | TransportError::Refused { .. }
        | TransportError::UnknownConnection { .. }
        | TransportError::UnknownService { .. }
        | TransportError::SignIn { .. } => FaultKind::Address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runbook_gate::Duration;

    struct Answers(Result<u16, TransportError>);

    impl Transport for Answers {
        fn send(&self, _: &Request) -> Result<Response, TransportError> {
            self.0.clone().map(|status| Response::new(status, "", ""))
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

    fn kind(answer: Result<u16, TransportError>) -> Option<FaultKind> {
        fault(answer).map(|fault| fault.kind)
    }

    #[test]
    fn tells_a_mistake_from_an_outage() {
        for status in [400, 401, 403, 404, 405, 410, 422] {
            assert_eq!(kind(Ok(status)), Some(FaultKind::Answer), "{status}");
        }
        for status in [408, 429, 500, 502, 503, 504] {
            assert_eq!(kind(Ok(status)), Some(FaultKind::Outage), "{status}");
        }
        assert_eq!(kind(Ok(200)), None);
        let host = || "example.com".to_owned();
        let timeout = TransportError::Timeout { host: host(), after: Duration::from_secs(1) };
        assert_eq!(kind(Err(timeout)), Some(FaultKind::Outage));
        let dns = TransportError::Dns { host: host(), why: "no address".into() };
        assert_eq!(kind(Err(dns)), Some(FaultKind::Address));
    }

    #[test]
    fn a_fault_names_the_place_without_secrets() {
        let text = fault(Ok(404)).unwrap().text;
        assert!(text.starts_with("http://example.com/base/api answers 404"), "{text}");
        assert!(!text.contains("canary"), "{text}");
    }
}
