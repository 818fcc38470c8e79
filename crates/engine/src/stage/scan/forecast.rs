//! Which byte ranges the decoder of a unit will ask for.

use std::ops::Range;

use datafusion::datasource::physical_plan::parquet::RowGroupAccess;
use datafusion::parquet::DecodeResult;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ArrowReaderMetadata;
use datafusion::parquet::arrow::push_decoder::ParquetPushDecoderBuilder;
use datafusion::parquet::file::metadata::ParquetMetaData;

use super::prune::PreparedFile;

/// What is known before a file's units are looked at.
pub(super) struct FileForecast<'a> {
    pub(super) prepared: &'a PreparedFile,
    pub(super) leaves: &'a [usize],
    /// The decoder's own view of the file, needed where it reads single pages.
    metadata: Option<ArrowReaderMetadata>,
}

impl<'a> FileForecast<'a> {
    pub(super) fn new(prepared: &'a PreparedFile, leaves: &'a [usize]) -> Self {
        Self { prepared, leaves, metadata: None }
    }

    /// The ranges of some row groups, and the rows in them. `limit` is how many rows are enough.
    pub(super) fn ranges(
        &mut self,
        row_groups: Range<usize>,
        mut limit: Option<usize>,
    ) -> (Vec<Range<u64>>, usize) {
        let mut ranges = Vec::new();
        let mut rows_found = 0;
        for group in row_groups {
            if limit == Some(0) {
                break;
            }
            let metadata = &self.prepared.parquet.metadata;
            let all_rows = usize::try_from(metadata.row_group(group).num_rows()).unwrap_or(0);
            let rows = match &self.prepared.access.inner()[group] {
                RowGroupAccess::Skip => continue,
                RowGroupAccess::Scan => all_rows,
                RowGroupAccess::Selection(selection) => selection.row_count(),
            };
            let by_page = rows < all_rows || limit.is_some_and(|limit| limit < all_rows);
            match by_page && metadata.offset_index().is_some() {
                true => ranges.extend(self.ask_decoder(group, limit)),
                false => ranges.extend(chunk_ranges(metadata, group, self.leaves)),
            }
            rows_found += rows;
            limit = limit.map(|limit| limit.saturating_sub(rows));
        }
        (ranges, rows_found)
    }

    /// The decoder itself says which pages it will want. Nothing, if it fails: it will say why when it reads.
    fn ask_decoder(&mut self, group: usize, limit: Option<usize>) -> Vec<Range<u64>> {
        let parquet = &self.prepared.parquet;
        if self.metadata.is_none() {
            self.metadata = ArrowReaderMetadata::try_new(parquet.metadata.clone(), Default::default()).ok();
        }
        let Some(metadata) = self.metadata.clone() else { return Vec::new() };
        let descriptor = parquet.metadata.file_metadata().schema_descr();
        let mask = ProjectionMask::leaves(descriptor, self.leaves.iter().copied());
        let mut builder = ParquetPushDecoderBuilder::new_with_metadata(metadata)
            .with_projection(mask)
            .with_row_groups(vec![group]);
        if let RowGroupAccess::Selection(selection) = &self.prepared.access.inner()[group] {
            builder = builder.with_row_selection(selection.clone());
        }
        if let Some(limit) = limit {
            builder = builder.with_limit(limit);
        }
        match builder.build().and_then(|mut decoder| decoder.try_decode()) {
            Ok(DecodeResult::NeedsData(ranges)) => ranges,
            _ => Vec::new(),
        }
    }
}

/// The whole column chunks of a row group.
pub(super) fn chunk_ranges(metadata: &ParquetMetaData, group: usize, leaves: &[usize]) -> Vec<Range<u64>> {
    let group = metadata.row_group(group);
    leaves
        .iter()
        .map(|leaf| {
            let (start, length) = group.column(*leaf).byte_range();
            start..start.saturating_add(length)
        })
        .collect()
}
