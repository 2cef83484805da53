//! The metadata service of an Azure machine, which gives its managed identity a token.
//!
//! It has a link-local address, which no policy may reach (`crate::http::guard`) and no proxy may see. This is the one
//! exception: one address, one path, with an agent of its own, asked for one thing by nothing that a policy says.

use std::io::Read;

use runbook_gate::Duration;
use runbook_gate::transport::{Address, Request, Response, TransportError};
use ureq::http;
use url::Url;

const HOST: &str = "169.254.169.254";
const PATH: &str = "/metadata/identity/oauth2/token";

/// Whether a request is for a token of the machine's identity.
pub fn is_asked(url: &Url) -> bool {
    url.scheme() == "http"
        && url.host_str() == Some(HOST)
        && url.port_or_known_default() == Some(80)
        && url.path() == PATH
}

/// Asks it.
///
/// # Errors
/// Where it is another address, or nobody answers in time: the machine is no Azure machine.
pub fn ask(request: &Request, timeout: Duration) -> Result<Response, TransportError> {
    let host = HOST.to_owned();
    let Address::Url(url) = &request.address else {
        return Err(TransportError::Refused { host, why: "it is asked for tokens only".to_owned() });
    };
    if !is_asked(url) {
        return Err(TransportError::Refused { host, why: "it is asked for tokens only".to_owned() });
    }
    let config = ureq::config::Config::builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(timeout.to_std()))
        .proxy(None)
        .build();
    let agent = ureq::Agent::new_with_config(config);
    let mut message = http::Request::builder().method(http::Method::GET).uri(url.as_str());
    for header in &request.headers {
        message = message.header(header.name.as_str(), header.value.reveal());
    }
    let wrong = |why: String| TransportError::Connect { host: HOST.to_owned(), why };
    let message = message.body(()).map_err(|_| wrong("the request cannot be written".to_owned()))?;
    let no_machine = |_| {
        wrong(
            "the metadata service does not answer: only a machine in Azure has a managed identity".to_owned(),
        )
    };
    let mut answer = agent.run(message).map_err(no_machine)?;
    let mut body = Vec::new();
    let most = u64::try_from(request.max_bytes).unwrap_or(u64::MAX);
    answer
        .body_mut()
        .as_reader()
        .take(most)
        .read_to_end(&mut body)
        .map_err(|error| wrong(error.to_string()))?;
    Ok(Response::new(answer.status().as_u16(), "application/json", body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_else_of_the_metadata_service_is_asked() {
        let token = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2019-08-01&resource=x";
        assert!(is_asked(&token.parse().unwrap()));
        for url in [
            "http://169.254.169.254/metadata/instance",
            "https://169.254.169.254/metadata/identity/oauth2/token",
            "http://169.254.169.254:8080/metadata/identity/oauth2/token",
            "http://169.254.170.2/metadata/identity/oauth2/token",
            "http://evil.example/metadata/identity/oauth2/token",
        ] {
            let url: Url = url.parse().unwrap();
            assert!(!is_asked(&url), "{url}");
            let request = Request::get(Address::Url(url), String::new(), Duration::from_secs(1));
            let refused = ask(&request, Duration::from_secs(1)).unwrap_err();
            assert!(matches!(refused, TransportError::Refused { .. }), "{refused:?}");
        }
    }
}
