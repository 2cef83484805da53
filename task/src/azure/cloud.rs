//! The clouds of Azure: which host serves an API, whom a token for it is made out to, and who makes it out.
//!
//! A token goes to these hosts and to no other. A policy can name none of them but the query endpoint of managed Prometheus,
//! which has to be one of its cloud.

use runbook_gate::transport::AzureApi;
use url::Url;

/// One of the clouds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cloud {
    /// Azure.
    Public,
    /// Azure US Government.
    UsGovernment,
    /// Azure operated by 21Vianet.
    China,
    /// One address that stands for every host of the public cloud: a double, which only the caller can name.
    Double(Url),
}

/// Where a request to an API goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The base of the API.
    pub base: Url,
    /// Whom the token is for.
    pub scope: String,
}

/// An address that is none of this cloud's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloudError {
    /// A query endpoint of another cloud, or of none.
    #[error(
        "it is no query endpoint of {cloud}, whose hosts end with `{suffix}`: copy it from the page of the Azure Monitor workspace, \
         and check which cloud is signed in to (--azure-cloud, or the environment of the service connection)"
    )]
    ForeignHost {
        /// The cloud.
        cloud: &'static str,
        /// What its hosts end with.
        suffix: &'static str,
    },
    /// A word that names no cloud.
    #[error("`{0}` is no cloud of Azure; there are AzureCloud, AzureUSGovernment and AzureChinaCloud")]
    Unknown(String),
    /// The double's address is none.
    #[error("the address of the double must be https://host:port")]
    Double,
}

/// What the hosts of a cloud are called.
struct Hosts {
    management: &'static str,
    metrics: &'static str,
    logs: &'static str,
    insights: &'static str,
    prometheus: &'static str,
    login: &'static str,
    portal: &'static str,
}

const PUBLIC: Hosts = Hosts {
    management: "management.azure.com",
    metrics: "metrics.monitor.azure.com",
    logs: "api.loganalytics.io",
    insights: "api.applicationinsights.io",
    prometheus: "prometheus.monitor.azure.com",
    login: "https://login.microsoftonline.com",
    portal: "https://portal.azure.com",
};

const US_GOVERNMENT: Hosts = Hosts {
    management: "management.usgovcloudapi.net",
    metrics: "metrics.monitor.azure.us",
    logs: "api.loganalytics.us",
    insights: "api.applicationinsights.us",
    prometheus: "prometheus.monitor.azure.us",
    login: "https://login.microsoftonline.us",
    portal: "https://portal.azure.us",
};

const CHINA: Hosts = Hosts {
    management: "management.chinacloudapi.cn",
    metrics: "metrics.monitor.azure.cn",
    logs: "api.loganalytics.azure.cn",
    insights: "api.applicationinsights.azure.cn",
    prometheus: "prometheus.monitor.azure.cn",
    login: "https://login.chinacloudapi.cn",
    portal: "https://portal.azure.cn",
};

impl Cloud {
    /// The cloud that a service connection or the Azure CLI names.
    ///
    /// # Errors
    /// A word that names none.
    pub fn named(word: &str) -> Result<Self, CloudError> {
        match word.to_ascii_lowercase().as_str() {
            "" | "azurecloud" | "public" => Ok(Self::Public),
            "azureusgovernment" | "us-government" => Ok(Self::UsGovernment),
            "azurechinacloud" | "china" => Ok(Self::China),
            _ => Err(CloudError::Unknown(word.chars().take(60).collect())),
        }
    }

    /// A double.
    ///
    /// # Errors
    /// An address that is not https, or has more than an origin.
    pub fn double(address: &str) -> Result<Self, CloudError> {
        let url: Url = address.parse().map_err(|_| CloudError::Double)?;
        let bare = url.scheme() == "https" && url.path() == "/" && url.query().is_none();
        if bare { Ok(Self::Double(url)) } else { Err(CloudError::Double) }
    }

    const fn hosts(&self) -> &'static Hosts {
        match self {
            Self::Public | Self::Double(_) => &PUBLIC,
            Self::UsGovernment => &US_GOVERNMENT,
            Self::China => &CHINA,
        }
    }

    /// As people call it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Public | Self::Double(_) => "the public cloud",
            Self::UsGovernment => "Azure US Government",
            Self::China => "Azure China",
        }
    }

    /// Who makes out tokens.
    pub fn authority(&self) -> String {
        match self {
            Self::Double(url) => url.as_str().trim_end_matches('/').to_owned(),
            cloud => cloud.hosts().login.to_owned(),
        }
    }

    /// The origin of the portal.
    pub const fn portal(&self) -> &'static str {
        self.hosts().portal
    }

    /// Where an API is, and whom its tokens are for.
    ///
    /// # Errors
    /// A query endpoint of managed Prometheus that is not on this cloud's hosts.
    pub fn endpoint(&self, api: &AzureApi) -> Result<Endpoint, CloudError> {
        let hosts = self.hosts();
        let (host, audience) = match api {
            AzureApi::ResourceManager => (hosts.management.to_owned(), hosts.management),
            AzureApi::Metrics(region) => (format!("{region}.{}", hosts.metrics), hosts.metrics),
            AzureApi::LogAnalytics => (hosts.logs.to_owned(), hosts.logs),
            AzureApi::ApplicationInsights => (hosts.insights.to_owned(), hosts.insights),
            AzureApi::Prometheus(url) => (self.query_endpoint(url)?, hosts.prometheus),
        };
        let scope = format!("https://{audience}/.default");
        let base = match self {
            // The double tells the APIs apart by the host that each would have had.
            Self::Double(url) => format!("{}{host}", url.as_str()),
            _ => format!("https://{host}"),
        };
        let base = base.parse().map_err(|_| CloudError::Double)?;
        Ok(Endpoint { base, scope })
    }

    /// The host of a query endpoint, with what stands behind it.
    fn query_endpoint(&self, url: &Url) -> Result<String, CloudError> {
        let suffix = self.hosts().prometheus;
        let host = url.host_str().unwrap_or_default().trim_end_matches('.');
        let inside = host.strip_suffix(suffix).is_some_and(|front| front.len() > 1 && front.ends_with('.'));
        let plain = url.scheme() == "https"
            && url.port().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if !inside || !plain {
            return Err(CloudError::ForeignHost { cloud: self.name(), suffix });
        }
        Ok(format!("{host}{}", url.path().trim_end_matches('/')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prometheus(url: &str) -> AzureApi {
        AzureApi::Prometheus(url.parse().unwrap())
    }

    #[test]
    fn each_cloud_has_hosts_and_audiences_of_its_own() {
        let gov = Cloud::named("AzureUSGovernment").unwrap();
        let endpoint = gov.endpoint(&AzureApi::ResourceManager).unwrap();
        assert_eq!(
            (endpoint.base.as_str(), endpoint.scope.as_str()),
            ("https://management.usgovcloudapi.net/", "https://management.usgovcloudapi.net/.default")
        );
        let batch = Cloud::Public.endpoint(&AzureApi::Metrics("westeurope".parse().unwrap())).unwrap();
        assert_eq!(
            (batch.base.as_str(), batch.scope.as_str()),
            ("https://westeurope.metrics.monitor.azure.com/", "https://metrics.monitor.azure.com/.default")
        );
        assert!(Cloud::named("AzureStack").is_err());
    }

    #[test]
    fn a_token_of_prometheus_goes_to_the_clouds_own_hosts_only() {
        let good = prometheus("https://orders-a1b2.westeurope.prometheus.monitor.azure.com");
        assert!(Cloud::Public.endpoint(&good).is_ok());
        for url in [
            "https://evil.example/",
            "https://prometheus.monitor.azure.com.evil.example/",
            "https://evilprometheus.monitor.azure.com/",
            "http://orders.westeurope.prometheus.monitor.azure.com/",
            "https://orders.westeurope.prometheus.monitor.azure.com:8443/",
            "https://user@orders.westeurope.prometheus.monitor.azure.com/",
        ] {
            assert!(Cloud::Public.endpoint(&prometheus(url)).is_err(), "{url}");
        }
        let error = Cloud::China.endpoint(&good).unwrap_err().to_string();
        assert!(error.contains("Azure China") && error.contains("--azure-cloud"), "{error}");
    }

    #[test]
    fn a_double_stands_for_every_host() {
        let double = Cloud::double("https://127.0.0.1:8443").unwrap();
        let base = |api| double.endpoint(&api).unwrap().base.to_string();
        assert_eq!(base(AzureApi::LogAnalytics), "https://127.0.0.1:8443/api.loganalytics.io");
        assert_eq!(
            base(prometheus("https://a.westeurope.prometheus.monitor.azure.com")),
            "https://127.0.0.1:8443/a.westeurope.prometheus.monitor.azure.com"
        );
        for address in ["http://127.0.0.1:8443", "https://127.0.0.1/x", "nonsense"] {
            assert_eq!(Cloud::double(address), Err(CloudError::Double), "{address}");
        }
    }
}
