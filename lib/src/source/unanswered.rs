//! Why an answer is no reading: what did not come, and what came with another status than 200.

use super::remark::{Secrets, bounded};
use crate::sample::Absence;
use crate::transport::{Response, TransportError};

/// The absence that a failed request is.
pub(super) fn failed(error: &TransportError, secrets: &Secrets) -> Absence {
    match error {
        TransportError::Timeout { .. } => Absence::Timeout,
        error => Absence::Error(secrets.plain(&error.to_string())),
    }
}

/// The absence that an answer is which is not a success; `hint` says what 404 means there.
pub(super) fn refused(response: &Response, hint: &str, secrets: &Secrets) -> Absence {
    let status = response.status;
    let hint = match status {
        429 => return Absence::Throttled,
        401 | 403 => "; check the credentials",
        404 => hint,
        405 => "; something in between does not let this kind of request through",
        _ => "",
    };
    let body = String::from_utf8_lossy(response.body.get(..response.body.len().min(600)).unwrap_or(&[]));
    // A page for people says nothing in one line.
    let body = match response.content_type.as_str() {
        "text/html" => String::new(),
        _ => bounded(&secrets.plain(&body), 120),
    };
    let said = if body.is_empty() { String::new() } else { format!(": {body}") };
    Absence::Error(secrets.plain(&format!("the server answered status {status}{hint}{said}")))
}
