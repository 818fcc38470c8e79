//! The real clients, installed once into a cache outside the checkout.
//!
//! Each thing has a folder of its own, named after what decides its content, so that a change of a
//! version makes a new folder and two checkouts share the rest.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::bendsql;
use crate::shell::{checkout, run};

/// A folder is finished when this file is in it; an unfinished one is made anew.
const FINISHED: &str = ".complete";

/// Where the installed clients are.
pub struct Clients {
    python: PathBuf,
    node: PathBuf,
    bendsql: PathBuf,
}

impl Clients {
    /// Installs what the cache does not have yet.
    pub fn install() -> Result<Self> {
        let cache = cache_folder()?;
        let sources = checkout().join("tests").join("clients");
        Ok(Self {
            python: install_python(&cache, "python", &sources.join("requirements.txt"))?,
            node: install_node(&cache, &sources)?,
            bendsql: make_folder(&cache, &format!("bendsql-{}", bendsql::VERSION), |folder| {
                bendsql::build(&cache, folder)
            })?,
        })
    }

    /// The command `aws`, for shells.
    pub fn awscli(&self) -> PathBuf {
        self.python.join("bin").join("aws")
    }

    /// The Python that has pytest, the driver, awscli and MiniStack.
    pub fn python(&self) -> PathBuf {
        self.python.join("bin").join("python")
    }

    /// The folder for NODE_PATH.
    pub fn node_modules(&self) -> PathBuf {
        self.node.join("node_modules")
    }

    /// The BendSQL binary.
    pub fn bendsql(&self) -> PathBuf {
        self.bendsql.join("bendsql")
    }
}

/// The Python that has the engines of `bench --peers`.
pub fn install_peers() -> Result<PathBuf> {
    let requirements = checkout().join("bench").join("requirements.txt");
    Ok(install_python(&cache_folder()?, "peers", &requirements)?.join("bin").join("python"))
}

fn install_python(cache: &Path, kind: &str, requirements: &Path) -> Result<PathBuf> {
    let name = format!("{kind}-{}", fingerprint(&[requirements])?);
    make_folder(cache, &name, |folder| {
        run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        run(Command::new(folder.join("bin").join("python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(requirements))
    })
}

fn install_node(cache: &Path, sources: &Path) -> Result<PathBuf> {
    let manifest = sources.join("node").join("package.json");
    let name = format!("node-{}", fingerprint(&[&manifest])?);
    make_folder(cache, &name, |folder| {
        std::fs::copy(&manifest, folder.join("package.json"))
            .with_context(|| format!("cannot copy `{}`", manifest.display()))?;
        // Without a lock file: the manifest pins the driver, the driver pins its binary for each platform.
        run(Command::new("npm")
            .args(["install", "--no-package-lock", "--no-audit", "--no-fund"])
            .current_dir(folder))
    })
}

/// Makes a folder of the cache unless it is there and finished.
fn make_folder(cache: &Path, name: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let folder = cache.join(name);
    if folder.join(FINISHED).exists() {
        return Ok(folder);
    }
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("cannot empty `{}`", folder.display()))?;
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    make(&folder)?;
    std::fs::write(folder.join(FINISHED), "")?;
    Ok(folder)
}

/// `$STAGEDOOR_CACHE`, else the user's cache folder.
fn cache_folder() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("STAGEDOOR_CACHE") {
        return Ok(PathBuf::from(folder));
    }
    if let Some(folder) = std::env::var_os("XDG_CACHE_HOME") {
        return Ok(PathBuf::from(folder).join("stagedoor"));
    }
    let home = std::env::var_os("HOME").context("neither STAGEDOOR_CACHE nor HOME is set")?;
    Ok(PathBuf::from(home).join(".cache").join("stagedoor"))
}

/// FNV-1a over the files: the same on every machine and Rust version, and nobody attacks a cache key.
pub fn fingerprint(files: &[&Path]) -> Result<String> {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for file in files {
        let content = std::fs::read(file).with_context(|| format!("cannot read `{}`", file.display()))?;
        for byte in content {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    Ok(format!("{hash:016x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("stagedoor-xtask-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_finished_folder_is_made_once_and_a_broken_one_again() {
        let cache = scratch("cache");
        let broken = make_folder(&cache, "thing", |folder| {
            std::fs::write(folder.join("half"), "")?;
            anyhow::bail!("the network went away")
        });
        assert!(broken.is_err());
        let folder = make_folder(&cache, "thing", |folder| Ok(std::fs::write(folder.join("whole"), "")?));
        let folder = folder.unwrap();
        assert!(folder.join("whole").exists() && !folder.join("half").exists());
        make_folder(&cache, "thing", |_| anyhow::bail!("must not be made twice")).unwrap();
        std::fs::remove_dir_all(cache).unwrap();
    }

    #[test]
    fn the_fingerprint_follows_the_content() {
        let folder = scratch("fingerprint");
        let file = folder.join("requirements.txt");
        std::fs::write(&file, "pytest==1").unwrap();
        let before = fingerprint(&[&file]).unwrap();
        std::fs::write(&file, "pytest==2").unwrap();
        assert_ne!(before, fingerprint(&[&file]).unwrap());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
