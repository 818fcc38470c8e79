//! The queries that run, and those whose last page may be asked for again.
//!
//! A query belongs to the organization and user that started it. To everybody else it does not exist.

mod buffer;
mod pages;
mod respond;
pub(crate) mod routes;
mod running;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use engine::Identity;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

pub(crate) use buffer::{BufferLimits, End};
pub(crate) use pages::{NextPage, Page, PageLimits, PageNotThere};
pub(crate) use running::{Query, QuerySpec};

use crate::limits::Limits;
use crate::runner::StatementRunner;

/// How long the server goes on after its last query, for a client whose last page did not arrive and for one
/// that has still to hear that its query was stopped.
const LAST_PAGE_GRACE: Duration = Duration::from_millis(500);

/// All queries of the server.
#[derive(Clone)]
pub(crate) struct Queries {
    inner: Arc<Inner>,
}

struct Inner {
    runner: Arc<dyn StatementRunner>,
    limits: Arc<Limits>,
    table: Mutex<Table>,
    is_stopping: AtomicBool,
    /// Notified whenever a query is finished or gone.
    left: Notify,
}

#[derive(Default)]
struct Table {
    by_id: HashMap<String, Arc<Query>>,
    running: usize,
    running_of: HashMap<Identity, usize>,
    /// Queries whose clients have everything, oldest first, with the size of their last page. One that was
    /// removed meanwhile stays in this list until it is the oldest.
    finished: VecDeque<(Arc<Query>, usize)>,
    finished_bytes: usize,
}

/// Why a query was not started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StartError {
    /// The server was told to stop.
    Stopping,
    /// The id belongs to another statement, or to another user.
    IdTaken,
    /// [`Limits::running_queries_per_user_max`].
    TooManyOfUser,
    /// [`Limits::running_queries_max`].
    TooMany,
}

impl Queries {
    pub(crate) fn new(runner: Arc<dyn StatementRunner>, limits: Arc<Limits>) -> Self {
        let inner = Inner {
            runner,
            limits,
            table: Mutex::default(),
            is_stopping: AtomicBool::new(false),
            left: Notify::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Starts a query. The same statement with the same id from the same user is the same query: a client
    /// whose connection broke sends it again.
    pub(crate) fn start(&self, spec: QuerySpec) -> Result<Arc<Query>, StartError> {
        let identity = spec.request.identity.clone();
        let query = {
            let mut table = self.inner.table.lock();
            if let Some(known) = table.by_id.get(&spec.request.query_id) {
                let is_same = known.identity() == &identity && known.spec.request.sql == spec.request.sql;
                return if is_same { Ok(known.clone()) } else { Err(StartError::IdTaken) };
            }
            if self.inner.is_stopping.load(Ordering::Acquire) {
                return Err(StartError::Stopping);
            }
            if table.running >= self.inner.limits.running_queries_max {
                return Err(StartError::TooMany);
            }
            let running_of_user = table.running_of.entry(identity.clone()).or_default();
            if *running_of_user >= self.inner.limits.running_queries_per_user_max {
                return Err(StartError::TooManyOfUser);
            }
            *running_of_user += 1;
            table.running += 1;
            let query = Arc::new(Query::new(spec));
            table.by_id.insert(query.id().to_owned(), query.clone());
            query
        };
        let running = Running { inner: self.inner.clone(), identity };
        let produced = query.clone();
        let runner = self.inner.runner.clone();
        tokio::spawn(async move {
            let _running = running;
            produced.produce(runner).await;
        });
        Ok(query)
    }

    /// The query of that id, if it belongs to that user.
    pub(crate) fn find(&self, id: &str, identity: &Identity) -> Option<Arc<Query>> {
        let query = self.inner.table.lock().by_id.get(id).cloned()?;
        if query.identity() == identity { Some(query) } else { None }
    }

    /// The client of this query has its last page: keep it for a while, in case it did not arrive.
    pub(crate) fn finish(&self, query: &Arc<Query>, page: &Page) {
        if !matches!(page.next, NextPage::None(_)) || query.set_finished() {
            return;
        }
        let mut table = self.inner.table.lock();
        table.finished.push_back((query.clone(), page.bytes));
        table.finished_bytes += page.bytes;
        while table.finished_bytes > self.inner.limits.finished_bytes_max
            || table.finished.len() > self.inner.limits.finished_queries_max
        {
            table.forget_oldest_finished();
        }
        drop(table);
        self.inner.left.notify_waiters();
    }

    /// Stops a query if it runs, and forgets it.
    pub(crate) fn remove(&self, query: &Query) {
        query.kill();
        self.inner.table.lock().by_id.remove(query.id());
        self.inner.left.notify_waiters();
    }

    /// Keeps these queries alive; gives back those that are finished or do not exist.
    pub(crate) fn keep_alive(&self, ids: &[String], identity: &Identity) -> Vec<String> {
        let is_wanted = |id: &String| match self.find(id, identity) {
            Some(query) if !query.is_finished() => {
                query.touch();
                true
            }
            _ => false,
        };
        ids.iter().filter(|id| !is_wanted(id)).cloned().collect()
    }

    /// Closes queries that nobody asked about for too long. Called again and again by [`Queries::sweep_forever`].
    pub(crate) fn sweep(&self) {
        let now = Instant::now();
        let limits = &self.inner.limits;
        let is_expired = |query: &Query| {
            let keep = if query.is_finished() { limits.finished_keep() } else { limits.result_timeout() };
            query.idle_since().is_some_and(|since| now.duration_since(since) > keep)
        };
        let expired: Vec<Arc<Query>> = {
            let mut table = self.inner.table.lock();
            while table.finished.front().is_some_and(|(query, _)| is_expired(query)) {
                table.forget_oldest_finished();
            }
            table.by_id.values().filter(|query| is_expired(query)).cloned().collect()
        };
        for query in expired {
            if !query.is_finished() {
                tracing::info!(query = query.id(), "query closed: nobody asked for its pages");
            }
            self.remove(&query);
        }
    }

    /// Sweeps as long as the server lives.
    pub(crate) async fn sweep_forever(self) {
        let shortest = self.inner.limits.result_timeout().min(self.inner.limits.finished_keep());
        let every = (shortest / 4).clamp(Duration::from_millis(10), Duration::from_secs(5));
        let mut ticks = tokio::time::interval(every);
        loop {
            ticks.tick().await;
            self.sweep();
        }
    }

    /// Takes no new queries, and waits until clients have what runs. What is left after
    /// [`Limits::drain_secs_max`] is stopped.
    pub(crate) async fn drain(&self) {
        self.inner.is_stopping.store(true, Ordering::Release);
        if self.unfinished() == 0 {
            return;
        }
        let all_left = async {
            loop {
                let left = self.inner.left.notified();
                if self.unfinished() == 0 {
                    return;
                }
                left.await;
            }
        };
        if timeout(self.inner.limits.drain(), all_left).await.is_err() {
            tracing::warn!(queries = self.unfinished(), "stopping queries that did not finish in time");
        }
        let queries: Vec<_> = self.inner.table.lock().by_id.values().cloned().collect();
        for query in queries {
            query.kill();
        }
        tokio::time::sleep(LAST_PAGE_GRACE).await;
    }

    /// How many queries run or have rows that their clients have not taken.
    pub(crate) fn unfinished(&self) -> usize {
        let table = self.inner.table.lock();
        table.by_id.values().filter(|query| !query.is_finished() && !query.is_killed()).count()
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.inner.is_stopping.load(Ordering::Acquire)
    }
}

impl Table {
    fn forget_oldest_finished(&mut self) {
        let Some((query, bytes)) = self.finished.pop_front() else {
            return;
        };
        self.finished_bytes -= bytes;
        // The id may have been given to another query since this one was removed.
        if self.by_id.get(query.id()).is_some_and(|known| Arc::ptr_eq(known, &query)) {
            self.by_id.remove(query.id());
        }
    }
}

/// Counts a query as running while it lives.
struct Running {
    inner: Arc<Inner>,
    identity: Identity,
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut table = self.inner.table.lock();
        table.running = table.running.saturating_sub(1);
        if let Some(running) = table.running_of.get_mut(&self.identity) {
            *running = running.saturating_sub(1);
            if *running == 0 {
                table.running_of.remove(&self.identity);
            }
        }
    }
}
