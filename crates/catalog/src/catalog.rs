//! The handle: opening, transactions.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Sqlite, SqlitePool, Transaction};
use tokio::sync::{Mutex, Semaphore};

use crate::error::{SQLITE_BUSY, primary_code};
use crate::{CatalogError, Grants, migrations};

/// How long a writer waits for another process or connection that holds the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// The pause before the file is asked for again when SQLite itself does not wait.
const BUSY_PAUSE: Duration = Duration::from_millis(20);
/// Connections to the file at once; writers take turns among them.
const CONNECTIONS_MAX: u32 = 4;
/// Passwords hashed at once: each takes 19 MiB and a processor for tens of milliseconds.
const PASSWORD_HASHES_MAX: usize = 2;

/// The grants of an organization, with the version they were read at.
type GrantsAtVersion = (i64, Arc<Grants>);

/// The catalog. Cheap to clone; all clones share one pool.
#[derive(Clone)]
pub struct Catalog {
    pool: SqlitePool,
    pub(crate) password_hashes: Arc<Semaphore>,
    pub(crate) grants: Arc<Mutex<HashMap<String, GrantsAtVersion>>>,
}

impl Catalog {
    /// Opens the catalog in a file, which is made when absent, or in memory; brings its schema up to date.
    pub async fn open(path: Option<&Path>) -> Result<Self, CatalogError> {
        let name = path.map_or_else(|| "memory".to_owned(), |path| path.display().to_string());
        let cannot_open = |error: sqlx::Error| {
            tracing::error!(catalog = %name, error = %error, "cannot open the catalog");
            CatalogError::CannotOpen { path: name.clone(), reason: opening_reason(&error) }
        };
        let options = match path {
            Some(path) => SqliteConnectOptions::new()
                .filename(path)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full),
            None => SqliteConnectOptions::new().in_memory(true),
        };
        let options = options.busy_timeout(BUSY_TIMEOUT).foreign_keys(true);
        // The memory of an in-memory database is its one connection, which must never be closed.
        let pool = SqlitePoolOptions::new()
            .min_connections(1)
            .max_connections(if path.is_some() { CONNECTIONS_MAX } else { 1 })
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(BUSY_TIMEOUT);
        let pool = match path {
            Some(_) => open_file(pool, options).await,
            None => pool.connect_with(options).await,
        }
        .map_err(cannot_open)?;
        let catalog = Self {
            pool,
            password_hashes: Arc::new(Semaphore::new(PASSWORD_HASHES_MAX)),
            grants: Arc::default(),
        };
        migrations::migrate(&catalog, &name).await?;
        Ok(catalog)
    }

    /// Waits for what runs and closes the file. Clones are closed too.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// For reads.
    pub(crate) fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// For changes. It holds the write lock from its start: a change that first reads what it depends on
    /// can never find that another one came between.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, CatalogError> {
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Catalog")
    }
}

/// The next number of the catalog's one version counter.
pub(crate) async fn next_version(transaction: &mut Transaction<'_, Sqlite>) -> Result<i64, CatalogError> {
    let (value,): (i64,) = sqlx::query_as("UPDATE version_counter SET value = value + 1 RETURNING value")
        .fetch_one(&mut **transaction)
        .await?;
    Ok(value)
}

/// Now, as the catalog stores times: microseconds since 1970.
pub(crate) fn now_microseconds() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_micros()).ok())
        .unwrap_or_default()
}

pub(crate) fn time_of(microseconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(u64::try_from(microseconds).unwrap_or_default())
}

/// Opens the file while others may be opening it too. SQLite does not wait for the change of a new file to
/// WAL: of two that ask at once one is refused at once, however long its busy timeout; it asks again here.
/// Within this process one connection makes the change before the pool opens several.
pub(crate) async fn open_file(
    pool: SqlitePoolOptions,
    options: SqliteConnectOptions,
) -> Result<SqlitePool, sqlx::Error> {
    make_private(options.get_filename())?;
    let deadline = Instant::now() + BUSY_TIMEOUT;
    loop {
        let opened = async {
            options.connect().await?.close().await?;
            pool.clone().connect_with(options.clone()).await
        };
        match opened.await {
            Err(error) if is_busy(&error) && Instant::now() < deadline => {
                tokio::time::sleep(BUSY_PAUSE).await
            }
            settled => return settled,
        }
    }
}

/// Makes an absent file, for the server's user alone: SQLite would let everybody on the machine read it. What SQLite
/// keeps beside the file has the same mode.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    match options.open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

/// Whether another connection holds the file (`SQLITE_BUSY` and its extended codes).
fn is_busy(error: &sqlx::Error) -> bool {
    primary_code(error) == Some(SQLITE_BUSY)
}

pub(crate) fn opening_reason(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(database) => database.message().to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::PoolTimedOut => "another process holds it".to_owned(),
        _ => "see the server's log".to_owned(),
    }
}
