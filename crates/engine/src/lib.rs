//! Runs one SQL statement for a user's session and returns a stream of batches.
//!
//! This is the only crate that names DataFusion. It refuses to know HTTP or JSON bodies, and it never
//! holds a key: a location becomes an opened bucket in `credentials`.

mod engine;
mod error;
mod query;
mod request;
mod rows;
mod session;
mod settings;
mod stage;
mod statement;
mod system;

pub use engine::{Engine, EngineOptions};
pub use error::{Error, ErrorKind};
pub use request::{
    Batches, Effect, Identity, Progress, ScanProgress, SessionState, StatementOutput, StatementRequest,
};
pub use session::ADMINISTRATOR;
pub use stage::Upload;

/// A statement's text with every secret value masked, for logs and history.
pub fn redact(sql: &str) -> String {
    sql::redact(sql)
}

/// What `SELECT version()` answers.
pub fn version() -> &'static str {
    query::VERSION
}
