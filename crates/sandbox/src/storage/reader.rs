//! Streams a content out: pieces in memory as they are, files in large reads with one read ahead.

use std::collections::VecDeque;
use std::fs::File;
use std::future::Future as _;
use std::os::unix::fs::FileExt as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Stream;
use s3s::StdError;
use s3s::stream::{ByteStream, RemainingLength};
use tokio::task::JoinHandle;

use super::content::{Content, ContentFile, Piece};

/// Bytes of one read from a file.
const READ_BYTES: u64 = 1024 * 1024;
/// Bytes handed to the socket at once from memory: small enough that the kernel's buffer stays warm.
const MEMORY_BYTES: usize = 1024 * 1024;

/// The bytes of a content, in order.
pub(crate) struct ContentReader {
    pieces: VecDeque<Piece>,
    remaining: u64,
    open: Option<OpenFile>,
    read: Option<JoinHandle<std::io::Result<Bytes>>>,
}

struct OpenFile {
    handle: Arc<File>,
    position: u64,
    end: u64,
    // keeps the file from being deleted while it is read
    _content: Arc<ContentFile>,
}

impl ContentReader {
    pub(crate) fn new(content: &Content) -> Self {
        Self {
            pieces: content.pieces().iter().cloned().collect(),
            remaining: content.length(),
            open: None,
            read: None,
        }
    }

    /// Starts the next read when none is under way.
    fn start_read(&mut self) -> std::io::Result<()> {
        if self.read.is_some() {
            return Ok(());
        }
        if self.open.is_none()
            && let Some(Piece::File { .. }) = self.pieces.front()
            && let Some(Piece::File { file, range }) = self.pieces.pop_front()
        {
            let handle = File::open(file.directory.path_of(&file.id))?;
            self.open = Some(OpenFile {
                handle: Arc::new(handle),
                position: range.start,
                end: range.end,
                _content: file,
            });
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        let start = open.position;
        let length = READ_BYTES.min(open.end - start);
        let handle = open.handle.clone();
        open.position += length;
        if open.position >= open.end {
            self.open = None;
        }
        self.read = Some(tokio::task::spawn_blocking(move || {
            let mut buffer = vec![0_u8; usize::try_from(length).unwrap_or(0)];
            handle.read_exact_at(&mut buffer, start)?;
            Ok(Bytes::from(buffer))
        }));
        Ok(())
    }
}

impl Stream for ContentReader {
    type Item = Result<Bytes, StdError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.open.is_none()
            && self.read.is_none()
            && let Some(Piece::Memory(bytes)) = self.pieces.front_mut()
        {
            let chunk =
                if bytes.len() > MEMORY_BYTES { bytes.split_to(MEMORY_BYTES) } else { std::mem::take(bytes) };
            if bytes.is_empty() {
                self.pieces.pop_front();
            }
            self.remaining -= chunk.len() as u64;
            return Poll::Ready(Some(Ok(chunk)));
        }
        if let Err(error) = self.start_read() {
            return Poll::Ready(Some(Err(Box::new(error))));
        }
        let Some(read) = &mut self.read else { return Poll::Ready(None) };
        let result = std::task::ready!(Pin::new(read).poll(context));
        self.read = None;
        match result {
            Ok(Ok(chunk)) => {
                self.remaining -= chunk.len() as u64;
                // the next read goes on while this chunk is sent
                if let Err(error) = self.start_read() {
                    return Poll::Ready(Some(Err(Box::new(error))));
                }
                Poll::Ready(Some(Ok(chunk)))
            }
            Ok(Err(error)) => Poll::Ready(Some(Err(Box::new(error)))),
            Err(error) => Poll::Ready(Some(Err(Box::new(error)))),
        }
    }
}

impl ByteStream for ContentReader {
    fn remaining_length(&self) -> RemainingLength {
        RemainingLength::new_exact(usize::try_from(self.remaining).unwrap_or(usize::MAX))
    }
}
