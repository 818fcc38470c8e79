//! `stagedoor serve`.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::StopSignals;
use crate::config::{Config, ConfigOverrides};
use crate::login::{KeptPassword, RootPassword};
use crate::{logging, server};

const ROOT_PASSWORD_VARIABLE: &str = "STAGEDOOR_ROOT_PASSWORD";

/// Serves Databend's HTTP API.
///
/// The server's AWS side follows the standard variables: AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_REGION, web
/// identity, ECS and instance roles, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL_STS. The user
/// `root` has the password of STAGEDOOR_ROOT_PASSWORD; without the variable one is made at the first start
/// and kept in the data folder. RUST_LOG sets the level of the log.
#[derive(Debug, Args)]
pub struct ServeArguments {
    /// Address and port to listen on [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Folder of the catalog and the server's own keys [default: stagedoor-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Configuration file; `stagedoor.example.toml` explains every line
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Serves until SIGTERM or Ctrl-C.
pub async fn serve(arguments: ServeArguments) -> anyhow::Result<()> {
    let overrides = ConfigOverrides { listen: arguments.listen, data: arguments.data };
    let config = Config::load(arguments.config.as_deref(), overrides)?;
    logging::start_logging(config.log.format, "info");
    server::make_data_folder(&config.data)?;
    let root_password = root_password(&config)?;
    let mut signals = StopSignals::listen()?;
    let server = server::start(&config, &root_password).await?;
    tracing::info!(address = %server.address(), data = %config.data.display(), "listening");
    // For whoever started us, whatever the log's level: the port may have been any free one.
    writeln!(std::io::stdout(), "stagedoor listening on http://{}", server.address())?;
    let signal = signals.next().await;
    tracing::info!(signal, "stopping: running queries may finish");
    tokio::select! {
        () = server.stop() => {}
        // Whoever asks twice does not want to wait.
        _ = signals.next() => {}
    }
    tracing::info!("stopped");
    Ok(())
}

fn root_password(config: &Config) -> anyhow::Result<RootPassword> {
    if let Some(password) = std::env::var_os(ROOT_PASSWORD_VARIABLE) {
        let password = password
            .into_string()
            .map_err(|_| anyhow::anyhow!("{ROOT_PASSWORD_VARIABLE} is not UTF-8 text"))?;
        return Ok(RootPassword::given(password, config.listen)?);
    }
    let (password, kept) = RootPassword::kept_in(&config.data)?;
    if let KeptPassword::New(path) = kept {
        // Said apart from the log: a secret must not reach what collects logs.
        let path = path.display();
        writeln!(std::io::stderr(), "password of user `root`: {} (kept in {path})", password.reveal())?;
    }
    Ok(password)
}
