//! Puts the server together, starts it and stops it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use catalog::{Catalog, CatalogError, CreateMode, NewUser};
use credentials::{Credentials, CredentialsError, CredentialsOptions, IssuerOptions};
use engine::{Engine, EngineOptions, HistoryKeeper};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, ConfigError, WebConfig};
use crate::limits::Limits;
use crate::listen::{ListenOptions, serve_connections};
use crate::login::{Logins, ROOT_USER, RootPassword, RootPasswordError};
use crate::queries::Queries;
use crate::router::router;
use crate::runner::StatementRunner;
use crate::state::ServerState;
use crate::ui::{BrowserRules, WebFiles};

const CATALOG_FILE: &str = "catalog.sqlite";
const HISTORY_FILE: &str = "history.sqlite";
const SECONDS_OF_A_DAY: u64 = 24 * 3600;
const SEALING_KEY_FILE: &str = "sealing-key";
const DISK_CACHE_FOLDER: &str = "cache";
const TOKEN_KEYS_FILE: &str = "identity-token-keys";

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
    /// For what the server publishes as an issuer of identity tokens.
    pub credentials: Option<Credentials>,
    pub limits: Limits,
    pub listen: SocketAddr,
    pub web: WebConfig,
}

/// A server that runs. Dropping it lets it run on; [`RunningServer::stop`] ends it.
pub struct RunningServer {
    address: SocketAddr,
    queries: Queries,
    stop_listening: CancellationToken,
    listening: JoinHandle<()>,
    sweeping: JoinHandle<()>,
    catalog: Catalog,
    runner: Arc<dyn StatementRunner>,
    keeper: Option<Arc<HistoryKeeper>>,
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
        web_rules: config.web_rules()?,
        session_duration: Duration::from_secs(config.aws.role_session_secs.max(1)),
        issuer: config
            .web_identity
            .issuer
            .clone()
            .map(|url| IssuerOptions { url, key_file: Some(config.data.join(TOKEN_KEYS_FILE)) }),
        ..CredentialsOptions::default()
    };
    let mut config = config.clone();
    config.engine.disk_cache_folder.get_or_insert_with(|| config.data.join(DISK_CACHE_FOLDER));
    let history = config.data.join(HISTORY_FILE);
    start_with_history(&config, root_password, catalog, credentials, Some(&history)).await
}

/// As [`start`], with a catalog and an AWS side that the caller chose, and the history in memory alone.
pub async fn start_with_credentials(
    config: &Config,
    root_password: &RootPassword,
    catalog: Catalog,
    credentials: CredentialsOptions,
) -> Result<RunningServer, StartupError> {
    start_with_history(config, root_password, catalog, credentials, None).await
}

/// As [`start_with_credentials`], with the history in a file too.
pub async fn start_with_history(
    config: &Config,
    root_password: &RootPassword,
    catalog: Catalog,
    credentials: CredentialsOptions,
    history: Option<&Path>,
) -> Result<RunningServer, StartupError> {
    set_up_organizations(&catalog, config, root_password).await?;
    let credentials = Credentials::load(credentials).await?;
    let options = EngineOptions {
        memory_bytes_max: config.engine.memory_bytes_max,
        spill_folder: config.engine.spill_folder.clone(),
        spill_bytes_max: config.engine.spill_bytes_max,
        range_cache_bytes_max: config.engine.range_cache_bytes_max,
        footer_cache_bytes_max: config.engine.footer_cache_bytes_max,
        disk_cache_folder: config.engine.disk_cache_folder.clone(),
        disk_cache_bytes_max: config.engine.disk_cache_bytes_max,
        operator_organization: config.operator_organization.clone(),
    };
    let engine = Engine::new(catalog.clone(), credentials.clone(), &options).map_err(StartupError::Engine)?;
    let keeper = match history.filter(|_| config.history.days_max > 0) {
        Some(path) => {
            let age_max = Duration::from_secs(config.history.days_max.saturating_mul(SECONDS_OF_A_DAY));
            let keeping = engine.keep_history(path, age_max, config.history.bytes_max).await;
            Some(keeping.map_err(StartupError::Engine)?)
        }
        None => None,
    };
    let (runner, limits) = (Arc::new(engine), config.limits.clone());
    let (credentials, listen, web) = (Some(credentials), config.listen, config.web.clone());
    let server = start_parts(ServerParts { catalog, runner, credentials, limits, listen, web }).await?;
    Ok(RunningServer { keeper, ..server })
}

/// Listens with parts that the caller made.
pub async fn start_parts(parts: ServerParts) -> Result<RunningServer, StartupError> {
    let ServerParts { catalog, runner, credentials, limits, listen, web } = parts;
    let cannot_listen = |reason| StartupError::Listen { address: listen, reason };
    let listener = TcpListener::bind(listen).await.map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    let limits = Arc::new(limits);
    let kept = runner.clone();
    let queries = Queries::new(runner.clone(), limits.clone());
    let options =
        ListenOptions { connections_max: limits.connections_max, header_bytes_max: limits.header_bytes_max };
    let state = ServerState {
        logins: Arc::new(Logins::new(catalog.clone(), &limits)),
        runner,
        queries: queries.clone(),
        limits,
        credentials,
        catalog: catalog.clone(),
        browsers: Arc::new(BrowserRules::new(&web, address)),
        exports: Arc::default(),
        web: WebFiles::load(),
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
        runner: kept,
        keeper: None,
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
        self.runner.close().await;
        if let Some(keeper) = self.keeper {
            keeper.close().await;
        }
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
                let root = NewUser { name: ROOT_USER, password: Some(password), ..NewUser::default() };
                catalog.create_user(&spec.name, &root, CreateMode::Create).await?;
            }
        }
    }
    let names: Vec<String> = config.organization_specs().into_iter().map(|spec| spec.name).collect();
    catalog.keep_configured(&names).await?;
    Ok(())
}
