//! A place as people look at it: a page of its folder, the footer of one file.

use std::sync::Arc;

use arrow::datatypes::Schema;
use credentials::{ListPage, path_of_key};
use datafusion::parquet::file::metadata::ParquetMetaData;

use super::Place;
use super::bytes::FileEnd;
use super::failure::Action;
use super::footer::read_footer;
use crate::Error;

/// The footer's length and the magic, at the end of every Parquet file.
const TRAILER_BYTES: u64 = 8;

/// A footer that was read for its own sake.
pub(crate) struct FoundFooter {
    pub(crate) size: u64,
    /// The footer with its length and the magic.
    pub(crate) footer_bytes: u64,
    pub(crate) metadata: Arc<ParquetMetaData>,
    pub(crate) schema: Arc<Schema>,
}

impl Place {
    /// One page of what begins with the place's path, with folders told as such.
    pub(crate) async fn list_folder(
        &self,
        cursor: Option<String>,
        entries_max: usize,
    ) -> Result<ListPage, Error> {
        let prefix = self.prefix();
        let shown = path_of_key(&prefix);
        self.bucket()
            .list_folder(&prefix, cursor, entries_max)
            .await
            .map_err(|error| self.failure(Action::List, &shown, &error))
    }

    /// The footer of the file that the place is.
    pub(crate) async fn read_footer_of_file(self: &Arc<Self>) -> Result<FoundFooter, Error> {
        let file = self.probe(&self.prefix(), FileEnd::Tail).await?.ok_or_else(|| self.nothing_found())?;
        let footer = read_footer(self, file).await?;
        let size = footer.file.meta.size;
        // Where the footer was known before, the end of the file was not read for it.
        let end = self
            .read_ranges(&footer.file, std::slice::from_ref(&(size.saturating_sub(TRAILER_BYTES)..size)))
            .await?;
        let footer_bytes = end.first().map_or(0, |trailer| footer_length(trailer));
        Ok(FoundFooter { size, footer_bytes, metadata: footer.metadata, schema: footer.schema })
    }

    /// Where the stage begins.
    pub(crate) fn root_url(&self) -> String {
        self.names.url_of(self.root())
    }
}

/// What the last eight bytes of a Parquet file say of the length of its footer, those eight among it.
fn footer_length(tail: &[u8]) -> u64 {
    let length = tail.split_last_chunk::<4>().and_then(|(rest, _)| rest.last_chunk::<4>());
    length.map_or(0, |length| u64::from(u32::from_le_bytes(*length)) + TRAILER_BYTES)
}
