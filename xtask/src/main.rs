//! The project's own commands, run as `cargo xtask NAME`.
//!
//! Every gate is here and runs the same on a desk and in CI. What only shell could do is not: a fresh
//! machine needs Rust, and these commands say what else is missing.

mod bench;
mod bendsql;
mod clients;
mod demo;
mod evidence;
mod lint;
mod prerequisites;
mod shell;
mod test;
mod tidy;
mod web;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own commands")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build everything and walk the tutorial against a sandbox cloud; Ctrl-C stops it
    Demo(demo::DemoArguments),
    /// Build the web app with npm and put it where the binary embeds it from
    Web(web::WebArguments),
    /// Run the Rust tests, the real clients against the server binary, and the web app in a browser
    Test(test::TestArguments),
    /// Check format, clippy and the rules of the house (tidy)
    Lint(lint::LintArguments),
    /// The whole gate: lint, then test
    Ci,
    /// Measure the release binary and print a table
    Bench(bench::BenchArguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Web(arguments) => web::run_command(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Lint(arguments) => lint::run(&arguments),
        Command::Ci => lint::run(&lint::LintArguments::default())
            .and_then(|()| test::run(&test::TestArguments::default())),
        Command::Bench(arguments) => bench::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            shell::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
