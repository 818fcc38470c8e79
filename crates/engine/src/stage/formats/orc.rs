//! ORC: read from its end like Parquet, stripe by stripe, only the columns that are wanted.

use std::error::Error as StdError;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringBuilder};
use arrow::datatypes::{DataType, FieldRef, Fields, Schema, SchemaRef};
use bytes::{Buf, Bytes};
use futures::StreamExt;
use orc_rust::ArrowReaderBuilder;
use orc_rust::projection::ProjectionMask;
use orc_rust::reader::ChunkReader;
use orc_rust::schema::TimestampPrecision;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::adapt::{adapt, broken, refuse_more_columns, unify};
use super::source::{BatchStream, FileReader, FileSource};
use crate::query::{self, Effort};
use crate::stage::bytes::FileEnd;
use crate::variant::{variant_field, write_value};
use crate::{Error, ErrorKind};

/// Rows of one batch.
const BATCH_ROWS: usize = 8192;
/// The least that a request brings: what follows is mostly wanted next.
const REQUEST_BYTES_MIN: u64 = 1 << 20;
/// How a stripe of which most is wanted is cut into requests that are under way side by side.
const PIECE_BYTES: u64 = 8 << 20;
/// The longest stripe that is kept in memory whole.
const STRIPE_BYTES_MAX: u64 = 256 << 20;
/// Batches that wait for whoever reads.
const BATCHES_AHEAD: usize = 2;
/// The most that one answer to the decoder may have: a length in a file may lie.
const CHUNK_BYTES_MAX: u64 = 1 << 30;

#[derive(Debug)]
pub(crate) struct OrcReader {
    fields: Fields,
    warnings: Vec<String>,
}

/// A part of a file that is decoded alone.
struct Stripe {
    bytes: Range<u64>,
    rows: u64,
}

/// What the end of a file says.
struct Footer {
    schema: SchemaRef,
    rows: u64,
    stripes: Vec<Stripe>,
}

impl OrcReader {
    pub(crate) async fn open(sources: &[FileSource], strict: bool) -> Result<Self, Error> {
        let footers = sources.iter().map(|source| read_footer(source.clone()));
        let mut schemas: Vec<(String, SchemaRef)> = Vec::new();
        for (source, footer) in sources.iter().zip(futures::future::try_join_all(footers).await?) {
            schemas.push((source.name(), footer.schema));
        }
        let (fields, warnings) = unify(&schemas, strict)?;
        Ok(Self { fields, warnings })
    }

    async fn stripes(
        self: Arc<Self>,
        source: FileSource,
        projection: Arc<[usize]>,
        side_by_side: usize,
    ) -> BatchStream {
        let source = match source.with_tail().await {
            Ok(source) => source,
            Err(error) => return failed(error),
        };
        let footer = match read_footer(source.clone()).await {
            Ok(footer) => footer,
            Err(error) => return failed(error),
        };
        let name = source.name();
        let names = footer.schema.fields().iter().map(|field| field.name().as_str());
        if let Err(error) = refuse_more_columns(names, &self.fields, self.fields.len(), &projection, &name) {
            return failed(error);
        }
        let wanted: Vec<String> = projection.iter().map(|at| self.fields[*at].name().clone()).collect();
        let there = footer.schema.fields().iter().filter(|field| wanted.contains(field.name())).count();
        if there == 0 {
            // Nothing of the rows is wanted but their number.
            return empty_rows(footer.rows)
                .map(move |batch| adapt(&batch?, &self.fields, &projection, &name))
                .boxed();
        }
        let most = there * 2 >= footer.schema.fields().len();
        let stripes = footer.stripes.into_iter().map(move |stripe| {
            let (source, wanted) = (source.clone(), wanted.clone());
            async move { decode_stripe(source, stripe, wanted, most).await }
        });
        futures::stream::iter(stripes)
            .buffered(side_by_side.max(1))
            .flatten()
            .map(move |batch| adapt(&batch?, &self.fields, &projection, &name))
            .boxed()
    }
}

impl FileReader for OrcReader {
    fn fields(&self) -> &Fields {
        &self.fields
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn end(&self) -> FileEnd {
        FileEnd::Tail
    }

    fn read(
        self: Arc<Self>,
        source: FileSource,
        projection: Arc<[usize]>,
        side_by_side: usize,
    ) -> BatchStream {
        futures::stream::once(self.stripes(source, projection, side_by_side)).flatten().boxed()
    }
}

fn failed(error: Error) -> BatchStream {
    futures::stream::iter([Err(error)]).boxed()
}

/// Batches of as many rows without a column.
fn empty_rows(rows: u64) -> BatchStream {
    let batches = std::iter::successors(Some(rows), |left| {
        Some(left.saturating_sub(BATCH_ROWS as u64)).filter(|left| *left > 0)
    })
    .filter(|left| *left > 0)
    .map(|left| {
        let count = usize::try_from(left).unwrap_or(BATCH_ROWS).min(BATCH_ROWS);
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options).map_err(|error| {
            Error::new(ErrorKind::Internal, "rows cannot be counted").with_context(error.to_string())
        })
    });
    futures::stream::iter(batches.collect::<Vec<_>>()).boxed()
}

/// Runs the decoder where it may wait; a panic in it is an error of the file.
async fn run<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match query::spawn_blocking(Effort::current(), work).await {
        Ok(outcome) => outcome,
        Err(failure) => Err(broken(name, "its decoder gave up").with_context(failure.to_string())),
    }
}

async fn read_footer(source: FileSource) -> Result<Footer, Error> {
    let source = source.with_tail().await?;
    let name = source.name();
    let size = source.file.meta.size;
    let bytes = OrcBytes::new(source, Vec::new());
    let shown = name.clone();
    run(&name, move || {
        let failed = |error: &(dyn StdError + 'static)| {
            own_error(error).unwrap_or_else(|| {
                broken(&shown, &format!("it is no readable ORC file of {size} bytes: {error}"))
            })
        };
        let builder = ArrowReaderBuilder::try_new(bytes).map_err(|error| failed(&error))?;
        let builder = builder.with_timestamp_precision(TimestampPrecision::Microsecond);
        let fields: Vec<FieldRef> = builder.schema().fields().iter().map(readable).collect();
        let metadata = builder.file_metadata();
        let stripes: Vec<Stripe> = metadata
            .stripe_metadatas()
            .iter()
            .map(|stripe| {
                let length = stripe.index_length() + stripe.data_length() + stripe.footer_length();
                Stripe { bytes: stripe.offset()..stripe.offset() + length, rows: stripe.number_of_rows() }
            })
            .collect();
        if let Some(beyond) = stripes.iter().find(|stripe| stripe.bytes.end > size) {
            return Err(broken(
                &shown,
                &format!(
                    "its footer has a stripe from byte {} to {}, and the file has {size} bytes",
                    beyond.bytes.start, beyond.bytes.end
                ),
            ));
        }
        let counted: u64 = stripes.iter().map(|stripe| stripe.rows).sum();
        if counted != metadata.number_of_rows() {
            return Err(broken(
                &shown,
                &format!(
                    "its footer says {} rows, and its stripes have {counted}",
                    metadata.number_of_rows()
                ),
            ));
        }
        Ok(Footer { schema: Arc::new(Schema::new(fields)), rows: counted, stripes })
    })
    .await
}

/// The field as it is handed on: a VARIANT where there is a union in it.
fn readable(field: &FieldRef) -> FieldRef {
    if has_union(field.data_type()) { Arc::new(variant_field(field.name())) } else { field.clone() }
}

fn has_union(data_type: &DataType) -> bool {
    match data_type {
        DataType::Union(..) => true,
        DataType::List(item) | DataType::Map(item, _) => has_union(item.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| has_union(field.data_type())),
        _ => false,
    }
}

/// The batches of one stripe. Its decoder has begun when this returns.
async fn decode_stripe(source: FileSource, stripe: Stripe, wanted: Vec<String>, most: bool) -> BatchStream {
    let name = source.name();
    let length = stripe.bytes.end - stripe.bytes.start;
    let pieces = if most && length <= STRIPE_BYTES_MAX {
        match source.read_pieces(&stripe.bytes).await {
            Ok(pieces) => pieces,
            Err(error) => return failed(error),
        }
    } else {
        Vec::new()
    };
    let (sender, mut received) = mpsc::channel::<Result<RecordBatch, Error>>(BATCHES_AHEAD);
    let bytes = OrcBytes::new(source, pieces);
    let shown = name.clone();
    let start = stripe.bytes.start;
    let task = query::spawn_blocking(Effort::current(), move || {
        let failed = |error: &(dyn StdError + 'static)| {
            own_error(error).unwrap_or_else(|| {
                broken(&shown, &format!("the stripe at byte {start} cannot be read: {error}"))
            })
        };
        let decoded = (|| {
            let builder = ArrowReaderBuilder::try_new(bytes).map_err(|error| failed(&error))?;
            let mask = ProjectionMask::named_roots(builder.file_metadata().root_data_type(), &wanted);
            let at = usize::try_from(start).unwrap_or(usize::MAX);
            let reader = builder
                .with_timestamp_precision(TimestampPrecision::Microsecond)
                .with_batch_size(BATCH_ROWS)
                .with_projection(mask)
                .with_file_byte_range(at..at.saturating_add(1))
                .build();
            for batch in reader {
                let batch = batch.map_err(|error| failed(&error))?;
                let batch = without_unions(batch).map_err(|error| failed(&error))?;
                if sender.blocking_send(Ok(batch)).is_err() {
                    break;
                }
            }
            Ok::<(), Error>(())
        })();
        if let Err(error) = decoded {
            let _ = sender.blocking_send(Err(error));
        }
    });
    let batches = futures::stream::poll_fn(move |context| received.poll_recv(context));
    let end = async move {
        let failure = task.await.err()?;
        let error = broken(&name, &format!("the decoder of the stripe at byte {start} gave up"));
        Some(Err(error.with_context(failure.to_string())))
    };
    batches.chain(futures::stream::once(end).filter_map(|end| async move { end })).boxed()
}

fn without_unions(batch: RecordBatch) -> Result<RecordBatch, arrow::error::ArrowError> {
    let schema = batch.schema();
    if !schema.fields().iter().any(|field| has_union(field.data_type())) {
        return Ok(batch);
    }
    let mut fields: Vec<FieldRef> = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        if !has_union(field.data_type()) {
            fields.push(field.clone());
            columns.push(column.clone());
            continue;
        }
        // A union is NULL where the value in it is.
        let nulls = column.logical_nulls();
        let mut texts = StringBuilder::new();
        for row in 0..column.len() {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                texts.append_null();
            } else {
                let mut text = String::new();
                write_value(column.as_ref(), field, row, &mut text)?;
                texts.append_value(text);
            }
        }
        fields.push(readable(field));
        columns.push(Arc::new(texts.finish()));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

/// An error of ours that went through the decoder.
fn own_error(error: &(dyn StdError + 'static)) -> Option<Error> {
    let mut current = Some(error);
    while let Some(error) = current {
        if let Some(own) = error.downcast_ref::<Error>() {
            return Some(own.clone());
        }
        let through = error.downcast_ref::<io::Error>().and_then(super::blocking::own_error);
        if through.is_some() {
            return through;
        }
        current = error.source();
    }
    None
}

impl FileSource {
    /// The file with its last block.
    async fn with_tail(mut self) -> Result<Self, Error> {
        let at_hand = self
            .file
            .tail
            .as_ref()
            .is_some_and(|tail| tail.start + tail.bytes.len() as u64 == self.file.meta.size);
        if !at_hand && self.file.meta.size > 0 {
            self.file = self.place.read_tail(self.file).await?;
        }
        Ok(self)
    }

    /// A range in pieces that are fetched side by side, each with where it begins.
    async fn read_pieces(&self, range: &Range<u64>) -> Result<Vec<(u64, Bytes)>, Error> {
        if let Some(bytes) = self.file.tail.as_ref().and_then(|tail| tail.slice(range)) {
            return Ok(vec![(range.start, bytes)]);
        }
        let pieces: Vec<Range<u64>> = (range.start..range.end)
            .step_by(usize::try_from(PIECE_BYTES).unwrap_or(usize::MAX))
            .map(|start| start..range.end.min(start + PIECE_BYTES))
            .collect();
        let read = self.place.read_ranges(&self.file, &pieces).await?;
        self.progress.add_scanned(0, range.end - range.start);
        Ok(pieces.into_iter().map(|piece| piece.start).zip(read).collect())
    }
}

/// The bytes of one file, for a decoder that waits for them.
struct OrcBytes {
    source: FileSource,
    /// What is at hand, by where it begins.
    pieces: parking_lot::Mutex<Vec<(u64, Bytes)>>,
    runtime: Handle,
}

impl OrcBytes {
    fn new(source: FileSource, mut pieces: Vec<(u64, Bytes)>) -> Self {
        if let Some(tail) = &source.file.tail {
            pieces.push((tail.start, tail.bytes.clone()));
        }
        Self { source, pieces: pieces.into(), runtime: Handle::current() }
    }

    /// The range out of what is at hand.
    fn at_hand(&self, range: &Range<u64>) -> Option<Bytes> {
        let pieces = self.pieces.lock();
        let piece_of =
            |at: u64| pieces.iter().find(|(start, bytes)| *start <= at && at < start + bytes.len() as u64);
        let slice = |at: u64| {
            let (start, bytes) = piece_of(at)?;
            let from = usize::try_from(at - start).ok()?;
            let to = usize::try_from(range.end - start).ok()?.min(bytes.len());
            Some(bytes.slice(from..to))
        };
        let first = slice(range.start)?;
        let length = usize::try_from(range.end - range.start).ok()?;
        if first.len() == length {
            return Some(first);
        }
        let mut joined = Vec::with_capacity(length);
        joined.extend_from_slice(&first);
        while joined.len() < length {
            let more = slice(range.start + joined.len() as u64)?;
            joined.extend_from_slice(&more);
        }
        Some(joined.into())
    }
}

impl ChunkReader for OrcBytes {
    type T = bytes::buf::Reader<Bytes>;

    fn len(&self) -> u64 {
        self.source.file.meta.size
    }

    fn get_read(&self, offset_from_start: u64) -> io::Result<Self::T> {
        let length = self.len().saturating_sub(offset_from_start);
        Ok(self.get_bytes(offset_from_start, length)?.reader())
    }

    fn get_bytes(&self, offset_from_start: u64, length: u64) -> io::Result<Bytes> {
        if length == 0 {
            return Ok(Bytes::new());
        }
        let size = self.len();
        let end = offset_from_start.checked_add(length).filter(|end| *end <= size);
        let Some(end) = end.filter(|_| length <= CHUNK_BYTES_MAX) else {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("{length} bytes from byte {offset_from_start} are wanted, and the file has {size}"),
            ));
        };
        let wanted = offset_from_start..end;
        if let Some(bytes) = self.at_hand(&wanted) {
            return Ok(bytes);
        }
        let request = wanted.start..end.max((wanted.start + REQUEST_BYTES_MIN).min(size));
        let read = self.source.place.read_ranges(&self.source.file, std::slice::from_ref(&request));
        let bytes = self.runtime.block_on(read).map_err(io::Error::other)?.pop().unwrap_or_default();
        self.source.progress.add_scanned(0, bytes.len() as u64);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if bytes.len() < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let answer = bytes.slice(..length);
        // The last request alone is kept: streams are read in the order of the file.
        let mut pieces = self.pieces.lock();
        if pieces.len() > PIECES_KEPT {
            pieces.remove(0);
        }
        pieces.push((request.start, bytes));
        Ok(answer)
    }
}

/// Requests whose bytes are kept for the streams that follow.
const PIECES_KEPT: usize = 40;
