//! The thread that writes ranges to disk.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use object_store::ObjectMeta;

use super::record::{self, Description};
use super::{RECORDS_MAX, Shared, new_segment};
use crate::stage::fetch::ranges::FileKey;

/// Writing waits until nothing has come for that long: it takes time from queries that run.
const QUIET: Duration = Duration::from_secs(1);
/// And not when so much waits: it is held in memory.
const WAITING_BYTES_EAGER: usize = 128 << 20;
/// What does not fit beside this is not written.
const WAITING_BYTES_MAX: usize = 192 << 20;
/// What of a file that goes may be written again.
const SECOND_CHANCE_PART: u64 = 2;

/// A range that is to be written.
pub(super) struct Waiting {
    pub(super) file: Arc<FileKey>,
    pub(super) meta: ObjectMeta,
    pub(super) start: u64,
    pub(super) bytes: Bytes,
}

/// Ranges that are to be written.
#[derive(Default)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    bytes: usize,
    last: Option<Instant>,
    pub(super) closing: bool,
}

impl Queue {
    pub(super) fn push(&mut self, waiting: Waiting) {
        if self.closing || self.bytes + waiting.bytes.len() > WAITING_BYTES_MAX {
            return;
        }
        self.bytes += waiting.bytes.len();
        self.waiting.push_back(waiting);
        self.last = Some(Instant::now());
    }

    fn pop(&mut self) -> Option<Waiting> {
        let waiting = self.waiting.pop_front()?;
        self.bytes -= waiting.bytes.len();
        Some(waiting)
    }

    /// How long to wait still before the first may be written; `None` for no time.
    fn quiet_in(&self) -> Option<Duration> {
        if self.closing || self.bytes >= WAITING_BYTES_EAGER {
            return None;
        }
        QUIET.checked_sub(self.last?.elapsed()).filter(|left| !left.is_zero())
    }
}

impl Shared {
    pub(super) fn write_forever(&self) {
        while let Some(waiting) = self.next() {
            if let Err(error) = self.write(&waiting) {
                tracing::warn!(%error, folder = %self.folder.display(), "cannot write to the disk cache");
                // Whoever is short of space has more of it then.
                self.drop_oldest();
            }
        }
    }

    /// The next range to write, as soon as there is time for it; `None` when all is written and no more comes.
    fn next(&self) -> Option<Waiting> {
        let mut queue = self.queue.lock();
        loop {
            if queue.waiting.is_empty() {
                if queue.closing {
                    return None;
                }
                self.changed.wait(&mut queue);
            } else if let Some(left) = queue.quiet_in() {
                self.changed.wait_for(&mut queue, left);
            } else {
                return queue.pop();
            }
        }
    }

    fn write(&self, waiting: &Waiting) -> std::io::Result<()> {
        let Waiting { file, meta, start, bytes } = waiting;
        if self.index.lock().covering(file, &(*start..start + bytes.len() as u64)).is_some() {
            return Ok(());
        }
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let description = Description {
            binding: file.binding.clone(),
            path: file.path.clone(),
            e_tag: file.e_tag.clone(),
            file_bytes: meta.size,
            modified_ms: meta.last_modified.timestamp_millis(),
            start: *start,
            read_at_ms: i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
        };
        self.append(file, &description, bytes)?;
        self.evict();
        Ok(())
    }

    fn append(&self, key: &Arc<FileKey>, description: &Description, bytes: &Bytes) -> std::io::Result<()> {
        let Some(head) = record::encode_head(description, bytes) else { return Ok(()) };
        let (file, at) = self.newest((head.len() + bytes.len()) as u64)?;
        let mut writer = file.as_ref();
        let written = writer.write_all(&head).and_then(|()| writer.write_all(bytes));
        let mut index = self.index.lock();
        // What a failed attempt left behind would be taken for records: nothing follows it.
        let end = file.metadata().map_or(at, |metadata| metadata.len());
        index.grow(end.saturating_sub(at));
        if let Err(error) = written {
            index.seal();
            return Err(error);
        }
        index.add(key.clone(), description.start, at, bytes.len() as u64);
        Ok(())
    }

    /// The file to append to, and where it ends: a new one, if the newest has no room.
    fn newest(&self, length: u64) -> std::io::Result<(Arc<std::fs::File>, u64)> {
        let mut index = self.index.lock();
        if !index.is_sealed()
            && let Some(segment) = index.segments.back()
            && segment.bytes + length <= self.segment_bytes
        {
            return Ok((segment.file.clone(), segment.bytes));
        }
        let segment = new_segment(&self.folder, index.next_number)?;
        let file = segment.file.clone();
        index.open(segment);
        Ok((file, 0))
    }

    /// Takes the oldest files away until the rest fits.
    pub(super) fn evict(&self) {
        loop {
            let over = {
                let index = self.index.lock();
                index.bytes > self.bytes_max || index.records > RECORDS_MAX
            };
            if !over || !self.drop_oldest() {
                return;
            }
        }
    }

    /// Takes the oldest file away, and writes again what of it was wanted. Whether there was one.
    fn drop_oldest(&self) -> bool {
        let Some((segment, used)) = self.index.lock().pop_oldest() else { return false };
        let mut left = self.segment_bytes / SECOND_CHANCE_PART;
        for entry in used {
            let Some(head) = record::read_head(&entry.file, entry.at) else { continue };
            if head.bytes > left {
                continue;
            }
            left -= head.bytes;
            let Some(bytes) = record::read_bytes(&entry.file, &head) else { continue };
            let key = Arc::new(head.description.file_key());
            if self.append(&key, &head.description, &bytes).is_err() {
                break;
            }
        }
        if let Err(error) = std::fs::remove_file(&segment.path) {
            tracing::warn!(%error, path = %segment.path.display(), "cannot remove a file of the disk cache");
        }
        true
    }
}
