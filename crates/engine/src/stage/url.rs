//! `s3://bucket/prefix` as people write it.

use crate::{Error, ErrorKind};

/// A bucket and what is meant of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BucketUrl {
    pub(crate) bucket: String,
    /// Without a leading `/`; empty for the whole bucket.
    pub(crate) prefix: String,
}

impl BucketUrl {
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        let invalid = |message: String| Error::new(ErrorKind::InvalidStorage, message);
        let Some((scheme, rest)) = url.split_once("://") else {
            return Err(invalid(format!("`{url}` is not a URL"))
                .with_hint("a location looks like `s3://bucket/folder/`"));
        };
        if matches!(scheme.to_ascii_lowercase().as_str(), "file" | "fs") {
            // INVARIANT: the server's own disk is not readable by SQL.
            return Err(Error::new(
                ErrorKind::PermissionDenied,
                format!("location `{url}` is on the server's own disk, which SQL may not read"),
            ));
        }
        if !matches!(scheme.to_ascii_lowercase().as_str(), "s3" | "s3a" | "s3n") {
            return Err(invalid(format!(
                "location `{url}` is not on S3: `{scheme}` is not supported by this version of Stagedoor"
            ))
            .with_hint("a location looks like `s3://bucket/folder/`"));
        }
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
        let ends_well = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let fits = (3..=63).contains(&bucket.len())
            && bucket.chars().all(allowed)
            && ends_well(bucket.chars().next())
            && ends_well(bucket.chars().last());
        if !fits {
            return Err(invalid(format!("`{bucket}` in `{url}` cannot be the name of a bucket"))
                .with_hint("a bucket has 3 to 63 lower-case letters, digits, dots and hyphens"));
        }
        if prefix.split('/').any(|part| part == ".." || part == ".") {
            return Err(invalid(format!("`{url}` has a `.` or `..` part")));
        }
        Ok(Self { bucket: bucket.to_owned(), prefix: prefix.trim_start_matches('/').to_owned() })
    }

    /// A stage is a folder: its URL ends in `/`, or names the bucket alone.
    pub(crate) fn require_folder(&self) -> Result<(), Error> {
        if self.prefix.is_empty() || self.prefix.ends_with('/') {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::InvalidStorage,
            format!("path in URL must end with '/' when CREATE STAGE. Got '/{}'", self.prefix),
        )
        .with_hint(format!("write `s3://{}/{}/`", self.bucket, self.prefix)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tutorials_url_is_the_whole_bucket() {
        let url = BucketUrl::parse("s3://test-bucket-123").unwrap();
        assert_eq!(url, BucketUrl { bucket: "test-bucket-123".into(), prefix: String::new() });
        assert!(url.require_folder().is_ok());
        let url = BucketUrl::parse("s3://b-1/a/b").unwrap();
        assert!(url.require_folder().unwrap_err().to_string().contains("s3://b-1/a/b/"));
    }

    #[test]
    fn the_servers_disk_is_refused() {
        for url in ["file:///etc/passwd", "fs:///etc/", "FILE:///x"] {
            assert_eq!(BucketUrl::parse(url).unwrap_err().kind, ErrorKind::PermissionDenied, "{url}");
        }
        for url in ["/etc/passwd", "gcs://bucket/", "s3://B/", "s3://ab/", "s3://bucket/../x", "https://x/y"]
        {
            assert_eq!(BucketUrl::parse(url).unwrap_err().kind, ErrorKind::InvalidStorage, "{url}");
        }
    }
}
