//! Which network addresses a user's endpoint may have.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network in CIDR notation, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    prefix_length: u8,
}

impl Network {
    /// Reads `10.0.0.0/8`, `fd00::/8`, `192.168.1.7`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix_length = match length {
            Some(length) => length.parse().ok().filter(|length| *length <= longest)?,
            None => longest,
        };
        Some(Self { address, prefix_length })
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match (self.address, plain(address)) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(self.prefix_length);
                let mask = u32::MAX.checked_shl(shift).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(self.prefix_length);
                let mask = u128::MAX.checked_shl(shift).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

/// Why no user's endpoint may ever have this address, whatever the administrator allows.
pub(crate) fn forbidden(address: IpAddr) -> Option<&'static str> {
    match plain(address) {
        IpAddr::V4(address) if address.is_link_local() => {
            Some("link-local and metadata addresses are never allowed")
        }
        IpAddr::V4(address) if address.is_unspecified() || address.octets()[0] == 0 => {
            Some("the unspecified address is never allowed")
        }
        IpAddr::V4(address) if address.is_multicast() || address.is_broadcast() => {
            Some("multicast and broadcast addresses are never allowed")
        }
        // Alibaba's and Oracle's metadata services sit outside the link-local range.
        IpAddr::V4(address) if [[100, 100, 100, 200], [192, 0, 0, 192]].contains(&address.octets()) => {
            Some("metadata addresses are never allowed")
        }
        IpAddr::V6(address) if address.segments()[0] & 0xffc0 == 0xfe80 => {
            Some("link-local addresses are never allowed")
        }
        IpAddr::V6(address) if address.is_unspecified() => Some("the unspecified address is never allowed"),
        IpAddr::V6(address) if address.is_multicast() => Some("multicast addresses are never allowed"),
        // The metadata services of EC2 over IPv6: fd00:ec2::254 and its neighbours.
        IpAddr::V6(address) if address.segments()[..2] == [0xfd00, 0x0ec2] => {
            Some("metadata addresses are never allowed")
        }
        _ => None,
    }
}

/// An IPv4 address in IPv6 clothes (mapped, NAT64, 6to4) as what it reaches.
fn plain(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    if let Some(v4) = v6.to_ipv4_mapped() {
        return IpAddr::V4(v4);
    }
    let s = v6.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match s {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        [0, 0, 0, 0, 0, 0, high, low] if v6 != Ipv6Addr::LOCALHOST && !v6.is_unspecified() => {
            embedded(high, low)
        }
        _ => address,
    }
}
