//! Bytes of S3 objects: asked for ahead of who needs them, merged and cut into requests that pay, counted,
//! cached and bounded.
//!
//! Requests run on threads of their own (`pool`), so that a decoder that is busy does not keep an answer
//! waiting, and how many are under way has nothing to do with how many threads decode. A scan that knows
//! what it will need hands all of it to a `ReadAhead`; whoever needs a range now asks `FetchPool::read`.

mod budget;
mod disk;
mod pool;
mod ranges;
mod read_ahead;
mod requests;
mod versions;
mod weather;

pub(crate) use budget::WeightedCache;
pub(crate) use disk::DiskLimits;
pub(crate) use pool::{FetchLimits, FetchPool, Keep};
pub(crate) use ranges::FileKey;
pub(crate) use read_ahead::{Pace, ReadAhead, Wanted};
pub(crate) use requests::{piece_bytes, plan_requests};
pub(crate) use versions::UNASKED_LIFE;
