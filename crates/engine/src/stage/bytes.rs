//! The bytes of one file from its beginning, in order: what formats without a footer are read from.
//!
//! The first block is fetched alone, so that a query that stops early has asked for no more; what follows
//! comes in ranges that are in flight side by side.

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};

use super::Place;
use super::listing::{StagedFile, Tail};
use crate::{Error, Progress};

/// How much of a file's beginning is read at first: enough to know its columns, and all of a small file.
pub(crate) const HEAD_BYTES: u64 = 1 << 20;
/// In which pieces the first block is handed on.
const HEAD_PIECE_BYTES: usize = 64 << 10;
/// The ranges behind the first block.
const RANGE_BYTES: u64 = 8 << 20;
/// Ranges of one file in flight.
const RANGES_AT_ONCE: usize = 3;

/// Which end of a named file the request that finds it brings along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileEnd {
    /// Its footer is there.
    Tail,
    /// Its first rows are there.
    Head,
}

/// Bytes in order, or why they ended.
pub(crate) type ByteStream = BoxStream<'static, Result<Bytes, Error>>;

impl Place {
    /// The file with its first block, which is fetched if it is not there.
    pub(super) async fn with_head(self: &Arc<Self>, file: StagedFile) -> Result<StagedFile, Error> {
        let head = 0..HEAD_BYTES.min(file.meta.size);
        if file.meta.size == 0 || file.tail.as_ref().is_some_and(|tail| tail.slice(&head).is_some()) {
            return Ok(file);
        }
        let bytes = self.read_ranges(&file, &[head]).await?.pop().unwrap_or_default();
        Ok(StagedFile { tail: Some(Tail { start: 0, bytes }), ..file })
    }
}

/// The first block of a file, where [`Place::with_head`] brought it.
pub(super) fn head_of(file: &StagedFile) -> Bytes {
    let range = 0..HEAD_BYTES.min(file.meta.size);
    file.tail.as_ref().and_then(|tail| tail.slice(&range)).unwrap_or_default()
}

/// All bytes of a file. What is at hand already is not fetched again.
pub(super) fn stream_file(place: Arc<Place>, file: StagedFile, progress: Arc<Progress>) -> ByteStream {
    let size = file.meta.size;
    let first = {
        let place = place.clone();
        stream::once(async move { place.with_head(file).await })
    };
    first
        .flat_map(move |file| {
            let file = match file {
                Ok(file) => file,
                Err(error) => return stream::iter([Err(error)]).boxed(),
            };
            let have = match &file.tail {
                Some(Tail { start: 0, bytes }) => bytes.clone(),
                _ => Bytes::new(),
            };
            let (place, progress) = (place.clone(), progress.clone());
            progress.add_scanned(0, have.len() as u64);
            let start = have.len() as u64;
            let rest = stream::iter(ranges_from(start, size))
                .map(move |range| {
                    let (place, file, progress) = (place.clone(), file.clone(), progress.clone());
                    async move {
                        let bytes = place.read_ranges(&file, &[range]).await?.pop().unwrap_or_default();
                        progress.add_scanned(0, bytes.len() as u64);
                        Ok(bytes)
                    }
                })
                .buffered(RANGES_AT_ONCE);
            // In small pieces, so that who stops early has not begun with the rest.
            stream::iter(pieces_of(have).map(Ok)).chain(rest).boxed()
        })
        .boxed()
}

fn pieces_of(bytes: Bytes) -> impl Iterator<Item = Bytes> + Send {
    let mut left = bytes;
    std::iter::from_fn(move || {
        let length = left.len().min(HEAD_PIECE_BYTES);
        (length > 0).then(|| left.split_to(length))
    })
}

fn ranges_from(start: u64, size: u64) -> impl Iterator<Item = std::ops::Range<u64>> + Send {
    let mut at = start;
    std::iter::from_fn(move || {
        if at >= size {
            return None;
        }
        let range = at..size.min(at + RANGE_BYTES);
        at = range.end;
        Some(range)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_cover_the_rest_of_a_file_once() {
        let ranges: Vec<_> = ranges_from(HEAD_BYTES, 2 * RANGE_BYTES + HEAD_BYTES + 5).collect();
        assert_eq!(ranges.len(), 3);
        assert_eq!(ranges[0].start, HEAD_BYTES);
        assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start));
        assert_eq!(ranges[2].end, 2 * RANGE_BYTES + HEAD_BYTES + 5);
        assert_eq!(ranges_from(10, 10).count(), 0);
    }
}
