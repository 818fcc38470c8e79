//! Arrow bodies: an IPC stream whose schema metadata holds the head of the response.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::Schema;
use arrow::ipc::CompressionType;
use arrow::ipc::writer::{IpcWriteOptions, StreamWriter};
use arrow::record_batch::RecordBatch;
use engine::Error;
use protocol::ARROW_RESPONSE_HEADER;

use super::{ResultEncoder, encoding_failed};

/// Writes plain batches with a head.
pub(crate) fn write_arrow_stream(
    encoder: &ResultEncoder,
    batches: &[RecordBatch],
    head: String,
) -> Result<Vec<u8>, Error> {
    let metadata = HashMap::from([(ARROW_RESPONSE_HEADER.to_owned(), head)]);
    let schema = Arc::new(Schema::new_with_metadata(encoder.plain_schema().fields().clone(), metadata));
    let options = IpcWriteOptions::default()
        .try_with_compression(Some(CompressionType::LZ4_FRAME))
        .map_err(encoding_failed)?;
    let mut writer =
        StreamWriter::try_new_with_options(Vec::new(), &schema, options).map_err(encoding_failed)?;
    for batch in batches {
        let batch =
            RecordBatch::try_new(schema.clone(), batch.columns().to_vec()).map_err(encoding_failed)?;
        writer.write(&batch).map_err(encoding_failed)?;
    }
    writer.finish().map_err(encoding_failed)?;
    writer.into_inner().map_err(encoding_failed)
}
