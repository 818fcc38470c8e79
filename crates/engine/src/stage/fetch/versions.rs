//! Which version of a file S3 gave last, and when.
//!
//! What is kept of a file serves whoever asks S3 for it, or has asked lately: a role that loses its right
//! finds nothing here after that.

use std::num::NonZeroUsize;
use std::time::{Duration, SystemTime};

use lru::LruCache;
use object_store::ObjectMeta;
use parking_lot::Mutex;

use super::ranges::FileKey;

/// How long after S3 gave bytes of a version, or said that it is still the same, kept ranges of it are used.
pub(crate) const UNASKED_LIFE: Duration = Duration::from_secs(600);
/// Files whose version is remembered.
const VERSIONS_MAX: NonZeroUsize = NonZeroUsize::MIN.saturating_add(199_999);

/// A version of a file, and when S3 last vouched for it.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) meta: ObjectMeta,
    pub(crate) seen_at: SystemTime,
}

impl Version {
    /// Whether S3 was asked lately. A clock that was set back counts as no.
    pub(crate) fn is_fresh(&self) -> bool {
        self.seen_at.elapsed().is_ok_and(|age| age < UNASKED_LIFE)
    }
}

/// Versions by who may see them (`OpenedBucket::binding_id`) and by key.
pub(crate) struct VersionBook(Mutex<LruCache<(String, String), Version>>);

impl Default for VersionBook {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(VERSIONS_MAX)))
    }
}

impl VersionBook {
    /// S3 has given bytes of that version, or has said that it is still the same.
    pub(crate) fn confirm(&self, binding: &str, meta: &ObjectMeta) {
        self.enter(binding, Version { meta: meta.clone(), seen_at: SystemTime::now() });
    }

    /// Enters what was known before the server was started; what is known already stays where it is newer.
    pub(crate) fn restore(&self, binding: &str, version: Version) {
        let known = self.get(binding, version.meta.location.as_ref());
        if known.is_none_or(|known| known.seen_at <= version.seen_at) {
            self.enter(binding, version);
        }
    }

    pub(crate) fn get(&self, binding: &str, path: &str) -> Option<Version> {
        self.0.lock().get(&(binding.to_owned(), path.to_owned())).cloned()
    }

    /// Whether kept ranges of that version may be used now.
    pub(super) fn is_fresh(&self, file: &FileKey) -> bool {
        let mut versions = self.0.lock();
        let version = versions.get(&(file.binding.clone(), file.path.clone()));
        version.is_some_and(|version| {
            version.is_fresh() && version.meta.e_tag.as_deref() == Some(file.e_tag.as_str())
        })
    }

    fn enter(&self, binding: &str, version: Version) {
        if version.meta.e_tag.is_none() {
            return;
        }
        let key = (binding.to_owned(), version.meta.location.to_string());
        self.0.lock().put(key, version);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use object_store::path::Path;

    use super::*;

    pub(in crate::stage::fetch) fn meta(path: &str, e_tag: &str) -> ObjectMeta {
        ObjectMeta {
            location: Path::from(path),
            last_modified: chrono::DateTime::from_timestamp_millis(1_700_000_000_000).unwrap(),
            size: 1_000,
            e_tag: Some(e_tag.to_owned()),
            version: None,
        }
    }

    fn key(binding: &str, e_tag: &str) -> FileKey {
        FileKey { binding: binding.into(), path: "a/b".into(), e_tag: e_tag.into() }
    }

    #[test]
    fn only_the_version_that_was_seen_last_serves_and_not_for_ever() {
        let book = VersionBook::default();
        book.confirm("one", &meta("a/b", "v1"));
        assert!(book.is_fresh(&key("one", "v1")));
        assert!(!book.is_fresh(&key("one", "v2")) && !book.is_fresh(&key("two", "v1")));
        book.confirm("one", &meta("a/b", "v2"));
        assert!(!book.is_fresh(&key("one", "v1")));
        let seen_at = SystemTime::now() - UNASKED_LIFE - Duration::from_secs(1);
        book.restore("one", Version { meta: meta("a/b", "v0"), seen_at });
        assert!(book.is_fresh(&key("one", "v2")), "what is older does not win");
        book.restore("two", Version { meta: meta("a/b", "v0"), seen_at });
        assert!(!book.is_fresh(&key("two", "v0")));
        assert_eq!(book.get("two", "a/b").unwrap().meta.e_tag.as_deref(), Some("v0"));
    }
}
