//! Memory of one statement, out of what all statements share.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{
    FairSpillPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation, TrackConsumersPool,
};

/// Consumers of memory that an out-of-memory error names.
const CONSUMERS_NAMED_MAX: NonZeroUsize = NonZeroUsize::MIN.saturating_add(2);
/// What one statement may have of the memory of all, so that it leaves something: three of so many parts.
const PARTS: usize = 4;

/// The pool of one statement. `bytes_max` is its limit; 0 for three quarters of all memory.
pub(super) fn statement_pool(all: &Arc<dyn MemoryPool>, bytes_max: usize) -> Arc<dyn MemoryPool> {
    let shared = match all.memory_limit() {
        MemoryLimit::Finite(bytes) => bytes,
        _ => usize::MAX,
    };
    let bytes_max = if bytes_max == 0 { shared / PARTS * (PARTS - 1) } else { bytes_max.min(shared) };
    let memory = StatementMemory { all: all.clone(), own: FairSpillPool::new(bytes_max) };
    // Beside its own consumers alone: those of other statements are nobody else's affair.
    Arc::new(TrackConsumersPool::new(memory, CONSUMERS_NAMED_MAX))
}

/// A share that the statement's operators divide fairly among themselves, in a whole that statements divide.
#[derive(Debug)]
struct StatementMemory {
    all: Arc<dyn MemoryPool>,
    own: FairSpillPool,
}

impl MemoryPool for StatementMemory {
    fn name(&self) -> &str {
        "statement"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.own.register(consumer);
        self.all.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.all.unregister(consumer);
        self.own.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.own.grow(reservation, additional);
        self.all.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.all.shrink(reservation, shrink);
        self.own.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        self.own.try_grow(reservation, additional).map_err(|_| {
            let bytes = match self.memory_limit() {
                MemoryLimit::Finite(bytes) => bytes,
                _ => usize::MAX,
            };
            DataFusionError::ResourcesExhausted(format!(
                "the statement has {} KiB of the {} KiB that it may have",
                self.reserved() >> 10,
                bytes >> 10
            ))
        })?;
        self.all.try_grow(reservation, additional).inspect_err(|_| self.own.shrink(reservation, additional))
    }

    fn reserved(&self) -> usize {
        self.own.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.own.memory_limit()
    }
}

impl fmt::Display for StatementMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "statement({})", self.own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_has_its_limit_and_leaves_the_rest() {
        let all: Arc<dyn MemoryPool> = Arc::new(FairSpillPool::new(100));
        let (greedy, other) = (statement_pool(&all, 0), statement_pool(&all, 0));
        let hoard = MemoryConsumer::new("hoard").register(&greedy);
        hoard.try_grow(75).unwrap();
        let refused = hoard.try_grow(1).unwrap_err().to_string();
        assert!(refused.contains("hoard") && refused.contains("that it may have"), "{refused}");
        let small = MemoryConsumer::new("small").register(&other);
        small.try_grow(25).unwrap();
        let refused = small.try_grow(1).unwrap_err().to_string();
        assert!(!refused.contains("hoard"), "{refused}");
        drop(hoard);
        assert_eq!((all.reserved(), greedy.reserved(), other.reserved()), (25, 0, 25));
        let limited = statement_pool(&all, 10);
        assert!(MemoryConsumer::new("c").register(&limited).try_grow(11).is_err());
        drop(small);
        assert_eq!(all.reserved(), 0);
    }
}
