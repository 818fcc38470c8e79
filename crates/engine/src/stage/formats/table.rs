//! Staged files of a [`FileReader`] as a DataFusion table.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use async_trait::async_trait;
use credentials::key_of_path;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result as DataFusionResult;
use datafusion::datasource::TableType;
use datafusion::error::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use futures::StreamExt;

use super::metadata::MetadataColumn;
use super::source::{BatchStream, FileReader, FileSource};
use crate::stage::Place;
use crate::stage::ScanHints;
use crate::stage::bytes::{Ahead, FileEnd};
use crate::stage::hive::FolderColumn;
use crate::stage::listing::StagedFile;
use crate::variant::RowMember;
use crate::{Error, Progress};

/// Files of one partition that are opened ahead of the one that is read.
const FILES_AHEAD: usize = 8;

/// The files of one location in one format, ready to scan.
#[derive(Debug)]
pub(crate) struct FilesTable {
    place: Arc<Place>,
    files: Vec<StagedFile>,
    reader: Arc<dyn FileReader>,
    /// Where the values of each column of `schema` come from.
    columns: Arc<[ColumnSource]>,
    /// How many of them `*` means.
    visible: usize,
    schema: SchemaRef,
    progress: Arc<Progress>,
}

/// Where the values of a column come from.
#[derive(Debug, Clone)]
enum ColumnSource {
    /// The field of the reader at this place.
    File(usize),
    /// The names of the folders.
    Folder(FolderColumn),
    Metadata(MetadataColumn),
}

impl FilesTable {
    pub(crate) fn new(
        place: Arc<Place>,
        files: Vec<StagedFile>,
        folders: Vec<FolderColumn>,
        reader: Arc<dyn FileReader>,
        metadata: Vec<MetadataColumn>,
        progress: Arc<Progress>,
    ) -> Self {
        let own = reader.fields();
        // A column that the files have themselves is read from them.
        let folders: Vec<FolderColumn> = folders
            .into_iter()
            .filter(|folder| !own.iter().any(|field| *field.name() == folder.name))
            .collect();
        let visible = reader.visible();
        let columns: Vec<ColumnSource> = (0..visible)
            .map(ColumnSource::File)
            .chain(folders.iter().cloned().map(ColumnSource::Folder))
            .chain((visible..own.len()).map(ColumnSource::File))
            .chain(metadata.into_iter().map(ColumnSource::Metadata))
            .collect();
        let fields: Vec<FieldRef> = columns
            .iter()
            .map(|column| match column {
                ColumnSource::File(at) => own[*at].clone(),
                ColumnSource::Folder(folder) => folder.field(),
                ColumnSource::Metadata(column) => column.field(),
            })
            .collect();
        let visible = visible + folders.len();
        let schema = Arc::new(Schema::new(fields));
        Self { place, files, reader, columns: columns.into(), visible, schema, progress }
    }

    /// How many of the columns `*` means: the first ones.
    pub(crate) fn visible(&self) -> usize {
        self.visible
    }

    /// The same table with a column more for each of the members of `$1`, behind all others, as far as they can be
    /// read without the rest of it.
    pub(crate) fn with_row_members(&self, members: &[RowMember]) -> Option<Self> {
        let reader = self.reader.with_row_members(members)?;
        let own = self.reader.fields().len()..reader.fields().len();
        let fields = self.schema.fields().iter().chain(&reader.fields()[own.clone()]).cloned();
        let schema = Arc::new(Schema::new(fields.collect::<Vec<FieldRef>>()));
        let columns = self.columns.iter().cloned().chain(own.map(ColumnSource::File)).collect();
        Some(Self {
            place: self.place.clone(),
            files: self.files.clone(),
            reader,
            columns,
            visible: self.visible,
            schema,
            progress: self.progress.clone(),
        })
    }

    /// Whether members of `$1` can be read without the rest of it.
    pub(crate) fn has_row_members(&self) -> bool {
        self.reader.with_row_members(&[]).is_some()
    }

    /// What the user should know of files that differ.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.reader.warnings().to_vec()
    }

    /// The files in as many runs of about the same size as there are workers, in their order.
    fn runs(&self, count: usize) -> Vec<Vec<StagedFile>> {
        let total: u64 = self.files.iter().map(|file| file.meta.size.max(1)).sum();
        let share = total.div_ceil(count.max(1) as u64).max(1);
        let mut runs: Vec<Vec<StagedFile>> = Vec::new();
        let mut filled = 0u64;
        for file in &self.files {
            let run = usize::try_from(filled / share).unwrap_or(usize::MAX).min(count.saturating_sub(1));
            if runs.len() <= run {
                runs.resize_with(run + 1, Vec::new);
            }
            runs[run].push(file.clone());
            filled += file.meta.size.max(1);
        }
        runs.retain(|run| !run.is_empty());
        runs
    }
}

#[async_trait]
impl TableProvider for FilesTable {
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
        self.progress.add_scan_total(0, self.files.iter().map(|file| file.meta.size).sum());
        let projection: Vec<usize> = match projection {
            Some(projection) => projection.clone(),
            None => (0..self.schema.fields().len()).collect(),
        };
        let schema = Arc::new(self.schema.project(&projection)?);
        let workers = state.config().target_partitions().max(1);
        let hints = state.config().get_extension::<ScanHints>().map(|hints| *hints).unwrap_or_default();
        let runs = self.runs(workers);
        // Blocks of one file are decoded side by side where there are fewer files than workers.
        let side_by_side = if limit.is_some() { 1 } else { workers.div_ceil(runs.len().max(1)) };
        let partitions: Vec<Arc<dyn PartitionStream>> = runs
            .into_iter()
            .map(|files| {
                Arc::new(Run {
                    schema: schema.clone(),
                    columns: projection.iter().filter_map(|at| self.columns.get(*at)).cloned().collect(),
                    files,
                    place: self.place.clone(),
                    reader: self.reader.clone(),
                    progress: self.progress.clone(),
                    side_by_side,
                    files_ahead: if limit.is_some() { 0 } else { FILES_AHEAD },
                    ahead: if limit.is_some() || hints.first_rows { Ahead::Little } else { Ahead::All },
                }) as _
            })
            .collect();
        Ok(Arc::new(StreamingTableExec::try_new(schema, partitions, None, [], false, limit)?))
    }
}

/// Files that are read one after the other.
#[derive(Debug)]
struct Run {
    schema: SchemaRef,
    columns: Arc<[ColumnSource]>,
    files: Vec<StagedFile>,
    place: Arc<Place>,
    reader: Arc<dyn FileReader>,
    progress: Arc<Progress>,
    side_by_side: usize,
    files_ahead: usize,
    ahead: Ahead,
}

impl PartitionStream for Run {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let of_file = |column: &ColumnSource| match column {
            ColumnSource::File(at) => Some(*at),
            ColumnSource::Folder(_) | ColumnSource::Metadata(_) => None,
        };
        let read: Arc<[usize]> = self.columns.iter().filter_map(of_file).collect();
        let (reader, place, progress) = (self.reader.clone(), self.place.clone(), self.progress.clone());
        let (side_by_side, ahead, end) = (self.side_by_side, self.ahead, self.reader.end());
        let heads = futures::stream::iter(self.files.clone()).map({
            let (place, progress) = (place.clone(), progress.clone());
            move |file| {
                let source = FileSource { ahead, ..FileSource::new(place.clone(), file, progress.clone()) };
                async move {
                    match end {
                        FileEnd::Head => source.with_head().await,
                        FileEnd::Tail => Ok(source),
                    }
                }
            }
        });
        let arrange = Arrange { schema: self.schema.clone(), columns: self.columns.clone(), place, progress };
        let batches = heads
            .buffered(self.files_ahead + 1)
            .flat_map(move |source| match source {
                Ok(source) => {
                    let file = source.file.clone();
                    let batches = reader.clone().read(source, read.clone(), side_by_side);
                    arrange.clone().apply(file, batches)
                }
                Err(error) => futures::stream::iter([Err(error)]).boxed(),
            })
            .map(|batch| batch.map_err(|error| DataFusionError::External(Box::new(error))));
        Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), batches))
    }
}

/// Puts the columns of a file and what is known of it in the order that is asked for.
#[derive(Clone)]
struct Arrange {
    schema: SchemaRef,
    columns: Arc<[ColumnSource]>,
    place: Arc<Place>,
    progress: Arc<Progress>,
}

impl Arrange {
    fn apply(self, file: StagedFile, batches: BatchStream) -> BatchStream {
        let mut first = 0u64;
        batches
            .map(move |batch| {
                let batch = batch?;
                let rows = batch.num_rows();
                self.progress.add_scanned(rows as u64, 0);
                let mut read = batch.columns().iter();
                let columns: Result<Vec<ArrayRef>, Error> = self
                    .columns
                    .iter()
                    .map(|column| match column {
                        ColumnSource::File(_) => read
                            .next()
                            .cloned()
                            .ok_or_else(|| internal("a format gave fewer columns than asked for")),
                        ColumnSource::Folder(folder) => folder
                            .value_in(&key_of_path(&file.meta.location))
                            .to_array_of_size(rows)
                            .map_err(|error| internal(&error.to_string())),
                        ColumnSource::Metadata(column) => Ok(column.values(&self.place, &file, first, rows)),
                    })
                    .collect();
                first += rows as u64;
                let options = RecordBatchOptions::new().with_row_count(Some(rows));
                RecordBatch::try_new_with_options(self.schema.clone(), columns?, &options)
                    .map_err(|error| internal(&error.to_string()))
            })
            .boxed()
    }
}

fn internal(reason: &str) -> Error {
    Error::new(crate::ErrorKind::Internal, "a file gave columns that do not fit").with_context(reason)
}
