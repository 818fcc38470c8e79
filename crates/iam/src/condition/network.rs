//! Ranges of addresses in conditions.

use std::net::IpAddr;

/// An address range in CIDR form; a bare address is the range of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    /// The address's bits, at the top of 128.
    bits: u128,
    is_v4: bool,
    prefix_bits: u8,
}

impl Network {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match prefix {
            None => width,
            Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().filter(|bits| *bits <= width)?
            }
            Some(_) => return None,
        };
        Some(match address.to_canonical() {
            // `::ffff:192.0.2.0/120` speaks of the addresses of 192.0.2.0/24.
            canonical @ IpAddr::V4(_) if address.is_ipv6() && prefix_bits >= 96 => {
                Self::new(canonical, prefix_bits - 96)
            }
            _ => Self::new(address, prefix_bits),
        })
    }

    fn new(address: IpAddr, prefix_bits: u8) -> Self {
        Self { bits: top_bits(address), is_v4: address.is_ipv4(), prefix_bits }
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        if address.is_ipv4() != self.is_v4 {
            return false;
        }
        let unused = 128 - u32::from(self.prefix_bits);
        let mask = u128::MAX.checked_shl(unused).unwrap_or(0);
        (self.bits ^ top_bits(address)) & mask == 0
    }
}

fn top_bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (network, address, inside) in [
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.77/24", "192.0.2.1", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "203.0.113.9", false),
            ("2001:DB8:1234:5678::/64", "2001:db8:1234:5678::1", true),
            ("2001:db8::/33", "2001:db8:8000::1", false),
            ("2001:db8::1", "2001:db8::1", true),
            ("192.0.2.0/24", "::ffff:192.0.2.9", true),
            ("::ffff:192.0.2.0/120", "192.0.2.9", true),
            ("192.0.2.128/25", "192.0.2.127", false),
        ] {
            let range = Network::parse(network).unwrap();
            assert_eq!(range.contains(address.parse().unwrap()), inside, "{address} in {network}");
        }
        for text in
            ["", "192.0.2", "192.0.2.0/", "192.0.2.0/+8", "192.0.2.0/33", "::/129", "192.0.2.*", "a/8"]
        {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
