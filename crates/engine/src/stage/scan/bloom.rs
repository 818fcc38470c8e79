//! Bloom filters: row groups that cannot have the value that is looked for.

use std::ops::Range;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use datafusion::datasource::physical_plan::ParquetFileMetrics;
use datafusion::datasource::physical_plan::parquet::{BloomFilterStatistics, RowGroupAccessPlanFilter};
use datafusion::parquet::arrow::parquet_column;
use datafusion::parquet::bloom_filter::Sbbf;
use datafusion::parquet::errors::{ParquetError, Result as ParquetResult};
use datafusion::parquet::file::metadata::ColumnChunkMetaData;
use datafusion::parquet::file::reader::{ChunkReader, Length};
use datafusion::physical_optimizer::pruning::PruningPredicate;

use crate::Error;
use crate::stage::Place;
use crate::stage::footer::ParquetFile;

/// A bloom filter is read if the row groups it may rule out have so many times its bytes.
const WORTH: u64 = 4;

/// Drops the row groups whose bloom filters rule out every value that the predicate asks for.
pub(super) async fn prune(
    place: &Arc<Place>,
    parquet: &ParquetFile,
    predicate: &PruningPredicate,
    filter: &mut RowGroupAccessPlanFilter,
    metrics: &ParquetFileMetrics,
) -> Result<(), Error> {
    let descriptor = parquet.metadata.file_metadata().schema_descr();
    let columns: Vec<(String, usize)> = predicate
        .literal_columns()
        .into_iter()
        .filter_map(|name| {
            let (leaf, _) = parquet_column(descriptor, &parquet.schema, &name)?;
            Some((name, leaf))
        })
        .collect();
    let mut wanted: Vec<(usize, &str, &ColumnChunkMetaData, Range<u64>)> = Vec::new();
    let mut data_bytes = 0;
    for group in filter.row_group_indexes() {
        let metadata = parquet.metadata.row_group(group);
        let before = wanted.len();
        for (name, leaf) in &columns {
            let chunk = metadata.column(*leaf);
            if let Some(range) = filter_range(chunk) {
                wanted.push((group, name, chunk, range));
            }
        }
        if wanted.len() > before {
            data_bytes += u64::try_from(metadata.compressed_size()).unwrap_or(0);
        }
    }
    let filter_bytes: u64 = wanted.iter().map(|(.., range)| range.end - range.start).sum();
    if wanted.is_empty() || filter_bytes.saturating_mul(WORTH) > data_bytes {
        return Ok(());
    }
    let ranges: Vec<Range<u64>> = wanted.iter().map(|(.., range)| range.clone()).collect();
    let buffers = place.read_ranges(&parquet.file, &ranges).await?;
    let mut filters = vec![BloomFilterStatistics::new(); parquet.metadata.num_row_groups()];
    for ((group, name, chunk, range), bytes) in wanted.into_iter().zip(buffers) {
        let part = Part { start: range.start, bytes };
        // A filter that cannot be read rules nothing out.
        if let Ok(Some(bloom)) = Sbbf::read_from_column_chunk(chunk, &part) {
            let column = chunk.column_descr();
            filters[group].insert(name, bloom, column.physical_type(), column.type_length());
        }
    }
    filter.prune_by_bloom_filters(predicate, metrics, &filters);
    Ok(())
}

/// Where the filter lies, if its length is known: older files do not say it, and are read without.
fn filter_range(chunk: &ColumnChunkMetaData) -> Option<Range<u64>> {
    let start = u64::try_from(chunk.bloom_filter_offset()?).ok()?;
    let length = u64::try_from(chunk.bloom_filter_length()?).ok()?;
    Some(start..start.checked_add(length)?)
}

/// A part of a file that is in memory.
struct Part {
    start: u64,
    bytes: Bytes,
}

impl Length for Part {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl ChunkReader for Part {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        let length = self.len().saturating_sub(start);
        Ok(self.get_bytes(start, usize::try_from(length).unwrap_or(0))?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let outside = || ParquetError::General("a bloom filter is longer than the file says".into());
        let from =
            start.checked_sub(self.start).and_then(|from| usize::try_from(from).ok()).ok_or_else(outside)?;
        let to = from.checked_add(length).filter(|to| *to <= self.bytes.len()).ok_or_else(outside)?;
        Ok(self.bytes.slice(from..to))
    }
}
