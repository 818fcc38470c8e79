//! Avro object container files.

use std::io::BufReader;
use std::sync::Arc;

use arrow::datatypes::{Fields, SchemaRef};
use arrow_avro::reader::ReaderBuilder;
use futures::StreamExt;

use super::adapt::{adapt, broken, unify};
use super::avro_blocks::WholeBlocks;
use super::blocking::run_blocking;
use super::source::{BatchStream, FileReader, FileSource};
use crate::Error;

/// Rows of one batch.
const BATCH_ROWS: usize = 8192;

#[derive(Debug)]
pub(crate) struct AvroReader {
    fields: Fields,
    warnings: Vec<String>,
}

impl AvroReader {
    pub(crate) async fn open(sources: &[FileSource], strict: bool) -> Result<Self, Error> {
        let mut schemas: Vec<(String, SchemaRef)> = Vec::new();
        for source in sources {
            let (name, head) = (source.name(), source.head());
            let reader = ReaderBuilder::new().build(std::io::Cursor::new(head));
            let reader = reader.map_err(|error| {
                broken(&name, &format!("it is no Avro file: {}", plain(&error.to_string())))
            })?;
            schemas.push((name, reader.schema()));
        }
        let (fields, warnings) = unify(&schemas, strict)?;
        Ok(Self { fields, warnings })
    }
}

impl FileReader for AvroReader {
    fn fields(&self) -> &Fields {
        &self.fields
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn read(
        self: Arc<Self>,
        source: FileSource,
        projection: Arc<[usize]>,
        _side_by_side: usize,
    ) -> BatchStream {
        let name = source.name();
        let shown = name.clone();
        let batches = run_blocking(source.bytes(), name.clone(), move |source, give| {
            let failed = |error: arrow::error::ArrowError| match &error {
                arrow::error::ArrowError::IoError(_, inner)
                    if super::blocking::own_error(inner).is_some() =>
                {
                    super::blocking::own_error(inner).unwrap_or_else(|| broken(&name, ""))
                }
                _ => broken(&name, plain(&error.to_string())),
            };
            let source = WholeBlocks::new(source, name.clone());
            let reader = ReaderBuilder::new().with_batch_size(BATCH_ROWS).build(BufReader::new(source));
            for batch in reader.map_err(failed)? {
                if !give(batch.map_err(failed)?) {
                    break;
                }
            }
            Ok(())
        });
        batches.map(move |batch| adapt(&batch?, &self.fields, &projection, &shown)).boxed()
    }
}

/// Arrow's words without their heading.
fn plain(text: &str) -> &str {
    text.rsplit_once(" error: ").map_or(text, |(_, reason)| reason)
}
