//! The threads that queries run on, apart from those that answer HTTP.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use futures::StreamExt;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Cancellation;
use super::effort::{Counted, Effort, count_tasks};
use crate::{Batches, Error, ErrorKind};

/// Batches that wait between a query and whoever reads it: the query stops when they are not fetched.
const BATCHES_AHEAD_MAX: usize = 4;
/// The stack of a thread that runs queries: planning recurses, and a build without optimisation has large
/// frames.
const STACK_BYTES: usize = 8 << 20;
/// The nice value of patient threads: each has a ninth of the weight of another thread.
const PATIENT_NICE: i32 = 10;

/// A runtime of its own for queries, so that a busy query does not keep a login or a cancel waiting.
#[derive(Clone)]
pub(crate) struct Executor {
    runtime: Arc<OwnedRuntime>,
    patient: Arc<PatientThreads>,
}

/// The threads on which long statements go on, started with the first of them.
pub(crate) struct PatientThreads {
    name: String,
    threads: usize,
    runtime: OnceLock<OwnedRuntime>,
}

struct OwnedRuntime(Option<Runtime>);

impl Drop for OwnedRuntime {
    fn drop(&mut self) {
        // A runtime may not be dropped, and so waited for, inside of another.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Executor {
    pub(crate) fn start(name: &str, threads: usize) -> std::io::Result<Self> {
        count_tasks();
        let runtime = OwnedRuntime(Some(builder(name, threads).build()?));
        let patient = PatientThreads { name: format!("{name}-long"), threads, runtime: OnceLock::new() };
        Ok(Self { runtime: Arc::new(runtime), patient: Arc::new(patient) })
    }

    /// Counts what a statement computes; it must be handed to `drive`.
    pub(crate) fn begin_effort(&self) -> Arc<Effort> {
        Effort::new(self.patient.clone())
    }

    /// Runs a future on the query threads. Dropping the answer aborts it.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        self.start_task(work)?.await?
    }

    /// Starts work that goes on while nobody waits for it, until what is returned is dropped.
    pub(crate) fn start_task<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<AbortOnDrop<T>, Error> {
        Ok(AbortOnDrop(self.spawn(work)?, Cancellation::default()))
    }

    /// Drives a stream on the query threads, and on the patient ones when it takes long. Dropping the answer aborts it,
    /// and says so to `cancellation`.
    pub(crate) fn drive(
        &self,
        mut batches: Batches,
        effort: Arc<Effort>,
        cancellation: Cancellation,
    ) -> Result<Batches, Error> {
        let (sender, receiver) = mpsc::channel(BATCHES_AHEAD_MAX);
        let work = async move {
            while let Some(batch) = batches.next().await {
                let ended = batch.is_err();
                if sender.send(batch).await.is_err() || ended {
                    break;
                }
            }
        };
        let task = AbortOnDrop(self.spawn(Counted::new(effort, work))?, cancellation);
        // The state keeps the guard, so that dropping the stream aborts the task.
        let stream = futures::stream::unfold((receiver, Some(task)), |(mut receiver, mut task)| async move {
            if let Some(batch) = receiver.recv().await {
                return Some((batch, (receiver, task)));
            }
            // The sender is gone: the query has ended, or it has died.
            let failure = (&mut task.take()?.0).await.err()?;
            Some((Err(from_join(&failure)), (receiver, None)))
        });
        Ok(stream.boxed())
    }

    fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<JoinHandle<T>, Error> {
        match &self.runtime.0 {
            Some(runtime) => Ok(runtime.spawn(work)),
            None => Err(Error::new(ErrorKind::Cancelled, "the server is stopping")),
        }
    }
}

impl PatientThreads {
    /// `None` where they cannot be started: everything stays where it began.
    pub(super) fn handle(&self) -> Option<&Handle> {
        let runtime = self.runtime.get_or_init(|| {
            let built = builder(&self.name, self.threads).on_thread_start(be_patient).build();
            OwnedRuntime(
                built
                    .inspect_err(
                        |error| tracing::warn!(%error, "long statements have no threads of their own"),
                    )
                    .ok(),
            )
        });
        runtime.0.as_ref().map(Runtime::handle)
    }
}

fn builder(name: &str, threads: usize) -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(threads).thread_name(name).thread_stack_size(STACK_BYTES).enable_all();
    builder
}

/// Lets the other threads of the process go first.
fn be_patient() {
    // On Linux the nice value is the thread's own. Where the process is nicer already, it stays so.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), PATIENT_NICE);
}

/// Work under way on the threads of an executor; aborted when this is dropped.
pub(crate) struct AbortOnDrop<T>(JoinHandle<T>, Cancellation);

impl<T> Future for AbortOnDrop<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map_err(|failure| from_join(&failure))
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.1.cancel();
        self.0.abort();
    }
}

fn from_join(failure: &tokio::task::JoinError) -> Error {
    if failure.is_cancelled() {
        return Error::new(ErrorKind::Cancelled, "the statement was cancelled");
    }
    Error::new(ErrorKind::Internal, "the engine met a condition it does not handle")
        .with_hint("please report the statement; the server's log has the details")
        .with_context(failure.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    struct SetOnDrop(Arc<AtomicBool>, Arc<tokio::sync::Notify>);

    impl Drop for SetOnDrop {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
            self.1.notify_one();
        }
    }

    fn drive(executor: &Executor, batches: Batches) -> Batches {
        executor.drive(batches, executor.begin_effort(), Cancellation::default()).unwrap()
    }

    #[tokio::test]
    async fn dropping_the_stream_ends_the_query() {
        let executor = Executor::start("query", 1).unwrap();
        let (dropped, notify) = (Arc::new(AtomicBool::new(false)), Arc::new(tokio::sync::Notify::new()));
        let guard = SetOnDrop(dropped.clone(), notify.clone());
        let endless = futures::stream::pending::<()>().map(move |()| {
            let _held = &guard;
            Err(Error::new(ErrorKind::Internal, "never"))
        });
        drop(drive(&executor, endless.boxed()));
        notify.notified().await;
        assert!(dropped.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn a_query_that_panics_is_an_error() {
        let executor = Executor::start("query", 1).unwrap();
        let panics = futures::stream::once(async { panic!("boom") });
        let batches: Vec<_> = drive(&executor, panics.boxed()).collect().await;
        assert_eq!(batches.len(), 1);
        assert_eq!(batches[0].as_ref().unwrap_err().kind, ErrorKind::Internal);
    }
}
