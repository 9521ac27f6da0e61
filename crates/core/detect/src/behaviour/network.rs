//! Networks as behaviour sees them: /24 of IPv4 and /48 of IPv6, and the wider blocks around them.

use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network, by its leading bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(crate) enum Network {
    /// The first 24 bits.
    V4(u32),
    /// The first 48 bits.
    V6(u64),
}

impl Network {
    /// The network of an outside address. Private, shared, local and reserved addresses are in nobody's network: they say
    /// nothing about where someone is.
    pub(crate) fn of(address: IpAddr) -> Option<Network> {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let bits = u32::from(address);
                // 100.64.0.0/10 is shared by carriers; 240.0.0.0/4 is reserved.
                let shared = bits >> 22 == u32::from(Ipv4Addr::new(100, 64, 0, 0)) >> 22;
                let inside = address.is_private()
                    || address.is_loopback()
                    || address.is_link_local()
                    || address.is_unspecified()
                    || address.is_multicast()
                    || shared
                    || bits >> 28 == 15;
                (!inside).then_some(Network::V4(bits >> 8))
            }
            IpAddr::V6(address) => {
                let inside = address.is_loopback()
                    || address.is_unspecified()
                    || address.is_multicast()
                    || address.is_unique_local()
                    || address.is_unicast_link_local();
                (!inside).then_some(Network::V6((u128::from(address) >> 80) as u64))
            }
        }
    }

    /// It as a number; the two families do not meet.
    pub(crate) fn bits(self) -> u64 {
        match self {
            Network::V4(bits) => u64::from(bits),
            Network::V6(bits) => bits | 1 << 63,
        }
    }

    /// The network of [`Network::bits`].
    pub(crate) fn from_bits(bits: u64) -> Network {
        if bits >> 63 == 0 { Network::V4((bits & 0xff_ffff) as u32) } else { Network::V6(bits & !(1 << 63)) }
    }

    /// The /16 or /32 around it.
    pub(crate) fn wide(self) -> Network {
        match self {
            Network::V4(bits) => Network::V4(bits >> 8),
            Network::V6(bits) => Network::V6(bits >> 16),
        }
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Network::V4(bits) => write!(f, "{}/24", Ipv4Addr::from(bits << 8)),
            Network::V6(bits) => write!(f, "{}/48", Ipv6Addr::from(u128::from(*bits) << 80)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_outside_addresses_have_a_network() {
        let network = |text: &str| Network::of(text.parse().expect("an address"));
        assert_eq!(network("203.0.113.77").map(|network| network.to_string()).as_deref(), Some("203.0.113.0/24"));
        assert_eq!(network("2001:db8:1:2::3").map(|network| network.to_string()).as_deref(), Some("2001:db8:1::/48"));
        assert_eq!(network("::ffff:203.0.113.9"), network("203.0.113.1"));
        for inside in
            ["10.0.0.1", "192.168.1.1", "127.0.0.1", "169.254.169.254", "100.64.1.1", "::1", "fe80::1", "fd00::1"]
        {
            assert_eq!(network(inside), None, "{inside}");
        }
        assert_eq!(network("203.0.113.1").map(Network::wide), network("203.0.7.1").map(Network::wide));
    }
}
