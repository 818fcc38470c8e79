//! Where a bucket is reached.

use url::Url;

use crate::endpoint::{parse_endpoint, region_of_host};
use crate::{CredentialsError, EndpointRules};

/// The endpoint of a bucket, and who chose it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location {
    /// `None`: AWS's regional endpoint.
    pub(crate) endpoint: Option<Url>,
    pub(crate) virtual_host_style: bool,
    /// The endpoint rules apply, also to what its name resolves to.
    pub(crate) typed_by_user: bool,
    /// A host of the web and no S3: keys follow the endpoint, without a bucket.
    pub(crate) web: bool,
}

impl Location {
    /// The connection's endpoint, else the server's, else AWS's.
    pub(crate) fn find(
        typed: Option<&str>,
        server: Option<&Url>,
        virtual_host_style: bool,
        rules: &EndpointRules,
    ) -> Result<Self, CredentialsError> {
        let Some(typed) = typed.map(str::trim).filter(|typed| !typed.is_empty()) else {
            let endpoint = server.cloned();
            return Ok(Self { endpoint, virtual_host_style, typed_by_user: false, web: false });
        };
        let url = rules.check_url(typed)?;
        // The global endpoint serves every region by redirection: the regional one is meant.
        if url.host_str() == Some("s3.amazonaws.com") && url.scheme() == "https" && url.port().is_none() {
            return Ok(Self { endpoint: None, virtual_host_style, typed_by_user: false, web: false });
        }
        Ok(Self { endpoint: Some(url), virtual_host_style, typed_by_user: true, web: false })
    }

    /// A host that files are read from by URL.
    pub(crate) fn web(typed: &str, rules: &EndpointRules) -> Result<Self, CredentialsError> {
        let endpoint = Some(rules.check_url(typed)?);
        Ok(Self { endpoint, virtual_host_style: true, typed_by_user: true, web: true })
    }

    /// What the S3 client is told: with the bucket in it for the virtual-host style, without for the other.
    pub(crate) fn bucket_endpoint(&self, bucket: &str, region: &str) -> String {
        let base = match &self.endpoint {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!("https://s3.{region}.{}", domain(region)),
        };
        if !self.virtual_host_style || self.web {
            return base;
        }
        match base.split_once("://") {
            Some((scheme, rest)) => format!("{scheme}://{bucket}.{rest}"),
            None => base,
        }
    }

    /// The URL whose answer names the bucket's region.
    pub(crate) fn region_probe(&self, bucket: &str, default_region: &str) -> String {
        match &self.endpoint {
            Some(_) => format!(
                "{}/{bucket}",
                Self { virtual_host_style: false, ..self.clone() }.bucket_endpoint(bucket, "")
            ),
            None => format!("https://s3.{default_region}.{}/{bucket}", domain(default_region)),
        }
    }

    /// The region that the endpoint's host names.
    pub(crate) fn region_in_host(&self) -> Option<String> {
        region_of_host(self.endpoint.as_ref()?.host_str()?)
    }
}

fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

/// The server's own endpoint, as configured.
pub(crate) fn server_endpoint(text: &str) -> Result<Url, CredentialsError> {
    parse_endpoint(text).ok_or_else(|| CredentialsError::EndpointRefused {
        endpoint: text.to_owned(),
        reason: "it is not a URL".to_owned(),
    })
}

/// Refuses what is no bucket name, before it becomes part of a URL.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
pub(crate) fn check_bucket(bucket: &str) -> Result<(), CredentialsError> {
    let refuse = |reason| Err(CredentialsError::InvalidBucket { bucket: bucket.to_owned(), reason });
    if bucket.contains("://") {
        return refuse("leave out the `s3://`");
    }
    if !(3..=255).contains(&bucket.len()) {
        return refuse("it has 3 to 63 characters");
    }
    if !bucket.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c)) {
        return refuse("only letters, digits, `.` and `-` are allowed");
    }
    if !bucket.starts_with(|c: char| c.is_ascii_alphanumeric()) || bucket.contains("..") {
        return refuse("it starts with a letter or digit and has no two dots in a row");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_of_both_styles() {
        let rules = EndpointRules::aws_only();
        let aws = Location::find(None, None, false, &rules).unwrap();
        assert_eq!(aws.bucket_endpoint("b", "eu-west-1"), "https://s3.eu-west-1.amazonaws.com");
        assert_eq!(aws.bucket_endpoint("b", "cn-north-1"), "https://s3.cn-north-1.amazonaws.com.cn");
        let global = Location::find(Some("https://s3.amazonaws.com"), None, true, &rules).unwrap();
        assert_eq!(global.bucket_endpoint("b", "eu-west-1"), "https://b.s3.eu-west-1.amazonaws.com");
        let server = Url::parse("http://127.0.0.1:9000").unwrap();
        let own = Location::find(None, Some(&server), false, &rules).unwrap();
        assert_eq!(own.bucket_endpoint("b", "x"), "http://127.0.0.1:9000");
        assert_eq!(own.region_probe("b", "x"), "http://127.0.0.1:9000/b");
        assert!(!own.typed_by_user);
        let typed =
            Location::find(Some("s3.eu-central-1.amazonaws.com"), Some(&server), false, &rules).unwrap();
        assert_eq!(typed.region_in_host().as_deref(), Some("eu-central-1"));
        assert!(typed.typed_by_user);
    }

    #[test]
    fn bucket_names() {
        assert!(check_bucket("test-bucket-123").is_ok());
        for bucket in ["..", "a", "a/b", "s3://abc", "../x", "abc?x", "-abc", "a..b"] {
            assert!(check_bucket(bucket).is_err(), "{bucket}");
        }
    }
}
