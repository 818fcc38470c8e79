//! Finding out about one file: its size, ETag and end by a single request.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use credentials::{StorageFailureKind, key_of_path, path_of_key};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, GetResult, ObjectStore, ObjectStoreExt};

use super::Place;
use super::bytes::{FileEnd, HEAD_BYTES};
use super::failure::Action;
use super::fetch::Keep;
use super::listing::{StagedFile, Tail};
use crate::Error;

/// How much of a file's end is read at first where its size is not known: most footers with their page
/// index fit, and a small file is there whole.
pub(crate) const TAIL_BYTES: u64 = 384 * 1024;
/// The least that is read of a file that a listing found.
const TAIL_BYTES_MIN: u64 = 64 * 1024;
/// A footer takes about one byte of so many of its file.
const FOOTER_PART: u64 = 1024;

/// How much of the end of a file of that size is read at first.
pub(super) fn tail_bytes(size: u64) -> u64 {
    (size / FOOTER_PART).clamp(TAIL_BYTES_MIN, TAIL_BYTES).min(size)
}

impl Place {
    /// One end of a file with its size and ETag; `None` where there is no such file. A file whose footer
    /// is known is only asked whether it is still the same.
    pub(super) async fn probe(
        self: &Arc<Self>,
        key: &str,
        end: FileEnd,
    ) -> Result<Option<StagedFile>, Error> {
        let (place, key) = (self.clone(), key.to_owned());
        let work = async move { place.probe_here(&key, end).await };
        self.fetches().run(work).await
    }

    async fn probe_here(&self, key: &str, end: FileEnd) -> Result<Option<StagedFile>, Error> {
        let path = path_of_key(key);
        let known = self.fetches().footers.get(self.bucket().binding_id(), path.as_ref());
        let kept = if known.is_none() { self.kept_end(&path, end).await } else { None };
        let e_tag = match (&known, &kept) {
            (Some(known), _) => known.meta.e_tag.clone(),
            (None, Some(kept)) => kept.meta.e_tag.clone(),
            (None, None) => None,
        };
        let options = GetOptions {
            range: Some(match end {
                FileEnd::Tail => GetRange::Suffix(TAIL_BYTES),
                FileEnd::Head => GetRange::Bounded(0..HEAD_BYTES),
            }),
            if_none_match: e_tag,
            ..GetOptions::default()
        };
        let entry = self.ledger().begin(0)?;
        let answer = self.fetches().in_lane(self.bucket().bucket(), self.bucket().get_opts(&path, options));
        match (answer.await, known) {
            (Err(object_store::Error::NotModified { .. }), None) if let Some(kept) = kept => {
                entry.end(0);
                self.ledger().add_cached(kept.tail.as_ref().map_or(0, |tail| tail.bytes.len() as u64));
                self.fetches().versions.confirm(self.bucket().binding_id(), &kept.meta);
                Ok(Some(kept))
            }
            (Ok(result), _) => {
                let file = self.staged_file(result).await?;
                entry.end(file.tail.as_ref().map_or(0, |tail| tail.bytes.len() as u64));
                Ok(Some(file))
            }
            (Err(object_store::Error::NotModified { .. }), Some(known)) => {
                entry.end(0);
                self.fetches().versions.confirm(self.bucket().binding_id(), &known.meta);
                Ok(Some(StagedFile { meta: known.meta.clone(), tail: None, known: Some(known) }))
            }
            (Err(error), _) => {
                entry.end(0);
                self.explain_probe(key, &path, &error).await
            }
        }
    }

    /// The version of a file that S3 gave last, with the end of it that a cache has.
    async fn kept_end(&self, path: &Path, end: FileEnd) -> Option<StagedFile> {
        let version = self.fetches().versions.get(self.bucket().binding_id(), path.as_ref())?;
        let key = self.file_key(&version.meta)?;
        let first = end == FileEnd::Head;
        let (start, bytes) = self.fetches().kept_end(&key, version.meta.size, first).await?;
        Some(StagedFile { meta: version.meta, tail: Some(Tail { start, bytes }), known: None })
    }

    /// The same of a file that a listing found, if S3 was asked for it lately.
    async fn fresh_end(&self, file: &StagedFile) -> Option<StagedFile> {
        let version = self.fetches().versions.get(self.bucket().binding_id(), file.meta.location.as_ref())?;
        let same = version.meta.e_tag == file.meta.e_tag && version.meta.size == file.meta.size;
        let wanted = tail_bytes(file.meta.size);
        let kept = match same && version.is_fresh() {
            true => self.kept_end(&file.meta.location, FileEnd::Tail).await?,
            false => return None,
        };
        let length = kept.tail.as_ref().map_or(0, |tail| tail.bytes.len() as u64);
        (length >= wanted.min(TAIL_BYTES_MIN)).then(|| StagedFile { meta: file.meta.clone(), ..kept })
    }

    async fn explain_probe(
        &self,
        key: &str,
        path: &Path,
        error: &object_store::Error,
    ) -> Result<Option<StagedFile>, Error> {
        let failure = credentials::explain(error);
        if failure.status == Some(416) {
            // An empty file has no first and no last bytes.
            let entry = self.ledger().begin(0)?;
            let meta =
                self.bucket().head(path).await.map_err(|error| self.failure(Action::Read, path, &error))?;
            entry.end(0);
            return Ok(Some(StagedFile { meta, tail: None, known: None }));
        }
        let code = failure.code.as_deref();
        if failure.kind == StorageFailureKind::NotFound && code != Some("NoSuchBucket") {
            return Ok(None);
        }
        if failure.kind == StorageFailureKind::Denied && self.is_absent(key).await {
            return Ok(None);
        }
        Err(self.failure(Action::Read, path, error))
    }

    /// Whether a listing shows that there is no such file. S3 refuses to say so to those who may not list the
    /// whole bucket, as who may list one prefix alone: it answers a GET of an absent key with 403.
    async fn is_absent(&self, key: &str) -> bool {
        let Ok(entry) = self.ledger().begin(0) else { return false };
        let found = self.bucket().list_some(key, 1).await;
        entry.end(0);
        match found {
            Ok(found) => found.first().is_none_or(|first| key_of_path(&first.location) != key),
            Err(_) => false,
        }
    }

    /// Reads the end of a file that a listing found.
    pub(super) async fn read_tail(self: &Arc<Self>, file: StagedFile) -> Result<StagedFile, Error> {
        let place = self.clone();
        let work = async move {
            if let Some(kept) = place.fresh_end(&file).await {
                place.ledger().add_cached(kept.tail.as_ref().map_or(0, |tail| tail.bytes.len() as u64));
                return Ok(kept);
            }
            let length = tail_bytes(file.meta.size);
            let options = GetOptions {
                range: Some(GetRange::Suffix(length)),
                if_match: file.meta.e_tag.clone(),
                ..GetOptions::default()
            };
            let entry = place.ledger().begin(length)?;
            let location = file.meta.location.clone();
            let answer =
                place.fetches().in_lane(place.bucket().bucket(), place.bucket().get_opts(&location, options));
            let result = answer.await.map_err(|error| place.failure(Action::Read, &location, &error))?;
            let file = place.staged_file(result).await?;
            entry.end(file.tail.as_ref().map_or(0, |tail| tail.bytes.len() as u64));
            Ok(file)
        };
        self.fetches().run(work).await
    }

    async fn staged_file(&self, result: GetResult) -> Result<StagedFile, Error> {
        let (meta, start) = (result.meta.clone(), result.range.start);
        let bytes =
            result.bytes().await.map_err(|error| self.failure(Action::Read, &meta.location, &error))?;
        self.fetches().keep(self, &meta, start, &bytes, Keep::InMemory);
        Ok(StagedFile { meta, tail: Some(Tail { start, bytes }), known: None })
    }

    /// Reads ranges of one file: from its tail or a cache where they lie there, near ones by one request,
    /// each with `If-Match`.
    pub(super) async fn read_ranges(
        self: &Arc<Self>,
        file: &StagedFile,
        ranges: &[Range<u64>],
    ) -> Result<Vec<Bytes>, Error> {
        self.fetches().read(self, file, ranges).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_grows_with_the_file() {
        assert_eq!(tail_bytes(20_000), 20_000);
        assert_eq!(tail_bytes(47 << 20), TAIL_BYTES_MIN);
        assert_eq!(tail_bytes(232 << 20), 232 << 10);
        assert_eq!(tail_bytes(20 << 30), TAIL_BYTES);
    }
}
