//! What a statement asks of S3: counted, bounded, and told to the user.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::{Error, ErrorKind};

/// What a statement has asked of S3 so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Transfer {
    /// Requests sent, listings among them.
    pub requests: u64,
    /// Bytes of files that arrived.
    pub bytes: u64,
    /// The longest chain of requests each begun after the one before had ended.
    pub rounds: u32,
    /// Pieces of files that a cache had.
    pub cache_hits: u64,
    /// Bytes that a cache had.
    pub cached_bytes: u64,
    /// Requests repeated since the first try was slow.
    pub hedged: u64,
    /// Time in which decoders waited for bytes, added up over the decoders.
    pub waited: Duration,
}

/// What a statement may ask of S3; 0 stands for no limit.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TransferLimits {
    pub(crate) requests: u64,
    pub(crate) bytes: u64,
}

/// Keeps a statement's account. Cheap to clone: all clones are one account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger(Arc<Mutex<Account>>);

#[derive(Debug, Default)]
struct Account {
    transfer: Transfer,
    /// Bytes asked for and not yet arrived: what a limit must count too.
    asked_bytes: u64,
    limits: TransferLimits,
}

impl Ledger {
    pub(crate) fn set_limits(&self, limits: TransferLimits) {
        self.0.lock().limits = limits;
    }

    pub(crate) fn transfer(&self) -> Transfer {
        self.0.lock().transfer
    }

    /// Enters a request that begins now and asks for at most that many bytes.
    pub(crate) fn begin(&self, bytes: u64) -> Result<OpenEntry, Error> {
        let mut account = self.0.lock();
        let Account { transfer, asked_bytes, limits } = &mut *account;
        if limits.requests > 0 && transfer.requests >= limits.requests {
            return Err(over_limit("requests", "s3_requests_max", limits.requests));
        }
        if limits.bytes > 0 && transfer.bytes + *asked_bytes + bytes > limits.bytes {
            return Err(over_limit("bytes", "s3_bytes_max", limits.bytes));
        }
        transfer.requests += 1;
        *asked_bytes += bytes;
        Ok(OpenEntry { ledger: self.clone(), round: transfer.rounds + 1, asked: bytes })
    }

    pub(crate) fn add_cached(&self, bytes: u64) {
        let transfer = &mut self.0.lock().transfer;
        transfer.cache_hits += 1;
        transfer.cached_bytes += bytes;
    }

    pub(crate) fn add_hedged(&self) {
        self.0.lock().transfer.hedged += 1;
    }

    pub(crate) fn add_waited(&self, time: Duration) {
        self.0.lock().transfer.waited += time;
    }
}

fn over_limit(what: &str, setting: &str, limit: u64) -> Error {
    Error::new(
        ErrorKind::LimitExceeded,
        format!("the statement needs more than {limit} {what} of S3, which is its limit"),
    )
    .with_hint(format!("raise it with `SET {setting} = …`, or read fewer files, columns or rows"))
}

/// A request on its way. Dropped without an end, it was cancelled.
#[derive(Debug)]
pub(crate) struct OpenEntry {
    ledger: Ledger,
    round: u32,
    asked: u64,
}

impl OpenEntry {
    /// The answer is here, with so many bytes of a file.
    pub(crate) fn end(self, bytes: u64) {
        let mut account = self.ledger.0.lock();
        account.transfer.bytes += bytes;
        account.transfer.rounds = account.transfer.rounds.max(self.round);
    }
}

impl Drop for OpenEntry {
    fn drop(&mut self) {
        let mut account = self.ledger.0.lock();
        account.asked_bytes = account.asked_bytes.saturating_sub(self.asked);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_the_longest_chain() {
        let ledger = Ledger::default();
        let (first, second) = (ledger.begin(1).unwrap(), ledger.begin(1).unwrap());
        first.end(1);
        let third = ledger.begin(1).unwrap();
        second.end(1);
        third.end(1);
        let transfer = ledger.transfer();
        assert_eq!((transfer.requests, transfer.rounds, transfer.bytes), (3, 2, 3));
    }

    #[test]
    fn a_limit_counts_what_is_on_its_way() {
        let ledger = Ledger::default();
        ledger.set_limits(TransferLimits { requests: 3, bytes: 10 });
        let first = ledger.begin(6).unwrap();
        assert!(ledger.begin(6).unwrap_err().to_string().contains("s3_bytes_max"));
        first.end(2);
        ledger.begin(8).unwrap().end(1);
        ledger.begin(1).unwrap().end(1);
        let refused = ledger.begin(1).unwrap_err();
        assert!(refused.to_string().contains("s3_requests_max"), "{refused}");
        assert_eq!(refused.kind, ErrorKind::LimitExceeded);
    }
}
