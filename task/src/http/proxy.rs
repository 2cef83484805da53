//! Which proxy a request goes through.

use regex::Regex;
use runbook_gate::transport::is_loopback;
use url::Url;

/// Proxies by scheme, and hosts that go past them.
#[derive(Clone, Debug, Default)]
pub struct ProxyRules {
    for_http: Option<NamedProxy>,
    for_https: Option<NamedProxy>,
    past: Vec<Past>,
}

/// A proxy, and who says so.
#[derive(Clone, Debug)]
pub struct NamedProxy {
    proxy: ureq::Proxy,
    variable: String,
}

impl NamedProxy {
    /// As the agent takes it, with its credentials.
    pub const fn proxy(&self) -> &ureq::Proxy {
        &self.proxy
    }

    /// Its host and port.
    pub fn place(&self) -> String {
        format!("{}:{}", self.proxy.host(), self.proxy.port())
    }

    /// The variable that names it.
    pub fn variable(&self) -> &str {
        &self.variable
    }
}

/// What goes past the proxy.
#[derive(Clone, Debug)]
enum Past {
    Everything,
    Host {
        name: String,
        port: Option<u16>,
    },
    /// A name and all names below it.
    Domain(String),
    Network {
        address: std::net::IpAddr,
        bits: u32,
    },
    /// The agent writes regular expressions.
    Pattern(Regex),
}

/// A proxy setting that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{variable} is not a proxy's URL; write http://host:port")]
pub struct ProxyError {
    variable: String,
}

impl ProxyRules {
    /// The rules that the environment sets: the agent's own (`AGENT_PROXYURL` and its companions) before
    /// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` in either case.
    ///
    /// # Errors
    /// Where a set variable is not a proxy's URL.
    pub fn from_variables<'v>(get: impl Fn(&str) -> Option<&'v str>) -> Result<Self, ProxyError> {
        let set = |name: &str| get(name).map(str::trim).filter(|text| !text.is_empty());
        let mut past = Vec::new();
        for text in [set("NO_PROXY").or_else(|| set("no_proxy"))].into_iter().flatten() {
            past.extend(text.split([',', ' ']).filter_map(Past::of_list));
        }
        if let Some(url) = set("AGENT_PROXYURL") {
            let user = set("AGENT_PROXYUSERNAME");
            let password = set("SECRET_AGENT_PROXYPASSWORD").or_else(|| set("AGENT_PROXYPASSWORD"));
            let proxy = agent_proxy(url, user, password)?;
            past.extend(set("AGENT_PROXYBYPASSLIST").map(agent_bypass).unwrap_or_default());
            let named = NamedProxy { proxy, variable: "AGENT_PROXYURL".to_owned() };
            return Ok(Self { for_http: Some(named.clone()), for_https: Some(named), past });
        }
        let either = |upper: &'static str, lower: &'static str| {
            set(upper).map(|text| (upper, text)).or_else(|| set(lower).map(|text| (lower, text)))
        };
        let all = either("ALL_PROXY", "all_proxy");
        let parse = |found: Option<(&str, &str)>| {
            found
                .or(all)
                .map(|(variable, text)| {
                    let variable = variable.to_owned();
                    match plain_proxy(text) {
                        Some(proxy) => Ok(NamedProxy { proxy, variable }),
                        None => Err(ProxyError { variable }),
                    }
                })
                .transpose()
        };
        Ok(Self {
            for_http: parse(either("HTTP_PROXY", "http_proxy"))?,
            for_https: parse(either("HTTPS_PROXY", "https_proxy"))?,
            past,
        })
    }

    /// The proxy for a URL; loopback never goes through one.
    pub fn proxy_for(&self, url: &Url) -> Option<&NamedProxy> {
        let proxy = match url.scheme() {
            "https" => self.for_https.as_ref(),
            _ => self.for_http.as_ref(),
        }?;
        let goes_past = is_loopback(url) || self.past.iter().any(|past| past.covers(url));
        (!goes_past).then_some(proxy)
    }
}

fn plain_proxy(text: &str) -> Option<ureq::Proxy> {
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let scheme = with_scheme.split("://").next()?.to_ascii_lowercase();
    // The agent of this binary speaks to HTTP proxies only.
    matches!(scheme.as_str(), "http" | "https").then(|| ureq::Proxy::new(&with_scheme).ok()).flatten()
}

fn agent_proxy(url: &str, user: Option<&str>, password: Option<&str>) -> Result<ureq::Proxy, ProxyError> {
    let wrong = || ProxyError { variable: "AGENT_PROXYURL".to_owned() };
    let mut parsed: Url = if url.contains("://") { url.parse() } else { format!("http://{url}").parse() }
        .map_err(|_| wrong())?;
    if let Some(user) = user {
        parsed.set_username(user).map_err(|()| wrong())?;
        parsed.set_password(password).map_err(|()| wrong())?;
    }
    plain_proxy(parsed.as_str()).ok_or_else(wrong)
}

/// The agent's bypass list: a JSON array of regular expressions over the whole URL.
fn agent_bypass(text: &str) -> Vec<Past> {
    let patterns: Vec<String> = serde_json::from_str(text).unwrap_or_default();
    let compiled = patterns.iter().filter_map(|pattern| {
        let rule = regex::RegexBuilder::new(pattern).case_insensitive(true).size_limit(1 << 20).build();
        rule.inspect_err(|_| log::warn!("a rule of the agent's proxy bypass list is not understood")).ok()
    });
    compiled.map(Past::Pattern).collect()
}

impl Past {
    fn of_list(entry: &str) -> Option<Self> {
        let entry = entry.trim().to_ascii_lowercase();
        if entry.is_empty() {
            return None;
        }
        if entry == "*" {
            return Some(Self::Everything);
        }
        if let Some((address, bits)) = entry.split_once('/') {
            return Some(Self::Network { address: address.parse().ok()?, bits: bits.parse().ok()? });
        }
        if let Some(domain) = entry.strip_prefix("*.").or_else(|| entry.strip_prefix('.')) {
            return Some(Self::Domain(domain.to_owned()));
        }
        if entry.parse::<std::net::IpAddr>().is_ok() {
            return Some(Self::Host { name: entry, port: None });
        }
        match entry.rsplit_once(':') {
            Some((name, port)) if port.parse::<u16>().is_ok() && !name.ends_with(':') => {
                Some(Self::Host { name: name.trim_matches(['[', ']']).to_owned(), port: port.parse().ok() })
            }
            _ => Some(Self::Domain(entry)),
        }
    }

    fn covers(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_ascii_lowercase();
        let host = host.trim_end_matches('.');
        match self {
            Self::Everything => true,
            Self::Host { name, port } => {
                name == host && port.is_none_or(|port| url.port_or_known_default() == Some(port))
            }
            Self::Domain(domain) => {
                host == domain || host.strip_suffix(domain.as_str()).is_some_and(|front| front.ends_with('.'))
            }
            Self::Network { address, bits } => {
                host.parse().is_ok_and(|asked| in_network(asked, *address, *bits))
            }
            Self::Pattern(rule) => rule.is_match(url.as_str()),
        }
    }
}

fn in_network(asked: std::net::IpAddr, network: std::net::IpAddr, bits: u32) -> bool {
    use std::net::IpAddr;
    match (asked, network) {
        (IpAddr::V4(asked), IpAddr::V4(network)) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits)).unwrap_or(0);
            asked.to_bits() & mask == network.to_bits() & mask
        }
        (IpAddr::V6(asked), IpAddr::V6(network)) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(bits)).unwrap_or(0);
            asked.to_bits() & mask == network.to_bits() & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(variables: &[(&str, &'static str)]) -> ProxyRules {
        ProxyRules::from_variables(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, text)| *text)
        })
        .unwrap()
    }

    fn through(rules: &ProxyRules, url: &str) -> Option<String> {
        rules.proxy_for(&url.parse().unwrap()).map(|named| named.proxy().host().to_owned())
    }

    #[test]
    fn takes_the_proxy_of_the_scheme() {
        let rules = rules(&[("HTTPS_PROXY", "http://secure:3128"), ("http_proxy", "plain:3128")]);
        assert_eq!(through(&rules, "https://example.com/"), Some("secure".into()));
        assert_eq!(through(&rules, "http://example.com/"), Some("plain".into()));
    }

    #[test]
    fn loopback_goes_past_every_proxy() {
        let rules = rules(&[("ALL_PROXY", "http://all:3128")]);
        assert_eq!(through(&rules, "http://example.com/"), Some("all".into()));
        for url in ["http://127.0.0.1:9090/", "http://localhost/", "http://[::1]/", "https://a.localhost/"] {
            assert_eq!(through(&rules, url), None, "{url}");
        }
    }

    #[test]
    fn what_no_proxy_names_goes_past() {
        let rules = rules(&[
            ("HTTP_PROXY", "http://proxy:3128"),
            ("NO_PROXY", "internal.example, .svc,10.0.0.0/8,other.example:8080,192.168.1.7"),
        ]);
        for url in [
            "http://internal.example/",
            "http://a.internal.example/",
            "http://prometheus.monitoring.svc/",
            "http://10.200.3.4:9090/",
            "http://other.example:8080/",
            "http://192.168.1.7/",
        ] {
            assert_eq!(through(&rules, url), None, "{url}");
        }
        for url in ["http://notinternal.example/", "http://11.0.0.1/", "http://other.example/"] {
            assert!(through(&rules, url).is_some(), "{url}");
        }
    }

    #[test]
    fn the_agents_proxy_comes_first_with_its_bypass_list() {
        let rules = rules(&[
            ("HTTPS_PROXY", "http://mine:1"),
            ("AGENT_PROXYURL", "http://agent:8888"),
            ("AGENT_PROXYUSERNAME", "ann"),
            ("SECRET_AGENT_PROXYPASSWORD", "p@ss word"),
            ("AGENT_PROXYBYPASSLIST", r#"["github\\.com", "("]"#),
        ]);
        assert_eq!(through(&rules, "https://example.com/"), Some("agent".into()));
        assert_eq!(through(&rules, "https://github.com/x"), None);
        let proxy = rules.proxy_for(&"https://example.com/".parse().unwrap()).unwrap();
        assert_eq!((proxy.place().as_str(), proxy.variable()), ("agent:8888", "AGENT_PROXYURL"));
        let proxy = proxy.proxy();
        assert_eq!((proxy.username(), proxy.password()), (Some("ann"), Some("p@ss word")));
    }

    #[test]
    fn a_broken_proxy_setting_is_named() {
        for text in ["http://", "socks5://host:1", "::::"] {
            let error =
                ProxyRules::from_variables(|name| (name == "HTTPS_PROXY").then_some(text)).unwrap_err();
            assert!(error.to_string().contains("HTTPS_PROXY"), "{text}");
        }
    }
}
