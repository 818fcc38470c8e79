//! A result as a Parquet file, written piece by piece.

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::Compression;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::WriterProperties;

use crate::{Error, ErrorKind};

/// Rows of a row group, and the memory at which one is closed before.
const GROUP_ROWS_MAX: usize = 1_000_000;
const GROUP_BYTES_MAX: usize = 64 << 20;

/// Writes batches into a Parquet file that its caller sends away as it grows.
pub struct ParquetEncoder {
    writer: ArrowWriter<Vec<u8>>,
}

impl ParquetEncoder {
    /// Fails when a column's type has no place in Parquet.
    pub fn new(schema: SchemaRef) -> Result<Self, Error> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(GROUP_ROWS_MAX))
            .set_created_by(format!("stagedoor {}", env!("CARGO_PKG_VERSION")))
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties)).map_err(failed)?;
        Ok(Self { writer })
    }

    /// Adds a batch; appends what of the file is finished.
    pub fn write(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), Error> {
        self.writer.write(batch).map_err(failed)?;
        if self.writer.in_progress_size() > GROUP_BYTES_MAX {
            self.writer.flush().map_err(failed)?;
        }
        self.writer.sync().map_err(|error| failed(error.into()))?;
        out.append(self.writer.inner_mut());
        Ok(())
    }

    /// Appends the rest of the file.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.writer.finish().map_err(failed)?;
        self.writer.sync().map_err(|error| failed(error.into()))?;
        out.append(self.writer.inner_mut());
        Ok(())
    }
}

fn failed(error: ParquetError) -> Error {
    Error::new(ErrorKind::Unsupported, "the result cannot be written as Parquet")
        .with_hint("cast columns of unusual types to VARCHAR, or take another format")
        .with_context(error.to_string())
}
