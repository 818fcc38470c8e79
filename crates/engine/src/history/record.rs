//! One statement: what it is, what it took, how it ended.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use credentials::RequestCounters;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{Error, ErrorKind, Identity, Progress, StatementRequest};

/// Of a longer statement, or a longer error, the beginning is kept.
const TEXT_BYTES_MAX: usize = 16 << 10;

/// One statement, running or ended.
#[derive(Debug)]
pub(crate) struct StatementRecord {
    pub(crate) query_id: String,
    pub(crate) identity: Identity,
    pub(crate) database: String,
    /// Redacted.
    pub(crate) sql: String,
    pub(crate) started_at: SystemTime,
    started: Instant,
    pub(crate) progress: Arc<Progress>,
    pub(crate) requests: Arc<RequestCounters>,
    result_rows: AtomicU64,
    result_bytes: AtomicU64,
    first_row: OnceLock<Duration>,
    outcome: Mutex<Option<Outcome>>,
    /// What it took, of one that ended before the server started.
    past: Option<Figures>,
    /// Says `Some(user)` when that user wants it to end.
    kill: watch::Sender<Option<String>>,
}

/// What a statement took, so far or in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Figures {
    pub(crate) result_rows: u64,
    pub(crate) result_bytes: u64,
    pub(crate) scanned_rows: u64,
    pub(crate) scanned_bytes: u64,
    /// As they went over the wire, repeated ones included.
    pub(crate) s3_requests: u64,
    pub(crate) s3_bytes: u64,
    pub(crate) s3_bytes_sent: u64,
    pub(crate) sts_requests: u64,
    /// See [`crate::Transfer`] for these.
    pub(crate) s3_rounds: u64,
    pub(crate) hedged_requests: u64,
    pub(crate) cache_hits: u64,
    pub(crate) cached_bytes: u64,
    pub(crate) s3_wait: Duration,
    pub(crate) computed: Duration,
    /// From its begin to its first row.
    pub(crate) first_row: Option<Duration>,
}

/// How a statement ended.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) ended_at: SystemTime,
    pub(crate) duration: Duration,
    pub(crate) state: StatementState,
    pub(crate) error: Option<String>,
}

/// A statement as it is read back from the file.
pub(super) struct Past {
    pub(super) query_id: String,
    pub(super) identity: Identity,
    pub(super) database: String,
    pub(super) sql: String,
    pub(super) started_at: SystemTime,
    pub(super) outcome: Outcome,
    pub(super) figures: Figures,
}

/// Where a statement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatementState {
    Running,
    Succeeded,
    Failed,
    /// Killed, or nobody wanted the rest.
    Cancelled,
}

impl StatementState {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// What [`StatementState::as_str`] says; `None` for what is none of it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Running, Self::Succeeded, Self::Failed, Self::Cancelled]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

impl StatementRecord {
    pub(super) fn begin(request: &StatementRequest) -> Self {
        Self {
            query_id: request.query_id.clone(),
            identity: request.identity.clone(),
            database: request.state.database.clone(),
            sql: shorten(crate::redact(&request.sql)),
            started_at: SystemTime::now(),
            started: Instant::now(),
            progress: Arc::clone(&request.progress),
            requests: Arc::default(),
            result_rows: AtomicU64::new(0),
            result_bytes: AtomicU64::new(0),
            first_row: OnceLock::new(),
            outcome: Mutex::new(None),
            past: None,
            kill: watch::channel(None).0,
        }
    }

    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.outcome.lock().clone()
    }

    pub(crate) fn state(&self) -> StatementState {
        self.outcome.lock().as_ref().map_or(StatementState::Running, |outcome| outcome.state)
    }

    /// How long it ran, or has run so far.
    pub(crate) fn duration(&self) -> Duration {
        self.outcome.lock().as_ref().map_or_else(|| self.started.elapsed(), |outcome| outcome.duration)
    }

    /// One that ended before the server started.
    pub(super) fn past(past: Past) -> Self {
        let Past { query_id, identity, database, sql, started_at, outcome, figures } = past;
        Self {
            query_id,
            identity,
            database,
            sql,
            started_at,
            started: Instant::now(),
            progress: Arc::default(),
            requests: Arc::default(),
            result_rows: AtomicU64::new(0),
            result_bytes: AtomicU64::new(0),
            first_row: OnceLock::new(),
            outcome: Mutex::new(Some(outcome)),
            past: Some(figures),
            kill: watch::channel(None).0,
        }
    }

    pub(crate) fn figures(&self) -> Figures {
        if let Some(past) = self.past {
            return past;
        }
        let (scanned, transfer) = (self.progress.scanned(), self.progress.transfer());
        Figures {
            result_rows: self.result_rows.load(Ordering::Relaxed),
            result_bytes: self.result_bytes.load(Ordering::Relaxed),
            scanned_rows: scanned.rows,
            scanned_bytes: scanned.bytes,
            s3_requests: self.requests.s3_requests(),
            s3_bytes: self.requests.bytes_received(),
            s3_bytes_sent: self.requests.bytes_sent(),
            sts_requests: self.requests.sts_requests(),
            s3_rounds: u64::from(transfer.rounds),
            hedged_requests: transfer.hedged,
            cache_hits: transfer.cache_hits,
            cached_bytes: transfer.cached_bytes,
            s3_wait: transfer.waited,
            computed: self.progress.computed(),
            first_row: self.first_row.get().copied(),
        }
    }

    pub(super) fn count(&self, rows: usize, bytes: usize) {
        if rows > 0 {
            self.first_row.get_or_init(|| self.started.elapsed());
        }
        self.result_rows.fetch_add(rows as u64, Ordering::Relaxed);
        self.result_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn text_bytes(&self) -> usize {
        let error = self.outcome.lock().as_ref().and_then(|outcome| outcome.error.as_ref().map(String::len));
        self.sql.len() + error.unwrap_or_default()
    }

    /// Notes how it ended, if that is not known yet.
    pub(super) fn end(&self, state: StatementState, error: Option<String>) -> bool {
        let (ended_at, duration) = (SystemTime::now(), self.started.elapsed());
        let mut known = self.outcome.lock();
        if known.is_some() {
            return false;
        }
        *known = Some(Outcome { ended_at, duration, state, error: error.map(shorten) });
        true
    }

    pub(super) fn kill(&self, user: &str) {
        self.kill.send_replace(Some(user.to_owned()));
    }

    /// Ready when somebody wants it to end.
    pub(super) async fn killed(&self) -> Error {
        let mut kill = self.kill.subscribe();
        let user = kill.wait_for(Option::is_some).await.ok().and_then(|user| user.clone());
        let user = match user {
            Some(user) => user,
            // The sender lives as long as the record.
            None => std::future::pending().await,
        };
        Error::new(ErrorKind::Cancelled, format!("the statement was killed by user `{user}`"))
    }
}

fn shorten(mut text: String) -> String {
    if text.len() > TEXT_BYTES_MAX {
        let end = (0..=TEXT_BYTES_MAX).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        text.truncate(end);
        text.push('…');
    }
    text
}
