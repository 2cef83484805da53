//! Addresses that are never asked: link-local ones, where clouds hand out credentials.

use runbook_gate::transport::{TransportError, refusal};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Why an address is not asked, before a connection is opened.
#[derive(Debug, thiserror::Error)]
pub enum NotAsked {
    /// Its name has no address.
    #[error("{0}")]
    NoAddress(String),
    /// It, or an address that its name stands for, is refused.
    #[error("{0}")]
    Refused(String),
}

impl NotAsked {
    /// In the words of the library.
    pub fn named(self, host: String) -> TransportError {
        match self {
            Self::NoAddress(why) => TransportError::Dns { host, why },
            Self::Refused(why) => TransportError::Refused { host, why },
        }
    }
}

/// Resolves names, and refuses those that stand for an address that is never asked: a policy must not reach by a name
/// what it may not reach by number.
#[derive(Debug, Default)]
pub struct GuardedResolver {
    inner: DefaultResolver,
}

impl Resolver for GuardedResolver {
    fn resolve(
        &self,
        uri: &ureq::http::Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let addresses = self.inner.resolve(uri, config, timeout).map_err(|error| match error {
            ureq::Error::HostNotFound => other(NotAsked::NoAddress("the name has no address".to_owned())),
            ureq::Error::Io(error) => other(NotAsked::NoAddress(lookup_failure(&error))),
            error => error,
        })?;
        match addresses.iter().find_map(|address| refusal(address.ip())) {
            Some(why) => Err(other(NotAsked::Refused(why.to_owned()))),
            None => Ok(addresses),
        }
    }
}

fn other(not_asked: NotAsked) -> ureq::Error {
    ureq::Error::Other(Box::new(not_asked))
}

fn lookup_failure(error: &std::io::Error) -> String {
    let text = error.to_string();
    let tail = text.split_once(": ").map_or(text.as_str(), |(_, tail)| tail);
    format!("{}; check the spelling of the URL", tail.trim())
}
