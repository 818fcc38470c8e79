//! The `stagedoor` binary.

use clap::{Parser, Subcommand};
use server::command::serve::{ServeArguments, serve};

/// A SQL warehouse for data that stays in its owner's S3 bucket.
#[derive(Debug, Parser)]
#[command(name = "stagedoor", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve Databend's HTTP API
    Serve(ServeArguments),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Serve(arguments) => serve(arguments).await,
    }
}
