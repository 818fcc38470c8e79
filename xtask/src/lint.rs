//! `cargo xtask lint`: format, clippy, tidy.

use anyhow::{Result, bail};

use crate::{shell, tidy};

/// What to leave out of a lint run.
#[derive(clap::Args, Default)]
pub struct LintArguments {
    /// Only the rules of the house, which need no build
    #[arg(long)]
    tidy: bool,
}

/// Runs every check and reports the first kind that fails; tidy comes first because it is quickest.
pub fn run(arguments: &LintArguments) -> Result<()> {
    check_rules_of_the_house()?;
    if arguments.tidy {
        return Ok(());
    }
    shell::run(shell::cargo().args(["fmt", "--all", "--check"]).current_dir(shell::checkout()))?;
    shell::run(
        shell::cargo()
            .args(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])
            .current_dir(shell::checkout()),
    )
}

fn check_rules_of_the_house() -> Result<()> {
    let problems = tidy::check(&tidy::Checkout::read(&shell::checkout())?);
    for problem in &problems {
        shell::say(&format!("tidy: {problem}"));
    }
    match problems.len() {
        0 => Ok(()),
        count => bail!(
            "tidy found {count} problems; ARCHITECTURE.md and CONTRIBUTING.md say why each rule is there"
        ),
    }
}
