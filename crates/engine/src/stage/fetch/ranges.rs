//! Byte ranges of files kept in memory for the next query.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;

use super::budget::WeightedCache;

/// A version of a file, as somebody in particular may see it.
///
/// `binding` differs between organizations, connections, roles and endpoints (`OpenedBucket::binding_id`),
/// so that what one of them has read is never given to another.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileKey {
    pub(crate) binding: String,
    pub(crate) path: String,
    pub(crate) e_tag: String,
}

/// The ranges that were read last, up to a bound.
pub(super) struct RangeCache {
    inner: Mutex<Inner>,
}

struct Inner {
    bytes: WeightedCache<(Arc<FileKey>, u64), Bytes>,
    /// Where the kept ranges of a file begin, and how long they are.
    starts: HashMap<Arc<FileKey>, BTreeMap<u64, u64>>,
}

impl RangeCache {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { inner: Mutex::new(Inner { bytes: WeightedCache::new(bytes_max), starts: HashMap::new() }) }
    }

    /// How much is kept at most.
    pub(super) fn bytes_max(&self) -> u64 {
        self.inner.lock().bytes.weight_max() as u64
    }

    /// The bytes of `range`, if all of them are here.
    pub(super) fn get(&self, file: &Arc<FileKey>, range: &Range<u64>) -> Option<Bytes> {
        let mut inner = self.inner.lock();
        let Inner { bytes, starts } = &mut *inner;
        let mut parts: Vec<Bytes> = Vec::new();
        // Kept ranges overlap: each adds what those before it do not have.
        let mut position = range.start;
        for (start, end) in covering(starts.get(file)?, range)? {
            let part = bytes.get(&(file.clone(), start))?;
            let from = usize::try_from(position.checked_sub(start)?).ok()?;
            let to = usize::try_from(range.end.min(end) - start).ok()?;
            parts.push(part.slice(from..to));
            position = end;
        }
        Some(concat(parts))
    }

    pub(super) fn contains(&self, file: &Arc<FileKey>, range: &Range<u64>) -> bool {
        let inner = self.inner.lock();
        inner.starts.get(file).is_some_and(|starts| covering(starts, range).is_some())
    }

    /// The kept range that ends with the file, or with `first` the one that begins with it.
    pub(super) fn at_end(&self, file: &Arc<FileKey>, size: u64, first: bool) -> Option<Range<u64>> {
        let inner = self.inner.lock();
        let mut ranges = inner.starts.get(file)?.iter().map(|(start, length)| *start..start + length);
        if first { ranges.find(|range| range.start == 0) } else { ranges.find(|range| range.end == size) }
    }

    pub(super) fn insert(&self, file: &Arc<FileKey>, start: u64, bytes: Bytes) {
        let length = bytes.len() as u64;
        let mut inner = self.inner.lock();
        let Inner { bytes: kept, starts } = &mut *inner;
        if let Some(known) = starts.get(file)
            && covering(known, &(start..start + length)).is_some()
        {
            return;
        }
        starts.entry(file.clone()).or_default().insert(start, length);
        let weight = bytes.len();
        let mut gone = Vec::new();
        kept.insert((file.clone(), start), bytes, weight, |key| gone.push(key));
        if kept.get(&(file.clone(), start)).is_none() {
            gone.push((file.clone(), start));
        }
        for (file, start) in gone {
            if let Some(known) = starts.get_mut(&file) {
                known.remove(&start);
                if known.is_empty() {
                    starts.remove(&file);
                }
            }
        }
    }
}

/// The kept ranges that together hold `range`, as starts and ends in order.
fn covering(starts: &BTreeMap<u64, u64>, range: &Range<u64>) -> Option<Vec<(u64, u64)>> {
    let mut found = Vec::new();
    let mut position = range.start;
    while position < range.end {
        let (start, length) = starts.range(..=position).next_back()?;
        let end = start + length;
        if end <= position {
            return None;
        }
        found.push((*start, end));
        position = end;
    }
    Some(found)
}

/// One buffer of many; the only one as it is.
pub(super) fn concat(mut parts: Vec<Bytes>) -> Bytes {
    if parts.len() == 1
        && let Some(only) = parts.pop()
    {
        return only;
    }
    let mut all = BytesMut::with_capacity(parts.iter().map(Bytes::len).sum());
    for part in parts {
        all.extend_from_slice(&part);
    }
    all.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(binding: &str, e_tag: &str) -> Arc<FileKey> {
        Arc::new(FileKey { binding: binding.into(), path: "a/b".into(), e_tag: e_tag.into() })
    }

    #[test]
    fn ranges_are_found_across_their_neighbours() {
        let cache = RangeCache::new(100);
        let file = key("one", "v1");
        cache.insert(&file, 10, Bytes::from_static(b"abcdef"));
        cache.insert(&file, 16, Bytes::from_static(b"ghij"));
        assert_eq!(cache.get(&file, &(12..18)).as_deref(), Some(&b"cdefgh"[..]));
        assert_eq!(cache.get(&file, &(9..12)), None);
        assert_eq!(cache.get(&file, &(18..21)), None);
        assert!(cache.contains(&file, &(10..20)));
        assert_eq!(cache.get(&file, &(12..12)).as_deref(), Some(&b""[..]));
    }

    #[test]
    fn ranges_that_overlap_give_each_byte_once() {
        let cache = RangeCache::new(1_000);
        let file = key("one", "v1");
        let all: Vec<u8> = (0..100).collect();
        for range in [0..40, 30..60, 59..80, 60..62, 70..100] {
            cache.insert(&file, range.start as u64, Bytes::copy_from_slice(&all[range]));
        }
        for (start, end) in (0..100).flat_map(|start| (start..100).map(move |end| (start, end))) {
            if let Some(bytes) = cache.get(&file, &(start..end)) {
                assert_eq!(bytes, all[start as usize..end as usize], "{start}..{end}");
            }
        }
        assert_eq!(cache.get(&file, &(0..60)).unwrap(), all[..60]);
    }

    #[test]
    fn other_bindings_and_other_versions_find_nothing() {
        let cache = RangeCache::new(100);
        cache.insert(&key("one", "v1"), 0, Bytes::from_static(b"secret"));
        assert_eq!(cache.get(&key("two", "v1"), &(0..6)), None);
        assert_eq!(cache.get(&key("one", "v2"), &(0..6)), None);
        assert!(cache.get(&key("one", "v1"), &(0..6)).is_some());
    }

    #[test]
    fn what_goes_is_forgotten_whole() {
        let cache = RangeCache::new(10);
        let file = key("one", "v1");
        cache.insert(&file, 0, Bytes::from_static(b"123456"));
        cache.insert(&file, 6, Bytes::from_static(b"789012"));
        assert_eq!(cache.get(&file, &(0..6)), None);
        assert!(!cache.contains(&file, &(0..6)));
        assert!(cache.contains(&file, &(6..12)));
        cache.insert(&key("one", "big"), 0, Bytes::from_static(b"12345678901"));
        assert!(!cache.contains(&key("one", "big"), &(0..11)));
        assert!(cache.contains(&file, &(6..12)));
    }
}
