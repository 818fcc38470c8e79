//! Runs one SQL statement for a user's session and returns a stream of batches.
//!
//! This is the only crate that names DataFusion. It refuses to know HTTP or JSON bodies, and it never
//! holds a key: a location becomes an opened bucket in `credentials`.

mod authority;
mod browse;
mod engine;
mod error;
mod history;
mod parquet_encoder;
mod query;
mod request;
mod rows;
mod session;
mod settings;
mod stage;
mod statement;
mod system;
mod transfer;
mod variant;

pub use browse::{
    ChunkSummary, FolderEntry, FolderFile, FolderListing, FolderRequest, FooterRequest, FooterSummary,
    LeafSummary, RowGroupSummary,
};
pub use engine::{Engine, EngineOptions};
pub use error::{Error, ErrorKind};
pub use history::HistoryKeeper;
pub use parquet_encoder::ParquetEncoder;
pub use request::{
    Batches, Effect, Identity, Progress, ScanProgress, SessionState, StatementOutput, StatementRequest,
};
pub use session::ADMINISTRATOR;
pub use stage::Upload;
pub use transfer::Transfer;

/// A statement's text with every secret value masked, for logs and history.
pub fn redact(sql: &str) -> String {
    sql::redact(sql)
}

/// What `SELECT version()` answers.
pub fn version() -> &'static str {
    query::VERSION
}
