//! Where a request points: path-style, or with the bucket in the host name.

use std::net::IpAddr;

use crate::encoding::{percent_decode, percent_encode};
use crate::error::AwsError;
use crate::sandbox::Cloud;

/// Where a request points.
pub(crate) struct Target {
    pub(crate) bucket: Option<String>,
    pub(crate) key: Option<String>,
    /// path-style, for s3s
    pub(super) path: String,
    /// the bucket came from the host name
    pub(super) virtual_host: bool,
}

impl Target {
    /// An object, with the path-style path that leads to it.
    pub(crate) fn for_object(bucket: &str, key: &str, path: String) -> Self {
        Self { bucket: Some(bucket.to_owned()), key: Some(key.to_owned()), path, virtual_host: false }
    }
}

/// Finds bucket and key in host and path.
pub(super) fn find(cloud: &Cloud, parts: &http::request::Parts) -> Result<Target, AwsError> {
    let host = parts.headers.get("host").and_then(|value| value.to_str().ok()).unwrap_or("");
    let raw = parts.uri.path();
    let decoded = String::from_utf8(percent_decode(raw)).map_err(|_| super::invalid_uri())?;
    let host_bucket = virtual_bucket(host, &cloud.base_domains);
    let virtual_host = host_bucket.is_some();
    let (bucket, key, path) = match host_bucket {
        Some(bucket) => {
            let key = decoded.strip_prefix('/').unwrap_or(&decoded).to_owned();
            let path = format!("/{bucket}{raw}");
            (Some(bucket), key, path)
        }
        None => {
            let bare = decoded.strip_prefix('/').unwrap_or(&decoded);
            let (bucket, key) = bare.split_once('/').unwrap_or((bare, ""));
            (Some(bucket.to_owned()).filter(|bucket| !bucket.is_empty()), key.to_owned(), raw.to_owned())
        }
    };
    if key.len() > 1024 {
        return Err(AwsError::new(400, "KeyTooLongError", "Your key is too long")
            .detail("MaxSizeAllowed", "1024")
            .detail("Size", key.len().to_string()));
    }
    // whatever clients may put into a path, s3s reads it as we did
    let path = percent_encode(&percent_decode(&path), true);
    Ok(Target { bucket, key: Some(key).filter(|key| !key.is_empty()), path, virtual_host })
}

/// The bucket in a host name, if it is one of ours.
fn virtual_bucket(host: &str, base_domains: &[String]) -> Option<String> {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
    .to_ascii_lowercase();
    if name.parse::<IpAddr>().is_ok() || name.starts_with('[') {
        return None;
    }
    let own = base_domains.iter().map(String::as_str).chain([
        "localhost",
        "s3.amazonaws.com",
        "s3.localhost.localstack.cloud",
    ]);
    for base in own {
        if name == base {
            return None;
        }
    }
    let own = base_domains.iter().map(String::as_str).chain(["s3.amazonaws.com", "localhost"]);
    for base in own {
        if let Some(bucket) = name.strip_suffix(base).and_then(|rest| rest.strip_suffix('.')) {
            return Some(bucket.to_owned()).filter(|bucket| bucket != "s3");
        }
    }
    // bucket.s3.REGION.amazonaws.com and bucket.s3-REGION.amazonaws.com
    let rest = name.strip_suffix(".amazonaws.com").or_else(|| name.strip_suffix(".amazonaws.com.cn"))?;
    let (before, region) = rest.rsplit_once('.')?;
    if region.starts_with("s3-") {
        return Some(before.to_owned());
    }
    let before = before.strip_suffix(".dualstack").unwrap_or(before);
    before.strip_suffix(".s3").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::virtual_bucket;

    #[test]
    fn hosts() {
        let of = |host: &str| virtual_bucket(host, &["s3.test".to_owned()]);
        assert_eq!(of("127.0.0.1:9000"), None);
        assert_eq!(of("localhost:9000"), None);
        assert_eq!(of("s3.amazonaws.com"), None);
        assert_eq!(of("s3.eu-west-1.amazonaws.com"), None);
        assert_eq!(of("s3.test"), None);
        assert_eq!(of("my.bucket.localhost:9000").as_deref(), Some("my.bucket"));
        assert_eq!(of("b1.s3.amazonaws.com").as_deref(), Some("b1"));
        assert_eq!(of("b1.s3.eu-west-1.amazonaws.com").as_deref(), Some("b1"));
        assert_eq!(of("b1.s3-eu-west-1.amazonaws.com").as_deref(), Some("b1"));
        assert_eq!(of("b1.s3.test:80").as_deref(), Some("b1"));
        assert_eq!(of("example.com"), None);
    }
}
