//! The one place where an S3 client is built.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::HttpClient;
use object_store::{BackoffConfig, RetryConfig};

use crate::CredentialsError;
use crate::location::Location;
use crate::provider::KeySource;
use crate::transport::SharedConnector;

/// Attempts after the first, at 5xx and at broken connections.
const RETRIES_MAX: usize = 6;
/// From the first attempt on; the signature of a request is as old as that at most.
const RETRY_TIMEOUT: Duration = Duration::from_secs(60);

/// `slashes`: of the keys that are asked for, which begin with so many; paths are given without.
// INVARIANT: keys come from the connection through `keys` and from nowhere else. The builder reads no
// environment, and a provider is always given, so that none of its own sources is ever tried.
#[expect(clippy::disallowed_methods, reason = "the one function that builds an S3 client")]
pub(crate) fn build_store(
    bucket: &str,
    region: &str,
    location: &Location,
    keys: &KeySource,
    client: HttpClient,
    slashes: usize,
) -> Result<AmazonS3, CredentialsError> {
    let mut endpoint = location.bucket_endpoint(bucket, region);
    if slashes > 0 {
        // Told that the bucket is in the endpoint already, the builder takes what follows it as it is.
        if !location.virtual_host_style {
            endpoint = format!("{endpoint}/{bucket}");
        }
        endpoint.push_str(&"/".repeat(slashes));
    }
    let retry = RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(50),
            max_backoff: Duration::from_secs(5),
            base: 2.0,
        },
        max_retries: RETRIES_MAX,
        retry_timeout: RETRY_TIMEOUT,
    };
    let store = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(region)
        .with_endpoint(endpoint)
        .with_virtual_hosted_style_request(location.virtual_host_style || slashes > 0)
        .with_credentials(Arc::new(keys.clone()))
        .with_skip_signature(matches!(keys, KeySource::Unsigned))
        .with_retry(retry)
        .with_http_connector(SharedConnector(client))
        .build();
    store.map_err(|error| {
        tracing::error!(error = %error, bucket, "cannot build an S3 client");
        CredentialsError::Internal { reason: "the S3 client cannot be built" }
    })
}
