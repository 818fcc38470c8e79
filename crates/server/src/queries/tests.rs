//! Paging, back-pressure, expiry and isolation, with a runner of numbers and a clock that stands still.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrow::array::{ArrayRef, Int64Array};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use engine::{Error, ErrorKind, Identity, Progress, SessionState, StatementOutput, StatementRequest, Upload};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use tokio::sync::Semaphore;

use super::buffer::{BufferLimits, End};
use super::pages::NextPage;
use super::*;

/// Gives batches of consecutive numbers. `sql` says how many batches, and how many rows each: `3 x 10`.
struct Numbers {
    /// How many batches were produced by all statements.
    produced: Arc<AtomicUsize>,
    /// Each batch takes a permit; statements wait for them.
    permits: Arc<Semaphore>,
    /// Permits of batches that were dropped before they were asked for come back as dropped streams.
    dropped: Arc<AtomicUsize>,
}

struct CountDrop(Arc<AtomicUsize>);

impl Drop for CountDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl StatementRunner for Numbers {
    fn run(&self, request: StatementRequest) -> BoxFuture<'static, Result<StatementOutput, Error>> {
        let (produced, permits) = (self.produced.clone(), self.permits.clone());
        let dropped = CountDrop(self.dropped.clone());
        async move {
            match request.sql.as_str() {
                "bad" => return Err(Error::new(ErrorKind::Syntax, "not a statement")),
                "panic" => panic!("a statement that panics"),
                "never" => futures::future::pending::<()>().await,
                _ => {}
            }
            let (batches, rows) = request.sql.split_once(" x ").unwrap();
            let (batches, rows): (usize, usize) = (batches.parse().unwrap(), rows.parse().unwrap());
            let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false)]));
            let batch_schema = schema.clone();
            let progress = request.progress.clone();
            let stream = stream::iter(0..batches).then(move |index| {
                let (produced, permits, schema) = (produced.clone(), permits.clone(), batch_schema.clone());
                let (progress, alive) = (progress.clone(), &dropped);
                let _ = alive;
                async move {
                    permits.acquire().await.unwrap().forget();
                    produced.fetch_add(1, Ordering::SeqCst);
                    progress.add_scanned(rows as u64, rows as u64 * 8);
                    let first = (index * rows) as i64;
                    let column: ArrayRef = Arc::new(Int64Array::from_iter_values(first..first + rows as i64));
                    RecordBatch::try_new(schema, vec![column])
                        .map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))
                }
            });
            Ok(StatementOutput {
                schema,
                has_result_set: true,
                batches: stream.boxed(),
                state: request.state,
                effect: None,
                warnings: Vec::new(),
            })
        }
        .boxed()
    }

    fn upload(&self, _: Upload) -> BoxFuture<'static, Result<u64, Error>> {
        futures::future::ready(Ok(0)).boxed()
    }
}

struct World {
    queries: Queries,
    produced: Arc<AtomicUsize>,
    permits: Arc<Semaphore>,
    dropped: Arc<AtomicUsize>,
}

impl World {
    fn new(permits: usize, limits: Limits) -> Self {
        let produced = Arc::new(AtomicUsize::new(0));
        let dropped = Arc::new(AtomicUsize::new(0));
        let permits = Arc::new(Semaphore::new(permits));
        let runner =
            Numbers { produced: produced.clone(), permits: permits.clone(), dropped: dropped.clone() };
        Self { queries: Queries::new(Arc::new(runner), Arc::new(limits)), produced, permits, dropped }
    }

    fn start(&self, id: &str, sql: &str) -> Arc<Query> {
        self.queries.start(spec(id, "alice", sql)).unwrap()
    }

    fn produced(&self) -> usize {
        self.produced.load(Ordering::SeqCst)
    }
}

fn many() -> usize {
    Semaphore::MAX_PERMITS
}

fn identity(user: &str) -> Identity {
    Identity { organization: "default".into(), user: user.into() }
}

fn spec(id: &str, user: &str, sql: &str) -> QuerySpec {
    QuerySpec {
        request: StatementRequest {
            query_id: id.into(),
            identity: identity(user),
            state: SessionState::default(),
            sql: sql.into(),
            progress: Arc::new(Progress::default()),
        },
        session: protocol::SessionObject::default(),
        wait: Duration::from_secs(10),
        page_limits: PageLimits { rows_max: 10, bytes_max: 1 << 20 },
        buffer_limits: BufferLimits { rows_max: 25, bytes_max: 1 << 20 },
        arrow_version_max: None,
        result_timeout_secs: 60,
    }
}

fn numbers_of(page: &Page) -> Vec<i64> {
    let columns = page
        .batches
        .iter()
        .flat_map(|batch| batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap().values().to_vec());
    columns.collect()
}

fn failure(page: &Page) -> ErrorKind {
    match &page.next {
        NextPage::None(End::Failed(error)) => error.kind,
        other => panic!("expected a failure, found {other:?}"),
    }
}

async fn let_others_run() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_small_result_is_one_page_with_nothing_after_it() {
    let world = World::new(many(), Limits::default());
    let page = world.start("q", "1 x 3").page(0).await.unwrap();
    assert_eq!(numbers_of(&page), [0, 1, 2]);
    assert!(matches!(page.next, NextPage::None(End::Succeeded)));
}

#[tokio::test(start_paused = true)]
async fn pages_are_cut_by_rows_across_batches() {
    let world = World::new(many(), Limits::default());
    let query = world.start("q", "4 x 7");
    let mut all = Vec::new();
    for number in 0..3 {
        let page = query.page(number).await.unwrap();
        assert!(page.rows <= 10);
        all.extend(numbers_of(&page));
        assert_eq!(matches!(page.next, NextPage::None(End::Succeeded)), number == 2);
    }
    assert_eq!(all, (0..28).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn pages_are_cut_by_bytes() {
    let world = World::new(many(), Limits::default());
    let mut spec = spec("q", "alice", "1 x 10");
    spec.page_limits.bytes_max = 32;
    let query = world.queries.start(spec).unwrap();
    assert_eq!(numbers_of(&query.page(0).await.unwrap()), [0, 1, 2, 3]);
    assert_eq!(numbers_of(&query.page(1).await.unwrap()), [4, 5, 6, 7]);
    assert_eq!(numbers_of(&query.page(2).await.unwrap()), [8, 9]);
}

#[tokio::test(start_paused = true)]
async fn a_row_larger_than_a_page_is_a_page() {
    let world = World::new(many(), Limits::default());
    let mut spec = spec("q", "alice", "1 x 2");
    spec.page_limits.bytes_max = 1;
    let query = world.queries.start(spec).unwrap();
    assert_eq!(numbers_of(&query.page(0).await.unwrap()), [0]);
    assert_eq!(numbers_of(&query.page(1).await.unwrap()), [1]);
}

#[tokio::test(start_paused = true)]
async fn the_last_page_can_be_asked_for_again_and_no_other() {
    let world = World::new(many(), Limits::default());
    let query = world.start("q", "3 x 10");
    let first = query.page(0).await.unwrap();
    assert_eq!(numbers_of(&query.page(0).await.unwrap()), numbers_of(&first));
    assert_eq!(query.page(2).await.unwrap_err(), PageNotThere);
    query.page(1).await.unwrap();
    assert_eq!(query.page(0).await.unwrap_err(), PageNotThere);
    let last = query.page(2).await.unwrap();
    assert!(matches!(last.next, NextPage::None(End::Succeeded)));
    assert_eq!(numbers_of(&query.page(2).await.unwrap()), numbers_of(&last));
    assert_eq!(query.page(3).await.unwrap_err(), PageNotThere);
}

#[tokio::test(start_paused = true)]
async fn two_requests_for_one_page_get_the_same() {
    let world = World::new(0, Limits::default());
    let query = world.start("q", "1 x 3");
    let (first, second, ()) = tokio::join!(query.page(0), query.page(0), async {
        let_others_run().await;
        world.permits.add_permits(1);
    });
    assert_eq!(numbers_of(&first.unwrap()), [0, 1, 2]);
    assert_eq!(numbers_of(&second.unwrap()), [0, 1, 2]);
}

/// The rows that were taken for a request whose client went away are not lost.
#[tokio::test(start_paused = true)]
async fn a_request_that_is_dropped_loses_no_rows() {
    let world = World::new(1, Limits::default());
    let query = world.start("q", "2 x 3");
    let dropped = tokio::time::timeout(Duration::from_millis(50), query.page(0)).await;
    assert!(dropped.is_err());
    world.permits.add_permits(1);
    assert_eq!(numbers_of(&query.page(0).await.unwrap()), [0, 1, 2, 3, 4, 5]);
}

#[tokio::test(start_paused = true)]
async fn a_statement_waits_for_its_client() {
    let world = World::new(many(), Limits::default());
    let query = world.start("q", "1000000 x 10");
    let_others_run().await;
    // Two batches fit into the buffer and a third waits to be added.
    assert_eq!(world.produced(), 3);
    for number in 0..100 {
        assert_eq!(numbers_of(&query.page(number).await.unwrap()).len(), 10);
    }
    let_others_run().await;
    assert!(world.produced() <= 104, "{} batches were produced", world.produced());
}

#[tokio::test(start_paused = true)]
async fn a_poll_without_rows_asks_for_the_same_page_again() {
    let world = World::new(0, Limits::default());
    let query = world.start("q", "1 x 1");
    let asked_at = Instant::now();
    let page = query.page(0).await.unwrap();
    assert_eq!(asked_at.elapsed(), Duration::from_secs(10));
    assert!(matches!(page.next, NextPage::Same));
    assert_eq!(page.rows, 0);
    world.permits.add_permits(1);
    assert_eq!(numbers_of(&query.page(0).await.unwrap()), [0]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_for_nothing_is_answered_at_once() {
    let world = World::new(0, Limits::default());
    let mut spec = spec("q", "alice", "1 x 1");
    spec.wait = Duration::ZERO;
    let query = world.queries.start(spec).unwrap();
    let asked_at = Instant::now();
    assert!(matches!(query.page(0).await.unwrap().next, NextPage::Same));
    assert_eq!(asked_at.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn progress_is_told_while_no_rows_come() {
    let world = World::new(0, Limits::default());
    let query = world.start("q", "1 x 1");
    let_others_run().await;
    query.spec.request.progress.add_scanned(5, 50);
    let asked_at = Instant::now();
    let page = query.page(0).await.unwrap();
    assert!(matches!(page.next, NextPage::Same));
    assert!(asked_at.elapsed() < Duration::from_secs(1));
    assert_eq!(query.statistics().scan_progress.rows, 5);
    // Nothing new: the next poll waits as long as it may.
    query.page(0).await.unwrap();
    assert!(asked_at.elapsed() >= Duration::from_secs(10));
}

/// Before the columns are known a client would take progress for a result without columns.
#[tokio::test(start_paused = true)]
async fn no_progress_is_told_before_the_columns_are_known() {
    let world = World::new(0, Limits::default());
    let query = world.start("q", "never");
    query.spec.request.progress.add_scanned(5, 50);
    let asked_at = Instant::now();
    query.page(0).await.unwrap();
    assert_eq!(asked_at.elapsed(), Duration::from_secs(10));
    assert_eq!(query.statistics().scan_progress.rows, 0);
}

/// Slow rows reach the client before the page is full.
#[tokio::test(start_paused = true)]
async fn rows_do_not_wait_long_for_more() {
    let world = World::new(1, Limits::default());
    let query = world.start("q", "2 x 1");
    let asked_at = Instant::now();
    let page = query.page(0).await.unwrap();
    assert_eq!(numbers_of(&page), [0]);
    assert!(matches!(page.next, NextPage::Following));
    assert!(asked_at.elapsed() <= Duration::from_millis(200));
}

#[tokio::test(start_paused = true)]
async fn failures_end_the_query() {
    let world = World::new(many(), Limits::default());
    assert_eq!(failure(&world.start("a", "bad").page(0).await.unwrap()), ErrorKind::Syntax);
    assert_eq!(failure(&world.start("b", "panic").page(0).await.unwrap()), ErrorKind::Internal);
}

#[tokio::test(start_paused = true)]
async fn a_killed_query_ends_at_once_and_says_so() {
    let world = World::new(many(), Limits::default());
    let query = world.start("q", "1000000 x 10");
    query.page(0).await.unwrap();
    assert_eq!(world.dropped.load(Ordering::SeqCst), 0);
    query.kill();
    assert_eq!(failure(&query.page(1).await.unwrap()), ErrorKind::Cancelled);
    let_others_run().await;
    assert_eq!(world.dropped.load(Ordering::SeqCst), 1, "the statement's stream is still there");
}

#[tokio::test(start_paused = true)]
async fn a_kill_reaches_a_client_that_waits() {
    let world = World::new(0, Limits::default());
    let query = world.start("q", "never");
    let asked_at = Instant::now();
    let (page, ()) = tokio::join!(query.page(0), async { query.kill() });
    assert_eq!(failure(&page.unwrap()), ErrorKind::Cancelled);
    assert_eq!(asked_at.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_same_statement_with_the_same_id_is_the_same_query() {
    let world = World::new(many(), Limits::default());
    let first = world.start("q", "1 x 3");
    let again = world.start("q", "1 x 3");
    assert!(Arc::ptr_eq(&first, &again));
    let other = |user, sql| world.queries.start(spec("q", user, sql)).map(|_| ()).unwrap_err();
    assert_eq!(other("bob", "1 x 3"), StartError::IdTaken);
    assert_eq!(other("alice", "1 x 4"), StartError::IdTaken);
}

#[tokio::test(start_paused = true)]
async fn a_query_exists_for_its_user_alone() {
    let world = World::new(many(), Limits::default());
    world.start("q", "1 x 3");
    assert!(world.queries.find("q", &identity("alice")).is_some());
    assert!(world.queries.find("q", &identity("bob")).is_none());
    let elsewhere = Identity { organization: "other".into(), user: "alice".into() };
    assert!(world.queries.find("q", &elsewhere).is_none());
    assert_eq!(world.queries.keep_alive(&["q".into()], &identity("bob")), ["q"]);
}

#[tokio::test(start_paused = true)]
async fn a_query_that_nobody_asks_about_is_closed() {
    let world = World::new(many(), Limits::default());
    let query = world.start("q", "1000000 x 10");
    query.page(0).await.unwrap();
    tokio::time::advance(Duration::from_secs(59)).await;
    world.queries.sweep();
    assert!(world.queries.find("q", &identity("alice")).is_some());
    tokio::time::advance(Duration::from_secs(2)).await;
    world.queries.sweep();
    assert!(world.queries.find("q", &identity("alice")).is_none());
    let_others_run().await;
    assert_eq!(world.dropped.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn heartbeats_keep_a_query_alive() {
    let world = World::new(many(), Limits::default());
    let query = world.start("q", "1000000 x 10");
    query.page(0).await.unwrap();
    for _ in 0..10 {
        tokio::time::advance(Duration::from_secs(45)).await;
        assert!(world.queries.keep_alive(&["q".into()], &identity("alice")).is_empty());
        world.queries.sweep();
    }
    assert!(world.queries.find("q", &identity("alice")).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_query_is_not_closed_while_a_request_waits_for_it() {
    let world = World::new(0, Limits::default());
    let mut spec = spec("q", "alice", "never");
    spec.wait = Duration::from_secs(300);
    let query = world.queries.start(spec).unwrap();
    let (_, ()) = tokio::join!(query.page(0), async {
        tokio::time::advance(Duration::from_secs(120)).await;
        world.queries.sweep();
        assert!(world.queries.find("q", &identity("alice")).is_some());
    });
}

#[tokio::test(start_paused = true)]
async fn a_finished_query_needs_no_heartbeat_and_is_forgotten_soon() {
    let world = World::new(many(), Limits::default());
    let query = world.start("q", "1 x 3");
    let page = query.page(0).await.unwrap();
    world.queries.finish(&query, &page);
    assert_eq!(world.queries.keep_alive(&["q".into()], &identity("alice")), ["q"]);
    assert!(world.queries.find("q", &identity("alice")).is_some());
    tokio::time::advance(Duration::from_secs(31)).await;
    world.queries.sweep();
    assert!(world.queries.find("q", &identity("alice")).is_none());
    assert_eq!(world.queries.inner.table.lock().finished_bytes, 0);
}

#[tokio::test(start_paused = true)]
async fn finished_pages_take_bounded_memory() {
    let limits = Limits { finished_bytes_max: 100, ..Limits::default() };
    let world = World::new(many(), limits);
    for id in 0..100 {
        let query = world.start(&id.to_string(), "1 x 5");
        let page = query.page(0).await.unwrap();
        world.queries.finish(&query, &page);
        world.queries.finish(&query, &page);
    }
    let table = world.queries.inner.table.lock();
    assert_eq!(table.finished.len(), 2);
    assert_eq!(table.by_id.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn running_queries_have_limits() {
    let limits = Limits { running_queries_per_user_max: 2, running_queries_max: 3, ..Limits::default() };
    let world = World::new(0, limits);
    let start = |id, user, sql| world.queries.start(spec(id, user, sql));
    let first = start("1", "alice", "never").unwrap();
    start("2", "alice", "never").unwrap();
    assert_eq!(start("3", "alice", "never").map(|_| ()).unwrap_err(), StartError::TooManyOfUser);
    start("4", "bob", "never").unwrap();
    assert_eq!(start("5", "carol", "never").map(|_| ()).unwrap_err(), StartError::TooMany);
    first.kill();
    let_others_run().await;
    start("6", "carol", "never").unwrap();
}

#[tokio::test(start_paused = true)]
async fn draining_waits_for_clients_and_takes_no_new_queries() {
    let world = World::new(many(), Limits::default());
    let query = world.start("q", "3 x 10");
    let drained_at = Instant::now();
    tokio::join!(world.queries.drain(), async {
        let_others_run().await;
        assert_eq!(
            world.queries.start(spec("r", "alice", "1 x 1")).map(|_| ()).unwrap_err(),
            StartError::Stopping
        );
        for number in 0..3 {
            let page = query.page(number).await.unwrap();
            world.queries.finish(&query, &page);
        }
    });
    assert_eq!(drained_at.elapsed(), LAST_PAGE_GRACE);
}

#[tokio::test(start_paused = true)]
async fn draining_does_not_wait_for_ever() {
    let world = World::new(0, Limits::default());
    let query = world.start("q", "never");
    let began_at = Instant::now();
    world.queries.drain().await;
    assert_eq!(began_at.elapsed(), Duration::from_secs(30) + LAST_PAGE_GRACE);
    assert_eq!(failure(&query.page(0).await.unwrap()), ErrorKind::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn draining_does_not_wait_for_what_was_killed() {
    let world = World::new(0, Limits::default());
    let query = world.start("q", "never");
    query.kill();
    let began_at = Instant::now();
    world.queries.drain().await;
    assert_eq!(began_at.elapsed(), Duration::ZERO);
    assert_eq!(failure(&query.page(0).await.unwrap()), ErrorKind::Cancelled);
}
