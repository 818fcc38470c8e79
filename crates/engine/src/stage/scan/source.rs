//! DataFusion's Parquet source with reading ahead in front of it.

use std::collections::HashSet;
use std::fmt::{self, Formatter};
use std::sync::{Arc, Weak};

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::config::ConfigOptions;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::datasource::physical_plan::{FileScanConfig, FileSource, ParquetSource};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::DisplayFormatType;
use datafusion::physical_plan::SortOrderPushdownResult;
use datafusion::physical_plan::filter_pushdown::FilterPushdownPropagation;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion_datasource::file_stream::FileOpener;
use datafusion_datasource::morsel::Morselizer;
use object_store::ObjectStore;
use parking_lot::Mutex;

use super::Scan;
use super::columns::{leaves, whole_columns};
use super::execution::{Execution, RunRequest, total_bytes};
use super::forecast::chunk_ranges;
use super::planner::UnitMorselizer;
use super::prune::row_groups_by_statistics;
use super::units::UnitNumber;

/// A Parquet source over the units of a `Scan`.
#[derive(Clone)]
pub(in crate::stage) struct StageSource {
    scan: Arc<Scan>,
    parquet: ParquetSource,
    /// The rows come in an order that the query wants: units are taken by their statistics.
    by_statistics: bool,
    run: Arc<Mutex<Run>>,
}

/// The run that the partitions share.
#[derive(Default)]
struct Run {
    execution: Weak<Execution>,
    opened: HashSet<usize>,
}

impl StageSource {
    pub(in crate::stage) fn new(scan: Arc<Scan>, parquet: ParquetSource) -> Self {
        let parquet = parquet
            .with_parquet_file_reader_factory(Arc::new(super::reader::UnitReaderFactory))
            // Read and used before the reader is opened, for all row groups at once.
            .with_bloom_filter_on_read(false);
        Self { scan, parquet, by_statistics: false, run: Arc::default() }
    }

    fn with(&self, inner: &Arc<dyn FileSource>) -> DataFusionResult<Arc<dyn FileSource>> {
        let parquet = inner
            .downcast_ref::<ParquetSource>()
            .ok_or_else(|| DataFusionError::Internal("a Parquet source became another".into()))?;
        Ok(Arc::new(Self { parquet: parquet.clone(), ..self.clone() }))
    }

    /// The run that this partition belongs to: one for all partitions, a new one when a partition is opened
    /// again.
    fn execution(&self, config: &FileScanConfig, partition: usize) -> DataFusionResult<Arc<Execution>> {
        let mut run = self.run.lock();
        let again = !run.opened.insert(partition);
        if !again && let Some(execution) = run.execution.upgrade() {
            return Ok(execution);
        }
        let request = RunRequest {
            predicate: self.parquet.filter(),
            projection: self.parquet.projection().cloned(),
            limit: config.limit,
            order: self.order(config),
        };
        let execution = Execution::begin(self.scan.clone(), request)
            .map_err(|error| DataFusionError::External(Box::new(error)))?;
        run.execution = Arc::downgrade(&execution);
        run.opened = HashSet::from([partition]);
        Ok(execution)
    }

    /// The units in the order in which the partitions take them.
    fn order(&self, config: &FileScanConfig) -> Vec<usize> {
        let shared = !config.preserve_order && config.output_partitioning.is_none();
        let files: Vec<PartitionedFile> = match shared {
            true => {
                let files = config.file_groups.iter().flat_map(|group| group.iter()).cloned().collect();
                self.reorder_files(files)
            }
            // Each partition has its own queue: they go forward side by side.
            false => {
                let longest = config.file_groups.iter().map(|group| group.len()).max().unwrap_or(0);
                (0..longest)
                    .flat_map(|index| {
                        config.file_groups.iter().filter_map(move |group| group.iter().nth(index))
                    })
                    .cloned()
                    .collect()
            }
        };
        files.iter().filter_map(|file| file.extension::<UnitNumber>()).map(|number| number.0).collect()
    }

    /// The statistics of one unit's row groups alone.
    fn with_unit_statistics(&self, file: PartitionedFile) -> PartitionedFile {
        let Some(UnitNumber(number)) = file.extension::<UnitNumber>().copied() else { return file };
        let unit = &self.scan.units[number];
        let metadata = &self.scan.files[unit.file].parquet.metadata;
        if unit.row_groups.len() == metadata.num_row_groups() {
            return file;
        }
        let groups = metadata.row_groups()[unit.row_groups.clone()].to_vec();
        let part = ParquetMetaData::new(metadata.file_metadata().clone(), groups);
        match DFParquetMetadata::statistics_from_parquet_metadata(&part, self.scan.file_schema()) {
            Ok(statistics) => file.with_statistics(Arc::new(statistics)),
            Err(_) => file,
        }
    }

    /// Requests and bytes that the scan takes at most, as far as statistics tell.
    fn estimate(&self) -> (u64, u64) {
        let schema = self.scan.file_schema();
        let columns = whole_columns(self.parquet.projection(), schema);
        let file_leaves: Vec<Vec<usize>> =
            self.scan.files.iter().map(|file| leaves(file, &columns, schema)).collect();
        let piece = crate::stage::fetch::piece_bytes(total_bytes(&self.scan.files, &file_leaves));
        let (mut requests, mut bytes) = (0, 0);
        for (file, leaves) in self.scan.files.iter().zip(&file_leaves) {
            let metadata = &file.parquet.metadata;
            let kept = self
                .parquet
                .filter()
                .and_then(|predicate| row_groups_by_statistics(&self.scan, file, &predicate))
                .unwrap_or_else(|| (0..metadata.num_row_groups()).collect());
            for group in kept {
                let ranges =
                    crate::stage::fetch::plan_requests(&chunk_ranges(metadata, group, leaves), piece);
                requests += ranges.len() as u64;
                bytes += ranges.iter().map(|range| range.end - range.start).sum::<u64>();
            }
        }
        (requests, bytes)
    }
}

impl FileSource for StageSource {
    fn create_file_opener(
        &self,
        object_store: Arc<dyn ObjectStore>,
        base_config: &FileScanConfig,
        partition: usize,
    ) -> DataFusionResult<Arc<dyn FileOpener>> {
        self.parquet.create_file_opener(object_store, base_config, partition)
    }

    fn create_morselizer(
        &self,
        object_store: Arc<dyn ObjectStore>,
        base_config: &FileScanConfig,
        partition: usize,
    ) -> DataFusionResult<Box<dyn Morselizer>> {
        let inner = self.parquet.create_morselizer(object_store, base_config, partition)?;
        let execution = self.execution(base_config, partition)?;
        Ok(Box::new(UnitMorselizer { execution, inner: inner.into() }))
    }

    fn table_schema(&self) -> &TableSchema {
        self.parquet.table_schema()
    }

    fn with_batch_size(&self, batch_size: usize) -> Arc<dyn FileSource> {
        let inner = self.parquet.with_batch_size(batch_size);
        self.with(&inner).unwrap_or(inner)
    }

    fn filter(&self) -> Option<Arc<dyn PhysicalExpr>> {
        self.parquet.filter()
    }

    fn projection(&self) -> Option<&ProjectionExprs> {
        self.parquet.projection()
    }

    fn metrics(&self) -> &ExecutionPlanMetricsSet {
        self.parquet.metrics()
    }

    fn file_type(&self) -> &str {
        self.parquet.file_type()
    }

    fn fmt_extra(&self, t: DisplayFormatType, f: &mut Formatter) -> fmt::Result {
        self.parquet.fmt_extra(t, f)?;
        if matches!(t, DisplayFormatType::Default | DisplayFormatType::Verbose) {
            let (requests, bytes) = self.estimate();
            write!(f, ", s3_requests<={requests}, s3_bytes<={bytes}")?;
        }
        Ok(())
    }

    fn supports_repartitioning(&self) -> bool {
        // The units are one queue for all partitions already.
        false
    }

    fn try_pushdown_filters(
        &self,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        config: &ConfigOptions,
    ) -> DataFusionResult<FilterPushdownPropagation<Arc<dyn FileSource>>> {
        let mut pushed = self.parquet.try_pushdown_filters(filters, config)?;
        pushed.updated_node = pushed.updated_node.map(|inner| self.with(&inner)).transpose()?;
        Ok(pushed)
    }

    fn try_pushdown_sort(
        &self,
        order: &[PhysicalSortExpr],
        eq_properties: &EquivalenceProperties,
    ) -> DataFusionResult<SortOrderPushdownResult<Arc<dyn FileSource>>> {
        let sorted = Self { by_statistics: true, ..self.clone() };
        Ok(match self.parquet.try_pushdown_sort(order, eq_properties)? {
            SortOrderPushdownResult::Exact { inner } => {
                SortOrderPushdownResult::Exact { inner: self.with(&inner)? }
            }
            SortOrderPushdownResult::Inexact { inner } => {
                SortOrderPushdownResult::Inexact { inner: sorted.with(&inner)? }
            }
            SortOrderPushdownResult::Unsupported => SortOrderPushdownResult::Unsupported,
        })
    }

    fn reorder_files(&self, files: Vec<PartitionedFile>) -> Vec<PartitionedFile> {
        if !self.by_statistics {
            return files;
        }
        let files = files.into_iter().map(|file| self.with_unit_statistics(file)).collect();
        self.parquet.reorder_files(files)
    }

    fn try_pushdown_projection(
        &self,
        projection: &ProjectionExprs,
    ) -> DataFusionResult<Option<Arc<dyn FileSource>>> {
        let pushed = self.parquet.try_pushdown_projection(projection)?;
        pushed.map(|inner| self.with(&inner)).transpose()
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> DataFusionResult<TreeNodeRecursion>,
    ) -> DataFusionResult<TreeNodeRecursion> {
        self.parquet.apply_expressions(f)
    }
}
