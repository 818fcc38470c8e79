//! BendSQL from crates.io, its source unchanged.
//!
//! Its lock file pins a kstring that needs a newer Rust than ours, so `cargo install` fails; the same
//! source with that one pin lowered builds.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::shell::{capture, cargo, run, say};

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
    let metadata = capture(cargo_in(&asking).args(["metadata", "--format-version", "1"]))?;
    let downloaded = find_source(&metadata)?;
    let source = workshop.join(format!("bendsql-{VERSION}"));
    if source.exists() {
        std::fs::remove_dir_all(&source)?;
    }
    copy_folder(&downloaded, &source)?;
    Ok(source)
}

fn find_source(metadata: &str) -> Result<PathBuf> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        manifest_path: PathBuf,
    }
    let metadata: Metadata = serde_json::from_str(metadata).context("`cargo metadata` changed its answer")?;
    let package = metadata.packages.into_iter().find(|package| package.name == "bendsql");
    let manifest = package.context("cargo did not download `bendsql`")?.manifest_path;
    Ok(manifest.parent().context("a manifest has a folder")?.to_path_buf())
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
