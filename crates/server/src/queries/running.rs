//! One query: its producer, its pages, and who may see it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use engine::{Error, ErrorKind, Identity, Progress, StatementRequest};
use futures::{FutureExt, StreamExt};
use parking_lot::Mutex;
use protocol::{ProgressValues, SessionObject, Statistics};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::buffer::{Buffer, BufferLimits, End, Started};
use super::pages::{Page, PageLimits, PageNotThere, Pager};
use crate::encode::ResultEncoder;
use crate::runner::StatementRunner;

/// A query that was asked for: what it needs besides its statement.
#[derive(Debug, Clone)]
pub(crate) struct QuerySpec {
    pub(crate) request: StatementRequest,
    /// The session as the client sent it.
    pub(crate) session: SessionObject,
    /// How long each request waits for its page.
    pub(crate) wait: Duration,
    pub(crate) page_limits: PageLimits,
    pub(crate) buffer_limits: BufferLimits,
    /// The newest Arrow layout that the client reads, if it reads any.
    pub(crate) arrow_version_max: Option<i64>,
    /// How long the query lives when nobody asks about it, as clients are told.
    pub(crate) result_timeout_secs: u64,
}

/// A query, running or finished.
pub(crate) struct Query {
    pub(crate) spec: QuerySpec,
    buffer: Buffer,
    pager: tokio::sync::Mutex<Pager>,
    cancel: CancellationToken,
    started_at: Instant,
    /// How long the statement ran, once it has ended.
    ran_for: Mutex<Option<Duration>>,
    touched_at: Mutex<Instant>,
    waiting_requests: AtomicUsize,
    is_finished: AtomicBool,
    reported_rows: AtomicU64,
    delivered_rows: AtomicU64,
    delivered_bytes: AtomicU64,
}

impl Query {
    pub(super) fn new(spec: QuerySpec) -> Self {
        let now = Instant::now();
        Self {
            buffer: Buffer::new(spec.buffer_limits),
            pager: tokio::sync::Mutex::new(Pager::new(spec.page_limits)),
            spec,
            cancel: CancellationToken::new(),
            started_at: now,
            ran_for: Mutex::new(None),
            touched_at: Mutex::new(now),
            waiting_requests: AtomicUsize::new(0),
            is_finished: AtomicBool::new(false),
            reported_rows: AtomicU64::new(0),
            delivered_rows: AtomicU64::new(0),
            delivered_bytes: AtomicU64::new(0),
        }
    }

    pub(crate) fn id(&self) -> &str {
        &self.spec.request.query_id
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.spec.request.identity
    }

    /// Runs the statement to its end, or until it is cancelled.
    pub(super) async fn produce(&self, runner: Arc<dyn StatementRunner>) {
        let work = AssertUnwindSafe(self.fill_buffer(runner)).catch_unwind();
        let end = tokio::select! {
            biased;
            () = self.cancel.cancelled() => End::Failed(cancelled()),
            result = work => match result {
                Ok(Ok(())) => End::Succeeded,
                Ok(Err(error)) => End::Failed(error),
                Err(_) => End::Failed(Error::new(ErrorKind::Internal, "the statement failed inside the server")),
            },
        };
        let ran_for = self.started_at.elapsed();
        *self.ran_for.lock() = Some(ran_for);
        self.log_end(&end, ran_for);
        self.buffer.end(end);
    }

    async fn fill_buffer(&self, runner: Arc<dyn StatementRunner>) -> Result<(), Error> {
        let output = runner.run(self.spec.request.clone()).await?;
        let timezone = output.state.settings.get("timezone").map_or("UTC", String::as_str);
        let encoder = ResultEncoder::new(output.schema, timezone)?;
        self.buffer.start(Started {
            encoder,
            has_result_set: output.has_result_set,
            state: output.state,
            effect: output.effect,
            warnings: output.warnings,
        });
        let mut batches = output.batches;
        while let Some(batch) = batches.next().await {
            self.buffer.push(batch?).await;
        }
        Ok(())
    }

    /// The page of that number, waiting for it as long as the client said.
    pub(crate) async fn page(&self, number: usize) -> Result<Arc<Page>, PageNotThere> {
        let _waiting = self.touch_while_waiting();
        let mut pager = self.pager.lock().await;
        let page = pager.page(number, &self.buffer, self.spec.wait, || self.has_progress()).await?;
        let delivered = pager.delivered();
        drop(pager);
        self.delivered_rows.store(delivered.rows, Ordering::Relaxed);
        self.delivered_bytes.store(delivered.bytes, Ordering::Relaxed);
        self.reported_rows.store(self.counted_rows(), Ordering::Relaxed);
        Ok(page)
    }

    /// What is known of the result, once the statement has begun to answer.
    pub(crate) fn started(&self) -> Option<Arc<Started>> {
        self.buffer.started()
    }

    /// How the statement ended, though its client may not have everything yet.
    pub(crate) fn end(&self) -> Option<End> {
        self.buffer.end_of_statement()
    }

    /// Stops the statement; a client that still asks is told so.
    pub(crate) fn kill(&self) {
        self.buffer.end(End::Failed(cancelled()));
        self.cancel.cancel();
    }

    /// Whether it was stopped: nothing of it is worth waiting for.
    pub(super) fn is_killed(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Whether the client has everything.
    pub(super) fn is_finished(&self) -> bool {
        self.is_finished.load(Ordering::Acquire)
    }

    /// Says whether it was set before.
    pub(super) fn set_finished(&self) -> bool {
        self.is_finished.swap(true, Ordering::AcqRel)
    }

    pub(crate) fn statistics(&self) -> Statistics {
        let running_time = self.ran_for.lock().unwrap_or_else(|| self.started_at.elapsed());
        let mut statistics =
            Statistics { running_time_ms: running_time.as_secs_f64() * 1e3, ..Statistics::default() };
        if self.started().is_none() {
            return statistics;
        }
        let progress = &self.spec.request.progress;
        statistics.scan_progress = values(progress.scanned());
        statistics.write_progress = values(progress.written());
        statistics.total_scan = values(progress.scan_total());
        statistics.result_progress = ProgressValues {
            rows: self.delivered_rows.load(Ordering::Relaxed),
            bytes: self.delivered_bytes.load(Ordering::Relaxed),
        };
        statistics
    }

    /// The client is still interested.
    pub(crate) fn touch(&self) {
        *self.touched_at.lock() = Instant::now();
    }

    /// Since when nobody asks about this query; `None` while a request waits for it.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        if self.waiting_requests.load(Ordering::Acquire) > 0 { None } else { Some(*self.touched_at.lock()) }
    }

    fn touch_while_waiting(&self) -> impl Drop + '_ {
        struct Waiting<'a>(&'a Query);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                self.0.touch();
                self.0.waiting_requests.fetch_sub(1, Ordering::Release);
            }
        }
        self.waiting_requests.fetch_add(1, Ordering::Acquire);
        Waiting(self)
    }

    fn has_progress(&self) -> bool {
        self.counted_rows() != self.reported_rows.load(Ordering::Relaxed)
    }

    fn counted_rows(&self) -> u64 {
        let progress: &Progress = &self.spec.request.progress;
        progress.scanned().rows + progress.scanned().bytes + progress.written().rows
    }

    fn log_end(&self, end: &End, ran_for: Duration) {
        let identity = self.identity();
        let (query, organization, user) = (self.id(), &identity.organization, &identity.user);
        let ms = ran_for.as_secs_f64() * 1e3;
        match end {
            End::Succeeded => tracing::info!(query, %organization, %user, ms, "query succeeded"),
            // A fault of ours is for the administrator to see; what users get wrong is not.
            End::Failed(error) if error.kind == ErrorKind::Internal => tracing::error!(
                query, %organization, %user, ms,
                error = %error.message, context = error.log_context(),
                "query failed inside the server"
            ),
            End::Failed(error) => tracing::info!(
                query, %organization, %user, ms,
                kind = ?error.kind, error = %error.message, context = error.log_context(),
                "query failed"
            ),
        }
    }
}

fn cancelled() -> Error {
    Error::new(ErrorKind::Cancelled, "the query was killed")
}

fn values(progress: engine::ScanProgress) -> ProgressValues {
    ProgressValues { rows: progress.rows, bytes: progress.bytes }
}
