//! Arrow IPC: files, whose footer is not needed, and streams.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::buffer::Buffer;
use arrow::datatypes::{Fields, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamDecoder;
use arrow::record_batch::RecordBatch;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;

use super::ColumnUse;
use super::adapt::{adapt, broken, unify};
use super::arrow_footer;
use super::source::{BatchStream, FileReader, FileSource};
use crate::stage::bytes::ByteStream;
use crate::{Error, ErrorKind};

/// What a file begins with, and a stream does not. The messages of a stream follow.
pub(super) const FILE_MAGIC: &[u8] = b"ARROW1\0\0";

#[derive(Debug)]
pub(crate) struct ArrowReader {
    fields: Fields,
    warnings: Vec<String>,
}

impl ArrowReader {
    pub(crate) async fn open(sources: &[FileSource], used: &ColumnUse, strict: bool) -> Result<Self, Error> {
        if used.position_max.is_some() {
            return Err(Error::new(ErrorKind::Semantic, "an ARROW file has no positions such as `$1`")
                .with_hint("name its columns"));
        }
        let mut schemas: Vec<(String, SchemaRef)> = Vec::new();
        for source in sources {
            let name = source.name();
            let head = source.head();
            if arrow_footer::is_needed(&head) {
                schemas.push((name, arrow_footer::read_footer(source).await?.schema));
                continue;
            }
            let mut messages = Messages::new(name.clone());
            messages.push(&head);
            let schema = match messages.schema()? {
                Some(schema) => schema,
                None => return Err(broken(&name, "it is no Arrow file: it begins without a schema")),
            };
            schemas.push((name, schema));
        }
        let (fields, warnings) = unify(&schemas, strict)?;
        Ok(Self { fields, warnings })
    }
}

impl FileReader for ArrowReader {
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
        if arrow_footer::is_needed(&source.head()) {
            let batches = arrow_footer::read_batches(source);
            return batches.map(move |batch| adapt(&batch?, &self.fields, &projection, &name)).boxed();
        }
        let state = (source.bytes(), Messages::new(name.clone()));
        let batches = futures::stream::unfold(Some(state), |state| async move {
            let (mut bytes, mut messages) = state?;
            match next_batch(&mut bytes, &mut messages).await {
                Ok(Some(batch)) => Some((Ok(batch), Some((bytes, messages)))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        });
        batches.map(move |batch| adapt(&batch?, &self.fields, &projection, &name)).boxed()
    }
}

async fn next_batch(bytes: &mut ByteStream, messages: &mut Messages) -> Result<Option<RecordBatch>, Error> {
    loop {
        if let Some(batch) = messages.decode()? {
            return Ok(Some(batch));
        }
        if messages.ended {
            return Ok(None);
        }
        match bytes.next().await {
            Some(block) => messages.push(&block?),
            None => {
                messages.finish()?;
                return Ok(None);
            }
        }
    }
}

/// The messages of one file.
struct Messages {
    decoder: StreamDecoder,
    /// The first bytes, until it is known whether they are a file's.
    begin: Option<BytesMut>,
    buffer: Buffer,
    is_file: bool,
    ended: bool,
    name: String,
}

impl Messages {
    fn new(name: String) -> Self {
        Self {
            decoder: StreamDecoder::new(),
            begin: Some(BytesMut::new()),
            buffer: Buffer::from(Bytes::new()),
            is_file: false,
            ended: false,
            name,
        }
    }

    /// Takes a block once the one before is used up.
    fn push(&mut self, block: &Bytes) {
        let Some(begin) = &mut self.begin else {
            self.buffer = Buffer::from(block.clone());
            return;
        };
        begin.extend_from_slice(block);
        if begin.len() >= FILE_MAGIC.len() {
            self.is_file = begin.starts_with(FILE_MAGIC);
            let mut begin = self.begin.take().unwrap_or_default().freeze();
            if self.is_file {
                begin = begin.slice(FILE_MAGIC.len()..);
            }
            self.buffer = Buffer::from(begin);
        }
    }

    fn schema(&mut self) -> Result<Option<SchemaRef>, Error> {
        self.decode()?;
        Ok(self.decoder.schema())
    }

    fn decode(&mut self) -> Result<Option<RecordBatch>, Error> {
        if self.begin.is_some() || self.ended {
            return Ok(None);
        }
        let (decoder, buffer) = (&mut self.decoder, &mut self.buffer);
        // A length that lies may make the decoder of Arrow panic: that is an error of the file.
        match catch_unwind(AssertUnwindSafe(|| decoder.decode(buffer))) {
            Ok(Ok(batch)) => Ok(batch),
            // Behind the end of a file's stream stands its footer.
            Ok(Err(ArrowError::IpcError(text))) if self.is_file && text == "Unexpected EOS" => {
                self.ended = true;
                Ok(None)
            }
            Ok(Err(error)) => {
                let text = error.to_string();
                Err(broken(&self.name, text.strip_prefix("Ipc error: ").unwrap_or(&text)))
            }
            Err(_) => Err(broken(&self.name, "a message in it does not hold what it says")),
        }
    }

    fn finish(&mut self) -> Result<(), Error> {
        if self.begin.is_some() || self.is_file || self.decoder.finish().is_err() {
            return Err(broken(&self.name, "it ends early"));
        }
        Ok(())
    }
}
