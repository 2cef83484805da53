//! `azure_core`'s way to the network: the gate's own transport.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Method, Request, StatusCode};
use runbook_gate::transport::{
    Address, Body as OwnBody, Header, Method as OwnMethod, Redirects, Request as OwnRequest, Response, Retry,
    Sensitivity, Transport, TransportError,
};
use runbook_gate::{Duration, Secret};

use super::cloud::Cloud;
use super::metadata;
use crate::http::HttpTransport;

/// A token is a few kilobytes, an error with its page of help too.
const MOST_BYTES: usize = 256 * 1024;
const FORM: &str = "application/x-www-form-urlencoded";

/// One way to one token.
///
/// `azure_core` would try a failed request again for more than a minute, and say only that it gave up: what fails here is
/// given back as an error that is never tried again, and remembered as it was.
pub struct AgentClient {
    http: Arc<HttpTransport>,
    cloud: Cloud,
    timeout: Duration,
    outage: Mutex<Option<TransportError>>,
}

impl AgentClient {
    /// A way that takes at most so long for each request.
    pub const fn new(http: Arc<HttpTransport>, cloud: Cloud, timeout: Duration) -> Self {
        Self { http, cloud, timeout, outage: Mutex::new(None) }
    }

    /// What the network did, where it was the network that failed.
    pub fn outage(&self) -> Option<TransportError> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let own = self.own_request(request);
        let response = match (metadata::is_asked(request.url()), &self.cloud) {
            (true, Cloud::Double(double)) => {
                let mut at = double.clone();
                at.set_path(request.url().path());
                at.set_query(request.url().query());
                self.http.send(&OwnRequest { address: Address::Url(at), ..own })?
            }
            (true, _) => metadata::ask(&own, self.timeout)?,
            (false, _) => self.http.send(&own)?,
        };
        let host = request.url().host_str().unwrap_or_default().to_owned();
        let busy = match response.status {
            429 | 500.. => true,
            // The metadata service answers so while it is being updated.
            404 | 410 => metadata::is_asked(request.url()),
            _ => false,
        };
        if busy {
            let why = format!("it answers {} where a token was asked for", response.status);
            return Err(TransportError::Connect { host, why });
        }
        Ok(response)
    }

    fn own_request(&self, request: &Request) -> OwnRequest {
        // Each header may be a credential; the transport sets content type and length itself.
        let headers = request.headers().iter().filter(|(name, _)| {
            !["content-type", "content-length", "user-agent"]
                .contains(&name.as_str().to_ascii_lowercase().as_str())
        });
        let headers = headers.map(|(name, value)| Header {
            name: name.as_str().to_owned(),
            value: Secret::new(value.as_str()),
            sensitivity: if metadata::is_asked(request.url()) {
                Sensitivity::Plain
            } else {
                Sensitivity::Secret
            },
        });
        let bytes = match request.body() {
            Body::Bytes(bytes) => bytes.to_vec(),
            Body::SeekableStream(_) => Vec::new(),
        };
        let method = match request.method() {
            Method::Post => OwnMethod::Post,
            _ => OwnMethod::Get,
        };
        OwnRequest {
            method,
            headers: headers.collect(),
            body: (method == OwnMethod::Post).then_some(OwnBody { content_type: FORM, bytes }),
            max_bytes: MOST_BYTES,
            retry: Retry::WithinTimeout,
            redirects: Redirects::AsAnswer,
            ..OwnRequest::get(Address::Url(request.url().clone()), String::new(), self.timeout)
        }
    }
}

#[async_trait::async_trait]
impl HttpClient for AgentClient {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        match self.send(request) {
            Ok(response) => {
                let status = StatusCode::from(response.status);
                Ok(AsyncRawResponse::from_bytes(status, Headers::new(), response.body))
            }
            Err(error) => {
                let text = error.to_string();
                *self.outage.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                // Of this kind, no policy tries it again.
                Err(Error::with_message(ErrorKind::Other, text))
            }
        }
    }
}

impl fmt::Debug for AgentClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AgentClient").finish_non_exhaustive()
    }
}
