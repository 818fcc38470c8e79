//! `cargo xtask demo`: builds the server and becomes `stagedoor demo`.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{shell, test, web};

/// Everything is handed on to `stagedoor demo`.
#[derive(clap::Args)]
pub struct DemoArguments {
    /// Arguments of `stagedoor demo`, for example `--once`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds everything, as the tests do: with `--bins` alone Cargo chooses other features, and the tests would build
/// DataFusion a second time. Then replaces this process, so that Ctrl-C and the exit code are the demo's own.
pub fn run(arguments: &DemoArguments) -> Result<()> {
    web::build_if_possible();
    shell::run(
        shell::cargo()
            .args(["build", "--workspace", "--all-targets", "--locked"])
            .current_dir(shell::checkout()),
    )?;
    let stagedoor = test::target_folder()?.join("debug").join("stagedoor");
    let failure = Command::new(&stagedoor).arg("demo").args(&arguments.arguments).exec();
    Err(failure).with_context(|| format!("cannot start `{}`", stagedoor.display()))
}
