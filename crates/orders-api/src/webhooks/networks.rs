//! To which addresses webhooks may be sent: [`Networks`].

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The networks that `--webhook-networks` allows besides the public internet, as `10.1.0.0/16,fd00::/8`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Networks(Vec<IpNet>);

/// A text is not a list of networks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidNetworks {
    #[error("{0:?} is not a network; write networks like 10.1.0.0/16,fd00::/8")]
    Syntax(String),
    /// The address has bits behind the prefix, so one of the two is probably mistyped.
    #[error("{0} is an address inside of a network; the network is {1}")]
    HostBits(IpNet, IpNet),
}

impl Networks {
    /// Whether one of the networks contains the address. An IPv4 address inside of an IPv6 address does not count.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether webhooks may be sent to the address: it is public, or in one of the networks.
    pub(crate) fn is_allowed(&self, address: IpAddr) -> bool {
        let is_public = match address {
            IpAddr::V4(address) => is_public_v4(address),
            IpAddr::V6(address) => is_public_v6(address),
        };
        is_public || self.contains(address)
    }
}

impl FromStr for Networks {
    type Err = InvalidNetworks;

    fn from_str(text: &str) -> Result<Self, InvalidNetworks> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(parse).collect::<Result<_, _>>().map(Self)
    }
}

/// A network, or a single address.
fn parse(entry: &str) -> Result<IpNet, InvalidNetworks> {
    let network: IpNet = match entry.parse::<IpAddr>() {
        Ok(address) => address.into(),
        Err(_) => entry.parse().map_err(|_| InvalidNetworks::Syntax(entry.to_owned()))?,
    };
    if network.trunc() == network {
        Ok(network)
    } else {
        Err(InvalidNetworks::HostBits(network, network.trunc()))
    }
}

/// What is not public, according to the IANA IPv4 Special-Purpose Address Registry
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>), unless another source is named.
const NOT_PUBLIC_V4: [Ipv4Net; 16] = [
    v4([0, 0, 0, 0], 8),        // "this network", RFC 791
    v4([10, 0, 0, 0], 8),       // private, RFC 1918
    v4([100, 64, 0, 0], 10),    // shared by carriers (CGNAT), RFC 6598
    v4([127, 0, 0, 0], 8),      // loopback, RFC 1122
    v4([168, 63, 129, 16], 32), // the virtual machine's host in Azure, "What is IP address 168.63.129.16?"
    v4([169, 254, 0, 0], 16),   // link-local, RFC 3927; metadata of cloud providers
    v4([172, 16, 0, 0], 12),    // private, RFC 1918
    v4([192, 0, 0, 0], 24),     // IETF protocol assignments, RFC 6890
    v4([192, 0, 2, 0], 24),     // documentation, RFC 5737
    v4([192, 88, 99, 0], 24),   // relays of 6to4, RFC 7526
    v4([192, 168, 0, 0], 16),   // private, RFC 1918
    v4([198, 18, 0, 0], 15),    // benchmarks, RFC 2544
    v4([198, 51, 100, 0], 24),  // documentation, RFC 5737
    v4([203, 0, 113, 0], 24),   // documentation, RFC 5737
    v4([224, 0, 0, 0], 4),      // multicast, RFC 5771
    v4([240, 0, 0, 0], 4),      // reserved, RFC 1112; broadcast, RFC 8190
];

/// The only addresses that are assigned for use on the public internet
/// (<https://www.iana.org/assignments/ipv6-address-space>). So loopback, unspecified, unique local, link-local, multicast,
/// and IPv4 that is mapped (`::ffff:0:0/96`), compatible (`::/96`) or translated (`64:ff9b::/96`, RFC 6052;
/// `64:ff9b:1::/48`, RFC 8215) are not public.
const GLOBAL_UNICAST: Ipv6Net = v6([0x2000, 0], 3);

/// What is not public inside of [`GLOBAL_UNICAST`], according to the IANA IPv6 Special-Purpose Address Registry
/// (<https://www.iana.org/assignments/iana-ipv6-special-registry>).
const NOT_PUBLIC_V6: [Ipv6Net; 4] = [
    v6([0x2001, 0], 23), // IETF protocol assignments, RFC 2928; Teredo, RFC 4380; benchmarks, RFC 5180
    v6([0x2001, 0xdb8], 32), // documentation, RFC 3849
    v6([0x2002, 0], 16), // 6to4, RFC 3056
    v6([0x3fff, 0], 20), // documentation, RFC 9637
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    !NOT_PUBLIC_V4.iter().any(|network| network.contains(&address))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // ISATAP, RFC 5214: the interface is 0:5efe or 200:5efe and an IPv4 address, in any network.
    let [.., interface, mark, _, _] = address.segments();
    let is_isatap = interface & !0x200 == 0 && mark == 0x5efe;
    GLOBAL_UNICAST.contains(&address)
        && !is_isatap
        && !NOT_PUBLIC_V6.iter().any(|network| network.contains(&address))
}

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6([a, b]: [u16; 2], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(networks: &str, addresses: &[&str], allowed: bool) {
        let networks: Networks = networks.parse().unwrap();
        for text in addresses {
            let address = text.parse().unwrap();
            assert_eq!(networks.is_allowed(address), allowed, "{text}");
        }
    }

    #[test]
    fn public_addresses_are_allowed() {
        // The neighbors of the networks that are not.
        let v4 = [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.15",
            "168.63.129.17",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "191.255.255.255",
            "192.0.1.0",
            "192.0.3.0",
            "192.88.98.255",
            "192.88.100.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "198.51.99.255",
            "198.51.101.0",
            "203.0.112.255",
            "203.0.114.0",
            "223.255.255.255",
        ];
        let v6 = [
            "2000::1",
            "2001:200::1",
            "2001:db7:ffff::1",
            "2001:db9::1",
            "2003::1",
            "2606:4700::1111",
            "2a00:1450:4001:81b::200e",
            "2a00::100:5efe:808:808",
            "3fff:1000::1",
            "3ffe:ffff::1",
        ];
        check("", &v4, true);
        check("", &v6, true);
    }

    #[test]
    fn other_addresses_are_not_allowed() {
        let v4 = [
            // This network, unspecified.
            "0.0.0.0",
            "0.255.255.255",
            // Private.
            "10.0.0.0",
            "10.255.255.255",
            "172.16.0.0",
            "172.31.255.255",
            "192.168.0.0",
            "192.168.255.255",
            // Carriers; the metadata of Alibaba Cloud.
            "100.64.0.0",
            "100.127.255.255",
            "100.100.100.200",
            // Loopback.
            "127.0.0.1",
            "127.255.255.255",
            // Link-local; the metadata of AWS, Azure, Google Cloud and others; the host in Azure.
            "169.254.0.0",
            "169.254.169.254",
            "169.254.255.255",
            "168.63.129.16",
            // Protocol assignments; the metadata of Oracle Cloud.
            "192.0.0.0",
            "192.0.0.192",
            "192.0.0.255",
            // Documentation, 6to4 relays, benchmarks.
            "192.0.2.1",
            "198.51.100.1",
            "203.0.113.1",
            "192.88.99.1",
            "198.18.0.0",
            "198.19.255.255",
            // Multicast, reserved, broadcast.
            "224.0.0.0",
            "239.255.255.255",
            "240.0.0.0",
            "255.255.255.254",
            "255.255.255.255",
        ];
        let v6 = [
            // Unspecified, loopback.
            "::",
            "::1",
            // Unique local; the metadata of AWS. Link-local, site-local, multicast, discard-only.
            "fc00::1",
            "fd00:ec2::254",
            "fdff:ffff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff00::1",
            "ff02::1",
            "100::1",
            // IPv4 in IPv6: mapped, translated (SIIT), compatible, NAT64, 6to4, Teredo, ISATAP. Of public addresses too.
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::ffff:0:127.0.0.1",
            "::127.0.0.1",
            "::8.8.8.8",
            "64:ff9b::10.0.0.1",
            "64:ff9b::8.8.8.8",
            "64:ff9b:1::10.0.0.1",
            "64:ff9b:1:ffff::1",
            "2002:7f00:1::1",
            "2002:808:808::1",
            "2001::1",
            "2001:0:a00:1::1",
            "2a00::5efe:10.0.0.1",
            "2a00::200:5efe:10.0.0.1",
            "fe80::5efe:10.0.0.1",
            // Protocol assignments: benchmarks, ORCHID, ORCHIDv2. Documentation, segment routing.
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:1ff:ffff::1",
            "2001:db8::1",
            "3fff::1",
            "3fff:fff:ffff::1",
            "5f00::1",
            // Not assigned.
            "1fff:ffff::1",
            "4000::1",
            "8000::1",
        ];
        check("", &v4, false);
        check("", &v6, false);
    }

    #[test]
    fn listed_networks_are_allowed() {
        let networks = "10.1.0.0/16, fd00::/8,127.0.0.1,";
        let inside = ["10.1.0.0", "10.1.255.255", "fd12::1", "127.0.0.1", "8.8.8.8"];
        check(networks, &inside, true);
        let outside = [
            "10.0.255.255",
            "10.2.0.0",
            "fc00::1",
            "127.0.0.2",
            "::ffff:10.1.0.1",
            "64:ff9b::10.1.0.1",
        ];
        check(networks, &outside, false);
        check("::ffff:10.1.0.0/112", &["::ffff:10.1.0.1"], true);
    }

    #[test]
    fn mistakes_are_explained() {
        let error = |text: &str| text.parse::<Networks>().unwrap_err().to_string();
        for bad in ["localhost", "10.0.0.0/33", "10.0.0/8", "fd00::/129", "10.0.0.0/8 fd00::/8"] {
            let expected =
                format!("{bad:?} is not a network; write networks like 10.1.0.0/16,fd00::/8");
            assert_eq!(error(&format!("10.1.0.0/16,{bad}")), expected);
        }
        let expected = "10.1.0.5/16 is an address inside of a network; the network is 10.1.0.0/16";
        assert_eq!(error("10.1.0.5/16"), expected);
    }
}
