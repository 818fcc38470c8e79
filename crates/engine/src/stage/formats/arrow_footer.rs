//! Arrow IPC files that only their footer explains: before it there is no stream of messages, as Polars writes them.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::convert::fb_to_schema;
use arrow::ipc::reader::{FileDecoder, read_footer_length};
use arrow::ipc::{Block, MetadataVersion, root_as_footer};
use bytes::Bytes;
use futures::StreamExt;

use super::adapt::broken;
use super::arrow_ipc::FILE_MAGIC;
use super::source::{BatchStream, FileSource};
use crate::Error;

/// What every message of a stream begins with.
const CONTINUATION: [u8; 4] = [0xff; 4];
/// The length of the footer and the magic, at the end of a file.
const TRAILER_BYTES: u64 = 10;
/// The longest message that is kept in memory whole: a length in a file may lie.
const MESSAGE_BYTES_MAX: u64 = 1 << 30;

/// Whether a file begins in the way of a file, and goes on in none of a stream.
pub(super) fn is_needed(head: &[u8]) -> bool {
    let message = head.strip_prefix(FILE_MAGIC).and_then(|rest| rest.first_chunk::<4>());
    message.is_some_and(|start| *start != CONTINUATION)
}

/// What the footer of a file says.
pub(super) struct ArrowFooter {
    pub(super) schema: SchemaRef,
    version: MetadataVersion,
    dictionaries: Vec<Block>,
    batches: Vec<Block>,
}

pub(super) async fn read_footer(source: &FileSource) -> Result<ArrowFooter, Error> {
    let (name, size) = (source.name(), source.file.meta.size);
    let lies = || broken(&name, &format!("its footer does not fit into its {size} bytes"));
    let trailer_start = size.checked_sub(TRAILER_BYTES).ok_or_else(lies)?;
    let trailer = read_range(source, trailer_start..size).await?;
    let trailer = trailer.first_chunk().ok_or_else(lies)?;
    let length =
        read_footer_length(*trailer).map_err(|_| broken(&name, "it has no footer: it ends early"))?;
    let start = u64::try_from(length).ok().and_then(|length| trailer_start.checked_sub(length));
    let bytes = read_range(source, start.ok_or_else(lies)?..trailer_start).await?;
    // A schema that lies may make Arrow panic: that is an error of the file.
    let read = catch_unwind(AssertUnwindSafe(|| {
        let footer = root_as_footer(&bytes).ok()?;
        Some(ArrowFooter {
            schema: Arc::new(fb_to_schema(footer.schema()?)),
            version: footer.version(),
            dictionaries: footer.dictionaries().iter().flatten().copied().collect(),
            batches: footer.recordBatches().iter().flatten().copied().collect(),
        })
    }));
    read.ok().flatten().ok_or_else(|| broken(&name, "its footer cannot be read"))
}

/// The batches of a file, a request or more each.
pub(super) fn read_batches(source: FileSource) -> BatchStream {
    let begin = async move {
        let footer = read_footer(&source).await?;
        let mut decoder = FileDecoder::new(footer.schema.clone(), footer.version);
        for block in &footer.dictionaries {
            let bytes = read_block(&source, block).await?;
            guarded(&source, || decoder.read_dictionary(block, &bytes))?;
        }
        let batches = footer.batches.into_iter();
        Ok::<_, Error>(futures::stream::try_unfold((source, decoder, batches), |state| async move {
            let (source, decoder, mut batches) = state;
            while let Some(block) = batches.next() {
                let bytes = read_block(&source, &block).await?;
                if let Some(batch) = guarded(&source, || decoder.read_record_batch(&block, &bytes))? {
                    return Ok(Some((batch, (source, decoder, batches))));
                }
            }
            Ok(None)
        }))
    };
    futures::stream::once(begin)
        .flat_map(|batches| match batches {
            Ok(batches) => batches.boxed(),
            Err(error) => futures::stream::iter([Err(error)]).boxed(),
        })
        .boxed()
}

fn guarded<T>(source: &FileSource, decode: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, Error> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(decoded)) => Ok(decoded),
        Ok(Err(error)) => {
            let text = error.to_string();
            Err(broken(&source.name(), text.strip_prefix("Ipc error: ").unwrap_or(&text)))
        }
        Err(_) => Err(broken(&source.name(), "a message in it does not hold what it says")),
    }
}

async fn read_block(source: &FileSource, block: &Block) -> Result<Buffer, Error> {
    let part = |length: i64| u64::try_from(length).ok();
    let length = part(block.bodyLength())
        .zip(part(i64::from(block.metaDataLength())))
        .and_then(|(body, metadata)| body.checked_add(metadata))
        .filter(|length| *length <= MESSAGE_BYTES_MAX);
    let range = part(block.offset()).zip(length).and_then(|(start, length)| {
        let end = start.checked_add(length).filter(|end| *end <= source.file.meta.size)?;
        Some(start..end)
    });
    let range = range.ok_or_else(|| {
        let (start, size) = (block.offset(), source.file.meta.size);
        broken(
            &source.name(),
            &format!("its footer has a message at byte {start} that does not fit into its {size} bytes"),
        )
    })?;
    Ok(Buffer::from(read_range(source, range).await?))
}

async fn read_range(source: &FileSource, range: Range<u64>) -> Result<Bytes, Error> {
    let bytes = range.end - range.start;
    let read = source.place.read_ranges(&source.file, std::slice::from_ref(&range)).await?;
    source.progress.add_scanned(0, bytes);
    Ok(read.into_iter().next().unwrap_or_default())
}
