//! The `stagedoor` binary.

use clap::{Parser, Subcommand};
use server::command::sandbox::{SandboxArguments, run_sandbox};
use server::command::serve::{ServeArguments, serve};
use server::command::{DemoArguments, run_demo};

/// A SQL warehouse for data that stays in its owner's S3 bucket: the owner gives it an IAM role, not keys.
#[derive(Debug, Parser)]
#[command(name = "stagedoor", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(ServeArguments),
    Sandbox(SandboxArguments),
    Demo(DemoArguments),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Serve(arguments) => serve(arguments).await,
        Command::Sandbox(arguments) => run_sandbox(arguments).await,
        Command::Demo(arguments) => run_demo(arguments).await,
    }
}
