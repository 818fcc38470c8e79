//! Parquet files on S3 scanned under DataFusion's planner and operators.
//!
//! DataFusion's own Parquet reader decodes; where its bytes come from is ours. A scan is cut into units of
//! some row groups (`units`), one queue for all partitions. When it begins, `prune` says what of each file
//! is left by statistics, page index and bloom filters, `forecast` which byte ranges that takes, and they
//! are fetched ahead of the decoders (`execution`). `source` is the seam to DataFusion.

mod bloom;
mod columns;
mod execution;
mod faults;
mod forecast;
mod late;
mod planner;
mod prune;
mod reader;
mod source;
mod units;

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::{ScalarValue, Statistics};
use datafusion::datasource::table_schema::TableSchema;

pub(super) use source::StageSource;
pub(super) use units::{Unit, UnitNumber, split_into_units};

use super::Place;
use super::footer::ParquetFile;
use crate::Progress;

/// What a query is after, as far as reading ahead must know.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ScanHints {
    /// The first rows may be enough: a LIMIT that nothing below must see all rows for.
    pub(crate) first_rows: bool,
}

/// One file of a scan.
#[derive(Debug, Clone)]
pub(super) struct ScanFile {
    pub(super) parquet: ParquetFile,
    /// Values of the columns that the file's folder gives, in the order of the table's partition columns.
    pub(super) partition_values: Vec<ScalarValue>,
    pub(super) statistics: Arc<Statistics>,
}

/// What a scan consists of; the same for all that the optimizer makes of it.
#[derive(Debug)]
pub(super) struct Scan {
    pub(super) place: Arc<Place>,
    pub(super) progress: Arc<Progress>,
    pub(super) files: Vec<ScanFile>,
    pub(super) units: Vec<Unit>,
    pub(super) table_schema: TableSchema,
    pub(super) hints: ScanHints,
}

impl Scan {
    /// The schema of the files without what their folders add.
    pub(super) fn file_schema(&self) -> &SchemaRef {
        self.table_schema.file_schema()
    }
}
