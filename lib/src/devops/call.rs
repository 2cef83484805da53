//! One question or change, before it is sent.

use url::form_urlencoded;

use crate::devops::Permission;
use crate::transport::{Body, Method, Service};

/// What a call does to the service, and so whether it may be sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It asks, or makes something be as it says: a second time changes nothing.
    Repeatable,
    /// A second time would do it twice.
    Once,
}

/// One question or change.
///
/// ```
/// use runbook_gate::devops::{Call, Permission};
/// let call = Call::get("the tags of run 12", Permission::ViewBuilds, &["build", "builds", "12", "tags"]);
/// assert_eq!(call.path_and_query(Some("orders")).as_deref(), Some("/orders/_apis/build/builds/12/tags?api-version=7.1"));
/// ```
#[derive(Clone, Debug)]
pub struct Call {
    asked: String,
    permission: Permission,
    method: Method,
    effect: Effect,
    service: Service,
    segments: Vec<String>,
    query: Vec<(&'static str, String)>,
    version: &'static str,
    accept: &'static str,
    body: Option<Body>,
}

impl Call {
    /// A `GET` below `_apis` of the project. `asked` is what is asked for, as an error names it.
    #[must_use]
    pub fn get(asked: impl Into<String>, permission: Permission, segments: &[&str]) -> Self {
        Self {
            asked: asked.into(),
            permission,
            method: Method::Get,
            effect: Effect::Repeatable,
            service: Service::AzureDevOps,
            segments: segments.iter().map(|&segment| segment.to_owned()).collect(),
            query: Vec::new(),
            version: "7.1",
            accept: "application/json",
            body: None,
        }
    }

    /// The same with another method, which has an effect.
    #[must_use]
    pub fn by(mut self, method: Method, effect: Effect) -> Self {
        self.method = method;
        self.effect = effect;
        self
    }

    /// The same with a JSON body.
    #[must_use]
    pub fn json(mut self, value: &serde_json::Value) -> Self {
        self.body = Some(Body { content_type: "application/json", bytes: value.to_string().into_bytes() });
        self
    }

    /// The same with a JSON Patch document, which has a content type of its own.
    #[must_use]
    pub fn json_patch(mut self, value: &serde_json::Value) -> Self {
        self.body =
            Some(Body { content_type: "application/json-patch+json", bytes: value.to_string().into_bytes() });
        self
    }

    /// The same with a query parameter. The service ignores names that it does not know: they are checked against its
    /// contract by tests, never at run time.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// The same at another version of the contract.
    #[must_use]
    pub const fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// The same at the host that keeps test results.
    #[must_use]
    pub const fn of_test_results(mut self) -> Self {
        self.service = Service::AzureDevOpsTestResults;
        self
    }

    /// The same for bytes that are no JSON: an attachment.
    #[must_use]
    pub const fn of_bytes(mut self) -> Self {
        self.accept = "application/octet-stream";
        self
    }

    /// What is asked for.
    #[must_use]
    pub fn asked(&self) -> &str {
        &self.asked
    }

    /// What it needs.
    #[must_use]
    pub const fn permission(&self) -> &Permission {
        &self.permission
    }

    /// Path and query of the request; `None` where a part of the path is one that no server takes: empty, `.`, `..`.
    #[must_use]
    pub fn path_and_query(&self, project: Option<&str>) -> Option<String> {
        let mut path = String::new();
        let parts = project.into_iter().chain(["_apis"]).chain(self.segments.iter().map(String::as_str));
        for segment in parts {
            if matches!(segment, "" | "." | "..") {
                return None;
            }
            path.push('/');
            path.push_str(&encoded(segment));
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.query {
            query.append_pair(name, value);
        }
        query.append_pair("api-version", self.version);
        Some(format!("{path}?{}", query.finish()))
    }

    pub(super) const fn method(&self) -> Method {
        self.method
    }

    pub(super) const fn effect(&self) -> Effect {
        self.effect
    }

    pub(super) const fn service(&self) -> Service {
        self.service
    }

    pub(super) const fn accept(&self) -> &'static str {
        self.accept
    }

    pub(super) const fn body(&self) -> Option<&Body> {
        self.body.as_ref()
    }
}

/// One part of a path, percent-encoded; `$` stays, since the contract's own paths have it.
fn encoded(segment: &str) -> String {
    let mut text = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~$".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_place_in_a_path() {
        let path =
            |segment: &str| Call::get("it", Permission::ViewBuilds, &["build", segment]).path_and_query(None);
        assert_eq!(path("a/b?c#d e").as_deref(), Some("/_apis/build/a%2Fb%3Fc%23d%20e?api-version=7.1"));
        assert_eq!(path("$User Story").as_deref(), Some("/_apis/build/$User%20Story?api-version=7.1"));
        for impossible in ["", ".", ".."] {
            assert_eq!(path(impossible), None, "{impossible:?}");
        }
    }

    #[test]
    fn values_cannot_add_parameters() {
        let call = Call::get("it", Permission::ViewBuilds, &["build"]).with("branchName", "a&tagFilters=b");
        assert_eq!(
            call.path_and_query(Some("p")).as_deref(),
            Some("/p/_apis/build?branchName=a%26tagFilters%3Db&api-version=7.1")
        );
    }
}
