//! `cargo xtask bench`: measures the release binary.

use std::process::Command;

use anyhow::Result;

use crate::clients::Clients;
use crate::{prerequisites, shell, test};

/// Arguments of the harness.
#[derive(clap::Args)]
pub struct BenchArguments {
    /// Names of the figures to measure; all without one
    figures: Vec<String>,
}

/// Builds the release binary and runs the harness of `bench/` on it.
pub fn run(arguments: &BenchArguments) -> Result<()> {
    prerequisites::check()?;
    shell::run(
        shell::cargo().args(["build", "--release", "--bins", "--locked"]).current_dir(shell::checkout()),
    )?;
    let clients = Clients::install()?;
    shell::run(
        Command::new(clients.python())
            .arg("bench/figures.py")
            .args(&arguments.figures)
            .current_dir(shell::checkout())
            .env("STAGEDOOR_BIN", test::target_folder()?.join("release").join("stagedoor")),
    )
}
