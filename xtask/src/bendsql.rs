//! BendSQL from crates.io, its source unchanged.
//!
//! Its lock file pins a kstring that needs a newer Rust than ours, so `cargo install` fails; the same
//! source with that one pin lowered builds.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell::{cargo, run, say};

/// The version the tests are written for.
pub const VERSION: &str = "0.34.2";
/// The newest kstring for Rust 1.95.
const KSTRING: &str = "2.0.2";

/// Builds BendSQL below `cache` and leaves the binary in `folder`.
pub fn build(cache: &Path, folder: &Path) -> Result<()> {
    say("building BendSQL, once for this machine; this takes some minutes");
    let workshop = cache.join("build");
    let source = copy_source(&workshop)?;
    run(cargo_in(&source).args(["update", "--package", "kstring", "--precise", KSTRING]))?;
    // The development profile: what is tested is the server, and it builds much faster.
    run(cargo_in(&source)
        .args(["build", "--locked"])
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_TARGET_DIR", source.join("target")))?;
    let binary = source.join("target").join("debug").join("bendsql");
    std::fs::copy(&binary, folder.join("bendsql"))
        .with_context(|| format!("cannot copy `{}`", binary.display()))?;
    std::fs::remove_dir_all(&workshop).with_context(|| format!("cannot remove `{}`", workshop.display()))
}

/// Lets cargo download the crate as a dependency of an empty package, and copies its source.
fn copy_source(workshop: &Path) -> Result<PathBuf> {
    let asking = workshop.join("asking");
    std::fs::create_dir_all(asking.join("src"))?;
    std::fs::write(asking.join("src").join("lib.rs"), "")?;
    std::fs::write(
        asking.join("Cargo.toml"),
        format!(
            "[package]\nname = \"asking\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n\
             [dependencies]\nbendsql = \"={VERSION}\"\n\n[workspace]\n"
        ),
    )?;
    run(cargo_in(&asking).args(["fetch", "--quiet"]))?;
    let downloaded = find_source(&cargo_home()?)?;
    let source = workshop.join(format!("bendsql-{VERSION}"));
    if source.exists() {
        std::fs::remove_dir_all(&source)?;
    }
    copy_folder(&downloaded, &source)?;
    Ok(source)
}

/// Cargo unpacks downloads to `registry/src/<registry>/<name>-<version>`. It does not name the folder of a
/// package without a library in `cargo metadata`, so the folder is looked for.
fn find_source(cargo_home: &Path) -> Result<PathBuf> {
    let sources = cargo_home.join("registry").join("src");
    let registries =
        std::fs::read_dir(&sources).with_context(|| format!("cannot read `{}`", sources.display()))?;
    for registry in registries {
        let folder = registry?.path().join(format!("bendsql-{VERSION}"));
        if folder.join("Cargo.toml").exists() {
            return Ok(folder);
        }
    }
    bail!("cargo did not download `bendsql` to `{}`", sources.display())
}

/// Where cargo keeps its downloads.
fn cargo_home() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("CARGO_HOME") {
        return Ok(PathBuf::from(folder));
    }
    let home = std::env::var_os("HOME").context("neither CARGO_HOME nor HOME is set")?;
    Ok(PathBuf::from(home).join(".cargo"))
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from).with_context(|| format!("cannot read `{}`", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Cargo in another folder, free of what this workspace set in the environment.
fn cargo_in(folder: &Path) -> Command {
    let mut command = cargo();
    command.current_dir(folder).env_remove("CARGO_TARGET_DIR").env_remove("RUSTFLAGS");
    command
}
