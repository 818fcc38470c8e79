//! The bytes of one file from its beginning, in order: what formats without a footer are read from.
//!
//! The first block is fetched alone, so that a query that stops early has asked for no more; what follows
//! comes in pieces that are in flight side by side, as far ahead of the decoders as memory allows.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};

use super::Place;
use super::fetch::{Pace, ReadAhead, Wanted, piece_bytes, plan_requests};
use super::listing::{StagedFile, Tail};
use crate::{Error, Progress};

/// How much of a file's beginning is read at first: enough to know its columns, and all of a small file.
pub(crate) const HEAD_BYTES: u64 = 1 << 20;
/// In which pieces the first block is handed on.
const HEAD_PIECE_BYTES: usize = 64 << 10;
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

/// How far ahead of its decoders a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ahead {
    /// It is read to its end.
    All,
    /// Its first rows may be enough.
    Little,
}

/// All bytes of a file. What is at hand already is not fetched again.
pub(super) fn stream_file(
    place: Arc<Place>,
    file: StagedFile,
    ahead: Ahead,
    progress: Arc<Progress>,
) -> ByteStream {
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
            // Nothing of it is asked for before somebody wants more than the first block.
            let rest = stream::once(async move { stream_rest(place, Arc::new(file), start..size, ahead) })
                .flatten()
                .inspect(move |bytes| {
                    progress.add_scanned(0, bytes.as_ref().map_or(0, |bytes| bytes.len() as u64));
                });
            // In small pieces, so that who stops early has not begun with the rest.
            stream::iter(pieces_of(have).map(Ok)).chain(rest).boxed()
        })
        .boxed()
}

fn stream_rest(place: Arc<Place>, file: Arc<StagedFile>, rest: Range<u64>, ahead: Ahead) -> ByteStream {
    let pace = match ahead {
        Ahead::All => Pace {
            piece_bytes: piece_bytes(rest.end.saturating_sub(rest.start)),
            slow_start: false,
            reads_all: true,
        },
        // The smallest pieces.
        Ahead::Little => Pace { piece_bytes: piece_bytes(0), slow_start: true, reads_all: false },
    };
    let pieces = plan_requests(&[rest], pace.piece_bytes);
    let fetched = ReadAhead::new(place.clone(), pace);
    for (unit, piece) in pieces.iter().enumerate() {
        fetched.add(Wanted { unit, file: file.clone(), ranges: vec![piece.clone()] });
    }
    stream::iter(pieces.into_iter().enumerate())
        .then(move |(unit, piece)| {
            let (place, file, fetched) = (place.clone(), file.clone(), fetched.clone());
            async move {
                match fetched.take(unit, &piece).await? {
                    Some(bytes) => Ok::<Bytes, Error>(bytes),
                    // It is kept since an earlier query.
                    None => Ok(place.read_ranges(&file, &[piece]).await?.pop().unwrap_or_default()),
                }
            }
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
