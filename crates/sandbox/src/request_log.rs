//! The log of requests, for tests that count them.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use time::OffsetDateTime;

/// The most records that are kept; older ones go.
const RECORDS_MAX: usize = 100_000;

/// One answered request.
#[derive(Clone, Debug)]
pub struct RequestRecord {
    /// `s3`, `sts` or `iam`.
    pub service: String,
    /// The operation, such as `GetObject` or `AssumeRole`.
    pub action: String,
    /// The caller's ARN; empty for an anonymous caller, or one who could not be authenticated.
    pub principal: String,
    /// The access key id the request was signed with.
    pub access_key_id: Option<String>,
    /// HTTP method.
    pub method: String,
    /// The path as it was sent.
    pub path: String,
    /// The query as it was sent.
    pub query: String,
    /// The `Range` header.
    pub range: Option<String>,
    /// HTTP status of the answer; 0 when the connection was closed without one.
    pub status: u16,
    /// AWS code of an error.
    pub error_code: Option<String>,
    /// Bytes of the answer's body.
    pub bytes_out: u64,
    /// `x-amz-request-id` of the answer.
    pub request_id: String,
    /// When the request came, by the sandbox's clock.
    pub started: OffsetDateTime,
    /// From there to the head of the answer.
    pub duration: Duration,
}

/// Records in the order of the answers.
#[derive(Default)]
pub(crate) struct RequestLog {
    records: Mutex<VecDeque<RequestRecord>>,
    under_way: AtomicUsize,
}

/// A request that waits for its answer; it ends with the connection too.
pub(crate) struct UnderWay<'a>(&'a AtomicUsize);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl RequestLog {
    pub(crate) fn push(&self, record: RequestRecord) {
        let mut records = self.records.lock();
        if records.len() >= RECORDS_MAX {
            records.pop_front();
        }
        records.push_back(record);
    }

    /// Counts a request, until what is returned is dropped.
    pub(crate) fn enter(&self) -> UnderWay<'_> {
        self.under_way.fetch_add(1, Ordering::SeqCst);
        UnderWay(&self.under_way)
    }

    pub(crate) fn under_way(&self) -> usize {
        self.under_way.load(Ordering::SeqCst)
    }

    pub(crate) fn all(&self) -> Vec<RequestRecord> {
        self.records.lock().iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.records.lock().clear();
    }
}
