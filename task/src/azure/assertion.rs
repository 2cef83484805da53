//! The assertion of a service connection with workload identity federation: Azure Pipelines gives it for the job's token.
//!
//! `azure_identity` has a credential for this too, but reads the address from the process's environment and sends the job's
//! token to it over whatever scheme stands there.

use std::fmt;
use std::sync::Arc;

use azure_core::error::{Error, ErrorKind};
use azure_core::http::ClientMethodOptions;
use azure_identity::ClientAssertion;
use runbook_gate::transport::{
    Address, Body, Header, Method, Redirects, Request, Sensitivity, Transport, TransportError,
};
use runbook_gate::{Duration, Secret};
use serde::Deserialize;

use super::identity::OidcRequest;
use super::tokens::Learn;
use crate::http::HttpTransport;

const VERSION: &str = "7.1";

/// Asks for an assertion.
pub struct Assertion {
    /// The network.
    pub http: Arc<HttpTransport>,
    /// Where and for which connection.
    pub oidc: OidcRequest,
    /// The longest that it takes.
    pub timeout: Duration,
    /// Told of each assertion: Entra ID may repeat one that it refuses.
    pub learn: Learn,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "oidcToken")]
    token: String,
}

impl Assertion {
    fn ask(&self) -> Result<String, String> {
        let mut url = self.oidc.url.clone();
        url.query_pairs_mut()
            .append_pair("api-version", VERSION)
            .append_pair("serviceConnectionId", &self.oidc.connection);
        let secret = |name: &str, value: String| Header {
            name: name.to_owned(),
            value: Secret::new(value),
            sensitivity: Sensitivity::Secret,
        };
        let request = Request {
            method: Method::Post,
            headers: vec![
                secret("Authorization", format!("Bearer {}", self.oidc.job_token.reveal())),
                // Without it a refused token is answered by a page for people.
                Header::plain("X-TFS-FedAuthRedirect", "Suppress"),
            ],
            body: Some(Body { content_type: "application/json", bytes: Vec::new() }),
            max_bytes: 64 * 1024,
            redirects: Redirects::AsAnswer,
            ..Request::get(Address::Url(url), String::new(), self.timeout)
        };
        let response = self.http.send(&request).map_err(|error: TransportError| error.to_string())?;
        if response.status != 200 {
            return Err(format!(
                "Azure Pipelines answers {} where an assertion was asked for: the service connection {} may not be known to this \
                 step (name it in the input azureSubscription), or the token of the job has ended",
                response.status, self.oidc.connection
            ));
        }
        let answer: Answer = serde_json::from_slice(&response.body)
            .map_err(|_| "Azure Pipelines answers without an assertion".to_owned())?;
        (self.learn)(&Secret::new(answer.token.as_str()));
        Ok(answer.token)
    }
}

#[async_trait::async_trait]
impl ClientAssertion for Assertion {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        self.ask().map_err(|why| Error::with_message(ErrorKind::Credential, why))
    }
}

impl fmt::Debug for Assertion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Assertion").finish_non_exhaustive()
    }
}
