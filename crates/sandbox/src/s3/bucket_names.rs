//! The rules for names of buckets.

/// Whether AWS would take the name for a new bucket.
pub(crate) fn is_valid(name: &str) -> bool {
    let length = (3..=63).contains(&name.len());
    let characters = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.');
    let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    length
        && characters
        && edge(name.bytes().next())
        && edge(name.bytes().last())
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
        && !["xn--", "sthree-", "amzn-s3-demo-"].iter().any(|prefix| name.starts_with(prefix))
        && !["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"]
            .iter()
            .any(|suffix| name.ends_with(suffix))
}

/// Whether a request may name such a bucket at all; looser, since nothing comes of asking.
pub(crate) fn is_plausible(name: &str) -> bool {
    (3..=255).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::is_valid;

    #[test]
    fn names() {
        for good in ["abc", "a-b.c1", "0bucket", "my.bucket.name"] {
            assert!(is_valid(good), "{good}");
        }
        let long = "a".repeat(64);
        for bad in ["ab", "Abc", "a_b", "-abc", "abc-", "a..b", "192.168.5.4", "xn--a", "x-s3alias", &long] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
