//! Opening the file. One that is damaged is set aside: a lost past is no reason not to serve.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::raw_sql;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::{HistoryFile, HistoryLimits, Past};
use crate::CatalogError;
use crate::catalog::{open_file, opening_reason};
use crate::error::primary_code;

/// How long a writer waits for another process that holds the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// One writes, one reads.
const CONNECTIONS_MAX: u32 = 2;
/// What a damaged file is called from then on.
const DAMAGED_ENDING: &str = "damaged";

/// The only version of the schema so far, in SQLite's `user_version`.
const VERSION: i64 = 1;
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS statements (
  id INTEGER PRIMARY KEY,
  organization TEXT NOT NULL,
  user_name TEXT NOT NULL,
  query_id TEXT NOT NULL,
  database_name TEXT NOT NULL,
  sql TEXT NOT NULL,
  state TEXT NOT NULL,
  started_on BIGINT NOT NULL,
  ended_on BIGINT NOT NULL,
  duration_nanos BIGINT NOT NULL,
  error TEXT,
  figures TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS statements_of ON statements (organization, id);
CREATE INDEX IF NOT EXISTS statements_by_time ON statements (started_on);

CREATE TABLE IF NOT EXISTS requests (
  id INTEGER PRIMARY KEY,
  organization TEXT NOT NULL,
  user_name TEXT NOT NULL,
  query_id TEXT NOT NULL,
  connection TEXT,
  stage TEXT,
  started_on BIGINT NOT NULL,
  duration_nanos BIGINT NOT NULL,
  action TEXT NOT NULL,
  operation TEXT NOT NULL,
  bucket TEXT,
  resource TEXT,
  bytes BIGINT NOT NULL,
  status BIGINT,
  error_code TEXT,
  request_id TEXT
);
CREATE INDEX IF NOT EXISTS requests_of ON requests (organization, id);
CREATE INDEX IF NOT EXISTS requests_by_time ON requests (started_on);
PRAGMA user_version = 1;
";

impl HistoryFile {
    /// Opens the file, which is made when absent, forgets what the limits no longer allow, and reads the rest. A file
    /// that SQLite cannot read is renamed and a new one begun.
    pub async fn open(path: &Path, limits: HistoryLimits) -> Result<(Self, Past), CatalogError> {
        match open_and_read(path, limits).await {
            Err(Failure::Damaged(reason)) => {
                set_aside(path, &reason)?;
                open_and_read(path, limits).await.map_err(|failure| failure.of(path))
            }
            settled => settled.map_err(|failure| failure.of(path)),
        }
    }
}

enum Failure {
    /// It is not, or no longer, a database.
    Damaged(String),
    Database(sqlx::Error),
    Other(CatalogError),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        const SQLITE_CORRUPT: u32 = 11;
        const SQLITE_NOTADB: u32 = 26;
        match primary_code(&error) {
            Some(SQLITE_CORRUPT | SQLITE_NOTADB) => Self::Damaged(error.to_string()),
            _ => Self::Database(error),
        }
    }
}

impl Failure {
    fn of(self, path: &Path) -> CatalogError {
        let path = path.display().to_string();
        match self {
            Self::Damaged(reason) => CatalogError::CannotOpenHistory { path, reason },
            Self::Database(error) => {
                tracing::error!(history = %path, error = %error, "cannot open the history");
                CatalogError::CannotOpenHistory { path, reason: opening_reason(&error) }
            }
            Self::Other(error) => error,
        }
    }
}

async fn open_and_read(path: &Path, limits: HistoryLimits) -> Result<(HistoryFile, Past), Failure> {
    // What a killed process wrote stays; what a power failure takes are the last moments.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(BUSY_TIMEOUT);
    let pool = SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(CONNECTIONS_MAX)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(BUSY_TIMEOUT);
    let file = HistoryFile { pool: open_file(pool, options).await?, limits };
    let read = async {
        let (version,): (i64,) = sqlx::query_as("PRAGMA user_version").fetch_one(&file.pool).await?;
        if version > VERSION {
            let path = path.display().to_string();
            return Err(Failure::Other(CatalogError::NewerSchema { path, found: version, known: VERSION }));
        }
        raw_sql(SCHEMA).execute(&file.pool).await?;
        file.forget_old().await?;
        file.forget_beyond_file().await?;
        Ok(file.read().await?)
    };
    match read.await {
        Ok(past) => Ok((file, past)),
        Err(failure) => {
            file.close().await;
            Err(failure)
        }
    }
}

/// Renames the file; what SQLite keeps beside it belongs to it.
fn set_aside(path: &Path, reason: &str) -> Result<(), CatalogError> {
    let beside = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let aside = beside(&format!(".{DAMAGED_ENDING}"));
    tracing::warn!(
        history = %path.display(), aside = %aside.display(), reason,
        "the history is damaged: it is set aside and a new one begun"
    );
    std::fs::rename(path, &aside).map_err(|error| CatalogError::CannotOpenHistory {
        path: path.display().to_string(),
        reason: format!("it is damaged ({reason}) and cannot be renamed: {error}"),
    })?;
    for ending in ["-wal", "-shm"] {
        // Gone already after a clean end.
        let _ = std::fs::remove_file(beside(ending));
    }
    Ok(())
}
