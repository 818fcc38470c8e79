//! From Arrow batches to the bodies that Databend's clients read.
//!
//! A result's columns are first brought to the few Arrow types that have a Databend type (`plain`).
//! From there they are written as rows of JSON texts (`json`) or as an Arrow stream (`stream`).

mod cells;
mod files;
mod json;
mod nested;
mod plain;
mod size;
mod stream;
mod text;
mod types;

#[cfg(test)]
mod tests;

use std::str::FromStr;
use std::sync::Arc;

use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use chrono_tz::Tz;
use engine::{Error, ErrorKind};
use protocol::SchemaField;

pub(crate) use size::size_of_batch;
pub(crate) use stream::write_arrow_stream;

/// The Databend type of a column that is not of a result.
pub(crate) fn type_of_column(field: &FieldRef) -> String {
    types::type_of_field(&plain::plain_field(field))
}

/// The columns of a result, and how their batches become bodies.
#[derive(Debug, Clone)]
pub(crate) struct ResultEncoder {
    source: SchemaRef,
    plain: SchemaRef,
    fields: Vec<SchemaField>,
    zone: Tz,
}

impl ResultEncoder {
    /// Fails when the session's time zone is not an IANA name: clients would fail to read such a result.
    pub(crate) fn new(schema: SchemaRef, timezone: &str) -> Result<Self, Error> {
        let zone = Tz::from_str(timezone).map_err(|_| {
            Error::new(ErrorKind::InvalidValue, format!("time zone `{timezone}` does not exist"))
                .with_hint("set `timezone` to an IANA name such as `UTC` or `Europe/Berlin`")
        })?;
        let plain_fields: Vec<FieldRef> =
            schema.fields().iter().map(|field| Arc::new(plain::plain_field(field))).collect();
        let fields = plain_fields
            .iter()
            .map(|field| SchemaField { name: field.name().clone(), data_type: types::type_of_field(field) })
            .collect();
        Ok(Self { source: schema, plain: Arc::new(Schema::new(plain_fields)), fields, zone })
    }

    /// The columns' names and Databend types.
    pub(crate) fn fields(&self) -> &[SchemaField] {
        &self.fields
    }

    /// The zone that timestamps are written in, as its IANA name.
    pub(crate) fn timezone(&self) -> &'static str {
        self.zone.name()
    }

    /// Whether there is any column to write.
    pub(crate) fn has_columns(&self) -> bool {
        !self.fields.is_empty()
    }

    /// Brings a batch's columns to types that clients know.
    pub(crate) fn to_plain(&self, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        if batch.num_columns() != self.plain.fields().len() {
            return Err(Error::new(ErrorKind::Internal, "a batch has other columns than its result")
                .with_context(format!("batch {:?}, result {:?}", batch.schema(), self.source)));
        }
        let columns = batch
            .columns()
            .iter()
            .zip(self.plain.fields())
            .map(|(column, field)| plain::plain_array(column, field))
            .collect::<Result<Vec<_>, _>>()
            .map_err(encoding_failed)?;
        let options = arrow::record_batch::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(self.plain.clone(), columns, &options).map_err(encoding_failed)
    }

    /// Appends the rows of plain batches as `[["cell",…],…]`.
    pub(crate) fn write_json_rows(&self, batches: &[RecordBatch], out: &mut Vec<u8>) {
        json::write_rows(batches, self.zone, out);
    }

    /// Appends the line of column names of a CSV file.
    pub(crate) fn write_csv_header(&self, out: &mut Vec<u8>) {
        files::write_csv_header(&self.fields, out);
    }

    /// Appends the rows of a plain batch as lines of CSV.
    pub(crate) fn write_csv_rows(&self, batch: &RecordBatch, out: &mut Vec<u8>) {
        files::write_csv_rows(batch, self.zone, out);
    }

    /// Appends the rows of a plain batch as JSON objects, with a separator before each but the very first.
    pub(crate) fn write_objects(
        &self,
        batch: &RecordBatch,
        separator: &[u8],
        is_first: &mut bool,
        out: &mut Vec<u8>,
    ) {
        files::write_objects(batch, self.zone, separator, is_first, out);
    }

    /// The schema of plain batches.
    pub(crate) fn plain_schema(&self) -> &SchemaRef {
        &self.plain
    }
}

fn encoding_failed(error: arrow::error::ArrowError) -> Error {
    Error::new(ErrorKind::Internal, "the result cannot be written for the client")
        .with_context(error.to_string())
}
