//! Puts the server together, starts it and stops it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use catalog::{Catalog, CatalogError, CreateMode, NewUser};
use credentials::{Credentials, CredentialsError, CredentialsOptions};
use engine::{Engine, EngineOptions};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, ConfigError};
use crate::limits::Limits;
use crate::listen::{ListenOptions, serve_connections};
use crate::login::{Logins, ROOT_USER, RootPassword, RootPasswordError};
use crate::queries::Queries;
use crate::router::router;
use crate::runner::StatementRunner;
use crate::state::ServerState;

const CATALOG_FILE: &str = "catalog.sqlite";
const SEALING_KEY_FILE: &str = "sealing-key";

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartupError {
    /// The data folder cannot be made.
    #[error("cannot make the data folder `{path}`: {reason}")]
    DataFolder { path: PathBuf, reason: std::io::Error },
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    RootPassword(#[from] RootPasswordError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    #[error("cannot start the engine: {0}")]
    Engine(engine::Error),
    /// The address is taken, or not one of this machine.
    #[error("cannot listen on {address}: {reason}")]
    Listen { address: SocketAddr, reason: std::io::Error },
}

/// What a server is made of.
pub struct ServerParts {
    pub catalog: Catalog,
    pub runner: Arc<dyn StatementRunner>,
    pub limits: Limits,
    pub listen: SocketAddr,
}

/// A server that runs. Dropping it lets it run on; [`RunningServer::stop`] ends it.
pub struct RunningServer {
    address: SocketAddr,
    queries: Queries,
    stop_listening: CancellationToken,
    listening: JoinHandle<()>,
    sweeping: JoinHandle<()>,
    catalog: Catalog,
}

/// Makes the folder a place for this user's files only, if it is not there yet.
pub fn make_data_folder(path: &Path) -> Result<(), StartupError> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|reason| StartupError::DataFolder { path: path.to_owned(), reason })
}

/// Opens the catalog, the credentials and the engine of a configuration, and listens.
pub async fn start(config: &Config, root_password: &RootPassword) -> Result<RunningServer, StartupError> {
    make_data_folder(&config.data)?;
    let catalog = Catalog::open(Some(&config.data.join(CATALOG_FILE))).await?;
    let credentials = CredentialsOptions {
        key_file: Some(config.data.join(SEALING_KEY_FILE)),
        endpoint_rules: config.endpoint_rules()?,
        ..CredentialsOptions::default()
    };
    start_with_credentials(config, root_password, catalog, credentials).await
}

/// As [`start`], with a catalog and an AWS side that the caller chose.
pub async fn start_with_credentials(
    config: &Config,
    root_password: &RootPassword,
    catalog: Catalog,
    credentials: CredentialsOptions,
) -> Result<RunningServer, StartupError> {
    set_up_organizations(&catalog, config, root_password).await?;
    let credentials = Credentials::load(credentials).await?;
    let options = EngineOptions {
        memory_bytes_max: config.engine.memory_bytes_max,
        spill_folder: config.engine.spill_folder.clone(),
        spill_bytes_max: config.engine.spill_bytes_max,
    };
    let engine = Engine::new(catalog.clone(), credentials, &options).map_err(StartupError::Engine)?;
    let (runner, limits) = (Arc::new(engine), config.limits.clone());
    start_parts(ServerParts { catalog, runner, limits, listen: config.listen }).await
}

/// Listens with parts that the caller made.
pub async fn start_parts(parts: ServerParts) -> Result<RunningServer, StartupError> {
    let ServerParts { catalog, runner, limits, listen } = parts;
    let cannot_listen = |reason| StartupError::Listen { address: listen, reason };
    let listener = TcpListener::bind(listen).await.map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    let limits = Arc::new(limits);
    let queries = Queries::new(runner.clone(), limits.clone());
    let options =
        ListenOptions { connections_max: limits.connections_max, header_bytes_max: limits.header_bytes_max };
    let state = ServerState {
        logins: Arc::new(Logins::new(catalog.clone(), &limits)),
        runner,
        queries: queries.clone(),
        limits,
        address: address.to_string(),
    };
    let stop_listening = CancellationToken::new();
    let serving = serve_connections(listener, router(state), options, stop_listening.clone());
    Ok(RunningServer {
        address,
        listening: tokio::spawn(serving),
        sweeping: tokio::spawn(queries.clone().sweep_forever()),
        queries,
        stop_listening,
        catalog,
    })
}

impl RunningServer {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets running queries finish within their limit, refusing new ones; then ends.
    pub async fn stop(self) {
        self.queries.drain().await;
        self.stop_listening.cancel();
        // A task that was cancelled or panicked has nothing left to stop.
        let _ = self.listening.await;
        self.sweeping.abort();
        self.catalog.close().await;
    }
}

/// Brings the catalog's organizations and their `root` up to the configuration.
async fn set_up_organizations(
    catalog: &Catalog,
    config: &Config,
    root_password: &RootPassword,
) -> Result<(), StartupError> {
    let password = root_password.as_str();
    for spec in config.organization_specs() {
        catalog.ensure_organization(&spec).await?;
        match catalog.user(&spec.name, ROOT_USER).await? {
            // A password that is right already keeps its fingerprint, and with it what rests on it.
            Some(root) if catalog.verify_password(&root, password).await => {}
            Some(_) => catalog.set_password(&spec.name, ROOT_USER, Some(password)).await?,
            None => {
                let root = NewUser { name: ROOT_USER, password: Some(password) };
                catalog.create_user(&spec.name, &root, CreateMode::Create).await?;
            }
        }
    }
    Ok(())
}
