//! Which addresses may be connected to: public ones, and the others only where the user says so.
//!
//! A crawler follows addresses that strangers wrote. Without this rule a page could make it read the services of the machine
//! that it runs on, of the network around it, or of the cloud underneath. Addresses in URLs are checked before a request;
//! names are checked where they are resolved for the connection itself ([`PublicResolver`]), so that there is no moment
//! between check and connection in which a name can change its meaning (DNS rebinding).

use std::error::Error;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Host;

/// Why an address may not be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Forbidden {
    /// It is not on the public internet.
    Private,
    /// It answers with the credentials of the machine or container that asks.
    Metadata,
}

/// What is allowed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub(super) allow_private: bool,
}

impl Rule {
    /// Why this address may not be connected to.
    pub(super) fn forbids(self, address: IpAddr) -> Option<Forbidden> {
        if is_metadata(address) {
            return Some(Forbidden::Metadata);
        }
        (!self.allow_private && !is_public(address)).then_some(Forbidden::Private)
    }

    /// The same for the host of a URL: `None` for a name, whose addresses are checked when it is resolved.
    pub(super) fn forbids_literal(self, host: &Host<&str>) -> Option<(IpAddr, Forbidden)> {
        let address = match host {
            Host::Ipv4(address) => IpAddr::V4(*address),
            Host::Ipv6(address) => IpAddr::V6(*address),
            Host::Domain(_) => return None,
        };
        self.forbids(address).map(|why| (address, why))
    }
}

/// Services of clouds that hand out credentials or settings to whoever asks from inside. Nobody crawls them on purpose.
const METADATA_V4: [Ipv4Addr; 6] = [
    Ipv4Addr::new(169, 254, 169, 254), // EC2, and most other clouds
    Ipv4Addr::new(169, 254, 170, 2),   // credentials of ECS tasks
    Ipv4Addr::new(169, 254, 170, 23),  // EKS Pod Identity
    Ipv4Addr::new(168, 63, 129, 16),   // Azure; a public address by its number
    Ipv4Addr::new(100, 100, 100, 200), // Alibaba Cloud
    Ipv4Addr::new(192, 0, 0, 192),     // Oracle Cloud
];
const METADATA_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254), // EC2
    Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0023), // EKS Pod Identity
    Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254), // Google Cloud
];

fn is_metadata(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => METADATA_V4.contains(&address),
        IpAddr::V6(address) => {
            METADATA_V6.contains(&address) || embedded(address).is_some_and(|inner| METADATA_V4.contains(&inner))
        }
    }
}

/// The IPv4 address that an IPv6 address leads to: mapped, compatible, NAT64 or 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let low = |segments: &[u16]| {
        let [a, b] = segments[0].to_be_bytes();
        let [c, d] = segments[1].to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    let segments = address.segments();
    match segments {
        [0, 0, 0, 0, 0, 0 | 0xffff, ..]
        | [0, 0, 0, 0, 0xffff, 0, ..]
        | [0x64, 0xff9b, 0, 0, 0, 0, ..]
        | [0x64, 0xff9b, 1, ..] => Some(low(&segments[6..])),
        [0x2002, ..] => Some(low(&segments[1..3])),
        _ => None,
    }
}

/// Whether an address is one of the public internet, by the registries of special-purpose addresses of IANA.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        // "This network", private networks, loopback; multicast, reserved, broadcast. Link-local, private.
        [0 | 10 | 127 | 224.., ..] | [169, 254, ..] | [192, 168, ..]
        // Protocols of the IETF, documentation, the former relays of 6to4; measurements, documentation.
        | [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _] => true,
        // Shared by carriers (CGNAT).
        [100, second, ..] => second & 0xc0 == 64,
        // Private.
        [172, second, ..] => second & 0xf0 == 16,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // A network without IPv4 reaches IPv4 sites through this prefix of NAT64: they are what their IPv4 address is.
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => embedded(address).is_some_and(is_public_v4),
        // Teredo and other protocols of the IETF, documentation, 6to4.
        [0x2001, 0..=0x01ff | 0x0db8, ..] | [0x2002, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        // Everything else outside of global unicast (2000::/3) is unspecified, loopback, mapped, local or multicast.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// Resolves names by the system's resolver, and keeps the addresses that [`Rule`] allows.
#[derive(Debug)]
pub(super) struct PublicResolver {
    pub(super) rule: Rule,
    /// Names of proxies: the user configured them, and they are where a company has them, on its own network.
    pub(super) proxies: Vec<String>,
}

/// Every address of a name is forbidden; this is the first.
#[derive(Debug)]
pub(super) struct ForbiddenAddress {
    pub(super) address: IpAddr,
    pub(super) why: Forbidden,
}

impl fmt::Display for ForbiddenAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "it resolves to {}", self.address)
    }
}

impl Error for ForbiddenAddress {}

/// A name could not be resolved.
#[derive(Debug)]
pub(super) struct NotResolved(String);

impl fmt::Display for NotResolved {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Error for NotResolved {}

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let rule = if self.proxies.iter().any(|proxy| proxy.eq_ignore_ascii_case(name.as_str())) {
            Rule { allow_private: true }
        } else {
            self.rule
        };
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0))
                .await
                .map_err(|error| NotResolved(plain_resolver_error(&error.to_string())))?;
            let allowed = keep_allowed(rule, found)?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// The addresses that may be connected to.
fn keep_allowed(
    rule: Rule,
    found: impl Iterator<Item = SocketAddr>,
) -> Result<Vec<SocketAddr>, Box<dyn Error + Send + Sync>> {
    let mut forbidden = None;
    let mut allowed = Vec::new();
    for address in found {
        match rule.forbids(address.ip()) {
            None => allowed.push(address),
            Some(why) => forbidden = forbidden.or(Some(ForbiddenAddress { address: address.ip(), why })),
        }
    }
    match forbidden {
        Some(forbidden) if allowed.is_empty() => Err(forbidden.into()),
        None if allowed.is_empty() => Err(NotResolved("it has no address".to_owned()).into()),
        _ => Ok(allowed),
    }
}

/// The system's words without the preamble of the standard library.
fn plain_resolver_error(text: &str) -> String {
    text.trim_start_matches("failed to lookup address information: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: Rule = Rule { allow_private: false };
    const LOOSE: Rule = Rule { allow_private: true };

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn public_addresses_are_allowed() {
        for text in [
            "8.8.8.8",
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "2600:9000::1",
            "64:ff9b::8.8.8.8",
        ] {
            assert_eq!(STRICT.forbids(address(text)), None, "{text}");
        }
    }

    #[test]
    fn others_are_allowed_only_on_request() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.1.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::ffff:0:8.8.8.8",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::8.8.8.8",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:808:808::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert_eq!(STRICT.forbids(address(text)), Some(Forbidden::Private), "{text}");
            assert_eq!(LOOSE.forbids(address(text)), None, "{text}");
        }
    }

    #[test]
    fn metadata_services_are_never_allowed() {
        for text in [
            "169.254.169.254",
            "169.254.170.2",
            "169.254.170.23",
            "168.63.129.16",
            "fd00:ec2::254",
            "fd00:ec2::23",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "64:ff9b::169.254.169.254",
            "2002:a9fe:a9fe::",
        ] {
            assert_eq!(LOOSE.forbids(address(text)), Some(Forbidden::Metadata), "{text}");
            assert_eq!(STRICT.forbids(address(text)), Some(Forbidden::Metadata), "{text}");
        }
    }

    #[test]
    fn hosts_are_read_as_browsers_read_them() {
        for host in ["127.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:7f00:1]"] {
            let url = url::Url::parse(&format!("http://{host}/")).unwrap();
            assert!(STRICT.forbids_literal(&url.host().unwrap()).is_some(), "{host}");
        }
    }

    #[test]
    fn a_name_with_a_private_and_a_public_address_is_asked_at_the_public_one() {
        let both: Vec<SocketAddr> = vec!["10.0.0.1:0".parse().unwrap(), "8.8.8.8:0".parse().unwrap()];
        assert_eq!(keep_allowed(STRICT, both.into_iter()).unwrap(), ["8.8.8.8:0".parse().unwrap()]);
        let metadata: Vec<SocketAddr> = vec!["169.254.169.254:0".parse().unwrap()];
        let error = keep_allowed(LOOSE, metadata.into_iter()).unwrap_err();
        assert_eq!(error.downcast_ref::<ForbiddenAddress>().unwrap().why, Forbidden::Metadata);
        assert!(keep_allowed(STRICT, std::iter::empty()).unwrap_err().is::<NotResolved>());
    }

    #[tokio::test]
    async fn names_of_this_machine_are_refused_where_they_are_resolved() {
        let strict = PublicResolver { rule: STRICT, proxies: vec![] };
        let Err(error) = strict.resolve("localhost".parse().unwrap()).await else { panic!("localhost is private") };
        assert!(error.downcast_ref::<ForbiddenAddress>().unwrap().address.is_loopback());
        let loose = PublicResolver { rule: LOOSE, proxies: vec![] };
        assert!(loose.resolve("localhost".parse().unwrap()).await.is_ok());
        let proxied = PublicResolver { rule: STRICT, proxies: vec!["LOCALHOST".to_owned()] };
        assert!(proxied.resolve("localhost".parse().unwrap()).await.is_ok());
    }
}
