//! What was asked of AWS, request by request, so that a customer's CloudTrail joins to SQL.
//!
//! Only requests made for somebody are here: each knows its organization, user and statement. Keys, tokens and
//! the content of objects never are.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;

/// Requests remembered for one organization; the oldest go first.
pub const REQUESTS_MAX: usize = 20_000;
/// Organizations with requests; configured ones only, so this bounds a mistake.
const ORGANIZATIONS_MAX: usize = 10_000;

tokio::task_local! {
    /// For whom STS is asked at the moment.
    static ORIGIN: Arc<RequestOrigin>;
}

/// For which statement requests are made.
#[derive(Debug, Clone, Default)]
pub struct StatementOrigin {
    pub query_id: String,
    /// The stage that is opened.
    pub stage: Option<String>,
    /// Counts what the statement asks of AWS.
    pub counters: Arc<RequestCounters>,
}

/// What one statement asked of AWS so far.
#[derive(Debug, Default)]
pub struct RequestCounters {
    s3_requests: AtomicU64,
    sts_requests: AtomicU64,
    bytes_received: AtomicU64,
    bytes_sent: AtomicU64,
}

impl RequestCounters {
    pub fn s3_requests(&self) -> u64 {
        self.s3_requests.load(Ordering::Relaxed)
    }

    pub fn sts_requests(&self) -> u64 {
        self.sts_requests.load(Ordering::Relaxed)
    }

    /// Bytes of bodies that came from S3.
    pub fn bytes_received(&self) -> u64 {
        self.bytes_received.load(Ordering::Relaxed)
    }

    /// Bytes of bodies that went to S3.
    pub fn bytes_sent(&self) -> u64 {
        self.bytes_sent.load(Ordering::Relaxed)
    }
}

/// For whom, and by what right, requests are made.
#[derive(Debug)]
pub struct RequestOrigin {
    pub organization: String,
    pub user: String,
    pub query_id: String,
    pub connection: Option<String>,
    pub stage: Option<String>,
    counters: Arc<RequestCounters>,
    /// The log holds its records, and they hold this.
    log: Weak<RequestLog>,
}

/// One request that was answered, or failed.
#[derive(Debug, Clone)]
pub struct RequestRecord {
    pub origin: Arc<RequestOrigin>,
    pub started_at: SystemTime,
    pub duration: Duration,
    /// `s3:GetObject`, `sts:AssumeRole`: what a policy must allow for it.
    pub action: Cow<'static, str>,
    /// AWS's name of the call: `HeadObject`, `UploadPart`; of a URL that was signed for a client's use, `PresignedGetObject`.
    pub operation: Cow<'static, str>,
    /// `None` for STS.
    pub bucket: Option<String>,
    /// The key, the prefix of a listing, or the role's ARN. A request that deletes several keys has a record for each.
    pub resource: Option<String>,
    /// Bytes of the body that came, or went.
    pub bytes: u64,
    /// `None`: no answer came.
    pub status: Option<u16>,
    /// AWS's code of an error.
    pub error_code: Option<String>,
    /// AWS's id of the request.
    pub request_id: Option<String>,
}

/// Is told of each request as soon as it has ended. It must return at once.
pub type RequestSink = dyn Fn(&Arc<RequestRecord>) + Send + Sync;

/// The requests of all organizations, each apart.
#[derive(Default)]
pub(crate) struct RequestLog {
    by_organization: Mutex<HashMap<String, VecDeque<Arc<RequestRecord>>>>,
    sink: OnceLock<Box<RequestSink>>,
}

impl RequestLog {
    /// The organization's requests, oldest first.
    pub(crate) fn records(&self, organization: &str) -> Vec<Arc<RequestRecord>> {
        let by_organization = self.by_organization.lock();
        by_organization.get(organization).map(|records| records.iter().cloned().collect()).unwrap_or_default()
    }

    /// From now on the sink is told of each request; only the first sink is.
    pub(crate) fn tell(&self, sink: Box<RequestSink>) {
        let _ = self.sink.set(sink);
    }

    /// Adds requests of an earlier life of the server, which the sink is not told of.
    pub(crate) fn restore(&self, records: Vec<RequestRecord>) {
        for record in records {
            self.remember(Arc::new(record));
        }
    }

    fn add(&self, record: RequestRecord) {
        let record = Arc::new(record);
        if let Some(sink) = self.sink.get() {
            sink(&record);
        }
        self.remember(record);
    }

    fn remember(&self, record: Arc<RequestRecord>) {
        let mut by_organization = self.by_organization.lock();
        if by_organization.len() >= ORGANIZATIONS_MAX
            && !by_organization.contains_key(&record.origin.organization)
        {
            return;
        }
        let records = by_organization.entry(record.origin.organization.clone()).or_default();
        if records.len() >= REQUESTS_MAX {
            records.pop_front();
        }
        records.push_back(record);
    }
}

impl fmt::Debug for RequestLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestLog")
    }
}

impl RequestOrigin {
    /// Of a request that was made before the server started.
    pub fn past(
        organization: String,
        user: String,
        query_id: String,
        connection: Option<String>,
        stage: Option<String>,
    ) -> Self {
        Self { organization, user, query_id, connection, stage, counters: Arc::default(), log: Weak::new() }
    }

    pub(crate) fn new(
        log: &Arc<RequestLog>,
        organization: String,
        user: String,
        connection: Option<String>,
        statement: &StatementOrigin,
    ) -> Arc<Self> {
        Arc::new(Self {
            organization,
            user,
            query_id: statement.query_id.clone(),
            connection,
            stage: statement.stage.clone(),
            counters: Arc::clone(&statement.counters),
            log: Arc::downgrade(log),
        })
    }
}

/// What a request is, as far as it is known before its answer.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) action: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) bucket: Option<String>,
    pub(crate) resource: Option<String>,
    /// The other keys that the same request is about.
    pub(crate) more_resources: Vec<String>,
    /// Bytes of the body that goes.
    pub(crate) bytes_sent: u64,
}

/// What the answer said.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answered {
    pub(crate) status: Option<u16>,
    pub(crate) error_code: Option<String>,
    pub(crate) request_id: Option<String>,
}

/// A request on its way. It is written down when it is dropped: after the last byte of its answer, or when
/// nobody wants the rest.
#[derive(Debug)]
pub(crate) struct Pending {
    origin: Arc<RequestOrigin>,
    started_at: SystemTime,
    started: Instant,
    asked: Asked,
    answered: Answered,
    bytes_received: u64,
}

impl Pending {
    pub(crate) fn start(origin: Arc<RequestOrigin>, asked: Asked) -> Self {
        Self {
            origin,
            started_at: SystemTime::now(),
            started: Instant::now(),
            asked,
            answered: Answered::default(),
            bytes_received: 0,
        }
    }

    pub(crate) fn answer(&mut self, answered: Answered) {
        self.answered = answered;
    }

    pub(crate) fn receive(&mut self, bytes: usize) {
        self.bytes_received += bytes as u64;
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let counters = &self.origin.counters;
        let requests =
            if self.asked.bucket.is_some() { &counters.s3_requests } else { &counters.sts_requests };
        requests.fetch_add(1, Ordering::Relaxed);
        counters.bytes_received.fetch_add(self.bytes_received, Ordering::Relaxed);
        counters.bytes_sent.fetch_add(self.asked.bytes_sent, Ordering::Relaxed);
        let Some(log) = self.origin.log.upgrade() else { return };
        let answered = std::mem::take(&mut self.answered);
        let mut record = RequestRecord {
            origin: Arc::clone(&self.origin),
            started_at: self.started_at,
            duration: self.started.elapsed(),
            action: self.asked.action.into(),
            operation: self.asked.operation.into(),
            bucket: self.asked.bucket.take(),
            resource: self.asked.resource.take(),
            bytes: self.asked.bytes_sent.max(self.bytes_received),
            status: answered.status,
            error_code: answered.error_code,
            request_id: answered.request_id,
        };
        for more in std::mem::take(&mut self.asked.more_resources) {
            let next = RequestRecord { resource: Some(more), bytes: 0, ..record.clone() };
            log.add(std::mem::replace(&mut record, next));
        }
        log.add(record);
    }
}

/// Writes down that a URL was signed with which a client may ask S3 itself: how often it does is not known here.
pub(crate) fn note_presigned(
    origin: &Arc<RequestOrigin>,
    action: &'static str,
    operation: &'static str,
    bucket: &str,
    key: &str,
) {
    let Some(log) = origin.log.upgrade() else { return };
    log.add(RequestRecord {
        origin: Arc::clone(origin),
        started_at: SystemTime::now(),
        duration: Duration::ZERO,
        action: action.into(),
        operation: operation.into(),
        bucket: Some(bucket.to_owned()),
        resource: Some(key.to_owned()),
        bytes: 0,
        status: None,
        error_code: None,
        request_id: None,
    });
}

/// Runs a future whose calls to STS are made for `origin`.
pub(crate) async fn for_origin<T>(origin: Option<Arc<RequestOrigin>>, work: impl Future<Output = T>) -> T {
    match origin {
        Some(origin) => ORIGIN.scope(origin, work).await,
        None => work.await,
    }
}

/// For whom the current task asks STS, if for anybody.
pub(crate) fn current_origin() -> Option<Arc<RequestOrigin>> {
    ORIGIN.try_with(Arc::clone).ok()
}
