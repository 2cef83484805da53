//! What the network made of a source's job: a mistake in the policy, or an outage.

use std::sync::{Mutex, PoisonError};

use runbook_gate::transport::{
    Address, AzureIdentity, Request, Response, Transport, TransportError, http_date, printable,
};
use runbook_gate::{Duration, Timestamp};

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
    /// The server's clock is ahead of this machine's: what it dated before the deployment would be taken for what came after.
    Clock,
    /// The server answers, but not what was asked for: a wrong path, query or credential.
    Answer,
    /// There is nothing to ask: a wrong host, a connection that is not defined, an address that is refused.
    Address,
}

/// A server's clock may be ahead by so much: headers say whole seconds, and answers take time.
const CLOCKS_DIFFER: Duration = Duration::from_secs(120);

/// A transport that remembers the most telling thing that went wrong, the first of its kind.
pub struct Witness<'t> {
    inner: &'t dyn Transport,
    /// When the job began.
    began: Timestamp,
    seen: Mutex<Option<Fault>>,
}

impl<'t> Witness<'t> {
    /// A witness of one job that begins now.
    pub const fn new(inner: &'t dyn Transport, began: Timestamp) -> Self {
        Self { inner, began, seen: Mutex::new(None) }
    }

    /// What went wrong.
    pub fn fault(self) -> Option<Fault> {
        self.seen.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, request: &Request, outcome: &Result<Response, TransportError>) {
        let fault = fault_of(request, outcome, self.inner.azure_identity());
        let ahead = || outcome.as_ref().ok().and_then(|response| ahead(request, response, self.began));
        let Some(fault) = fault.or_else(ahead) else { return };
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

/// A server whose clock is ahead. One that is behind may be a cache's; its points come late, and what comes late holds.
fn ahead(request: &Request, response: &Response, began: Timestamp) -> Option<Fault> {
    let date = http_date(response.headers.get("date")?)?;
    let ahead = date.since(began);
    (ahead > CLOCKS_DIFFER).then(|| Fault {
        kind: FaultKind::Clock,
        text: format!(
            "its clock is {ahead} ahead of this machine's ({} says {date}): points from before the deployment would be taken \
             for the release's; set this machine's clock",
            place_of(request)
        ),
    })
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
            let place = place_of(request);
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

/// Where a request goes, without secrets.
fn place_of(request: &Request) -> String {
    let path = request.path_and_query.split('?').next().unwrap_or_default();
    match &request.address {
        Address::Url(url) | Address::Opened(url) => {
            format!("{}{path}", printable(url).trim_end_matches('/'))
        }
        Address::Connection(name) => format!("connection `{name}`{path}"),
        Address::Service(service) => format!("{}{path}", service.name()),
        Address::Azure(api) => format!("{}{path}", api.name()),
        Address::Webhook(_) => "the webhook".to_owned(),
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

    struct Answers(Result<u16, TransportError>);

    impl Transport for Answers {
        fn send(&self, _: &Request) -> Result<Response, TransportError> {
            self.0.clone().map(|status| Response::new(status, "", ""))
        }
    }

    fn fault(answer: Result<u16, TransportError>) -> Option<Fault> {
        let answers = Answers(answer);
        let witness = Witness::new(&answers, Timestamp::from_secs(0));
        let url = "http://ann:canary@example.com/base?key=canary".parse().unwrap();
        let request = Request::get(Address::Url(url), "/api?q=canary".into(), Duration::from_secs(1));
        let _ = witness.send_all(&[request]);
        witness.fault()
    }

    fn kind(answer: Result<u16, TransportError>) -> Option<FaultKind> {
        fault(answer).map(|fault| fault.kind)
    }

    #[test]
    fn a_server_whose_clock_is_minutes_ahead_is_told_and_one_that_is_behind_is_not() {
        struct Dated(&'static str);
        impl Transport for Dated {
            fn send(&self, _: &Request) -> Result<Response, TransportError> {
                let headers = [("Date", self.0)].into_iter().collect();
                Ok(Response { headers, ..Response::new(200, "", "") })
            }
        }
        // 2026-11-25T10:00:00Z.
        let began = Timestamp::from_secs(1_795_600_800);
        let told = |date| {
            let server = Dated(date);
            let witness = Witness::new(&server, began);
            let url = "https://metrics.example".parse().unwrap();
            let _ = witness.send(&Request::get(
                Address::Url(url),
                "/q?key=canary".into(),
                Duration::from_secs(1),
            ));
            witness.fault()
        };
        let ahead = told("Wed, 25 Nov 2026 10:05:00 GMT").unwrap();
        assert_eq!(ahead.kind, FaultKind::Clock);
        assert_eq!(
            ahead.text,
            "its clock is 5m ahead of this machine's (https://metrics.example/q says 2026-11-25T10:05:00Z): points from before \
             the deployment would be taken for the release's; set this machine's clock"
        );
        for unremarkable in ["Wed, 25 Nov 2026 10:01:30 GMT", "Wed, 25 Nov 2026 09:00:00 GMT", "soon", ""] {
            assert_eq!(told(unremarkable), None, "{unremarkable}");
        }
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
