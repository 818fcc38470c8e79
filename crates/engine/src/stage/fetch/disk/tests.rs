use super::*;
use crate::stage::fetch::versions::tests::meta;

fn key(path: &str, e_tag: &str) -> Arc<FileKey> {
    Arc::new(FileKey { binding: "one".into(), path: path.into(), e_tag: e_tag.into() })
}

fn limits(folder: &Path, bytes_max: u64) -> DiskLimits {
    DiskLimits { folder: folder.join("cache"), bytes_max }
}

fn open(folder: &Path, bytes_max: u64) -> (DiskCache, VersionBook) {
    let versions = VersionBook::default();
    (DiskCache::open(&limits(folder, bytes_max), &versions).unwrap(), versions)
}

/// Writes ranges and ends.
fn write(folder: &Path, bytes_max: u64, ranges: &[(&str, u64, Bytes)]) {
    let (cache, _) = open(folder, bytes_max);
    for (path, start, bytes) in ranges {
        cache.offer(&key(path, "v1"), &meta(path, "v1"), *start, bytes);
    }
    cache.close();
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder.join("cache")).unwrap().map(|entry| entry.unwrap().path());
    let mut segments: Vec<PathBuf> =
        files.filter(|path| path.to_string_lossy().ends_with(SEGMENT_SUFFIX)).collect();
    segments.sort();
    segments
}

#[test]
fn ranges_are_there_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let ranges = [("a", 10, Bytes::from_static(b"abcdef")), ("a", 16, Bytes::from_static(b"ghij"))];
    write(folder.path(), 1 << 20, &ranges);
    let (cache, versions) = open(folder.path(), 1 << 20);
    let file = key("a", "v1");
    assert_eq!(cache.read(&file, &(12..18)).as_deref(), Some(&b"cdefgh"[..]));
    assert_eq!(cache.read(&file, &(9..12)), None);
    assert!(cache.contains(&file, &(10..20)) && !cache.contains(&file, &(10..21)));
    assert_eq!(cache.end_of(&file, 20, false), Some(16..20));
    assert_eq!(cache.end_of(&file, 20, true), None);
    let version = versions.get("one", "a").unwrap();
    assert!(version.is_fresh() && version.meta == meta("a", "v1"), "{version:?}");
}

#[test]
fn ranges_that_overlap_give_each_byte_once() {
    let folder = tempfile::tempdir().unwrap();
    let ranges = [("a", 0, Bytes::from_static(b"abcdef")), ("a", 4, Bytes::from_static(b"efghij"))];
    write(folder.path(), 1 << 20, &ranges);
    let (cache, _) = open(folder.path(), 1 << 20);
    assert_eq!(cache.read(&key("a", "v1"), &(1..9)).as_deref(), Some(&b"bcdefghi"[..]));
}

#[test]
fn other_bindings_and_versions_find_nothing() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 1 << 20, &[("a", 0, Bytes::from_static(b"secret"))]);
    let (cache, _) = open(folder.path(), 1 << 20);
    assert!(cache.contains(&key("a", "v1"), &(0..6)));
    assert_eq!(cache.read(&key("a", "v2"), &(0..6)), None);
    let other = FileKey { binding: "two".into(), path: "a".into(), e_tag: "v1".into() };
    assert_eq!(cache.read(&other, &(0..6)), None);
}

#[test]
fn a_damaged_range_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let ranges = [("a", 0, Bytes::from_static(b"first")), ("b", 0, Bytes::from_static(b"second"))];
    write(folder.path(), 1 << 20, &ranges);
    let [segment] = segments(folder.path()).try_into().unwrap();
    let whole = std::fs::read(&segment).unwrap();
    for (place, part) in [("first", "b"), ("second", "a")] {
        let mut damaged = whole.clone();
        let at = damaged.windows(place.len()).position(|part| part == place.as_bytes()).unwrap();
        damaged[at] ^= 1;
        std::fs::write(&segment, damaged).unwrap();
        let (cache, _) = open(folder.path(), 1 << 20);
        let broken = if part == "a" { "b" } else { "a" };
        assert_eq!(cache.read(&key(broken, "v1"), &(0..5)), None);
        assert!(!cache.contains(&key(broken, "v1"), &(0..5)), "it is forgotten");
        assert!(cache.read(&key(part, "v1"), &(0..5)).is_some());
        cache.close();
    }
    // Any other place, and any place where it may have been cut off: right or nothing.
    for length in 0..whole.len() {
        std::fs::write(&segment, &whole[..length]).unwrap();
        let (cache, _) = open(folder.path(), 1 << 20);
        for (path, _, bytes) in &ranges {
            let read = cache.read(&key(path, "v1"), &(0..bytes.len() as u64));
            assert!(read.is_none_or(|read| read == *bytes));
        }
        cache.close();
        let mut damaged = whole.clone();
        damaged[length] ^= 0x40;
        std::fs::write(&segment, damaged).unwrap();
        let (cache, _) = open(folder.path(), 1 << 20);
        for (path, _, bytes) in &ranges {
            let read = cache.read(&key(path, "v1"), &(0..bytes.len() as u64));
            assert!(read.is_none_or(|read| read == *bytes));
        }
        cache.close();
    }
}

#[test]
fn the_oldest_goes_unless_it_was_wanted() {
    const BYTES_MAX: u64 = 1 << 20;
    const LENGTH: usize = 20 << 10;
    let folder = tempfile::tempdir().unwrap();
    let named = |number: usize| (format!("file-{number}"), Bytes::from(vec![number as u8; LENGTH]));
    let put = |numbers: Range<usize>, wanted: &str| {
        let (cache, _) = open(folder.path(), BYTES_MAX);
        if !wanted.is_empty() {
            assert!(cache.read(&key(wanted, "v1"), &(0..LENGTH as u64)).is_some(), "{wanted} has gone");
        }
        for (path, bytes) in numbers.map(named) {
            cache.offer(&key(&path, "v1"), &meta(&path, "v1"), 0, &bytes);
        }
        cache.close();
    };
    put(0..20, "");
    for round in 1..8 {
        put(round * 20..round * 20 + 20, "file-0");
    }
    let (cache, _) = open(folder.path(), BYTES_MAX);
    assert_eq!(cache.read(&key("file-0", "v1"), &(0..4)).as_deref(), Some(&[0, 0, 0, 0][..]));
    assert!(!cache.contains(&key("file-1", "v1"), &(0..4)));
    assert!(cache.contains(&key("file-159", "v1"), &(0..LENGTH as u64)));
    let bytes: u64 = segments(folder.path()).iter().map(|path| path.metadata().unwrap().len()).sum();
    assert!(bytes <= BYTES_MAX, "{bytes}");
}

#[test]
fn files_are_this_users_alone_and_the_folder_is_this_processs() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 1 << 20, &[("a", 0, Bytes::from_static(b"abc"))]);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("cache")), 0o700);
    assert_eq!(segments(folder.path()).iter().map(|path| mode(path)).collect::<Vec<_>>(), [0o600]);
    let (first, _) = open(folder.path(), 1 << 20);
    assert!(DiskCache::open(&limits(folder.path(), 1 << 20), &VersionBook::default()).is_err());
    first.close();
    assert!(DiskCache::open(&limits(folder.path(), 1 << 20), &VersionBook::default()).is_ok());
}
