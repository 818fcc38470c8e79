//! Footers kept for the next query.

use std::sync::Arc;
use std::time::Instant;

use arrow::datatypes::Schema;
use datafusion::parquet::file::metadata::ParquetMetaData;
use object_store::ObjectMeta;
use parking_lot::Mutex;

use super::fetch::{UNASKED_LIFE, WeightedCache};

/// What an entry takes beside its footer.
const ENTRY_BYTES: usize = 2_000;

/// The footer of the version of a file that was read last.
#[derive(Debug)]
pub(crate) struct KnownFooter {
    pub(crate) meta: ObjectMeta,
    pub(crate) metadata: Arc<ParquetMetaData>,
    pub(crate) schema: Arc<Schema>,
    /// When S3 last gave bytes of the file.
    pub(crate) read_at: Instant,
}

impl KnownFooter {
    /// Whether a listing alone is enough to use it.
    pub(crate) fn serves_listings(&self) -> bool {
        self.read_at.elapsed() < UNASKED_LIFE
    }
}

/// Footers by who may see them (`OpenedBucket::binding_id`) and by key. Whoever takes one out compares its
/// ETag with what S3 says now.
pub(crate) struct FooterCache(Mutex<WeightedCache<(String, String), Arc<KnownFooter>>>);

impl FooterCache {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self(Mutex::new(WeightedCache::new(bytes_max)))
    }

    pub(crate) fn get(&self, binding: &str, path: &str) -> Option<Arc<KnownFooter>> {
        self.0.lock().get(&(binding.to_owned(), path.to_owned())).cloned()
    }

    /// Keeps a footer; one without an ETag cannot be compared, and is not kept.
    pub(crate) fn insert(&self, binding: &str, footer: Arc<KnownFooter>) {
        if footer.meta.e_tag.is_none() {
            return;
        }
        let key = (binding.to_owned(), footer.meta.location.to_string());
        let weight = footer.metadata.memory_size() + ENTRY_BYTES;
        self.0.lock().insert(key, footer, weight, |_| {});
    }
}
