//! Where a request goes, and whose credentials it carries.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use runbook_gate::Secret;
use runbook_gate::transport::{
    Address, Request, Sensitivity, Service, TransportError, is_credential, is_loopback, joined,
    refusal_of_url,
};
use url::{Origin, Url};

/// Service connections by name, and the services that the caller gives.
#[derive(Clone, Debug, Default)]
pub struct Connections {
    named: BTreeMap<String, Connection>,
    services: BTreeMap<Service, Connection>,
}

/// A service connection: an address and what opens it.
#[derive(Clone, Debug)]
pub struct Connection {
    url: Url,
    credential: Option<Credential>,
}

/// What opens a connection.
#[derive(Clone, Debug)]
pub enum Credential {
    /// Sent as `Authorization: Bearer`.
    Bearer(Secret),
    /// Sent as `Authorization: Basic`.
    Basic {
        /// The user's name.
        user: String,
        /// The password.
        password: Secret,
    },
}

/// A connection that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The URL is none.
    #[error("connection `{name}`: the URL is not valid ({why}); write https://host or https://host/path")]
    Url {
        /// The connection.
        name: String,
        /// In words.
        why: String,
    },
    /// The token cannot stand in a header.
    #[error(
        "connection `{name}`: its token has a line break or another control character in it, and was not sent; \
         store it again, in one line"
    )]
    Token {
        /// The connection.
        name: String,
    },
    /// Credentials would travel unprotected.
    #[error("connection `{name}`: credentials are sent over https only; change its URL to https")]
    Plain {
        /// The connection.
        name: String,
    },
}

impl Connection {
    /// A connection; user info in the URL becomes its credential.
    ///
    /// # Errors
    /// Where the URL is none, or credentials would go over plain HTTP to another machine.
    pub fn new(name: &str, url: &str, credential: Option<Credential>) -> Result<Self, ConnectionError> {
        let name = name.to_owned();
        let mut url: Url = url.parse().map_err(|error: url::ParseError| ConnectionError::Url {
            name: name.clone(),
            why: error.to_string(),
        })?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(ConnectionError::Url { name, why: "it is neither http nor https".to_owned() });
        }
        let credential = credential.or_else(|| user_info(&url));
        strip_user_info(&mut url);
        if credential.as_ref().is_some_and(Credential::has_control) {
            return Err(ConnectionError::Token { name });
        }
        if credential.is_some() && !may_carry_secrets(&url) {
            return Err(ConnectionError::Plain { name });
        }
        Ok(Self { url, credential })
    }
}

impl Connections {
    /// Adds or replaces a connection.
    pub fn insert(&mut self, name: String, connection: Connection) {
        self.named.insert(name, connection);
    }

    /// Gives a service, or replaces it.
    pub fn give(&mut self, service: Service, connection: Connection) {
        self.services.insert(service, connection);
    }

    /// Where a request goes.
    ///
    /// # Errors
    /// Where its connection is not known, its address is refused, or a secret would travel unprotected.
    pub fn target(&self, request: &Request) -> Result<Target, TransportError> {
        let (mut url, credential) = match &request.address {
            Address::Url(url) => (url.clone(), user_info(url)),
            Address::Connection(name) => {
                let known = self.named.get(name).ok_or_else(|| self.unknown(name))?;
                (known.url.clone(), known.credential.clone())
            }
            Address::Opened(url) => (url.clone(), self.opening(url)),
            Address::Service(service) => {
                let known = self.services.get(service).ok_or_else(|| TransportError::UnknownService {
                    service: *service,
                    help: "map `SYSTEM_ACCESSTOKEN: $(System.AccessToken)` in a script step of a pipeline, or give the address with --azure-devops and a token in AZURE_DEVOPS_EXT_PAT".to_owned(),
                })?;
                (known.url.clone(), known.credential.clone())
            }
            Address::Azure(api) => {
                return Err(TransportError::SignIn {
                    host: api.name().to_owned(),
                    why: "nobody signs in to Azure here".to_owned(),
                });
            }
            Address::Webhook(address) => (webhook(address)?, None),
        };
        strip_user_info(&mut url);
        let url = joined(&url, &request.path_and_query);
        let host = shown_host(&url);
        let refused = |why: &str| TransportError::Refused { host: host.clone(), why: why.to_owned() };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused("only http and https addresses are asked"));
        }
        if let Some(why) = refusal_of_url(&url) {
            return Err(refused(why));
        }
        let secret_header = request
            .headers
            .iter()
            .any(|header| header.sensitivity == Sensitivity::Secret || is_credential(&header.name));
        if (credential.is_some() || secret_header) && !may_carry_secrets(&url) {
            return Err(refused("credentials are sent over https only; change its URL to https"));
        }
        Ok(Target { url, host, credential })
    }

    /// The credential of the connection that is a URL's whole origin. One with a path is for what lies under it.
    fn opening(&self, url: &Url) -> Option<Credential> {
        let whole = |known: &&Connection| known.url.origin() == url.origin() && known.url.path() == "/";
        self.named.values().filter(whole).find_map(|known| known.credential.clone())
    }

    fn unknown(&self, name: &str) -> TransportError {
        let known: Vec<&str> = self.named.keys().map(String::as_str).collect();
        let help = if known.is_empty() {
            format!("define it with --connection {name}=https://…")
        } else {
            format!("known are {}; define it with --connection {name}=https://…", known.join(", "))
        };
        TransportError::UnknownConnection { name: name.to_owned(), help }
    }
}

/// A webhook's URL. Whoever has it can write there, so it travels as a credential does.
fn webhook(address: &Secret) -> Result<Url, TransportError> {
    let refused = |why: &str| TransportError::Refused { host: "a webhook".to_owned(), why: why.to_owned() };
    let url: Url = address
        .reveal()
        .trim()
        .parse()
        .map_err(|_| refused("its address is no URL; give the variable the whole address, https://…"))?;
    if may_carry_secrets(&url) {
        Ok(url)
    } else {
        Err(refused("a webhook's address is a secret and is sent over https only"))
    }
}

/// A request's destination.
pub struct Target {
    /// Without user info.
    pub url: Url,
    /// Host and port, as errors show it.
    pub host: String,
    credential: Option<Credential>,
}

impl Target {
    /// The request's headers with the credential.
    pub fn headers(&self, request: &Request) -> Vec<(String, Secret)> {
        let mut headers: Vec<(String, Secret)> =
            request.headers.iter().map(|header| (header.name.clone(), header.value.clone())).collect();
        let own = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        match &self.credential {
            Some(credential) if !own => headers.push(("Authorization".to_owned(), credential.header())),
            _ => {}
        }
        headers
    }
}

impl Credential {
    /// A token that was pasted with a line break is no token: it fits into no header, or opens nothing.
    fn has_control(&self) -> bool {
        let control = |text: &str| text.chars().any(char::is_control);
        match self {
            Self::Bearer(token) => control(token.reveal()),
            Self::Basic { user, password } => control(user) || control(password.reveal()),
        }
    }

    /// The value of the `Authorization` header.
    pub fn header(&self) -> Secret {
        match self {
            Self::Bearer(token) => Secret::new(format!("Bearer {}", token.reveal())),
            Self::Basic { user, password } => Secret::new(format!(
                "Basic {}",
                BASE64_STANDARD.encode(format!("{user}:{}", password.reveal()))
            )),
        }
    }
}

/// Scheme, host and port.
pub fn origin_of(url: &Url) -> Origin {
    url.origin()
}

/// The URL as the request line needs it, without its fragment.
pub fn request_uri(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    url.to_string()
}

/// Credentials go over `https`, and over `http` only to this machine.
fn may_carry_secrets(url: &Url) -> bool {
    url.scheme() == "https" || is_loopback(url)
}

fn user_info(url: &Url) -> Option<Credential> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let decoded = |text: &str| percent_decoded(text);
    Some(Credential::Basic {
        user: decoded(url.username()),
        password: Secret::new(decoded(url.password().unwrap_or_default())),
    })
}

/// Percent-decoding of user info; what is not UTF-8 stays as it was written.
pub fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match (first, hex.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn strip_user_info(url: &mut Url) {
    // A URL that can have no user info has none to remove.
    let _ = url.set_username("");
    let _ = url.set_password(None);
}

fn shown_host(url: &Url) -> String {
    let host = url.host_str().unwrap_or("(no host)");
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use runbook_gate::Duration;
    use runbook_gate::transport::Header;

    use super::*;

    #[test]
    fn a_token_with_a_line_break_is_named_and_not_shown() {
        let basic = |user: &str, password: &str| Credential::Basic {
            user: user.to_owned(),
            password: Secret::new(password),
        };
        for credential in
            [Credential::Bearer(Secret::new("canary\nx")), basic("ann", "canary\r"), basic("ann\n", "x")]
        {
            let refused = Connection::new("prom", "https://prom.example", Some(credential)).unwrap_err();
            let words = refused.to_string();
            assert!(words.contains("`prom`: its token has a line break"), "{words}");
            assert!(!words.contains("canary"), "{words}");
        }
        assert!(Connection::new("prom", "https://prom.example", Some(basic("ann", "p w"))).is_ok());
    }

    #[test]
    fn a_webhook_is_asked_over_https_alone_and_never_named() {
        let target = |address: &str| {
            let address = Address::Webhook(Secret::new(address));
            let request = Request::get(address, String::new(), Duration::from_secs(1));
            Connections::default().target(&request).map(|target| (target.host, target.url.to_string()))
        };
        let asked = target("https://hooks.example/canary?sig=canary ").unwrap();
        assert_eq!(asked, ("hooks.example".to_owned(), "https://hooks.example/canary?sig=canary".to_owned()));
        assert!(target("http://127.0.0.1:1/canary").is_ok());
        for wrong in [
            "http://hooks.example/canary",
            "canary",
            "ftp://hooks.example/canary",
            "https://169.254.169.254/canary",
        ] {
            let error = target(wrong).unwrap_err().to_string();
            assert!(!error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn a_secret_of_the_policy_goes_to_no_connection_in_the_clear() {
        let request = |sensitivity| {
            let mut request =
                Request::get(Address::Connection("prom".into()), String::new(), Duration::from_secs(1));
            request.headers =
                vec![Header { name: "X-Scope".into(), value: Secret::new("canary"), sensitivity }];
            request
        };
        let target = |url: &str, sensitivity| {
            let mut connections = Connections::default();
            connections.insert("prom".into(), Connection::new("prom", url, None).unwrap());
            connections.target(&request(sensitivity)).map(|target| target.host)
        };
        let refused = target("http://prometheus.example", Sensitivity::Secret).unwrap_err().to_string();
        assert!(refused.contains("https") && !refused.contains("canary"), "{refused}");
        for (url, sensitivity) in [
            ("https://prometheus.example", Sensitivity::Secret),
            ("http://127.0.0.1:9090", Sensitivity::Secret),
            ("http://prometheus.example", Sensitivity::Plain),
        ] {
            assert!(target(url, sensitivity).is_ok(), "{url}");
        }
    }
}
