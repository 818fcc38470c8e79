//! Hands byte ranges of staged files to DataFusion's Parquet decoder.
//!
//! The footers are known already, ranges that were foreseen are on their way, and each is asked for with
//! the ETag of the listing, so that a file overwritten in mid-query is an error and never a mixture.

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

use super::execution::Execution;
use super::prune::PreparedFile;
use crate::Error;

/// A unit that is being read, carried by the file that DataFusion is given for it.
#[derive(Clone)]
pub(super) struct UnitReading {
    pub(super) execution: Arc<Execution>,
    pub(super) unit: usize,
    pub(super) prepared: Arc<PreparedFile>,
}

/// Makes a reader for each unit of a scan.
#[derive(Debug)]
pub(super) struct UnitReaderFactory;

impl ParquetFileReaderFactory for UnitReaderFactory {
    fn create_reader(
        &self,
        _partition_index: usize,
        partitioned_file: PartitionedFile,
        _metadata_size_hint: Option<usize>,
        _metrics: &ExecutionPlanMetricsSet,
    ) -> DataFusionResult<Box<dyn AsyncFileReader + Send>> {
        let reading = partitioned_file
            .extension::<UnitReading>()
            .cloned()
            .ok_or_else(|| DataFusionError::Internal("a staged file came without its footer".into()))?;
        reading.execution.enter(reading.unit);
        Ok(Box::new(UnitReader(reading)))
    }
}

struct UnitReader(UnitReading);

impl Drop for UnitReader {
    fn drop(&mut self) {
        self.0.execution.leave(self.0.unit);
    }
}

impl UnitReader {
    async fn read(&self, ranges: Vec<Range<u64>>) -> Result<Vec<Bytes>, Error> {
        let UnitReading { execution, unit, prepared } = &self.0;
        let file = &prepared.parquet.file;
        let taken = futures::future::try_join_all(ranges.iter().map(|range| async {
            match file.tail.as_ref().and_then(|tail| tail.slice(range)) {
                Some(bytes) => Ok(Some(bytes)),
                None => execution.ahead.take(*unit, range).await,
            }
        }))
        .await?;
        let unforeseen: Vec<Range<u64>> = ranges
            .iter()
            .zip(&taken)
            .filter(|(_, taken)| taken.is_none())
            .map(|(range, _)| range.clone())
            .collect();
        let place = &execution.scan.place;
        let mut read = place.read_ranges(file, &unforeseen).await?.into_iter();
        let buffers: Option<Vec<Bytes>> =
            taken.into_iter().map(|taken| taken.or_else(|| read.next())).collect();
        let bytes = ranges.iter().map(|range| range.end - range.start).sum();
        execution.scan.progress.add_scanned(0, bytes);
        buffers.ok_or_else(|| Error::new(crate::ErrorKind::Internal, "a range of a file was not read"))
    }
}

impl AsyncFileReader for UnitReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        async move {
            let mut buffers = self.get_byte_ranges(vec![range]).await?;
            buffers.pop().ok_or_else(|| ParquetError::General("no bytes for a range".into()))
        }
        .boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        async move { self.read(ranges).await.map_err(|error| ParquetError::External(Box::new(error))) }
            .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        let metadata = self.0.prepared.parquet.metadata.clone();
        async move { Ok(metadata) }.boxed()
    }
}
