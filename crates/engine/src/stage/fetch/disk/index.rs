//! What lies where in the files of the cache.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fs::File;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use crate::stage::fetch::ranges::FileKey;

/// A file of the cache: ranges one behind the other.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    pub(super) file: Arc<File>,
    pub(super) number: u64,
    pub(super) bytes: u64,
    records: Vec<(Arc<FileKey>, u64)>,
}

impl Segment {
    pub(super) fn new(path: PathBuf, file: File, number: u64) -> Self {
        Self { path, file: Arc::new(file), number, bytes: 0, records: Vec::new() }
    }
}

/// Where one range lies.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    segment: u64,
    pub(super) file: Arc<File>,
    /// Where in the file its record begins.
    pub(super) at: u64,
    pub(super) length: u64,
    /// Somebody has wanted it since it was written.
    used: bool,
}

/// All ranges, and the files in the order of their age.
#[derive(Debug, Default)]
pub(super) struct Index {
    ranges: HashMap<Arc<FileKey>, BTreeMap<u64, Entry>>,
    pub(super) segments: VecDeque<Segment>,
    pub(super) bytes: u64,
    pub(super) records: usize,
    /// Nothing more is written to the newest segment.
    sealed: bool,
    /// The number of the next segment.
    pub(super) next_number: u64,
}

impl Index {
    /// The entries that together hold `range`, with where in the S3 object each begins.
    pub(super) fn covering(&self, file: &FileKey, range: &Range<u64>) -> Option<Vec<(u64, Entry)>> {
        let known = self.ranges.get(file)?;
        let mut found = Vec::new();
        let mut position = range.start;
        while position < range.end {
            let (start, entry) = known.range(..=position).next_back()?;
            let end = start + entry.length;
            if end <= position {
                return None;
            }
            found.push((*start, entry.clone()));
            position = end;
        }
        Some(found)
    }

    pub(super) fn mark_used(&mut self, file: &FileKey, start: u64) {
        if let Some(entry) = self.ranges.get_mut(file).and_then(|known| known.get_mut(&start)) {
            entry.used = true;
        }
    }

    /// The longest kept range that ends with the file, or begins with it.
    pub(super) fn at_end(&self, file: &FileKey, size: u64, first: bool) -> Option<Range<u64>> {
        let known = self.ranges.get(file)?;
        let mut ranges = known.iter().map(|(start, entry)| *start..start + entry.length);
        if first { ranges.find(|range| range.start == 0) } else { ranges.find(|range| range.end == size) }
    }

    /// Enters a record of the newest segment.
    pub(super) fn add(&mut self, file: Arc<FileKey>, start: u64, at: u64, length: u64) {
        let Some(segment) = self.segments.back_mut() else { return };
        segment.records.push((file.clone(), start));
        let entry = Entry { segment: segment.number, file: segment.file.clone(), at, length, used: false };
        self.records += 1;
        self.ranges.entry(file).or_default().insert(start, entry);
    }

    /// A new segment to write to.
    pub(super) fn open(&mut self, segment: Segment) {
        self.next_number = self.next_number.max(segment.number + 1);
        self.segments.push_back(segment);
        self.sealed = false;
    }

    /// The newest segment is written to no more.
    pub(super) fn seal(&mut self) {
        self.sealed = true;
    }

    pub(super) fn is_sealed(&self) -> bool {
        self.sealed
    }

    /// So many bytes more in the newest segment.
    pub(super) fn grow(&mut self, bytes: u64) {
        if let Some(segment) = self.segments.back_mut() {
            segment.bytes += bytes;
            self.bytes += bytes;
        }
    }

    pub(super) fn remove(&mut self, file: &FileKey, start: u64) {
        if let Some(known) = self.ranges.get_mut(file) {
            known.remove(&start);
            if known.is_empty() {
                self.ranges.remove(file);
            }
        }
    }

    /// Takes the oldest segment out, with what of it was used and shall live on.
    pub(super) fn pop_oldest(&mut self) -> Option<(Segment, Vec<Entry>)> {
        let mut segment = self.segments.pop_front()?;
        self.bytes = self.bytes.saturating_sub(segment.bytes);
        let mut used = Vec::new();
        for (file, start) in std::mem::take(&mut segment.records) {
            self.records = self.records.saturating_sub(1);
            let here = self.ranges.get(&file).and_then(|known| known.get(&start));
            let Some(entry) = here.filter(|entry| entry.segment == segment.number) else { continue };
            if entry.used {
                used.push(entry.clone());
            }
            self.remove(&file, start);
        }
        Some((segment, used))
    }
}
