//! What was run and what was asked of AWS, kept in a file of its own beside the catalog: it is written all the time,
//! may lose its last moments, and can be thrown away without losing anything that exists.

mod limits;
mod open;
mod read;
mod write;

use std::time::{Duration, SystemTime};

use sqlx::SqlitePool;

use crate::CatalogError;

/// How much of the past is kept. An organization's own limits are the first to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryLimits {
    /// What is older is forgotten.
    pub age_max: Duration,
    /// Statements of one organization.
    pub statements_max: usize,
    /// Bytes of their texts and errors.
    pub text_bytes_max: usize,
    /// Requests of one organization.
    pub requests_max: usize,
    /// Bytes of the whole file: beyond them the oldest go, whosever they are.
    pub file_bytes_max: u64,
}

/// A statement that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastStatement {
    pub organization: String,
    pub user: String,
    pub query_id: String,
    pub database: String,
    /// Without secrets: whoever writes it down has masked them.
    pub sql: String,
    pub state: String,
    pub started_at: SystemTime,
    pub ended_at: SystemTime,
    pub duration: Duration,
    pub error: Option<String>,
    /// What it took, as JSON of the engine's.
    pub figures: String,
}

/// A request to S3 or STS that was answered, or failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRequest {
    pub organization: String,
    pub user: String,
    pub query_id: String,
    pub connection: Option<String>,
    pub stage: Option<String>,
    pub started_at: SystemTime,
    pub duration: Duration,
    pub action: String,
    pub operation: String,
    pub bucket: Option<String>,
    pub resource: Option<String>,
    pub bytes: u64,
    pub status: Option<u16>,
    pub error_code: Option<String>,
    pub request_id: Option<String>,
}

/// What the file held when it was opened, oldest first.
#[derive(Debug, Default)]
pub struct Past {
    pub statements: Vec<PastStatement>,
    pub requests: Vec<PastRequest>,
}

/// The file. Cheap to clone.
#[derive(Debug, Clone)]
pub struct HistoryFile {
    pool: SqlitePool,
    limits: HistoryLimits,
}

impl HistoryFile {
    /// How much it keeps.
    pub fn limits(&self) -> &HistoryLimits {
        &self.limits
    }

    /// Waits for what runs and closes the file. Clones are closed too.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    async fn begin(&self) -> Result<sqlx::Transaction<'static, sqlx::Sqlite>, CatalogError> {
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }
}

fn microseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

fn nanoseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// SQLite's numbers have a sign.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
