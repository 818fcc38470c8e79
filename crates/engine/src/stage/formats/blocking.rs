//! Decoders that wait for their bytes, on a thread of the blocking pool.
//!
//! The thread ends when either side of it goes away; a panic in it is an error of the file.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use bytes::{Buf, Bytes};
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use tokio::sync::mpsc;

use crate::query::{self, Effort};
use crate::stage::bytes::ByteStream;
use crate::{Error, ErrorKind};

/// Blocks that wait in front of a decoder.
const BLOCKS_AHEAD: usize = 4;
/// And behind it: who stops early has not had more unpacked than that.
const BLOCKS_DONE_AHEAD: usize = 2;

/// What `work` makes of the bytes, while they come. Its `give` says whether anybody still wants more.
pub(super) fn run_blocking<T: Send + 'static>(
    mut bytes: ByteStream,
    name: String,
    work: impl FnOnce(Source, &mut dyn FnMut(T) -> bool) -> Result<(), Error> + Send + 'static,
) -> BoxStream<'static, Result<T, Error>> {
    let (sender, received) = mpsc::channel::<Result<Bytes, Error>>(BLOCKS_AHEAD);
    let (giver, given) = mpsc::channel::<Result<T, Error>>(BLOCKS_DONE_AHEAD);
    // Nothing is fetched that nobody asks for: the feeder is driven by whoever reads.
    let feed = async move {
        while let Some(block) = bytes.next().await {
            let ended = block.is_err();
            if sender.send(block).await.is_err() || ended {
                return;
            }
        }
    };
    let begin = async move {
        let task = query::spawn_blocking(Effort::current(), move || {
            let source = Source { received, block: Bytes::new(), taken: Rc::default() };
            let failed = work(source, &mut |item| giver.blocking_send(Ok(item)).is_ok());
            if let Err(error) = failed {
                let _ = giver.blocking_send(Err(error));
            }
        });
        (given, Some(task), name)
    };
    let mut items = futures::stream::once(begin)
        .flat_map(|state| {
            futures::stream::unfold(state, |(mut given, task, name)| async move {
                if let Some(item) = given.recv().await {
                    return Some((item, (given, task, name)));
                }
                let failure = task?.await.err()?;
                let error =
                    Error::new(ErrorKind::BadFile, format!("`{name}` is broken: its decoder gave up"))
                        .with_context(failure.to_string());
                Some((Err(error), (given, None, name)))
            })
        })
        .boxed();
    let mut feed = feed.boxed().fuse();
    futures::stream::poll_fn(move |context| {
        let _ = feed.poll_unpin(context);
        items.poll_next_unpin(context)
    })
    .boxed()
}

/// What arrives, for a reader that waits.
pub(super) struct Source {
    received: mpsc::Receiver<Result<Bytes, Error>>,
    block: Bytes,
    taken: Rc<Cell<u64>>,
}

impl Source {
    /// How many bytes were read from it, at any time.
    pub(super) fn taken(&self) -> Rc<Cell<u64>> {
        self.taken.clone()
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.block.is_empty() {
            match self.received.blocking_recv() {
                Some(Ok(block)) => self.block = block,
                Some(Err(error)) => return Err(io::Error::other(error)),
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.block.len());
        buffer[..length].copy_from_slice(&self.block[..length]);
        self.block.advance(length);
        self.taken.set(self.taken.get() + length as u64);
        Ok(length)
    }
}

/// An error of ours that went through a decoder.
pub(super) fn own_error(error: &io::Error) -> Option<Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()).cloned()
}
