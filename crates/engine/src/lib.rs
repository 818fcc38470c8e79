//! Runs one SQL statement for a user's session and returns a stream of batches.
//!
//! This is the only crate that names DataFusion. It refuses to know HTTP or JSON, and it never holds
//! a key: a location becomes an opened bucket in `credentials`.

mod error;
mod request;

pub use error::{Error, ErrorKind};
pub use request::{
    Batches, Effect, Identity, Progress, ScanProgress, SessionState, StatementOutput, StatementRequest,
};
