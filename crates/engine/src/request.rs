//! What goes into a statement's run and what comes out of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use futures::stream::BoxStream;

use crate::transfer::Ledger;
use crate::{Error, Transfer};

/// Who asks: proved by the layer above, taken as true here.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    pub organization: String,
    pub user: String,
}

/// What a session remembers between statements. The client carries it (Databend's `session` object).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionState {
    /// Always `default` today; three-part names resolve with it.
    pub catalog: String,
    pub database: String,
    /// The role of `SET ROLE`; `None` is the user's default. Nobody's word is taken for it: see `Authority`.
    pub role: Option<String>,
    /// The roles that count besides; `None` is all that the user has.
    pub secondary_roles: Option<Vec<String>>,
    /// Settings changed by `SET`, as text.
    pub settings: BTreeMap<String, String>,
}

impl Default for SessionState {
    fn default() -> Self {
        Self {
            catalog: "default".into(),
            database: "default".into(),
            role: None,
            secondary_roles: None,
            settings: BTreeMap::new(),
        }
    }
}

/// One statement to run.
#[derive(Debug, Clone)]
pub struct StatementRequest {
    pub query_id: String,
    pub identity: Identity,
    pub state: SessionState,
    pub sql: String,
    /// Filled in while the statement runs; the caller may read it at any time.
    pub progress: Arc<Progress>,
}

/// A stream of result batches. Dropping it cancels the statement.
pub type Batches = BoxStream<'static, Result<RecordBatch, Error>>;

/// A statement that has begun to answer.
pub struct StatementOutput {
    /// Empty for statements without a result set.
    pub schema: SchemaRef,
    pub has_result_set: bool,
    pub batches: Batches,
    /// The session's state after the statement.
    pub state: SessionState,
    pub effect: Option<Effect>,
    pub warnings: Vec<String>,
}

/// A change of the session that clients are told about by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    UseDatabase { name: String },
    ChangeSettings { keys: Vec<String>, values: Vec<String> },
}

/// Rows and bytes of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScanProgress {
    pub rows: u64,
    pub bytes: u64,
}

/// Counters that move while a statement runs.
#[derive(Debug, Default)]
pub struct Progress {
    scanned_rows: AtomicU64,
    plan_rows: AtomicU64,
    scanned_bytes: AtomicU64,
    scan_rows_total: AtomicU64,
    scan_bytes_total: AtomicU64,
    written_rows: AtomicU64,
    written_bytes: AtomicU64,
    computed_nanos: AtomicU64,
    ledger: Ledger,
}

impl Progress {
    /// What the statement has asked of S3 so far.
    pub fn transfer(&self) -> Transfer {
        self.ledger.transfer()
    }

    /// The account of what is asked of S3.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub fn add_scanned(&self, rows: u64, bytes: u64) {
        self.scanned_rows.fetch_add(rows, Ordering::Relaxed);
        self.scanned_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The rows that the scans of a running plan have given so far.
    pub(crate) fn set_plan_rows(&self, rows: u64) {
        self.plan_rows.store(rows, Ordering::Relaxed);
    }

    /// The time that the operators and decoders of a running plan have computed so far, added up over their threads.
    pub(crate) fn set_computed(&self, time: Duration) {
        self.computed_nanos.store(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How long the statement's operators and decoders have computed, added up over their threads.
    pub fn computed(&self) -> Duration {
        Duration::from_nanos(self.computed_nanos.load(Ordering::Relaxed))
    }

    /// Adds to what the scan is expected to read in all.
    pub fn add_scan_total(&self, rows: u64, bytes: u64) {
        self.scan_rows_total.fetch_add(rows, Ordering::Relaxed);
        self.scan_bytes_total.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn add_written(&self, rows: u64, bytes: u64) {
        self.written_rows.fetch_add(rows, Ordering::Relaxed);
        self.written_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn scanned(&self) -> ScanProgress {
        let counted = read(&self.scanned_rows, &self.scanned_bytes);
        ScanProgress { rows: counted.rows + self.plan_rows.load(Ordering::Relaxed), ..counted }
    }

    pub fn scan_total(&self) -> ScanProgress {
        read(&self.scan_rows_total, &self.scan_bytes_total)
    }

    pub fn written(&self) -> ScanProgress {
        read(&self.written_rows, &self.written_bytes)
    }
}

fn read(rows: &AtomicU64, bytes: &AtomicU64) -> ScanProgress {
    ScanProgress { rows: rows.load(Ordering::Relaxed), bytes: bytes.load(Ordering::Relaxed) }
}
