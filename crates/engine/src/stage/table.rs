//! Staged Parquet files as a DataFusion table.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result as DataFusionResult;
use datafusion::config::TableParquetOptions;
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion_datasource::compute_all_files_statistics;
use futures::{FutureExt, StreamExt, TryStreamExt};

use super::Place;
use super::footer::{ParquetFile, read_footer};
use super::listing::{Selection, find_files};
use super::reader::StageReaderFactory;
use super::schema::unify_schemas;
use crate::{Error, Progress};

/// Footers read side by side.
const FOOTERS_AT_ONCE: usize = 32;

/// The files of one location, footers read, ready to scan.
#[derive(Debug)]
pub(crate) struct StageTable {
    place: Arc<Place>,
    files: Vec<ParquetFile>,
    schema: SchemaRef,
    progress: Arc<Progress>,
}

impl StageTable {
    /// Finds the files, reads their footers side by side and unifies their schemas.
    pub(crate) async fn open(
        place: Arc<Place>,
        selection: &Selection,
        progress: Arc<Progress>,
    ) -> Result<Self, Error> {
        let found = find_files(&place, selection).await?;
        if found.is_empty() {
            return Err(place.nothing_found());
        }
        let footers = found.into_iter().map(|file| read_footer(&place, file).boxed());
        let files: Vec<ParquetFile> =
            futures::stream::iter(footers).buffered(FOOTERS_AT_ONCE).try_collect().await?;
        let schema = Arc::new(unify_schemas(&place, &files)?);
        Ok(Self { place, files, schema, progress })
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// The files of the scan, split into as many groups as there are workers.
    fn file_groups(&self, groups: usize) -> DataFusionResult<Vec<FileGroup>> {
        let mut files = Vec::with_capacity(self.files.len());
        for file in &self.files {
            let statistics =
                DFParquetMetadata::statistics_from_parquet_metadata(&file.metadata, &self.schema)?;
            files.push(
                PartitionedFile::new_from_meta(file.file.meta.clone())
                    .with_statistics(Arc::new(statistics))
                    .with_extension(file.clone()),
            );
        }
        Ok(FileGroup::new(files).split_files(groups))
    }
}

#[async_trait]
impl TableProvider for StageTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
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
            self.progress.add_scan_total(rows, file.file.meta.size);
        }
        let groups = self.file_groups(state.config().target_partitions())?;
        let (groups, statistics) = compute_all_files_statistics(groups, self.schema.clone(), true, false)?;
        let options = TableParquetOptions {
            global: state.config_options().execution.parquet.clone(),
            ..TableParquetOptions::default()
        };
        let source = ParquetSource::new(TableSchema::from(self.schema.clone()))
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(Arc::new(StageReaderFactory {
                place: self.place.clone(),
                progress: self.progress.clone(),
            }));
        let config = FileScanConfigBuilder::new(self.place.store_url()?, Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(statistics)
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
