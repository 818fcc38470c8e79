//! The engine: what lives as long as the server.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use catalog::{Catalog, HistoryFile};
use credentials::{Credentials, RequestRecord};
use datafusion::execution::session_state::SessionState;
use futures::FutureExt;

use crate::history::{self, History, HistoryKeeper};
use crate::query::{self, Executor};
use crate::session::Session;
use crate::stage::{DiskLimits, FetchLimits, FetchPool};
use crate::{
    Error, ErrorKind, FolderListing, FolderRequest, FooterRequest, FooterSummary, StatementOutput,
    StatementRequest, Upload, browse, settings, stage, statement,
};

/// Threads that run queries, for each core. A step of a long query takes milliseconds, and many of them would keep a
/// short one waiting in a queue; with a thread for each, the system lets the one that has just come run first.
const THREADS_PER_CORE: usize = 32;
/// And never more than this, where there are not more cores.
const THREADS_MAX: usize = 128;

/// Limits and folders of the engine.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Memory that all running queries may hold together before they spill or fail.
    pub memory_bytes_max: usize,
    /// Where sorts, joins and aggregates spill; `None` for the system's temporary folder.
    pub spill_folder: Option<PathBuf>,
    /// Disk that spilling may take.
    pub spill_bytes_max: u64,
    /// Memory for ranges of files kept for the next query.
    pub range_cache_bytes_max: usize,
    /// Memory for footers of files kept for the next query.
    pub footer_cache_bytes_max: usize,
    /// The folder for ranges of files kept over a restart; `None` for none.
    pub disk_cache_folder: Option<PathBuf>,
    /// Disk that they may take; 0 for none.
    pub disk_cache_bytes_max: u64,
    /// The organization whose administrators may make and drop organizations; `None` for nobody.
    pub operator_organization: Option<String>,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            memory_bytes_max: 2 << 30,
            spill_folder: None,
            spill_bytes_max: 64 << 30,
            range_cache_bytes_max: 256 << 20,
            footer_cache_bytes_max: 64 << 20,
            disk_cache_folder: None,
            disk_cache_bytes_max: 4 << 30,
            operator_organization: None,
        }
    }
}

/// Runs statements. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    catalog: Catalog,
    credentials: Credentials,
    executor: Executor,
    fetches: Arc<FetchPool>,
    state: SessionState,
    operator_organization: Option<String>,
    history: Arc<History>,
}

fn query_threads() -> usize {
    (settings::cores() * THREADS_PER_CORE).min(THREADS_MAX).max(settings::cores())
}

impl Engine {
    /// Starts the threads that queries run on.
    pub fn new(catalog: Catalog, credentials: Credentials, options: &EngineOptions) -> Result<Self, Error> {
        let failed = |error: std::io::Error| {
            Error::new(ErrorKind::Internal, "cannot start the threads that run queries")
                .with_context(error.to_string())
        };
        let executor = Executor::start("query", query_threads()).map_err(failed)?;
        let disk = options.disk_cache_folder.clone().filter(|_| options.disk_cache_bytes_max > 0);
        let disk = disk.map(|folder| DiskLimits { folder, bytes_max: options.disk_cache_bytes_max });
        let fetches = FetchPool::start(FetchLimits {
            disk,
            range_bytes_max: options.range_cache_bytes_max,
            footer_bytes_max: options.footer_cache_bytes_max,
        })
        .map_err(failed)?;
        let state = query::shared_state(options)?;
        let operator_organization = options.operator_organization.clone();
        let history = Arc::default();
        let inner = Inner { catalog, credentials, executor, fetches, state, operator_organization, history };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Runs one statement. The answer has begun when this returns; dropping it cancels the rest.
    pub async fn run(&self, request: StatementRequest) -> Result<StatementOutput, Error> {
        let engine = self.clone();
        let recording = self.inner.history.begin(&request);
        let requests = recording.requests();
        let work = self.inner.executor.run(async move {
            let statement = statement::parse(&request.sql)?;
            let session = Session::begin(&engine, &request, requests).await?;
            statement::run(session, statement).boxed().await
        });
        // Boxed, since what is inside has a type as deep as all statements together.
        recording.run(work.boxed()).await
    }

    /// Keeps what is run and asked of AWS in a file from now on, and puts what the file holds into memory. Whoever stops
    /// the server closes the keeper.
    pub async fn keep_history(
        &self,
        path: &Path,
        age_max: Duration,
        file_bytes_max: u64,
    ) -> Result<Arc<HistoryKeeper>, Error> {
        let (file, past) = HistoryFile::open(path, history::limits(age_max, file_bytes_max)).await?;
        Ok(history::keep(self, file, past))
    }

    /// Writes one file into a stage and returns its size in bytes. The history has it as a statement.
    pub async fn upload(&self, upload: Upload) -> Result<u64, Error> {
        let engine = self.clone();
        let location = sql::Location::Stage { stage: upload.stage.clone(), path: upload.path.clone() };
        let request = StatementRequest {
            query_id: upload.query_id.clone(),
            identity: upload.identity.clone(),
            state: crate::SessionState::default(),
            sql: format!("PUT {location}"),
            progress: Arc::default(),
        };
        let recording = self.inner.history.begin(&request);
        let requests = recording.requests();
        let work = self.inner.executor.run(async move {
            let session = Session::begin(&engine, &request, requests).await?;
            session.authority.check_password()?;
            stage::write_file(&session, upload).await
        });
        recording.work(work.boxed()).await
    }

    /// One page of a folder of a stage.
    pub async fn list_folder(&self, request: FolderRequest) -> Result<FolderListing, Error> {
        let engine = self.clone();
        self.inner
            .executor
            .run(async move {
                let session = Session::begin_for(&engine, &request.identity, &request.query_id).await?;
                browse::list_folder(&session, request).await
            })
            .await
    }

    /// What the footer of a Parquet file of a stage says.
    pub async fn read_footer(&self, request: FooterRequest) -> Result<FooterSummary, Error> {
        let engine = self.clone();
        self.inner
            .executor
            .run(async move {
                let session = Session::begin_for(&engine, &request.identity, &request.query_id).await?;
                browse::read_summary(&session, request).await
            })
            .await
    }

    /// Writes what is to be found again after a restart. Statements that run meanwhile go without the disk.
    pub async fn close(&self) {
        self.inner.fetches.close().await;
    }

    /// The threads that queries run on.
    pub(crate) fn executor(&self) -> &Executor {
        &self.inner.executor
    }

    /// The threads that wait for S3, and what is kept of its answers.
    pub(crate) fn fetches(&self) -> &Arc<FetchPool> {
        &self.inner.fetches
    }

    pub(crate) fn catalog(&self) -> &Catalog {
        &self.inner.catalog
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.inner.credentials
    }

    pub(crate) fn operator_organization(&self) -> Option<&str> {
        self.inner.operator_organization.as_deref()
    }

    pub(crate) fn history(&self) -> &History {
        &self.inner.history
    }

    pub(crate) fn shared_state(&self) -> &SessionState {
        &self.inner.state
    }

    /// What was asked of AWS for an organization, oldest first, as far as it is remembered.
    pub(crate) fn requests(&self, organization: &str) -> Vec<Arc<RequestRecord>> {
        let mut requests = self.credentials().requests(organization);
        requests.retain(|request| !self.history().is_too_old(request.started_at));
        requests
    }

    pub(crate) async fn organization(&self, name: &str) -> Result<catalog::Organization, Error> {
        self.catalog().organization(name).await?.ok_or_else(|| {
            Error::new(ErrorKind::PermissionDenied, format!("organization `{name}` does not exist"))
        })
    }
}
