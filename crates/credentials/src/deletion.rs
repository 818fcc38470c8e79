//! Deleting objects, many by one request where S3's answer can be understood.

use std::time::Duration;

use futures::{StreamExt, stream};
use http::Method;
use object_store::client::HttpRequestBody;
use object_store::path::Path;
use object_store::signer::Signer;
use object_store::{ObjectStore, Result};

use crate::OpenedBucket;
use crate::bucket::generic;
use crate::object_key::is_plain;

/// How long the signature of a request lasts that deletes one object.
const SIGNATURE_LIFE: Duration = Duration::from_secs(60);

impl OpenedBucket {
    /// Deletes at most as many objects as one request may name.
    pub(crate) async fn delete_some(&self, paths: Vec<Path>) -> Vec<Result<Path>> {
        for path in &paths {
            if let Err(error) = self.check_write(path) {
                return vec![Err(error)];
            }
        }
        let (plain, odd): (Vec<Path>, Vec<Path>) = paths.into_iter().partition(is_plain);
        let mut deleted = match plain.is_empty() {
            true => Vec::new(),
            false => self.delete_plain(plain).await,
        };
        for path in odd {
            deleted.push(self.delete_one(&path).await.map(|()| path));
        }
        deleted
    }

    /// Deletes one object by a request of its own: the object store's answer to many cannot name every key.
    async fn delete_one(&self, path: &Path) -> Result<()> {
        self.attempt_key(path, |s3, path| async move {
            let url = s3.signed_url(Method::DELETE, &path, SIGNATURE_LIFE).await?;
            let request = http::Request::builder().method(Method::DELETE).uri(url.as_str());
            let request = request.body(HttpRequestBody::empty()).map_err(generic)?;
            let (parts, body) = self.client().execute(request).await.map_err(generic)?.into_parts();
            if parts.status.is_success() {
                return Ok(());
            }
            let told = body.bytes().await.map_err(generic)?;
            Err(generic(String::from_utf8_lossy(&told).into_owned()))
        })
        .await
    }

    async fn delete_plain(&self, paths: Vec<Path>) -> Vec<Result<Path>> {
        let deleted = self
            .attempt(|s3| {
                let paths = paths.clone();
                async move {
                    let input = stream::iter(paths.into_iter().map(Ok)).boxed();
                    let outcome: Vec<Result<Path>> = s3.delete_stream(input).collect().await;
                    // The request as a whole failed: one error for all.
                    match <[Result<Path>; 1]>::try_from(outcome) {
                        Ok([Err(error)]) => Err(error),
                        Ok([Ok(path)]) => Ok(vec![Ok(path)]),
                        Err(outcome) => Ok(outcome),
                    }
                }
            })
            .await;
        deleted.unwrap_or_else(|error| vec![Err(error)])
    }
}
