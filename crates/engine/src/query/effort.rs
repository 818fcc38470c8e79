//! What a statement has computed so far, and on which threads it goes on.
//!
//! A statement begins on the threads of its executor. Once it has computed for a while, all of its tasks move to the
//! executor's patient threads, to which the system gives what the others leave: however many long statements there
//! are, a short one finds its way. DataFusion spawns tasks where it likes; its hook for tracing puts each into
//! [`Counted`].

use std::any::Any;
use std::cell::RefCell;
use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use datafusion::common::runtime::{JoinSetTracer, set_join_set_tracer};
use futures::FutureExt;
use futures::future::BoxFuture;
use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::executor::PatientThreads;

/// Processor time after which a statement is a long one: a query of one small file takes a few milliseconds.
const LONG_AFTER: Duration = Duration::from_millis(50);

thread_local! {
    /// The statement for which this thread computes.
    static CURRENT: RefCell<Option<Arc<Effort>>> = const { RefCell::new(None) };
}

/// What one statement has computed.
pub(crate) struct Effort {
    used_nanos: AtomicU64,
    patient: Arc<PatientThreads>,
}

impl Effort {
    pub(super) fn new(patient: Arc<PatientThreads>) -> Arc<Self> {
        Arc::new(Self { used_nanos: AtomicU64::new(0), patient })
    }

    /// That of the statement for which this thread computes now.
    pub(crate) fn current() -> Option<Arc<Self>> {
        CURRENT.with_borrow(Clone::clone)
    }

    /// Does a part of the statement's work here: what is spawned meanwhile belongs to the statement too.
    pub(super) fn spend<T>(self: &Arc<Self>, work: impl FnOnce() -> T) -> T {
        let _spending = Spending {
            before: CURRENT.replace(Some(self.clone())),
            effort: self,
            begun_nanos: thread_nanos(),
        };
        work()
    }

    /// The threads on which the statement goes on, when it is a long one.
    fn patient(&self) -> Option<&Handle> {
        let is_long = self.used_nanos.load(Ordering::Relaxed) >= LONG_AFTER.as_nanos() as u64;
        is_long.then(|| self.patient.handle()).flatten()
    }
}

/// Until it is dropped, also by a panic, this thread computes for a statement.
struct Spending<'a> {
    effort: &'a Effort,
    before: Option<Arc<Effort>>,
    begun_nanos: u64,
}

impl Drop for Spending<'_> {
    fn drop(&mut self) {
        let nanos = thread_nanos().saturating_sub(self.begun_nanos);
        self.effort.used_nanos.fetch_add(nanos, Ordering::Relaxed);
        CURRENT.set(self.before.take());
    }
}

/// Processor time of this thread.
fn thread_nanos() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let nanos = i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec);
    u64::try_from(nanos).unwrap_or(0)
}

/// A task of a statement: counted, and moved when the statement becomes a long one.
pub(crate) struct Counted<T> {
    effort: Arc<Effort>,
    place: Place<T>,
}

enum Place<T> {
    Here(BoxFuture<'static, T>),
    Moved(JoinHandle<T>),
}

impl<T: Send + 'static> Counted<T> {
    pub(super) fn new(effort: Arc<Effort>, work: impl Future<Output = T> + Send + 'static) -> Self {
        Self { effort, place: Place::Here(work.boxed()) }
    }

    fn move_to(&mut self, patient: &Handle) {
        let Place::Here(work) = &mut self.place else { return };
        let work = std::mem::replace(work, std::future::pending().boxed());
        let moved = Settled { effort: self.effort.clone(), work };
        self.place = Place::Moved(patient.spawn(moved));
    }
}

impl<T: Send + 'static> Future for Counted<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        if let Place::Here(_) = self.place {
            let effort = self.effort.clone();
            match effort.patient() {
                Some(patient) if Handle::try_current().is_ok_and(|here| here.id() != patient.id()) => {
                    self.move_to(patient);
                }
                _ => {
                    let Place::Here(work) = &mut self.place else { return Poll::Pending };
                    return effort.spend(|| work.poll_unpin(context));
                }
            }
        }
        match &mut self.place {
            Place::Here(_) => Poll::Pending,
            Place::Moved(task) => task.poll_unpin(context).map(|outcome| match outcome {
                Ok(value) => value,
                Err(failure) if failure.is_panic() => resume_unwind(failure.into_panic()),
                Err(_) => resume_unwind(Box::new("the server is stopping")),
            }),
        }
    }
}

impl<T> Drop for Counted<T> {
    fn drop(&mut self) {
        if let Place::Moved(task) = &self.place {
            task.abort();
        }
    }
}

/// A task on patient threads.
struct Settled<T> {
    effort: Arc<Effort>,
    work: BoxFuture<'static, T>,
}

impl<T> Future for Settled<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let effort = self.effort.clone();
        effort.spend(|| self.work.poll_unpin(context))
    }
}

/// A task of the statement for which this thread computes, side by side with it.
pub(crate) fn spawn<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    match Effort::current() {
        Some(effort) => tokio::spawn(Counted::new(effort, work)),
        None => tokio::spawn(work),
    }
}

/// Work that may wait, for a statement, on a thread of its own.
pub(crate) fn spawn_blocking<T: Send + 'static>(
    effort: Option<Arc<Effort>>,
    work: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    let Some(effort) = effort else { return tokio::task::spawn_blocking(work) };
    let threads = effort.patient().cloned();
    let counted = move || effort.spend(work);
    match threads {
        Some(patient) => patient.spawn_blocking(counted),
        None => tokio::task::spawn_blocking(counted),
    }
}

/// Has DataFusion's tasks counted, in the whole process.
pub(super) fn count_tasks() {
    // Another engine of the process may have said it already.
    let _ = set_join_set_tracer(&CountTasks);
}

struct CountTasks;

type Anything = Box<dyn Any + Send>;

impl JoinSetTracer for CountTasks {
    fn trace_future(&self, work: BoxFuture<'static, Anything>) -> BoxFuture<'static, Anything> {
        match Effort::current() {
            Some(effort) => Counted::new(effort, work).boxed(),
            None => work,
        }
    }

    fn trace_block(
        &self,
        work: Box<dyn FnOnce() -> Anything + Send>,
    ) -> Box<dyn FnOnce() -> Anything + Send> {
        match Effort::current() {
            Some(effort) => Box::new(move || effort.spend(work)),
            None => work,
        }
    }
}

#[cfg(test)]
mod tests {
    use datafusion::common::runtime::SpawnedTask;
    use futures::{FutureExt, StreamExt};
    use tokio::sync::{Notify, oneshot};

    use super::super::Executor;
    use super::*;
    use crate::query::Cancellation;
    use crate::{Batches, Error, ErrorKind};

    /// The name of this thread, and its nice value.
    fn place() -> (String, String) {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let (name, fields) = stat.rsplit_once(") ").unwrap();
        let name = name.split_once('(').unwrap().1;
        (name.to_owned(), fields.split(' ').nth(16).unwrap().to_owned())
    }

    /// Runs work as a statement that has computed that long.
    fn run(used: Duration, work: impl Future<Output = ()> + Send + 'static) -> (Executor, Batches) {
        let executor = Executor::start("query", 1).unwrap();
        let effort = executor.begin_effort();
        effort.used_nanos.store(used.as_nanos() as u64, Ordering::Relaxed);
        let batches = futures::stream::once(work.map(|()| Err(Error::new(ErrorKind::Internal, "done"))));
        let batches = executor.drive(batches.boxed(), effort, Cancellation::default()).unwrap();
        (executor, batches)
    }

    async fn places(used: Duration) -> [(String, String); 3] {
        let (sender, receiver) = oneshot::channel();
        let (_executor, mut batches) = run(used, async move {
            let here = place();
            let spawned = SpawnedTask::spawn(async { place() }).await.unwrap();
            let blocking = SpawnedTask::spawn_blocking(place).await.unwrap();
            sender.send([here, spawned, blocking]).unwrap();
        });
        batches.next().await;
        receiver.await.unwrap()
    }

    #[tokio::test]
    async fn a_long_statement_goes_on_where_it_can_wait() {
        for (name, nice) in places(LONG_AFTER).await {
            assert_eq!((name.as_str(), nice.as_str()), ("query-long", "10"));
        }
    }

    #[tokio::test]
    async fn a_short_statement_stays_where_it_began() {
        let (_, own_nice) = place();
        for (name, nice) in places(Duration::ZERO).await {
            assert_eq!((name.as_str(), nice), ("query", own_nice.clone()));
        }
    }

    #[tokio::test]
    async fn what_is_spawned_counts_and_moves_in_the_middle() {
        let (sender, receiver) = oneshot::channel();
        let (_executor, mut batches) = run(Duration::ZERO, async move {
            let begun = place().0;
            SpawnedTask::spawn(async {
                let begun = thread_nanos();
                while thread_nanos() - begun < LONG_AFTER.as_nanos() as u64 {}
            })
            .await
            .unwrap();
            // The next time that it is asked to go on it moves.
            tokio::task::yield_now().await;
            sender.send([begun, place().0]).unwrap();
        });
        batches.next().await;
        assert_eq!(receiver.await.unwrap(), ["query", "query-long"]);
    }

    #[tokio::test]
    async fn a_panic_of_a_long_statement_is_an_error() {
        let (_executor, mut batches) = run(LONG_AFTER, async { panic!("boom") });
        assert_eq!(batches.next().await.unwrap().unwrap_err().kind, ErrorKind::Internal);
    }

    #[tokio::test]
    async fn dropping_a_long_statement_ends_it() {
        struct NotifyOnDrop(Arc<Notify>);
        impl Drop for NotifyOnDrop {
            fn drop(&mut self) {
                self.0.notify_one();
            }
        }
        let (begun, ended) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (begins, guard) = (begun.clone(), NotifyOnDrop(ended.clone()));
        let (_executor, batches) = run(LONG_AFTER, async move {
            let _held = guard;
            begins.notify_one();
            std::future::pending::<()>().await;
        });
        begun.notified().await;
        drop(batches);
        ended.notified().await;
    }
}
