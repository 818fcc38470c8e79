//! `stagedoor sandbox`.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use sandbox::{Sandbox, SandboxOptions};

use super::StopSignals;
use crate::config::LogFormat;
use crate::logging;

/// A small AWS for tests: S3, STS and IAM on one port, every request authenticated and decided by policies.
///
/// There are two accounts, 123456789012 (the provider's) and 987654321987 (the customer's). The keys of their
/// roots are printed as variables that awscli and the SDKs read.
#[derive(Debug, Args)]
pub struct SandboxArguments {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9000")]
    listen: SocketAddr,
    /// Folder that keeps buckets, users, roles and keys; in memory without it
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Milliseconds by which every answer comes later
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency_ms: u64,
    /// Megabytes (10^6 bytes) a second that one connection carries to its client; as many as it can without it
    #[arg(long, value_name = "MB")]
    bandwidth_mb: Option<u64>,
}

/// Runs until SIGTERM or Ctrl-C.
pub async fn run_sandbox(arguments: SandboxArguments) -> anyhow::Result<()> {
    // What a client is refused is told to the client, and no error of the sandbox.
    logging::start_logging(LogFormat::Text, "info,s3s=off");
    let options = SandboxOptions {
        listen: arguments.listen,
        data: arguments.data,
        latency: Duration::from_millis(arguments.latency_ms),
        bandwidth: arguments.bandwidth_mb.map(|megabytes| megabytes.saturating_mul(1_000_000)),
        ..SandboxOptions::default()
    };
    let listen = options.listen;
    let mut signals = StopSignals::listen()?;
    let sandbox = Sandbox::start(options).await.with_context(|| format!("the sandbox on {listen}"))?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", sandbox.banner())?;
    out.flush()?;
    signals.next().await;
    sandbox.stop().await;
    Ok(())
}
