//! Multipart uploads whose parts survive a renewal of the keys.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{MultipartUpload, PutPayload, PutResult, Result, UploadPart};
use parking_lot::Mutex;

use crate::OpenedBucket;

pub(crate) struct RenewingUpload {
    bucket: OpenedBucket,
    path: Path,
    id: String,
    /// One place for each part that was started.
    parts: Arc<Mutex<Vec<Option<PartId>>>>,
}

impl RenewingUpload {
    pub(crate) fn new(bucket: OpenedBucket, path: Path, id: String) -> Self {
        Self { bucket, path, id, parts: Arc::default() }
    }
}

impl fmt::Debug for RenewingUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenewingUpload").field("path", &self.path).finish_non_exhaustive()
    }
}

#[async_trait]
impl MultipartUpload for RenewingUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let place = {
            let mut parts = self.parts.lock();
            parts.push(None);
            parts.len() - 1
        };
        let (bucket, path, id) = (self.bucket.clone(), self.path.clone(), self.id.clone());
        let parts = Arc::clone(&self.parts);
        Box::pin(async move {
            let part = bucket
                .attempt_key(&path, |s3, path| {
                    let (id, data) = (id.clone(), data.clone());
                    async move { s3.put_part(&path, &id, place, data).await }
                })
                .await?;
            if let Some(slot) = parts.lock().get_mut(place) {
                *slot = Some(part);
            }
            Ok(())
        })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let parts: Option<Vec<PartId>> = self.parts.lock().iter().cloned().collect();
        let parts = parts.ok_or_else(|| object_store::Error::Generic {
            store: "S3",
            source: "an upload was completed before all its parts".into(),
        })?;
        self.bucket
            .attempt_key(&self.path, |s3, path| {
                let (id, parts) = (self.id.clone(), parts.clone());
                async move { s3.complete_multipart(&path, &id, parts).await }
            })
            .await
    }

    async fn abort(&mut self) -> Result<()> {
        self.bucket
            .attempt_key(&self.path, |s3, path| {
                let id = self.id.clone();
                async move { s3.abort_multipart(&path, &id).await }
            })
            .await
    }
}
