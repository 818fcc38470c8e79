//! What a query may ask of S3, and what EXPLAIN ANALYZE says that it did.

use std::sync::Arc;

use arrow::array::StringArray;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::RecordBatch;
use futures::StreamExt;

use crate::session::Session;
use crate::transfer::TransferLimits;
use crate::{Error, ErrorKind, Progress, StatementOutput};

/// Sets the limits of the session's settings on the statement's account.
pub(super) fn set_limits(session: &Session) -> Result<(), Error> {
    let number = |name: &str| {
        session.setting(name).parse::<u64>().map_err(|_| {
            Error::new(ErrorKind::InvalidValue, format!("setting `{name}` is not a whole number"))
        })
    };
    let limits = TransferLimits { requests: number("s3_requests_max")?, bytes: number("s3_bytes_max")? };
    session.progress.ledger().set_limits(limits);
    Ok(())
}

/// Puts a row with the statement's account of S3 behind the rows of EXPLAIN ANALYZE.
pub(super) fn tell(session: &Session, output: StatementOutput) -> StatementOutput {
    let text = output.schema.fields().iter().all(|field| field.data_type() == &DataType::Utf8);
    if !text || output.schema.fields().len() != 2 {
        return output;
    }
    let (schema, progress) = (output.schema.clone(), session.progress.clone());
    let row = futures::stream::once(async move { row(schema, &progress) });
    StatementOutput { batches: output.batches.chain(row).boxed(), ..output }
}

fn row(schema: SchemaRef, progress: &Progress) -> Result<RecordBatch, Error> {
    let transfer = progress.transfer();
    let account = format!(
        "requests={}, bytes={}, rounds={}, cache_hits={}, cached_bytes={}, hedged={}, waited={:.1}ms",
        transfer.requests,
        transfer.bytes,
        transfer.rounds,
        transfer.cache_hits,
        transfer.cached_bytes,
        transfer.hedged,
        transfer.waited.as_secs_f64() * 1e3,
    );
    let columns: Vec<arrow::array::ArrayRef> =
        vec![Arc::new(StringArray::from(vec!["S3"])), Arc::new(StringArray::from(vec![account]))];
    RecordBatch::try_new(schema, columns).map_err(|error| {
        Error::new(ErrorKind::Internal, "a result was put together wrongly").with_context(error.to_string())
    })
}
