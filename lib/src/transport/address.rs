//! Where a request goes.

use url::Url;

use super::AzureApi;
use crate::Secret;

/// Where a server is, and whose credentials open it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A URL of the policy: no credentials but those in its secret headers.
    Url(Url),
    /// A named service connection, which has the URL and the credentials.
    Connection(String),
    /// A URL with the credentials of the connection that is its whole origin (no path), where there is one: a registry
    /// and the realm of its tokens.
    Opened(Url),
    /// A service that whoever runs the gate gives, with its credential. No policy can name one.
    Service(Service),
    /// An API of Azure, in the cloud and with the identity that whoever runs the gate gives.
    Azure(AzureApi),
    /// A URL that is itself a secret, such as a webhook's. Only its host is ever printed.
    Webhook(Secret),
}

/// A service whose address and credential come from the pipeline or the caller, never from a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// The organisation (collection) of Azure DevOps that runs the pipeline.
    AzureDevOps,
    /// The host of the same organisation that keeps test results.
    AzureDevOpsTestResults,
    /// The API of GitHub.
    GitHub,
    /// Where the same server takes questions in GraphQL.
    GitHubGraphQl,
}

impl Service {
    /// As people call it.
    ///
    /// ```
    /// use runbook_gate::transport::Service;
    /// assert_eq!(Service::AzureDevOps.name(), "Azure DevOps");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AzureDevOps => "Azure DevOps",
            Self::AzureDevOpsTestResults => "the test results of Azure DevOps",
            Self::GitHub | Self::GitHubGraphQl => "GitHub",
        }
    }
}

/// A header of a request.
#[derive(Clone, Debug)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value, never printed.
    pub value: Secret,
    /// Whether the value may be read on the way.
    pub sensitivity: Sensitivity,
}

/// Whether a header's value may be read on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sensitivity {
    /// It may: it is written in the policy.
    Plain,
    /// It may not: the policy marks it `{ secret: … }`.
    Secret,
}

impl Header {
    /// A header whose value is no secret.
    ///
    /// ```
    /// use runbook_gate::transport::{Header, Sensitivity};
    /// let header = Header::plain("Accept", "application/json");
    /// assert_eq!(header.sensitivity, Sensitivity::Plain);
    /// ```
    #[must_use]
    pub fn plain(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: Secret::new(value), sensitivity: Sensitivity::Plain }
    }
}
