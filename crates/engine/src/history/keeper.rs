//! Writes the history into its file, behind the back of the statements: they hand over and go on. What there is no room
//! for is counted and not written; in memory it is all the same.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use catalog::{HistoryFile, HistoryLimits, PastRequest, PastStatement};
use credentials::RequestRecord;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use super::{STATEMENTS_MAX, StatementRecord, TEXT_BYTES_MAX, past};
use crate::Engine;

/// Entries that wait to be written; more are dropped.
const WAITING_MAX: usize = 16_384;
/// Entries of one transaction.
const BATCH_MAX: usize = 1_000;
/// How many entries are written before the file is brought within its limits again.
const WRITTEN_BETWEEN_LIMITS: usize = 2_000;
/// And at the latest after that time.
const TIME_BETWEEN_LIMITS: Duration = Duration::from_secs(3_600);
/// How long a server that stops waits for what is not written yet.
const CLOSING_MAX: Duration = Duration::from_secs(10);

/// The limits of the file: those of the memory for each organization, and what the operator says.
pub(crate) fn limits(age_max: Duration, file_bytes_max: u64) -> HistoryLimits {
    HistoryLimits {
        age_max,
        statements_max: STATEMENTS_MAX,
        text_bytes_max: TEXT_BYTES_MAX,
        requests_max: credentials::REQUESTS_MAX,
        file_bytes_max,
    }
}

/// Puts the past into memory, and writes down what comes.
pub(crate) fn keep(engine: &Engine, file: HistoryFile, past: catalog::Past) -> Arc<HistoryKeeper> {
    for statement in past.statements {
        engine.history().remember(Arc::new(past::recorded_statement(statement)));
    }
    let requests = past.requests.into_iter().map(past::recorded_request).collect();
    engine.credentials().restore_requests(requests);

    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    let keeper = Arc::new(HistoryKeeper { sender, file, dropped: Mutex::default() });
    tokio::spawn(Writer::new(&keeper).run(receiver));
    if engine.history().keeper.set(Arc::clone(&keeper)).is_ok() {
        let of_requests = Arc::clone(&keeper);
        engine.credentials().tell_requests(Box::new(move |request| of_requests.add_request(request)));
    }
    keeper
}

/// What was not written for an organization since the server started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Dropped {
    pub(crate) statements: u64,
    pub(crate) requests: u64,
}

enum Entry {
    Statement(Arc<StatementRecord>),
    Request(Arc<RequestRecord>),
    /// Says when everything before it is written.
    Mark(oneshot::Sender<()>),
}

/// Takes what is to be written.
#[derive(Debug)]
pub struct HistoryKeeper {
    sender: mpsc::Sender<Entry>,
    file: HistoryFile,
    dropped: Mutex<HashMap<String, Dropped>>,
}

impl HistoryKeeper {
    /// Waits until what there is has been written, as long as a stopping server waits, and closes the file.
    pub async fn close(&self) {
        let (written, is_written) = oneshot::channel();
        let closing = async {
            if self.sender.send(Entry::Mark(written)).await.is_ok() {
                // An error means that the writer is gone.
                let _ = is_written.await;
            }
        };
        if tokio::time::timeout(CLOSING_MAX, closing).await.is_err() {
            tracing::warn!("the history was not written to its end");
        }
        self.file.close().await;
    }

    pub(super) fn age_max(&self) -> Duration {
        self.file.limits().age_max
    }

    pub(super) fn dropped(&self, organization: &str) -> Dropped {
        self.dropped.lock().get(organization).copied().unwrap_or_default()
    }

    pub(super) fn add_statement(&self, record: &Arc<StatementRecord>) {
        if self.sender.try_send(Entry::Statement(Arc::clone(record))).is_err() {
            self.drop_statement(&record.identity.organization);
        }
    }

    fn add_request(&self, record: &Arc<RequestRecord>) {
        if self.sender.try_send(Entry::Request(Arc::clone(record))).is_err() {
            self.drop_request(&record.origin.organization);
        }
    }

    fn drop_statement(&self, organization: &str) {
        self.dropped.lock().entry(organization.to_owned()).or_default().statements += 1;
    }

    fn drop_request(&self, organization: &str) {
        self.dropped.lock().entry(organization.to_owned()).or_default().requests += 1;
    }
}

/// The task that writes. It ends when the keeper is gone.
struct Writer {
    keeper: std::sync::Weak<HistoryKeeper>,
    file: HistoryFile,
    /// For whom was written since the file was last brought within its limits.
    organizations: BTreeSet<String>,
    written: usize,
    limited_at: Instant,
    /// Whether the last batch failed: the log says so once.
    fails: bool,
}

impl Writer {
    fn new(keeper: &Arc<HistoryKeeper>) -> Self {
        Self {
            keeper: Arc::downgrade(keeper),
            file: keeper.file.clone(),
            organizations: BTreeSet::new(),
            written: 0,
            limited_at: Instant::now(),
            fails: false,
        }
    }

    async fn run(mut self, mut entries: mpsc::Receiver<Entry>) {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        while entries.recv_many(&mut batch, BATCH_MAX).await > 0 {
            self.write(&mut batch).await;
        }
    }

    async fn write(&mut self, batch: &mut Vec<Entry>) {
        let (mut statements, mut requests, mut marks) = (Vec::new(), Vec::new(), Vec::new());
        for entry in batch.drain(..) {
            match entry {
                Entry::Statement(record) => statements.extend(past::statement(&record)),
                Entry::Request(record) => requests.push(past::request(&record)),
                Entry::Mark(written) => marks.push(written),
            }
        }
        if !(statements.is_empty() && requests.is_empty()) {
            self.add(&statements, &requests).await;
        }
        for mark in marks {
            // Whoever asked may have gone away.
            let _ = mark.send(());
        }
    }

    async fn add(&mut self, statements: &[PastStatement], requests: &[PastRequest]) {
        let done = match self.file.add(statements, requests).await {
            Ok(()) => {
                self.written += statements.len() + requests.len();
                self.organizations.extend(statements.iter().map(|statement| statement.organization.clone()));
                self.organizations.extend(requests.iter().map(|request| request.organization.clone()));
                self.limit().await
            }
            Err(error) => {
                if let Some(keeper) = self.keeper.upgrade() {
                    statements.iter().for_each(|statement| keeper.drop_statement(&statement.organization));
                    requests.iter().for_each(|request| keeper.drop_request(&request.organization));
                }
                Err(error)
            }
        };
        match done {
            Ok(()) => self.fails = false,
            Err(error) if !self.fails => {
                self.fails = true;
                tracing::warn!(error = %error, "the history cannot be written: statements run on without it");
            }
            Err(_) => {}
        }
    }

    async fn limit(&mut self) -> Result<(), catalog::CatalogError> {
        if self.written < WRITTEN_BETWEEN_LIMITS && self.limited_at.elapsed() < TIME_BETWEEN_LIMITS {
            return Ok(());
        }
        self.written = 0;
        self.limited_at = Instant::now();
        self.file.forget(&std::mem::take(&mut self.organizations)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Identity, SessionState, StatementRequest};

    fn record(organization: &str) -> Arc<StatementRecord> {
        let request = StatementRequest {
            query_id: "q".into(),
            identity: Identity { organization: organization.into(), user: "ann".into() },
            state: SessionState::default(),
            sql: "SELECT 1".into(),
            progress: Arc::default(),
        };
        let record = StatementRecord::begin(&request);
        record.end(super::super::StatementState::Succeeded, None);
        Arc::new(record)
    }

    async fn file(folder: &std::path::Path) -> (HistoryFile, catalog::Past) {
        let limits = limits(Duration::from_secs(3600), 1 << 30);
        HistoryFile::open(&folder.join("history.sqlite"), limits).await.unwrap()
    }

    #[tokio::test]
    async fn what_there_is_no_room_for_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let (file_of_keeper, _) = file(folder.path()).await;
        let (sender, receiver) = mpsc::channel(2);
        let keeper = Arc::new(HistoryKeeper { sender, file: file_of_keeper, dropped: Mutex::default() });
        for organization in ["acme", "acme", "acme", "globex"] {
            keeper.add_statement(&record(organization));
        }
        let dropped = |statements| Dropped { statements, requests: 0 };
        assert_eq!([keeper.dropped("acme"), keeper.dropped("globex")], [dropped(1), dropped(1)]);
        tokio::spawn(Writer::new(&keeper).run(receiver));
        keeper.close().await;
        assert_eq!(file(folder.path()).await.1.statements.len(), 2);
    }

    #[tokio::test]
    async fn what_cannot_be_written_is_counted_too() {
        let folder = tempfile::tempdir().unwrap();
        let (file, _) = file(folder.path()).await;
        file.close().await;
        let (sender, receiver) = mpsc::channel(8);
        let keeper = Arc::new(HistoryKeeper { sender, file, dropped: Mutex::default() });
        keeper.add_statement(&record("acme"));
        tokio::spawn(Writer::new(&keeper).run(receiver));
        keeper.close().await;
        assert_eq!(keeper.dropped("acme").statements, 1);
    }
}
