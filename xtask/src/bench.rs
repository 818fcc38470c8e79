//! `cargo xtask bench`: measures the release binary.

use std::process::Command;

use anyhow::Result;

use crate::clients::{Clients, install_peers};
use crate::{prerequisites, shell, test};

/// Arguments of the harness.
#[derive(clap::Args)]
pub struct BenchArguments {
    /// Put other engines beside it, over an S3 that is 30 ms away
    #[arg(long)]
    peers: bool,
    /// Names of the figures to measure, with `--peers` of the workloads; all without one
    figures: Vec<String>,
}

/// Builds the release binary and runs the harness of `bench/` on it.
pub fn run(arguments: &BenchArguments) -> Result<()> {
    prerequisites::check()?;
    shell::run(
        shell::cargo().args(["build", "--release", "--bins", "--locked"]).current_dir(shell::checkout()),
    )?;
    let (python, harness) = match arguments.peers {
        true => (install_peers()?, "bench/peers.py"),
        false => (Clients::install()?.python(), "bench/figures.py"),
    };
    shell::run(
        Command::new(python)
            .arg(harness)
            .args(&arguments.figures)
            .current_dir(shell::checkout())
            .env("STAGEDOOR_BIN", test::target_folder()?.join("release").join("stagedoor")),
    )
}
