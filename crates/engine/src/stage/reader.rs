//! Hands byte ranges of staged files to DataFusion's Parquet decoder.
//!
//! The footers are known already, a range that lies in a tail is not fetched again, and each range is
//! asked for with the ETag of the listing, so that a file overwritten in mid-query is an error and never
//! a mixture.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::ParquetFileReaderFactory;
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::{ParquetError, Result as ParquetResult};
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::Place;
use super::footer::ParquetFile;
use crate::Progress;

/// Makes a reader for each file of one scan.
#[derive(Debug)]
pub(crate) struct StageReaderFactory {
    pub(crate) place: Arc<Place>,
    pub(crate) progress: Arc<Progress>,
}

impl ParquetFileReaderFactory for StageReaderFactory {
    fn create_reader(
        &self,
        _partition_index: usize,
        partitioned_file: PartitionedFile,
        _metadata_size_hint: Option<usize>,
        _metrics: &ExecutionPlanMetricsSet,
    ) -> DataFusionResult<Box<dyn AsyncFileReader + Send>> {
        let file = partitioned_file
            .extension::<ParquetFile>()
            .cloned()
            .ok_or_else(|| DataFusionError::Internal("a staged file came without its footer".into()))?;
        Ok(Box::new(StageReader { place: self.place.clone(), progress: self.progress.clone(), file }))
    }
}

struct StageReader {
    place: Arc<Place>,
    progress: Arc<Progress>,
    file: ParquetFile,
}

impl AsyncFileReader for StageReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        async move {
            let mut buffers = self.get_byte_ranges(vec![range]).await?;
            buffers.pop().ok_or_else(|| ParquetError::General("no bytes for a range".into()))
        }
        .boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        async move {
            let bytes: u64 = ranges.iter().map(|range| range.end - range.start).sum();
            let buffers = self
                .place
                .read_ranges(&self.file.file, &ranges)
                .await
                .map_err(|error| ParquetError::External(Box::new(error)))?;
            self.progress.add_scanned(0, bytes);
            Ok(buffers)
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        let metadata = self.file.metadata.clone();
        async move { Ok(metadata) }.boxed()
    }
}
