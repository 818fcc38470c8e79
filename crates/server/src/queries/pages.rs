//! Cuts what a statement produces into numbered pages.

use std::sync::Arc;
use std::time::Duration;

use arrow::record_batch::RecordBatch;
use protocol::ProgressValues;
use tokio::time::{Instant, timeout_at};

use super::buffer::{Buffer, End};

/// How long a page with rows waits for more of them.
const PAGE_FILL_TIME: Duration = Duration::from_millis(100);
/// How often a client that waits is told how far the statement is.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);

/// How large a page may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageLimits {
    pub(crate) rows_max: usize,
    pub(crate) bytes_max: usize,
}

/// One answer to a request for a page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) number: usize,
    pub(crate) batches: Vec<RecordBatch>,
    pub(crate) rows: usize,
    pub(crate) bytes: usize,
    pub(crate) next: NextPage,
}

/// What comes after a page.
#[derive(Debug, Clone)]
pub(crate) enum NextPage {
    /// Nothing yet: ask for the same page again.
    Same,
    /// The page after this one.
    Following,
    /// Nothing: the statement has ended and its client has everything.
    None(End),
}

/// A page that is neither the next one nor the last one given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageNotThere;

/// Gives out pages in order, and the last one again for a client whose connection broke.
pub(crate) struct Pager {
    limits: PageLimits,
    next_number: usize,
    last: Option<Arc<Page>>,
    /// The page that is being filled. It is kept here so that it survives a client that goes away.
    batches: Vec<RecordBatch>,
    rows: usize,
    bytes: usize,
    filling_since: Option<Instant>,
    delivered: ProgressValues,
}

impl Pager {
    pub(crate) fn new(limits: PageLimits) -> Self {
        Self {
            limits,
            next_number: 0,
            last: None,
            batches: Vec::new(),
            rows: 0,
            bytes: 0,
            filling_since: None,
            delivered: ProgressValues::default(),
        }
    }

    /// Answers within `wait`. `has_progress` says whether the statement's counters moved since the
    /// client last heard of them.
    pub(crate) async fn page(
        &mut self,
        number: usize,
        buffer: &Buffer,
        wait: Duration,
        has_progress: impl Fn() -> bool,
    ) -> Result<Arc<Page>, PageNotThere> {
        if let Some(last) = &self.last
            && last.number == number
        {
            return Ok(last.clone());
        }
        if number != self.next_number || self.is_done() {
            return Err(PageNotThere);
        }
        let asked_at = Instant::now();
        loop {
            self.fill(buffer);
            if let Some(end) = buffer.reached_end() {
                return Ok(self.cut(NextPage::None(end)));
            }
            if self.is_full() {
                return Ok(self.cut(NextPage::Following));
            }
            let deadline = self.deadline(asked_at, wait, buffer.started().is_some());
            if timeout_at(deadline, buffer.changed()).await.is_ok() {
                continue;
            }
            if self.rows > 0 {
                return Ok(self.cut(NextPage::Following));
            }
            if asked_at.elapsed() >= wait || has_progress() {
                return Ok(Arc::new(Page {
                    number,
                    batches: Vec::new(),
                    rows: 0,
                    bytes: 0,
                    next: NextPage::Same,
                }));
            }
        }
    }

    /// What all pages so far hold.
    pub(crate) fn delivered(&self) -> ProgressValues {
        self.delivered
    }

    /// Whether the client has everything.
    pub(crate) fn is_done(&self) -> bool {
        self.last.as_ref().is_some_and(|last| matches!(last.next, NextPage::None(_)))
    }

    fn fill(&mut self, buffer: &Buffer) {
        while !self.is_full() {
            let rows_left = self.limits.rows_max - self.rows;
            let bytes_left = self.limits.bytes_max.saturating_sub(self.bytes);
            let Some(taken) = buffer.take(rows_left, bytes_left) else {
                return;
            };
            self.filling_since.get_or_insert_with(Instant::now);
            self.rows += taken.batch.num_rows();
            self.bytes += taken.bytes;
            self.batches.push(taken.batch);
        }
    }

    fn is_full(&self) -> bool {
        self.rows >= self.limits.rows_max || (self.rows > 0 && self.bytes >= self.limits.bytes_max)
    }

    fn deadline(&self, asked_at: Instant, wait: Duration, has_started: bool) -> Instant {
        let latest = asked_at + wait;
        match self.filling_since {
            Some(since) => latest.min(since + PAGE_FILL_TIME),
            // Before the columns are known, clients may not be told of progress: they would take the
            // result for one without columns.
            None if has_started => latest.min(Instant::now() + PROGRESS_INTERVAL),
            None => latest,
        }
    }

    fn cut(&mut self, next: NextPage) -> Arc<Page> {
        let page = Arc::new(Page {
            number: self.next_number,
            batches: std::mem::take(&mut self.batches),
            rows: std::mem::take(&mut self.rows),
            bytes: std::mem::take(&mut self.bytes),
            next,
        });
        self.filling_since = None;
        self.delivered.rows += page.rows as u64;
        self.delivered.bytes += page.bytes as u64;
        self.next_number += 1;
        self.last = Some(page.clone());
        page
    }
}
