//! Staged Parquet files as a DataFusion table.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, SchemaRef};
use async_trait::async_trait;
use credentials::key_of_path;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result as DataFusionResult, ScalarValue, Statistics};
use datafusion::config::TableParquetOptions;
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::parquet::arrow::RowNumber;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_datasource::compute_all_files_statistics;
use futures::{FutureExt, StreamExt, TryStreamExt};

use super::Place;
use super::footer::{ParquetFile, read_footer};
use super::formats::MetadataColumn;
use super::hive::{FolderColumn, common_columns, folder_values};
use super::listing::Found;
use super::scan::{Scan, ScanFile, ScanHints, StageSource, UnitNumber, split_into_units};
use super::schema::unify_schemas;
use crate::{Error, Progress};

/// Footers read side by side.
const FOOTERS_AT_ONCE: usize = 1_024;
/// Ends of files that one statement keeps in memory; those of further files are read again where the cache has
/// let them go.
const TAIL_BYTES_HELD_MAX: usize = 64 << 20;

/// The files of one location, footers read, ready to scan.
#[derive(Debug)]
pub(crate) struct StageTable {
    place: Arc<Place>,
    files: Vec<ParquetFile>,
    schema: TableSchema,
    folders: Vec<FolderColumn>,
    /// Behind all others; `*` does not mean them.
    metadata: Vec<MetadataColumn>,
    progress: Arc<Progress>,
}

impl StageTable {
    /// Reads the footers of the files side by side and unifies their schemas. Says too what the user should
    /// know of files that differ, which `strict` makes an error.
    pub(crate) async fn open(
        place: Arc<Place>,
        found: Found,
        metadata: Vec<MetadataColumn>,
        strict: bool,
        progress: Arc<Progress>,
    ) -> Result<(Self, Vec<String>), Error> {
        let footers = found.files.into_iter().map(|file| read_footer(&place, file).boxed());
        let mut held = 0;
        let files: Vec<ParquetFile> = futures::stream::iter(footers)
            .buffered(FOOTERS_AT_ONCE)
            .map_ok(|mut file| {
                // However many files there are, their ends do not fill the memory.
                held += file.file.tail.as_ref().map_or(0, |tail| tail.bytes.len());
                if held > TAIL_BYTES_HELD_MAX {
                    file.file.tail = None;
                }
                file
            })
            .try_collect()
            .await?;
        let (schema, warnings) = unify_schemas(&place, &files, strict)?;
        let schema = Arc::new(schema);
        // A column that the files have themselves is read from them.
        let folders: Vec<FolderColumn> =
            found.folders.into_iter().filter(|folder| schema.index_of(&folder.name).is_err()).collect();
        // The same for all rows of a file, as what its folders say; the decoder counts the rows.
        let (rows, metadata): (Vec<MetadataColumn>, Vec<MetadataColumn>) =
            metadata.into_iter().partition(|column| *column == MetadataColumn::FileRowNumber);
        let row_numbers: Vec<FieldRef> = rows.iter().map(|column| row_number_field(*column)).collect();
        let known = metadata.iter().map(|column| column.field());
        let fields: Vec<FieldRef> = folders.iter().map(FolderColumn::field).chain(known).collect();
        let schema = TableSchema::builder(schema)
            .with_table_partition_cols(fields)
            .with_virtual_columns(row_numbers)
            .build();
        Ok((Self { place, files, schema, folders, metadata, progress }, warnings))
    }

    /// How many of the columns `*` means: the first ones.
    pub(crate) fn visible(&self) -> usize {
        self.schema.table_schema().fields().len() - self.metadata.len() - self.schema.virtual_columns().len()
    }

    fn scan_files(&self) -> DataFusionResult<Vec<ScanFile>> {
        let schema = self.schema.file_schema();
        let files = self.files.iter().map(|file| {
            let statistics = DFParquetMetadata::statistics_from_parquet_metadata(&file.metadata, schema)?;
            let statistics = Arc::new(statistics);
            let mut partition_values = self.folder_values(&key_of_path(&file.file.meta.location));
            for column in &self.metadata {
                let value = column.values(&self.place, &file.file, 0, 1);
                partition_values.push(ScalarValue::try_from_array(&value, 0)?);
            }
            Ok(ScanFile { parquet: file.clone(), partition_values, statistics })
        });
        files.collect()
    }

    /// The values that a file's folders give, in the order of the table's columns.
    fn folder_values(&self, key: &str) -> Vec<ScalarValue> {
        if self.folders.is_empty() {
            return Vec::new();
        }
        let names = common_columns(std::iter::once(key));
        let values = folder_values(key);
        let value = |folder: &FolderColumn| {
            let at = names.iter().position(|name| *name == folder.name);
            let text = at.and_then(|at| values.get(at)).and_then(Option::as_deref);
            folder.value(text)
        };
        self.folders.iter().map(value).collect()
    }
}

/// The number of a row as the decoder counts it, from 0 in each file.
fn row_number_field(column: MetadataColumn) -> FieldRef {
    Arc::new(Field::new(column.name(), DataType::Int64, false).with_extension_type(RowNumber))
}

/// The units as DataFusion knows them: files, in as many groups as there are workers, which share them.
fn file_groups(scan: &Scan, groups: usize) -> Vec<FileGroup> {
    let units: Vec<PartitionedFile> = scan
        .units
        .iter()
        .enumerate()
        .map(|(number, unit)| {
            let file = &scan.files[unit.file];
            PartitionedFile::new_from_meta(file.parquet.file.meta.clone())
                .with_partition_values(file.partition_values.clone())
                .with_statistics(file.statistics.clone())
                .with_extension(UnitNumber(number))
        })
        .collect();
    let length = units.len().div_ceil(groups.max(1)).max(1);
    units.chunks(length).map(|units| FileGroup::new(units.to_vec())).collect()
}

/// What all files say together. Units of one file would count it more than once.
fn total_statistics(scan: &Scan) -> DataFusionResult<Statistics> {
    let files = scan
        .files
        .iter()
        .map(|file| {
            PartitionedFile::new_from_meta(file.parquet.file.meta.clone())
                .with_partition_values(file.partition_values.clone())
                .with_statistics(file.statistics.clone())
        })
        .collect();
    let schema = scan.table_schema.table_schema().clone();
    let (_, statistics) = compute_all_files_statistics(vec![FileGroup::new(files)], schema, true, false)?;
    Ok(statistics)
}

#[async_trait]
impl TableProvider for StageTable {
    fn schema(&self) -> SchemaRef {
        self.schema.table_schema().clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        for file in &self.files {
            let rows = u64::try_from(file.metadata.file_metadata().num_rows()).unwrap_or(0);
            self.progress.add_scan_total(rows, 0);
        }
        let partitions = state.config().target_partitions();
        let files = self.scan_files()?;
        let hints = state.config().get_extension::<ScanHints>().map(|hints| *hints).unwrap_or_default();
        let scan = Arc::new(Scan {
            place: self.place.clone(),
            progress: self.progress.clone(),
            units: split_into_units(&files, partitions, hints),
            files,
            table_schema: self.schema.clone(),
            hints,
        });
        let options = TableParquetOptions {
            global: state.config_options().execution.parquet.clone(),
            ..TableParquetOptions::default()
        };
        let parquet = ParquetSource::new(scan.table_schema.clone()).with_table_parquet_options(options);
        let source = StageSource::new(scan.clone(), parquet);
        let config = FileScanConfigBuilder::new(self.place.store_url()?, Arc::new(source))
            .with_file_groups(file_groups(&scan, partitions))
            .with_statistics(total_statistics(&scan)?)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> DataFusionResult<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }
}
