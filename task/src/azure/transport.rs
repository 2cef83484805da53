//! The gate's transport with Azure in it: requests to an API of Azure get that API's host and a token made out to it.

use std::sync::Arc;

use runbook_gate::transport::{
    Address, AzureApi, AzureIdentity, Header, Request, Response, Sensitivity, Transport, TransportError,
};
use runbook_gate::{Duration, Secret};

use super::cloud::Endpoint;
use super::tokens::Tokens;
use super::turnstile::Turnstile;
use crate::http::HttpTransport;

/// Log Analytics and Application Insights let one user have so many queries under way.
const QUERIES_AT_ONCE: usize = 5;

/// Everything goes by one HTTP agent; what goes to Azure is signed.
#[derive(Debug)]
pub struct AzureTransport {
    http: Arc<HttpTransport>,
    tokens: Option<Tokens>,
    queries: Turnstile,
}

/// A request with its token, and whose it is.
struct Signed {
    request: Request,
    scope: String,
    token: Secret,
}

impl AzureTransport {
    /// Without tokens, requests to Azure are refused.
    pub const fn new(http: Arc<HttpTransport>, tokens: Option<Tokens>) -> Self {
        Self { http, tokens, queries: Turnstile::new(QUERIES_AT_ONCE) }
    }

    fn tokens(&self, api: &AzureApi) -> Result<&Tokens, TransportError> {
        self.tokens.as_ref().ok_or_else(|| TransportError::SignIn {
            host: api.name().to_owned(),
            why: "nobody signs in to Azure here: give the input azureSubscription a service connection"
                .to_owned(),
        })
    }

    fn sign(&self, api: &AzureApi, request: &Request) -> Result<Signed, TransportError> {
        let tokens = self.tokens(api)?;
        let Endpoint { base, scope } =
            tokens.cloud().endpoint(api).map_err(|error| TransportError::Refused {
                host: match api {
                    AzureApi::Prometheus(url) => url.host_str().unwrap_or_default().to_owned(),
                    api => api.name().to_owned(),
                },
                why: error.to_string(),
            })?;
        let token = tokens.token(&scope, request.timeout)?;
        let mut request = Request { address: Address::Url(base), ..request.clone() };
        request.headers.retain(|header| !header.name.eq_ignore_ascii_case("authorization"));
        request.headers.push(Header {
            name: "Authorization".to_owned(),
            value: Secret::new(format!("Bearer {}", token.reveal())),
            sensitivity: Sensitivity::Secret,
        });
        Ok(Signed { request, scope, token })
    }

    /// Requests to Azure, all signed first. One that is told its token no longer counts is asked once more with a new one.
    fn send_signed(&self, requests: &[(&AzureApi, &Request)]) -> Vec<Result<Response, TransportError>> {
        let signed: Vec<Result<Signed, TransportError>> =
            requests.iter().map(|(api, request)| self.sign(api, request)).collect();
        let ready: Vec<Request> = signed.iter().flatten().map(|signed| signed.request.clone()).collect();
        let mut answers = self.http.send_all(&ready).into_iter();
        requests
            .iter()
            .zip(signed)
            .map(|((api, request), signed)| {
                let signed = signed?;
                let lost =
                    Err(TransportError::Protocol { host: String::new(), why: "it was not sent".to_owned() });
                let answer = answers.next().unwrap_or(lost);
                match answer {
                    Ok(response) if response.status == 401 => {
                        self.tokens(api)?.refused(&signed.scope, &signed.token);
                        self.http.send(&self.sign(api, request)?.request)
                    }
                    answer => answer,
                }
            })
            .collect()
    }

    /// Queries of logs: never more at once than one user may have.
    fn send_queries(&self, requests: &[(&AzureApi, &Request)]) -> Vec<Result<Response, TransportError>> {
        let mut answers = Vec::with_capacity(requests.len());
        let mut left = requests;
        while let Some((api, request)) = left.first() {
            let Some(places) = self.queries.enter(left.len(), request.timeout.to_std()) else {
                let timeout = |(api, request): &(&AzureApi, &Request)| {
                    Err(TransportError::Timeout { host: api.name().to_owned(), after: request.timeout })
                };
                log::debug!("{}: other queries took all places", api.name());
                answers.extend(left.iter().map(timeout));
                break;
            };
            let (now, later) = left.split_at(places.count());
            answers.extend(self.send_signed(now));
            left = later;
        }
        answers
    }
}

/// Whether an API limits the queries that are under way.
const fn is_query(api: &AzureApi) -> bool {
    matches!(api, AzureApi::LogAnalytics | AzureApi::ApplicationInsights)
}

impl Transport for AzureTransport {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let Address::Azure(_) = &request.address else { return self.http.send(request) };
        let lost = Err(TransportError::Timeout { host: String::new(), after: Duration::ZERO });
        self.send_all(std::slice::from_ref(request)).pop().unwrap_or(lost)
    }

    fn send_all(&self, requests: &[Request]) -> Vec<Result<Response, TransportError>> {
        let mut queries = Vec::new();
        let mut signed = Vec::new();
        let mut plain = Vec::new();
        for request in requests {
            match &request.address {
                Address::Azure(api) if is_query(api) => queries.push((api, request)),
                Address::Azure(api) => signed.push((api, request)),
                _ => plain.push(request.clone()),
            }
        }
        let mut queries = self.send_queries(&queries).into_iter();
        let mut signed = if signed.is_empty() { Vec::new() } else { self.send_signed(&signed) }.into_iter();
        let mut plain = if plain.is_empty() { Vec::new() } else { self.http.send_all(&plain) }.into_iter();
        let lost =
            || Err(TransportError::Protocol { host: String::new(), why: "it was not sent".to_owned() });
        requests
            .iter()
            .map(|request| match &request.address {
                Address::Azure(api) if is_query(api) => queries.next(),
                Address::Azure(_) => signed.next(),
                _ => plain.next(),
            })
            .map(|answer| answer.unwrap_or_else(lost))
            .collect()
    }

    fn azure_identity(&self) -> Option<AzureIdentity> {
        let tokens = self.tokens.as_ref()?;
        Some(AzureIdentity { words: tokens.identity().words(), portal: tokens.cloud().portal() })
    }
}
