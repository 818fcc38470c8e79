//! `cargo xtask test`: the Rust tests, then the real clients, then the web app in a browser.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::clients::Clients;
use crate::evidence::Evidence;
use crate::{prerequisites, shell, web};

/// Which part of the tests to run; all without options.
#[derive(clap::Args, Default)]
pub struct TestArguments {
    /// Only the Rust tests
    #[arg(long, conflicts_with_all = ["clients", "web"])]
    rust: bool,
    /// Only the real clients, against a fresh build of the server
    #[arg(long, conflicts_with = "web")]
    clients: bool,
    /// Only the web app: its types, its unit tests, and its journeys in Chromium
    #[arg(long)]
    web: bool,
    /// Arguments for pytest, for example `-k tutorial`; with `--web` for vitest
    #[arg(last = true)]
    more: Vec<String>,
}

/// Builds everything once with one set of features, so that nothing is compiled twice. The app comes first: the
/// binary has it inside.
pub fn run(arguments: &TestArguments) -> Result<()> {
    let TestArguments { rust, clients, web, more } = arguments;
    let all = !rust && !clients && !web;
    if !rust {
        prerequisites::check()?;
    }
    if all || *web {
        web::build()?;
    }
    cargo(&["build", "--workspace", "--all-targets", "--locked"])?;
    if all || *rust {
        let evidence = Evidence::begin(&target_folder()?)?;
        let mut tests = shell::cargo();
        evidence.ask(&mut tests);
        tests.args(["test", "--workspace", "--all-targets", "--locked"]);
        shell::run(tests.current_dir(shell::checkout()))?;
        evidence.check()?;
    }
    if all || *clients {
        run_clients(more)?;
    }
    if all || *web {
        web::run_unit_tests()?;
        let more: &[String] = if all { &[] } else { more };
        web::run_journeys(&target_folder()?.join("debug").join("stagedoor"), &Clients::install()?, more)?;
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
