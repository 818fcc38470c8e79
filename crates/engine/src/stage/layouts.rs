//! Which folders a prefix was seen to have, for a short time: a query that names its folder then asks for
//! that folder alone.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use lru::LruCache;
use parking_lot::Mutex;

use super::hive::FolderColumn;

/// How long a prefix is taken to have folders of the same column. What is in them is always listed anew.
const LAYOUT_LIFE: Duration = Duration::from_secs(60);
const LAYOUTS_MAX: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4_095);

/// The column that the folders below a prefix give, by who may see it (`OpenedBucket::binding_id`).
pub(crate) struct LayoutCache(Mutex<LruCache<(String, String), (FolderColumn, Instant)>>);

impl Default for LayoutCache {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(LAYOUTS_MAX)))
    }
}

impl LayoutCache {
    pub(super) fn get(&self, binding: &str, prefix: &str) -> Option<FolderColumn> {
        let mut layouts = self.0.lock();
        let (column, seen) = layouts.get(&(binding.to_owned(), prefix.to_owned()))?;
        (seen.elapsed() < LAYOUT_LIFE).then(|| column.clone())
    }

    pub(super) fn insert(&self, binding: &str, prefix: &str, column: FolderColumn) {
        self.0.lock().put((binding.to_owned(), prefix.to_owned()), (column, Instant::now()));
    }
}
