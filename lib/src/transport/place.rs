//! Where an address lies: on this machine, or where nobody may ask. Policies and the transport have this one list.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Names under which clouds hand out credentials: a proxy would resolve them where nobody sees the address.
const METADATA: [&str; 5] = [
    "metadata",
    "metadata.google.internal",
    "instance-data",
    "instance-data.ec2.internal",
    "metadata.tencentyun.com",
];

/// Why a URL is never asked, as far as that can be said without resolving its name.
///
/// ```
/// use runbook_gate::transport::refusal_of_url;
/// assert!(refusal_of_url(&"http://[::ffff:169.254.169.254]/".parse()?).is_some());
/// assert!(refusal_of_url(&"http://metadata.google.internal./".parse()?).is_some());
/// assert!(refusal_of_url(&"https://orders.contoso.com/".parse()?).is_none());
/// # Ok::<(), url::ParseError>(())
/// ```
#[must_use]
pub fn refusal_of_url(url: &Url) -> Option<&'static str> {
    match url.host()? {
        Host::Ipv4(address) => refusal(address.into()),
        Host::Ipv6(address) => refusal(address.into()),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            METADATA
                .contains(&name.as_str())
                .then_some("it hands out a cloud's credentials; name the service's own address")
        }
    }
}

/// Whether a URL's host is this machine: nothing on the way can read what is sent there.
///
/// ```
/// use runbook_gate::transport::is_loopback;
/// assert!(is_loopback(&"http://localhost:8080/".parse()?) && is_loopback(&"http://[::1]/".parse()?));
/// assert!(!is_loopback(&"http://orders.contoso.com/".parse()?));
/// # Ok::<(), url::ParseError>(())
/// ```
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|inner| inner.is_loopback())
        }
        None => false,
    }
}

/// Why an address is never asked, with what to write instead where that is known; `None` where it may be.
///
/// ```
/// use runbook_gate::transport::refusal;
/// assert!(refusal("169.254.169.254".parse()?).is_some());
/// assert!(refusal("::ffff:169.254.169.254".parse()?).is_some());
/// assert!(refusal("10.1.2.3".parse()?).is_none());
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[must_use]
pub fn refusal(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => refusal_v4(address),
        IpAddr::V6(address) => match embedded_v4(address) {
            Some(inner) => refusal_v4(inner),
            None => refusal_v6(address),
        },
    }
}

const CLOUD: &str = "link-local addresses, where clouds hand out credentials, are never asked; name the service's own address";

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
