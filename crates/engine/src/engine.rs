//! The engine: what lives as long as the server.

use std::path::PathBuf;
use std::sync::Arc;

use catalog::Catalog;
use credentials::Credentials;
use datafusion::execution::session_state::SessionState;

use crate::query::{self, Executor};
use crate::session::Session;
use crate::{Error, ErrorKind, StatementOutput, StatementRequest, Upload, settings, stage, statement};

/// Limits and folders of the engine.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Memory that all running queries may hold together before they spill or fail.
    pub memory_bytes_max: usize,
    /// Where sorts, joins and aggregates spill; `None` for the system's temporary folder.
    pub spill_folder: Option<PathBuf>,
    /// Disk that spilling may take.
    pub spill_bytes_max: u64,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self { memory_bytes_max: 2 << 30, spill_folder: None, spill_bytes_max: 64 << 30 }
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
    state: SessionState,
}

impl Engine {
    /// Starts the threads that queries run on.
    pub fn new(catalog: Catalog, credentials: Credentials, options: &EngineOptions) -> Result<Self, Error> {
        let executor = Executor::start(settings::cores()).map_err(|error| {
            Error::new(ErrorKind::Internal, "cannot start the threads that run queries")
                .with_context(error.to_string())
        })?;
        let state = query::shared_state(options)?;
        Ok(Self { inner: Arc::new(Inner { catalog, credentials, executor, state }) })
    }

    /// Runs one statement. The answer has begun when this returns; dropping it cancels the rest.
    pub async fn run(&self, request: StatementRequest) -> Result<StatementOutput, Error> {
        let engine = self.clone();
        self.inner
            .executor
            .run(async move {
                let statement = statement::parse(&request.sql)?;
                let session = Session::begin(&engine, &request).await?;
                statement::run(session, statement).await
            })
            .await
    }

    /// Writes one file into a stage and returns its size in bytes.
    pub async fn upload(&self, upload: Upload) -> Result<u64, Error> {
        let engine = self.clone();
        self.inner
            .executor
            .run(async move {
                let session = Session::begin_for(&engine, &upload.identity, &upload.query_id).await?;
                stage::write_file(&session, upload).await
            })
            .await
    }

    /// The threads that queries run on.
    pub(crate) fn executor(&self) -> &Executor {
        &self.inner.executor
    }

    pub(crate) fn catalog(&self) -> &Catalog {
        &self.inner.catalog
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.inner.credentials
    }

    pub(crate) fn shared_state(&self) -> &SessionState {
        &self.inner.state
    }

    pub(crate) async fn organization(&self, name: &str) -> Result<catalog::Organization, Error> {
        self.catalog().organization(name).await?.ok_or_else(|| {
            Error::new(ErrorKind::PermissionDenied, format!("organization `{name}` does not exist"))
        })
    }
}
