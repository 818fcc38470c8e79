//! The sandbox's clock: the machine's time plus what a test has added to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use time::OffsetDateTime;

/// A clock that can run ahead of the machine's. Clones share their offset.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset_milliseconds: Arc<AtomicI64>,
}

impl Clock {
    /// A clock that shows the machine's time until somebody advances it.
    pub fn system() -> Self {
        Self::default()
    }

    /// The time this clock shows.
    pub fn now(&self) -> OffsetDateTime {
        let offset = self.offset_milliseconds.load(Ordering::Relaxed);
        OffsetDateTime::now_utc() + time::Duration::milliseconds(offset)
    }

    /// Lets the clock run ahead by `duration`.
    pub fn advance(&self, duration: Duration) {
        let milliseconds = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        self.offset_milliseconds.fetch_add(milliseconds, Ordering::Relaxed);
    }
}
