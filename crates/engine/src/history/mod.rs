//! The statements that run and that have run: each organization's apart, in memory, the oldest forgotten first. A server
//! with a data folder keeps them, and the requests they made, in a file too.

mod keeper;
mod past;
mod record;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use credentials::RequestCounters;
use futures::StreamExt;
use parking_lot::Mutex;

pub use keeper::HistoryKeeper;
pub(crate) use keeper::{Dropped, keep, limits};
pub(crate) use record::{Figures, StatementRecord, StatementState};

use crate::{Batches, Error, ErrorKind, StatementOutput, StatementRequest};

/// Statements remembered for one organization.
pub(crate) const STATEMENTS_MAX: usize = 10_000;
/// Bytes of their texts and errors.
const TEXT_BYTES_MAX: usize = 8 << 20;

/// All statements of the server.
#[derive(Debug, Default)]
pub(crate) struct History {
    organizations: Mutex<HashMap<String, OfOrganization>>,
    /// Writes what has ended into the file, if there is one.
    keeper: OnceLock<Arc<HistoryKeeper>>,
}

#[derive(Debug, Default)]
struct OfOrganization {
    running: BTreeMap<String, Arc<StatementRecord>>,
    ended: VecDeque<Arc<StatementRecord>>,
    text_bytes: usize,
}

impl History {
    /// Notes that a statement begins.
    pub(crate) fn begin(self: &Arc<Self>, request: &StatementRequest) -> Recording {
        let record = Arc::new(StatementRecord::begin(request));
        let mut organizations = self.organizations.lock();
        let of = organizations.entry(request.identity.organization.clone()).or_default();
        of.running.insert(record.query_id.clone(), Arc::clone(&record));
        Recording { history: Arc::clone(self), record }
    }

    /// The organization's statements: those that have ended, oldest first, then those that run.
    pub(crate) fn statements(&self, organization: &str) -> Vec<Arc<StatementRecord>> {
        let organizations = self.organizations.lock();
        let Some(of) = organizations.get(organization) else { return Vec::new() };
        let ended = of.ended.iter().filter(|record| !self.is_too_old(record.started_at));
        ended.chain(of.running.values()).cloned().collect()
    }

    /// Whether something of that time is to be forgotten.
    pub(crate) fn is_too_old(&self, time: SystemTime) -> bool {
        let age_max = self.keeper.get().map(|keeper| keeper.age_max());
        age_max.is_some_and(|max| time.elapsed().is_ok_and(|age| age > max))
    }

    /// How old what is kept may be, where it is kept in a file.
    pub(crate) fn age_max(&self) -> Option<Duration> {
        self.keeper.get().map(|keeper| keeper.age_max())
    }

    /// What of the organization's past was not written into the file.
    pub(crate) fn dropped(&self, organization: &str) -> Dropped {
        self.keeper.get().map(|keeper| keeper.dropped(organization)).unwrap_or_default()
    }

    /// The organization's statements that run.
    pub(crate) fn running(&self, organization: &str) -> Vec<Arc<StatementRecord>> {
        let organizations = self.organizations.lock();
        organizations.get(organization).map(|of| of.running.values().cloned().collect()).unwrap_or_default()
    }

    fn end(&self, record: &Arc<StatementRecord>) {
        if let Some(keeper) = self.keeper.get() {
            keeper.add_statement(record);
        }
        self.remember(Arc::clone(record));
    }

    fn remember(&self, record: Arc<StatementRecord>) {
        let mut organizations = self.organizations.lock();
        let of = organizations.entry(record.identity.organization.clone()).or_default();
        if of.running.get(&record.query_id).is_some_and(|running| Arc::ptr_eq(running, &record)) {
            of.running.remove(&record.query_id);
        }
        of.text_bytes += record.text_bytes();
        of.ended.push_back(record);
        while of.ended.len() > STATEMENTS_MAX || of.text_bytes > TEXT_BYTES_MAX {
            let Some(oldest) = of.ended.pop_front() else { break };
            of.text_bytes -= oldest.text_bytes();
        }
    }
}

/// A statement that runs. One that is dropped before its end was cancelled.
pub(crate) struct Recording {
    history: Arc<History>,
    record: Arc<StatementRecord>,
}

impl Recording {
    pub(crate) fn requests(&self) -> Arc<RequestCounters> {
        Arc::clone(&self.record.requests)
    }

    /// Does work that gives no rows to its end, unless it is killed.
    pub(crate) async fn work<T>(self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let done = tokio::select! {
            biased;
            killed = self.record.killed() => Err(killed),
            done = work => done,
        };
        self.end(done.as_ref().err());
        done
    }

    /// Runs the statement to its end, or to the end of its rows, unless it is killed.
    pub(crate) async fn run(
        self,
        work: impl Future<Output = Result<StatementOutput, Error>>,
    ) -> Result<StatementOutput, Error> {
        let begun = tokio::select! {
            biased;
            killed = self.record.killed() => Err(killed),
            begun = work => begun,
        };
        match begun {
            Ok(output) => Ok(StatementOutput { batches: self.watch(output.batches), ..output }),
            Err(error) => {
                self.end(Some(&error));
                Err(error)
            }
        }
    }

    fn watch(self, batches: Batches) -> Batches {
        let state = Some((self, batches));
        futures::stream::unfold(state, |state| async move {
            let (recording, mut batches) = state?;
            let batch = tokio::select! {
                biased;
                killed = recording.record.killed() => Some(Err(killed)),
                batch = batches.next() => batch,
            };
            match batch {
                Some(Ok(batch)) => {
                    recording.record.count(batch.num_rows(), batch.get_array_memory_size());
                    Some((Ok(batch), Some((recording, batches))))
                }
                Some(Err(error)) => {
                    recording.end(Some(&error));
                    Some((Err(error), None))
                }
                None => {
                    recording.end(None);
                    None
                }
            }
        })
        .boxed()
    }

    fn end(&self, error: Option<&Error>) {
        let state = match error {
            None => StatementState::Succeeded,
            Some(error) if error.kind == ErrorKind::Cancelled => StatementState::Cancelled,
            Some(_) => StatementState::Failed,
        };
        self.end_as(state, error.map(|error| crate::redact(&error.message)));
    }

    fn end_as(&self, state: StatementState, error: Option<String>) {
        if self.record.end(state, error) {
            self.history.end(&self.record);
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.end_as(StatementState::Cancelled, None);
    }
}

/// Ends a running statement in a user's name.
pub(crate) fn kill(record: &StatementRecord, user: &str) {
    record.kill(user);
}
