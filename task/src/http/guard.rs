//! Addresses that are never asked: link-local ones, where clouds hand out credentials.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use runbook_gate::transport::TransportError;
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

/// Why an address is never asked; `None` where it may be.
pub fn refusal(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => refusal_v4(address),
        IpAddr::V6(address) => match embedded_v4(address) {
            Some(inner) => refusal_v4(inner),
            None => refusal_v6(address),
        },
    }
}

const CLOUD: &str = "link-local addresses, where clouds hand out credentials, are never asked";

fn refusal_v4(address: Ipv4Addr) -> Option<&'static str> {
    /// Azure's platform endpoint, which hands out an agent's secrets as a link-local one would.
    const AZURE_PLATFORM: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);
    /// Where Alibaba Cloud and Oracle Cloud do so.
    const OTHERS: [Ipv4Addr; 2] = [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192)];
    if address.is_link_local() || address == AZURE_PLATFORM || OTHERS.contains(&address) {
        Some(CLOUD)
    } else if address.is_unspecified() {
        Some("0.0.0.0 is no address to ask; write 127.0.0.1")
    } else if address.is_multicast() || address.is_broadcast() {
        Some("it is the address of many hosts")
    } else {
        None
    }
}

fn refusal_v6(address: Ipv6Addr) -> Option<&'static str> {
    /// Where AWS hands out credentials.
    const AWS: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    let google = matches!(address.segments(), [0xfd20, 0xce, 0, 0, ..]);
    if address.is_unicast_link_local() || address == AWS || google {
        Some(CLOUD)
    } else if address.is_unspecified() {
        Some("[::] is no address to ask; write [::1]")
    } else if address.is_multicast() {
        Some("it is the address of many hosts")
    } else {
        None
    }
}

/// The IPv4 address inside a mapped, compatible, translated or tunnelled IPv6 one.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => of(high, low),
        // `::` and `::1` are addresses of their own.
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => of(high, low),
        [0x64, 0xff9b, 0 | 1, _, _, _, high, low] | [0x2002, high, low, ..] => of(high, low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_link_local_addresses_in_every_disguise() {
        for text in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::a9fe:a9fe",
            "::169.254.169.254",
            "::ffff:0:169.254.169.254",
            "2002:a9fe:a9fe::1",
            "100.100.100.200",
            "192.0.0.192",
            "fd20:ce::254",
            "fe80::1",
            "fd00:ec2::254",
            "168.63.129.16",
            "0.0.0.0",
            "::",
            "224.0.0.1",
        ] {
            assert!(refusal(text.parse().unwrap()).is_some(), "{text}");
        }
    }

    #[test]
    fn asks_services_wherever_they_are() {
        for text in ["127.0.0.1", "::1", "10.1.2.3", "192.168.0.1", "8.8.8.8", "fd12:3456::1", "2001:db8::1"]
        {
            assert!(refusal(text.parse().unwrap()).is_none(), "{text}");
        }
    }
}
