//! Which addresses are the open internet's, and which lead inside: a network of ours, this machine, a cloud's metadata.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use ipnet::{Ipv4Net, Ipv6Net};

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(first: u16, second: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), prefix)
}

/// What IANA lists as special and not global, and what clouds put among the global ones.
/// <https://www.iana.org/assignments/iana-ipv4-special-registry/>
const INSIDE_V4: [Ipv4Net; 17] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10), // between a carrier and its customers; Alibaba's metadata
    v4(127, 0, 0, 0, 8),
    v4(168, 63, 129, 16, 32), // Azure's own services inside every virtual network
    v4(169, 254, 0, 0, 16),   // link-local; the metadata of most clouds
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24), // Oracle's metadata
    v4(192, 0, 2, 0, 24),
    v4(192, 31, 196, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
];

/// All that is given out to the open internet.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 3);

/// What is special inside that. Others (loopback, unique local, link-local, multicast, mapped and translated IPv4) lie outside.
/// <https://www.iana.org/assignments/iana-ipv6-special-registry/>
const INSIDE_V6: [Ipv6Net; 4] = [
    v6(0x2001, 0, 23),      // protocols; Teredo, which carries an IPv4 address
    v6(0x2001, 0x0db8, 32), // documentation
    v6(0x2002, 0, 16),      // 6to4, which carries an IPv4 address
    v6(0x3fff, 0, 20),      // documentation
];

/// Whether this is an address of the open internet.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !INSIDE_V4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) => {
            GLOBAL_V6.contains(&address) && !INSIDE_V6.iter().any(|net| net.contains(&address))
        }
    }
}

/// Whether this machine has the address itself: then the kernel takes the same as the source. Nothing is sent.
pub(super) fn is_our_own(place: SocketAddr) -> bool {
    let any: IpAddr = match place {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let source = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect(place)?;
        socket.local_addr()
    });
    source.is_ok_and(|source| source.ip() == place.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_inside_is_not_public() {
        for inside in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
    }

    #[test]
    fn what_is_on_the_open_internet_is_public() {
        for outside in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00:1450::1",
        ] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn an_address_of_this_machine_is_found_out() {
        assert!(is_our_own("127.0.0.1:443".parse().unwrap()));
        assert!(!is_our_own("192.0.2.1:443".parse().unwrap()));
    }
}
