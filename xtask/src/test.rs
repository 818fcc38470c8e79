//! `cargo xtask test`: the Rust tests, then the real clients.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::clients::Clients;
use crate::{prerequisites, shell};

/// Which part of the tests to run; both without options.
#[derive(clap::Args, Default)]
pub struct TestArguments {
    /// Only the Rust tests
    #[arg(long, conflicts_with = "clients")]
    rust: bool,
    /// Only the real clients, against a fresh build of the server
    #[arg(long)]
    clients: bool,
    /// Arguments for pytest, for example `-k tutorial`
    #[arg(last = true)]
    pytest: Vec<String>,
}

/// Builds everything once with one set of features, so that nothing is compiled twice.
pub fn run(arguments: &TestArguments) -> Result<()> {
    if !arguments.rust {
        prerequisites::check()?;
    }
    cargo(&["build", "--workspace", "--all-targets", "--locked"])?;
    if !arguments.clients {
        cargo(&["test", "--workspace", "--all-targets", "--locked"])?;
    }
    if !arguments.rust {
        run_clients(&arguments.pytest)?;
    }
    Ok(())
}

fn run_clients(pytest: &[String]) -> Result<()> {
    let clients = Clients::install()?;
    let mut command = Command::new(clients.python());
    command
        .args(["-m", "pytest", "tests/clients", "tests/clouds"])
        .args(pytest)
        .current_dir(shell::checkout())
        .env("STAGEDOOR_BIN", target_folder()?.join("debug").join("stagedoor"))
        .env("BENDSQL_BIN", clients.bendsql())
        .env("NODE_PATH", clients.node_modules());
    shell::run(&mut command)
}

fn cargo(arguments: &[&str]) -> Result<()> {
    shell::run(shell::cargo().args(arguments).current_dir(shell::checkout()))
}

/// Where cargo puts what it builds for this checkout.
pub fn target_folder() -> Result<PathBuf> {
    #[derive(Deserialize)]
    struct Metadata {
        target_directory: PathBuf,
    }
    let text = shell::capture(
        shell::cargo()
            .args(["metadata", "--format-version", "1", "--no-deps", "--locked"])
            .current_dir(shell::checkout()),
    )?;
    let metadata: Metadata = serde_json::from_str(&text).context("`cargo metadata` changed its answer")?;
    Ok(metadata.target_directory)
}
