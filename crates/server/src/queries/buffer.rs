//! What a running statement has produced and its client has not taken yet.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use engine::{Effect, Error, SessionState};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::encode::{ResultEncoder, size_of_batch};

/// What is known about a statement once it has begun to answer.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) encoder: ResultEncoder,
    pub(crate) has_result_set: bool,
    pub(crate) state: SessionState,
    pub(crate) effect: Option<Effect>,
    pub(crate) warnings: Vec<String>,
}

/// How a statement ended.
#[derive(Debug, Clone)]
pub(crate) enum End {
    Succeeded,
    Failed(Error),
}

/// How much may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BufferLimits {
    pub(crate) rows_max: usize,
    pub(crate) bytes_max: usize,
}

/// A bounded queue of batches between one producer and one consumer. The producer waits while it is
/// full, so a result of any size takes bounded memory.
pub(crate) struct Buffer {
    limits: BufferLimits,
    contents: Mutex<Contents>,
    filled: Notify,
    drained: Notify,
}

#[derive(Default)]
struct Contents {
    started: Option<Arc<Started>>,
    batches: VecDeque<QueuedBatch>,
    rows: usize,
    bytes: usize,
    end: Option<End>,
}

struct QueuedBatch {
    batch: RecordBatch,
    bytes: usize,
}

/// Rows taken from the buffer.
pub(crate) struct Taken {
    pub(crate) batch: RecordBatch,
    pub(crate) bytes: usize,
}

impl Buffer {
    pub(crate) fn new(limits: BufferLimits) -> Self {
        Self { limits, contents: Mutex::default(), filled: Notify::new(), drained: Notify::new() }
    }

    /// The statement begins to answer.
    pub(crate) fn start(&self, started: Started) {
        self.contents.lock().started = Some(Arc::new(started));
        self.filled.notify_one();
    }

    /// Adds a batch, after waiting for room. A batch alone may be over the limit.
    pub(crate) async fn push(&self, batch: RecordBatch) {
        if batch.num_rows() == 0 {
            return;
        }
        let (rows, bytes) = (batch.num_rows(), size_of_batch(&batch));
        let mut batch = Some(QueuedBatch { batch, bytes });
        loop {
            {
                let mut contents = self.contents.lock();
                if contents.end.is_some() {
                    return;
                }
                let has_room = contents.batches.is_empty()
                    || (contents.rows + rows <= self.limits.rows_max
                        && contents.bytes + bytes <= self.limits.bytes_max);
                if has_room {
                    contents.rows += rows;
                    contents.bytes += bytes;
                    contents.batches.extend(batch.take());
                }
            }
            if batch.is_none() {
                self.filled.notify_one();
                return;
            }
            self.drained.notified().await;
        }
    }

    /// The statement ended. The first end stays: a kill is not undone by what the producer says after it.
    pub(crate) fn end(&self, end: End) {
        {
            let mut contents = self.contents.lock();
            if contents.end.is_some() {
                return;
            }
            if matches!(end, End::Failed(_)) {
                // Clients stop at the error, so nobody takes these any more.
                contents.batches.clear();
                contents.rows = 0;
                contents.bytes = 0;
            }
            contents.end = Some(end);
        }
        self.filled.notify_one();
    }

    /// Takes at most so many rows and about so many bytes from the first batch, and one row at least.
    pub(crate) fn take(&self, rows_max: usize, bytes_max: usize) -> Option<Taken> {
        let taken = {
            let mut contents = self.contents.lock();
            let QueuedBatch { batch: first, bytes: first_bytes } = contents.batches.pop_front()?;
            let bytes_of_row = first_bytes / first.num_rows();
            let fitting = rows_max.min(bytes_max / bytes_of_row.max(1));
            let rows = fitting.clamp(1, first.num_rows());
            let (batch, rest) = if rows < first.num_rows() {
                (first.slice(0, rows), Some(first.slice(rows, first.num_rows() - rows)))
            } else {
                (first, None)
            };
            let bytes = if rest.is_some() { rows * bytes_of_row } else { first_bytes };
            if let Some(rest) = rest {
                contents.batches.push_front(QueuedBatch { bytes: first_bytes - bytes, batch: rest });
            }
            contents.rows -= rows;
            contents.bytes -= bytes;
            Taken { bytes, batch }
        };
        self.drained.notify_one();
        Some(taken)
    }

    /// Waits until the producer has done something since the last wait.
    pub(crate) async fn changed(&self) {
        self.filled.notified().await;
    }

    pub(crate) fn started(&self) -> Option<Arc<Started>> {
        self.contents.lock().started.clone()
    }

    /// The end, once nothing waits before it.
    pub(crate) fn reached_end(&self) -> Option<End> {
        let contents = self.contents.lock();
        if contents.batches.is_empty() { contents.end.clone() } else { None }
    }

    /// The end, though rows may wait before it.
    pub(crate) fn end_of_statement(&self) -> Option<End> {
        self.contents.lock().end.clone()
    }
}
