//! `cargo xtask web`: builds the web app and puts it where the binary embeds it from; tests it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::clients::{Clients, fingerprint};
use crate::shell::{capture, checkout, run, say};

/// What Vite needs.
const NODE: (u32, u32) = (20, 19);
/// What `npm ci` installed, told by its lock file.
const INSTALLED: &str = "node_modules/.stagedoor-lock";
/// What stays in the folder that the binary embeds.
const KEPT: &str = "README.md";

/// What to do besides building.
#[derive(clap::Args, Default)]
pub struct WebArguments {
    /// Check types and run the app's unit tests after building
    #[arg(long)]
    test: bool,
}

/// Builds the app.
pub fn run_command(arguments: &WebArguments) -> Result<()> {
    check_node()?;
    build()?;
    if arguments.test { run_unit_tests() } else { Ok(()) }
}

/// Builds the app where that is possible, and says why where it is not: all the rest works without it.
pub fn build_if_possible() {
    if let Err(reason) = check_node().and_then(|()| build()) {
        say(&format!("without the web app, or with the one built before: {reason:#}"));
    }
}

/// Installs the app's packages as its lock file says, builds, and hands the result to the crate `webui`.
pub fn build() -> Result<()> {
    install()?;
    npm(&["run", "build", "--", "--logLevel", "warn"])?;
    let changed = hand_over(&folder().join("dist"), &embedded())?;
    say(&format!("the web app is built; {changed} files changed"));
    Ok(())
}

/// Types, then functions.
pub fn run_unit_tests() -> Result<()> {
    npm(&["run", "check"])?;
    npm(&["test"])
}

/// Journeys in a real browser against the binary; some go on in a real client.
pub fn run_journeys(stagedoor: &Path, clients: &Clients, arguments: &[String]) -> Result<()> {
    run(Command::new("npx")
        .args(["vitest", "run", "--config", "e2e/vitest.config.ts"])
        .args(arguments)
        .current_dir(folder())
        .env("STAGEDOOR_BIN", stagedoor)
        .env("BENDSQL_BIN", clients.bendsql())
        .env("AWS_BIN", clients.awscli()))
}

fn folder() -> PathBuf {
    checkout().join("web")
}

fn embedded() -> PathBuf {
    checkout().join("crates").join("webui").join("dist")
}

fn install() -> Result<()> {
    let lock = fingerprint(&[&folder().join("package-lock.json")])?;
    let stamp = folder().join(INSTALLED);
    if std::fs::read_to_string(&stamp).is_ok_and(|text| text == lock) {
        return Ok(());
    }
    npm(&["ci", "--no-audit", "--no-fund"])?;
    std::fs::write(&stamp, lock).with_context(|| format!("cannot write `{}`", stamp.display()))
}

fn npm(arguments: &[&str]) -> Result<()> {
    run(Command::new("npm").args(arguments).current_dir(folder()))
}

fn check_node() -> Result<()> {
    let (major, minor) = NODE;
    let Ok(text) = capture(Command::new("node").arg("--version")) else {
        bail!("Node.js {major}.{minor} or newer is needed, and there is no `node`");
    };
    if node_version(&text).is_none_or(|found| found < NODE) {
        bail!("Node.js {major}.{minor} or newer is needed, and `node` is {}", text.trim());
    }
    capture(Command::new("npm").arg("--version")).map(|_| ()).context("npm is needed to build the web app")
}

/// `v20.19.1` is (20, 19).
fn node_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix('v')?.split('.').map(|part| part.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

/// Makes one folder hold what the other does. A file that is the same is not touched, so that cargo builds
/// nothing anew for it. Gives the number of changes.
fn hand_over(from: &Path, to: &Path) -> Result<usize> {
    let wanted = files_below(from)?;
    let present = files_below(to)?;
    let mut changes = 0;
    for name in present.iter().filter(|name| name.as_path() != Path::new(KEPT) && !wanted.contains(*name)) {
        std::fs::remove_file(to.join(name))?;
        changes += 1;
    }
    for name in &wanted {
        let content = std::fs::read(from.join(name))?;
        let target = to.join(name);
        if std::fs::read(&target).is_ok_and(|known| known == content) {
            continue;
        }
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(&target, content).with_context(|| format!("cannot write `{}`", target.display()))?;
        changes += 1;
    }
    Ok(changes)
}

fn files_below(folder: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut files = BTreeSet::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        let entries =
            std::fs::read_dir(&next).with_context(|| format!("cannot read `{}`", next.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(name) = path.strip_prefix(folder) {
                files.insert(name.to_path_buf());
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_node_are_compared_by_number() {
        assert_eq!(node_version("v20.19.1\n"), Some((20, 19)));
        assert!(node_version("v20.9.0").unwrap() < NODE);
        assert!(node_version("v22.1.0").unwrap() > NODE);
        assert_eq!(node_version("20"), None);
    }

    #[test]
    fn only_what_changed_is_written() {
        let root = std::env::temp_dir().join(format!("stagedoor-xtask-{}-web", std::process::id()));
        let (from, to) = (root.join("from"), root.join("to"));
        std::fs::create_dir_all(from.join("assets")).unwrap();
        std::fs::create_dir_all(to.join("assets")).unwrap();
        std::fs::write(from.join("index.html"), "new").unwrap();
        std::fs::write(from.join("assets/a.js"), "same").unwrap();
        std::fs::write(to.join("assets/a.js"), "same").unwrap();
        std::fs::write(to.join("assets/old.js"), "old").unwrap();
        std::fs::write(to.join(KEPT), "kept").unwrap();
        assert_eq!(hand_over(&from, &to).unwrap(), 2);
        assert_eq!(hand_over(&from, &to).unwrap(), 0);
        assert!(to.join(KEPT).exists() && !to.join("assets/old.js").exists());
        std::fs::remove_dir_all(root).unwrap();
    }
}
