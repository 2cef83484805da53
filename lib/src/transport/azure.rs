//! The APIs of Azure that sources read. Which host serves each, in which cloud and with whose token, the transport knows.

use std::fmt;
use std::str::FromStr;

use url::Url;

/// An API of Azure. Its host and its token come from the cloud and the identity that whoever runs the gate gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AzureApi {
    /// Azure Resource Manager: metrics of a resource, alerts and their rules.
    ResourceManager,
    /// Metrics of several resources of one region at once.
    Metrics(Region),
    /// Log Analytics: workspaces, and the logs of a resource.
    LogAnalytics,
    /// Application Insights by the id of the application.
    ApplicationInsights,
    /// The query endpoint of an Azure Monitor workspace (managed Prometheus), as its page shows it.
    Prometheus(Url),
}

/// The name of a region, such as `westeurope`: lower-case letters and digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Region(String);

/// A text that names no region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a region is written in lower-case letters and digits, such as `westeurope`")]
pub struct RegionError;

/// Whom Azure sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AzureIdentity {
    /// Who it is, in words without secrets: `the service connection … (application … in tenant …)`.
    pub words: String,
    /// The origin of the cloud's portal, such as `https://portal.azure.com`.
    pub portal: &'static str,
}

impl AzureApi {
    /// As people call it.
    ///
    /// ```
    /// use runbook_gate::transport::AzureApi;
    /// assert_eq!(AzureApi::LogAnalytics.name(), "Log Analytics");
    /// ```
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ResourceManager => "Azure Resource Manager",
            Self::Metrics(_) => "Azure Monitor metrics",
            Self::LogAnalytics => "Log Analytics",
            Self::ApplicationInsights => "Application Insights",
            Self::Prometheus(_) => "Azure Monitor managed Prometheus",
        }
    }

    /// The least role that lets an identity read it, and on what.
    ///
    /// ```
    /// use runbook_gate::transport::AzureApi;
    /// assert!(AzureApi::ResourceManager.role().starts_with("`Monitoring Reader`"));
    /// ```
    #[must_use]
    pub const fn role(&self) -> &'static str {
        match self {
            Self::ResourceManager => "`Monitoring Reader` on the resource (for alerts, on its subscription)",
            Self::Metrics(_) => "`Monitoring Reader` on the subscription",
            Self::LogAnalytics => {
                "`Log Analytics Reader` on the workspace, or `Monitoring Reader` on the resource"
            }
            Self::ApplicationInsights => "`Monitoring Reader` on the Application Insights resource",
            Self::Prometheus(_) => "`Monitoring Data Reader` on the Azure Monitor workspace",
        }
    }
}

impl Region {
    /// As it stands in a host's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Region {
    type Err = RegionError;

    fn from_str(text: &str) -> Result<Self, RegionError> {
        let fits = (1..=40).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if fits { Ok(Self(text.to_owned())) } else { Err(RegionError) }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_cannot_change_the_host() {
        assert_eq!("westeurope".parse::<Region>().unwrap().as_str(), "westeurope");
        for text in ["", "West Europe", "a.b", "a/b", "evil.example#", &"x".repeat(41)] {
            assert_eq!(text.parse::<Region>(), Err(RegionError), "{text}");
        }
    }
}
