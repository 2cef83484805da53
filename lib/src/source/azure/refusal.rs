//! Why Azure gives no result, in its own words and with what to do.

use serde::Deserialize;

use crate::sample::Absence;
use crate::source::remark::{Secrets, bounded, plain};
use crate::source::unanswered;
use crate::transport::{AzureApi, Response, TransportError};

#[derive(Deserialize)]
struct Document {
    error: Problem,
}

/// `{code, message, innererror}`, nested; some services write `innerError`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Problem {
    #[serde(default)]
    pub(super) code: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default, alias = "innerError")]
    innererror: Option<Box<Problem>>,
    #[serde(default)]
    details: Option<Vec<Problem>>,
}

impl Problem {
    /// What it says, the innermost last: that one names the column or the metric.
    pub(super) fn words(&self) -> String {
        let mut said: Vec<String> = Vec::new();
        let mut next = Some(self);
        // A hostile answer may nest for ever.
        for _ in 0..8 {
            let Some(problem) = next else { break };
            if let Some(message) = problem.message.as_deref().filter(|message| !message.is_empty()) {
                said.push(bounded(message, 200));
            }
            let detail = problem.details.as_ref().and_then(|details| details.first());
            next = problem.innererror.as_deref().or(detail);
        }
        let innermost = said.pop();
        let code = self.code.as_deref().map(|code| bounded(code, 60));
        [code, innermost].into_iter().flatten().collect::<Vec<_>>().join(": ")
    }
}

/// The whole answer of an API, where it is a success.
pub(super) fn success<'r>(
    answer: &'r Result<Response, TransportError>,
    api: &AzureApi,
    place: &str,
) -> Result<&'r [u8], Absence> {
    let response = match answer {
        Ok(response) if response.status == 200 => return Ok(&response.body),
        Ok(response) => response,
        Err(error) => return Err(unanswered::failed(error, &Secrets::default())),
    };
    Err(match response.status {
        429 => Absence::Throttled,
        408 | 504 => Absence::Timeout,
        status => {
            let said = serde_json::from_slice::<Document>(&response.body)
                .map_or_else(|_| String::new(), |document| document.error.words());
            // What to do comes first: the server's words may be long, and are cut at the end.
            let help = match status {
                401 => format!(
                    "the token is not accepted for {place}; check the tenant and the cloud of who signs in"
                ),
                403 => format!("the identity needs the role {}: {place}", api.role()),
                404 => format!("check that {place} exists, in this cloud and tenant"),
                _ => String::new(),
            };
            let parts = [format!("status {status}"), help, said];
            let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            Absence::Error(plain(&parts.join(": ")))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, body: &str) -> String {
        let answer = Ok(Response::new(status, "application/json", body));
        success(&answer, &AzureApi::LogAnalytics, "the workspace w").unwrap_err().to_string()
    }

    #[test]
    fn the_innermost_words_are_those_that_help() {
        let body = r#"{"error":{"message":"The request had some invalid properties","code":"BadArgumentError","innererror":{"code":"SemanticError","message":"A semantic error occurred.","innererror":{"code":"SEM0100","message":"'where' operator: Failed to resolve column named 'Sucess'"}}}}"#;
        assert_eq!(
            said(400, body),
            "error: status 400: BadArgumentError: 'where' operator: Failed to resolve column named 'Sucess'"
        );
    }

    #[test]
    fn a_missing_role_and_a_missing_thing_say_what_to_do() {
        let body = r#"{"error":{"message":"The provided credentials have insufficient access","code":"InsufficientAccessError"}}"#;
        let text = said(403, body);
        assert!(
            text.contains("InsufficientAccessError") && text.contains("`Log Analytics Reader`"),
            "{text}"
        );
        let text = said(
            404,
            r#"{"error":{"code":"WorkspaceNotFoundError","message":"The workspace could not be found"}}"#,
        );
        assert!(text.contains("check that the workspace w exists"), "{text}");
        let wrong = r#"{"error":{"code":"InvalidAuthenticationTokenTenant","message":"The access token is from the wrong issuer."}}"#;
        let text = said(401, wrong);
        assert!(text.contains("check the tenant and the cloud") && text.contains("wrong issuer"), "{text}");
        let long = format!(r#"{{"error":{{"code":"AuthorizationFailed","message":"{}"}}}}"#, "x".repeat(500));
        assert!(said(403, &long).contains("`Log Analytics Reader`"), "what to do is never cut off");
        assert_eq!(said(429, ""), "throttled");
        assert_eq!(said(504, ""), "timeout");
        assert_eq!(said(502, "<html>"), "error: status 502");
    }
}
