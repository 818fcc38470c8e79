//! The bytes of an object: a list of pieces, shared by copies and by the parts of an upload.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::BlobDirectory;

/// Immutable bytes in pieces. Cloning shares them.
#[derive(Clone, Default)]
pub(crate) struct Content {
    pieces: Vec<Piece>,
    length: u64,
}

/// One piece.
#[derive(Clone)]
pub(crate) enum Piece {
    Memory(Bytes),
    File { file: Arc<ContentFile>, range: Range<u64> },
}

/// A file with content; deleted when nothing points to it any more.
pub(crate) struct ContentFile {
    pub(crate) id: String,
    pub(crate) directory: Arc<BlobDirectory>,
}

impl Drop for ContentFile {
    fn drop(&mut self) {
        self.directory.forget(&self.id);
    }
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { range, .. } => range.end - range.start,
        }
    }
}

impl Content {
    pub(crate) fn from_pieces(pieces: Vec<Piece>) -> Self {
        let length = pieces.iter().map(Piece::length).sum();
        Self { pieces, length }
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// One content after the other.
    pub(crate) fn concatenate(contents: impl IntoIterator<Item = Content>) -> Self {
        Self::from_pieces(contents.into_iter().flat_map(|content| content.pieces).collect())
    }

    /// The part of the content in `range`, which must lie within it; nothing is copied.
    pub(crate) fn slice(&self, range: Range<u64>) -> Self {
        let mut pieces = Vec::new();
        let mut position = 0_u64;
        for piece in &self.pieces {
            let length = piece.length();
            let start = range.start.clamp(position, position + length) - position;
            let end = range.end.clamp(position, position + length) - position;
            if start < end {
                pieces.push(match piece {
                    Piece::Memory(bytes) => Piece::Memory(bytes.slice(to_usize(start)..to_usize(end))),
                    Piece::File { file, range } => {
                        Piece::File { file: file.clone(), range: range.start + start..range.start + end }
                    }
                });
            }
            position += length;
        }
        Self::from_pieces(pieces)
    }

    /// How the content is written down in a data directory.
    pub(crate) fn stored(&self) -> Vec<StoredPiece> {
        self.pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Memory(_) => None,
                Piece::File { file, range } => {
                    Some(StoredPiece { file: file.id.clone(), start: range.start, end: range.end })
                }
            })
            .collect()
    }
}

fn to_usize(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// A piece as it is written down.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredPiece {
    pub(crate) file: String,
    pub(crate) start: u64,
    pub(crate) end: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_cross_pieces() {
        let content = Content::from_pieces(vec![
            Piece::Memory(Bytes::from_static(b"abc")),
            Piece::Memory(Bytes::from_static(b"defg")),
        ]);
        let text = |range| {
            content
                .slice(range)
                .pieces()
                .iter()
                .map(|piece| match piece {
                    Piece::Memory(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
                    Piece::File { .. } => unreachable!(),
                })
                .collect::<String>()
        };
        assert_eq!(text(0..7), "abcdefg");
        assert_eq!(text(2..4), "cd");
        assert_eq!(text(3..3), "");
        assert_eq!(text(6..7), "g");
    }
}
