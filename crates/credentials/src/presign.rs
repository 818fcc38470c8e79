//! Presigned URLs.

use std::fmt;
use std::time::{Duration, SystemTime};

use object_store::signer::Signer;
use url::Url;

use crate::bucket::OpenedBucket;
use crate::provider::KeySource;
use crate::request_log::note_presigned;
use crate::{Access, CredentialsError};

/// AWS's longest life of a presigned URL.
const PRESIGNED_LIFE_MAX: Duration = Duration::from_secs(7 * 24 * 3600);

/// What the URL is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PresignMethod {
    Get,
    Put,
}

/// A URL that carries its right with it. Whoever has it may use it: it is a secret while it lives.
#[derive(Clone)]
pub struct PresignedUrl {
    pub url: Url,
    pub method: PresignMethod,
    /// Headers the client sends with it.
    pub headers: Vec<(String, String)>,
    /// When it stops to work.
    pub expires_at: SystemTime,
    /// It ends earlier than was asked for, since the role session behind it does (or AWS allows no more).
    pub shortened: bool,
}

impl fmt::Debug for PresignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresignedUrl")
            .field("method", &self.method)
            .field("expires_at", &self.expires_at)
            .field("shortened", &self.shortened)
            .finish_non_exhaustive()
    }
}

impl OpenedBucket {
    /// Signs a URL for one key. It lives no longer than the keys that sign it: a role session's URL ends with
    /// the session.
    pub async fn presign(
        &self,
        method: PresignMethod,
        key: &str,
        expires: Duration,
        content_type: Option<&str>,
    ) -> Result<PresignedUrl, CredentialsError> {
        if method == PresignMethod::Put && self.access() == Access::Read {
            return Err(CredentialsError::ReadOnly { bucket: self.bucket().to_owned() });
        }
        let (slashes, path) = self.request_path(&self.checked_path(key)?)?;
        let now = self.clock().now();
        let life = match self.keys() {
            KeySource::Unsigned => {
                return Err(CredentialsError::CannotPresign { bucket: self.bucket().to_owned() });
            }
            KeySource::Fixed(_) => PRESIGNED_LIFE_MAX,
            KeySource::Session(session) => {
                let keys = session.current().await?;
                keys.expires_at.duration_since(now).unwrap_or_default()
            }
        };
        let life = life.min(PRESIGNED_LIFE_MAX);
        let granted = expires.clamp(Duration::from_secs(1), life.max(Duration::from_secs(1)));
        let verb = match method {
            PresignMethod::Get => http::Method::GET,
            PresignMethod::Put => http::Method::PUT,
        };
        let url =
            self.store_of(self.s3(), slashes)?.signed_url(verb, &path, granted).await.map_err(|error| {
                tracing::error!(error = %error, "cannot presign");
                CredentialsError::Internal { reason: "the URL cannot be signed" }
            })?;
        if let Some(origin) = self.origin() {
            let (action, operation) = match method {
                PresignMethod::Get => ("s3:GetObject", "PresignedGetObject"),
                PresignMethod::Put => ("s3:PutObject", "PresignedPutObject"),
            };
            note_presigned(origin, action, operation, self.bucket(), key);
        }
        let headers = match (method, content_type) {
            (PresignMethod::Put, Some(content_type)) => {
                vec![("content-type".to_owned(), content_type.to_owned())]
            }
            _ => Vec::new(),
        };
        Ok(PresignedUrl { url, method, headers, expires_at: now + granted, shortened: granted < expires })
    }
}
