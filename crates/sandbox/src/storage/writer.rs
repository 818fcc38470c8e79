//! Takes the bytes of an upload: gathered into large pieces in memory, or written to a file in large writes.

use std::fs::File;
use std::io::Write as _;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::BlobDirectory;
use super::content::{Content, ContentFile, Piece};
use crate::ids;

/// Size of the pieces in memory and of the writes to a file.
const PIECE_BYTES: usize = 4 * 1024 * 1024;

/// Writes one content.
pub(crate) struct ContentWriter {
    buffer: BytesMut,
    piece_bytes: usize,
    pieces: Vec<Piece>,
    file: Option<OpenFile>,
    directory: Option<Arc<BlobDirectory>>,
    written: u64,
}

struct OpenFile {
    handle: Arc<File>,
    content: Arc<ContentFile>,
}

impl ContentWriter {
    pub(crate) fn new(directory: Option<Arc<BlobDirectory>>, expected: Option<u64>) -> Self {
        let expected = expected.and_then(|length| usize::try_from(length).ok()).unwrap_or(64 * 1024);
        let piece_bytes = PIECE_BYTES;
        Self {
            buffer: BytesMut::with_capacity(expected.min(piece_bytes)),
            piece_bytes,
            pieces: Vec::new(),
            file: None,
            directory,
            written: 0,
        }
    }

    pub(crate) async fn write(&mut self, mut bytes: Bytes) -> std::io::Result<()> {
        while !bytes.is_empty() {
            if self.buffer.capacity() == 0 {
                self.buffer.reserve(self.piece_bytes);
            }
            let room = self.piece_bytes - self.buffer.len();
            let part = bytes.split_to(room.min(bytes.len()));
            self.buffer.extend_from_slice(&part);
            if self.buffer.len() >= self.piece_bytes {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> std::io::Result<()> {
        let full = std::mem::take(&mut self.buffer).freeze();
        if full.is_empty() {
            return Ok(());
        }
        let Some(directory) = &self.directory else {
            self.written += full.len() as u64;
            self.pieces.push(Piece::Memory(full));
            return Ok(());
        };
        let file = match &self.file {
            Some(file) => file.handle.clone(),
            None => {
                let id = ids::opaque(24);
                let handle = Arc::new(File::create(directory.path_of(&id))?);
                let content = Arc::new(ContentFile { id, directory: directory.clone() });
                self.file = Some(OpenFile { handle: handle.clone(), content });
                handle
            }
        };
        self.written += full.len() as u64;
        tokio::task::spawn_blocking(move || (&*file).write_all(&full)).await.map_err(std::io::Error::other)?
    }

    /// The content written so far.
    pub(crate) async fn finish(mut self) -> std::io::Result<Content> {
        if !self.buffer.is_empty() {
            if self.buffer.capacity() > 2 * self.buffer.len() {
                self.buffer = BytesMut::from(&self.buffer[..]);
            }
            self.flush().await?;
        }
        if let Some(file) = self.file {
            self.pieces.push(Piece::File { file: file.content, range: 0..self.written });
        }
        Ok(Content::from_pieces(self.pieces))
    }
}
