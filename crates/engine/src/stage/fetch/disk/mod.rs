//! Byte ranges of files kept on the server's disk: for more than memory holds, and over a restart.
//!
//! Ranges lie one behind the other in files of a folder that is the server's own, written by one thread in
//! the background when nothing else is being read. When the folder is full, the oldest file goes; what of it
//! was wanted since it was written is written again. Nothing depends on what is here: a range that cannot be
//! read, or is not what it says, is asked of S3.

mod index;
mod record;
mod writer;

use std::fs::{DirBuilder, File, OpenOptions};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use object_store::ObjectMeta;
use parking_lot::{Condvar, Mutex};

use super::ranges::{FileKey, concat};
use super::versions::{Version, VersionBook};
use index::{Index, Segment};
use writer::{Queue, Waiting};

const LOCK_FILE: &str = "lock";
const SEGMENT_SUFFIX: &str = ".ranges";
const SEGMENT_BYTES_MAX: u64 = 64 << 20;
const SEGMENT_BYTES_MIN: u64 = 64 << 10;
/// Segments that the folder is divided into at least.
const SEGMENTS_MIN: u64 = 8;
/// Ranges that are kept, however small they are: each takes memory.
const RECORDS_MAX: usize = 100_000;
/// One scan fills at most this part of the folder.
const SCAN_PART: u64 = 4;

/// Where ranges are kept on disk, and how much of them.
#[derive(Debug, Clone)]
pub(crate) struct DiskLimits {
    pub(crate) folder: PathBuf,
    pub(crate) bytes_max: u64,
}

/// The ranges on disk.
pub(crate) struct DiskCache {
    shared: Arc<Shared>,
    writing: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    folder: PathBuf,
    bytes_max: u64,
    segment_bytes: u64,
    index: Mutex<Index>,
    queue: Mutex<Queue>,
    changed: Condvar,
    /// Held as long as this process writes here.
    lock: Mutex<Option<File>>,
}

impl DiskCache {
    /// Opens the folder, makes it if it is not there, and tells `versions` of what it finds. An error, where
    /// another process has it.
    pub(crate) fn open(limits: &DiskLimits, versions: &VersionBook) -> std::io::Result<Self> {
        let folder = limits.folder.clone();
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join(LOCK_FILE))?;
        lock.try_lock()?;
        let segment_bytes = (limits.bytes_max / SEGMENTS_MIN).clamp(SEGMENT_BYTES_MIN, SEGMENT_BYTES_MAX);
        let shared = Arc::new(Shared {
            folder,
            bytes_max: limits.bytes_max,
            segment_bytes,
            index: Mutex::default(),
            queue: Mutex::default(),
            changed: Condvar::new(),
            lock: Mutex::new(Some(lock)),
        });
        shared.load(versions)?;
        let here = shared.clone();
        let writing =
            std::thread::Builder::new().name("disk-cache".into()).spawn(move || here.write_forever())?;
        Ok(Self { shared, writing: Mutex::new(Some(writing)) })
    }

    /// How much one scan may put here.
    pub(crate) fn scan_bytes_max(&self) -> u64 {
        self.shared.bytes_max / SCAN_PART
    }

    pub(crate) fn contains(&self, file: &FileKey, range: &Range<u64>) -> bool {
        self.shared.index.lock().covering(file, range).is_some()
    }

    /// The kept range that ends with the file, or with `first` the one that begins with it.
    pub(crate) fn end_of(&self, file: &FileKey, size: u64, first: bool) -> Option<Range<u64>> {
        self.shared.index.lock().at_end(file, size, first)
    }

    /// The bytes of `range`, if all of them are here and as they were. Waits for the disk.
    pub(crate) fn read(&self, file: &FileKey, range: &Range<u64>) -> Option<Bytes> {
        let covering = self.shared.index.lock().covering(file, range)?;
        let mut parts = Vec::with_capacity(covering.len());
        // Kept ranges overlap: each adds what those before it do not have.
        let mut position = range.start;
        for (start, entry) in covering {
            let Some(bytes) = self.shared.read_entry(file, start, &entry) else {
                tracing::warn!(path = file.path, "a range in the disk cache is damaged: it is asked of S3");
                self.shared.index.lock().remove(file, start);
                return None;
            };
            self.shared.index.lock().mark_used(file, start);
            let end = start + entry.length;
            let from = usize::try_from(position.checked_sub(start)?).ok()?;
            let to = usize::try_from(range.end.min(end) - start).ok()?;
            parts.push(bytes.slice(from..to));
            position = end;
        }
        Some(concat(parts))
    }

    /// Lets a range be written when there is time for it.
    pub(crate) fn offer(&self, file: &Arc<FileKey>, meta: &ObjectMeta, start: u64, bytes: &Bytes) {
        let length = bytes.len() as u64;
        if length == 0 || length > self.shared.segment_bytes || self.contains(file, &(start..start + length))
        {
            return;
        }
        let waiting = Waiting { file: file.clone(), meta: meta.clone(), start, bytes: bytes.clone() };
        self.shared.queue.lock().push(waiting);
        self.shared.changed.notify_all();
    }

    /// Writes what waits and lets the folder go. Waits for the disk.
    pub(crate) fn close(&self) {
        self.shared.queue.lock().closing = true;
        self.shared.changed.notify_all();
        if let Some(writing) = self.writing.lock().take() {
            // A writer that panicked has nothing left to write.
            let _ = writing.join();
        }
        *self.shared.lock.lock() = None;
    }
}

impl Drop for DiskCache {
    fn drop(&mut self) {
        self.shared.queue.lock().closing = true;
        self.shared.changed.notify_all();
    }
}

impl std::fmt::Debug for DiskCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DiskCache").field("folder", &self.shared.folder).finish_non_exhaustive()
    }
}

impl Shared {
    /// Takes in the files of the folder, the oldest first.
    fn load(&self, versions: &VersionBook) -> std::io::Result<()> {
        let mut found: Vec<(u64, PathBuf)> = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let number =
                name.and_then(|name| name.strip_suffix(SEGMENT_SUFFIX)).and_then(|name| name.parse().ok());
            found.extend(number.map(|number| (number, path)));
        }
        found.sort();
        for (number, path) in found {
            // A file that cannot be opened holds nothing that could be served.
            let Ok(file) = File::open(&path) else { continue };
            self.load_segment(Segment::new(path, file, number), versions);
        }
        // Files of before are opened for reading, and may end in the middle of a record.
        self.index.lock().seal();
        self.evict();
        Ok(())
    }

    fn load_segment(&self, segment: Segment, versions: &VersionBook) {
        let file = segment.file.clone();
        let size = file.metadata().map_or(0, |metadata| metadata.len());
        let mut index = self.index.lock();
        index.open(segment);
        index.grow(size);
        let mut at = 0;
        // What is behind a record that is not whole cannot be found.
        while let Some(head) = record::read_head(&file, at).filter(|head| head.end() <= size) {
            let read_at = u64::try_from(head.description.read_at_ms).unwrap_or(0);
            if let Some(meta) = head.description.meta() {
                let seen_at = SystemTime::UNIX_EPOCH + Duration::from_millis(read_at);
                versions.restore(&head.description.binding, Version { meta, seen_at });
                index.add(Arc::new(head.description.file_key()), head.description.start, at, head.bytes);
            }
            at = head.end();
        }
    }

    fn read_entry(&self, file: &FileKey, start: u64, entry: &index::Entry) -> Option<Bytes> {
        let head = record::read_head(&entry.file, entry.at)?;
        let same = head.description.file_key() == *file
            && head.description.start == start
            && head.bytes == entry.length;
        same.then(|| record::read_bytes(&entry.file, &head))?
    }
}

/// A new file of the cache, this user's alone.
fn new_segment(folder: &Path, number: u64) -> std::io::Result<Segment> {
    let path = folder.join(format!("{number:012}{SEGMENT_SUFFIX}"));
    let file = OpenOptions::new().read(true).append(true).create_new(true).mode(0o600).open(&path)?;
    Ok(Segment::new(path, file, number))
}

#[cfg(test)]
mod tests;
