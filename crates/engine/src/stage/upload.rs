//! Writing one file into a stage, as BendSQL's PUT asks for.

use bytes::{Bytes, BytesMut};
use credentials::{Access, path_of_key};
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::{ObjectStoreExt, PutPayload};

use super::failure::Action;
use super::open_location;
use crate::session::Session;
use crate::{Error, Identity};

/// Below this a file goes up in one request. The tutorial's policy allows no abort of a multipart upload,
/// so the fewer of them the better.
const SINGLE_PUT_BYTES_MAX: usize = 16 << 20;
/// Bytes of a part; S3 takes at most 10,000 parts, so that a file has at most 156 GiB.
const PART_BYTES: usize = 16 << 20;

/// A file on its way into a stage.
pub struct Upload {
    pub identity: Identity,
    pub query_id: String,
    /// The stage's name without `@`.
    pub stage: String,
    /// The path inside the stage.
    pub path: String,
    pub content: BoxStream<'static, Result<Bytes, Error>>,
}

/// Writes the file and returns its size. A failed upload leaves nothing behind, as far as the role allows.
pub(crate) async fn write_file(session: &Session, upload: Upload) -> Result<u64, Error> {
    let location = sql::Location::Stage { stage: upload.stage, path: upload.path };
    let place = open_location(session, &location, None, Access::Write).await?;
    let key = path_of_key(&place.prefix());
    let failed = |error: object_store::Error| place.failure(Action::Write, &key, &error);

    let mut content = upload.content;
    let mut waiting = BytesMut::new();
    let mut size = 0u64;
    let mut multipart = None;
    while let Some(chunk) = content.next().await {
        let chunk = match chunk {
            Ok(chunk) => chunk,
            Err(error) => return Err(abandon(multipart, error).await),
        };
        size += chunk.len() as u64;
        waiting.extend_from_slice(&chunk);
        if multipart.is_none() && waiting.len() > SINGLE_PUT_BYTES_MAX {
            multipart = Some(place.bucket().put_multipart(&key).await.map_err(failed)?);
        }
        while let Some(parts) = multipart.as_mut().filter(|_| waiting.len() >= PART_BYTES) {
            let part = waiting.split_to(PART_BYTES).freeze();
            if let Err(error) = parts.put_part(PutPayload::from_bytes(part)).await {
                return Err(abandon(multipart, failed(error)).await);
            }
        }
    }
    let rest = PutPayload::from_bytes(waiting.freeze());
    match multipart {
        None => {
            place.bucket().put(&key, rest).await.map_err(failed)?;
        }
        Some(mut parts) => {
            if rest.content_length() > 0
                && let Err(error) = parts.put_part(rest).await
            {
                return Err(abandon(Some(parts), failed(error)).await);
            }
            if let Err(error) = parts.complete().await {
                return Err(abandon(Some(parts), failed(error)).await);
            }
        }
    }
    Ok(size)
}

/// Gives up the parts that are there; the reason stays the first error.
async fn abandon(multipart: Option<Box<dyn object_store::MultipartUpload>>, error: Error) -> Error {
    if let Some(mut parts) = multipart
        && let Err(abort) = parts.abort().await
    {
        tracing::warn!(reason = %abort, "parts of a failed upload could not be removed");
    }
    error
}
