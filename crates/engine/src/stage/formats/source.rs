//! One file on its way to a decoder.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::Fields;
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};

use super::compression::{Packing, unpack};
use crate::stage::Place;
use crate::stage::bytes::{Ahead, ByteStream, FileEnd, head_of, stream_file};
use crate::stage::listing::StagedFile;
use crate::variant::RowMember;
use crate::{Error, Progress};

/// Unpacked bytes that are looked at to know a file's columns.
const SAMPLE_BYTES: usize = 1 << 20;

/// Batches of one file, in the order of its rows.
pub(crate) type BatchStream = BoxStream<'static, Result<RecordBatch, Error>>;

/// A format: the columns of its files, and how to read one.
pub(crate) trait FileReader: fmt::Debug + Send + Sync {
    /// The columns that `*` means come first, and then those that are only there by name.
    fn fields(&self) -> &Fields;

    /// How many of the fields `*` means.
    fn visible(&self) -> usize {
        self.fields().len()
    }

    /// What the user should know of files that differ.
    fn warnings(&self) -> &[String] {
        &[]
    }

    /// Which end of a file its reading begins with.
    fn end(&self) -> FileEnd {
        FileEnd::Head
    }

    /// The same with a field more for each of the members of `$1`, in that order, behind the others. `None` where
    /// it is not read any cheaper than `$1`.
    fn with_row_members(&self, _members: &[RowMember]) -> Option<Arc<dyn FileReader>> {
        None
    }

    /// The columns of `projection`, in its order. `side_by_side` blocks may be decoded at once.
    fn read(
        self: Arc<Self>,
        source: FileSource,
        projection: Arc<[usize]>,
        side_by_side: usize,
    ) -> BatchStream;
}

/// A file that was found.
#[derive(Debug, Clone)]
pub(crate) struct FileSource {
    pub(crate) place: Arc<Place>,
    pub(crate) file: StagedFile,
    pub(crate) progress: Arc<Progress>,
    /// How far ahead it is read.
    pub(crate) ahead: Ahead,
}

impl FileSource {
    pub(crate) fn new(place: Arc<Place>, file: StagedFile, progress: Arc<Progress>) -> Self {
        Self { place, file, progress, ahead: Ahead::All }
    }

    /// `s3://bucket/key`.
    pub(crate) fn name(&self) -> String {
        self.place.describe_key(&self.file.meta.location)
    }

    /// The file with its first block.
    pub(crate) async fn with_head(mut self) -> Result<Self, Error> {
        self.file = self.place.with_head(self.file).await?;
        Ok(self)
    }

    /// The first block, where it is there.
    pub(crate) fn head(&self) -> Bytes {
        head_of(&self.file)
    }

    /// All bytes as they lie in the bucket.
    pub(crate) fn bytes(self) -> ByteStream {
        stream_file(self.place, self.file, self.ahead, self.progress)
    }

    fn packing(&self, option: Option<sql::Compression>) -> Result<Packing, Error> {
        Packing::of_file(option, self.file.meta.location.as_ref(), &self.head())
    }

    /// All bytes, unpacked. The first block must be there.
    pub(crate) fn unpacked(self, option: Option<sql::Compression>) -> Result<ByteStream, Error> {
        let packing = self.packing(option)?;
        let name = self.name();
        Ok(unpack(packing, name, self.bytes()))
    }

    /// The first unpacked bytes, and whether they are all. Asks S3 for nothing.
    pub(crate) async fn sample(&self, option: Option<sql::Compression>) -> Result<(Vec<u8>, bool), Error> {
        let packing = self.packing(option)?;
        let head = self.head();
        let is_whole = head.len() as u64 == self.file.meta.size;
        let mut bytes = unpack(packing, self.name(), futures::stream::iter([Ok(head)]).boxed());
        let mut sample = Vec::new();
        loop {
            match bytes.try_next().await {
                Ok(Some(block)) => sample.extend_from_slice(&block),
                Ok(None) => return Ok((sample, is_whole)),
                Err(error) if is_whole => return Err(error),
                // The block ends in the middle of what is packed.
                Err(_) => return Ok((sample, false)),
            }
            if sample.len() >= SAMPLE_BYTES {
                return Ok((sample, false));
            }
        }
    }
}
