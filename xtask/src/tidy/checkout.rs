//! What the rules look at: the packages as cargo sees them and the files as git does.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::shell::{capture, cargo};

/// Crates that must stay free of an async runtime.
pub const LEAF_CRATES: &[&str] = &["iam", "protocol", "sql"];

/// Everything the rules need to know, read once.
#[derive(Debug, Default)]
pub struct Checkout {
    pub packages: Vec<Package>,
    pub files: Vec<SourceFile>,
}

/// One package of the workspace.
#[derive(Debug, Default, Clone)]
pub struct Package {
    pub name: String,
    /// Relative to the root of the checkout, with `/`.
    pub folder: String,
    pub dependencies: Vec<Dependency>,
    pub targets: Vec<Target>,
    /// Names of all packages that its normal dependencies bring, read for the leaf crates alone.
    pub tree: BTreeSet<String>,
}

/// One line of a `[dependencies]` table.
#[derive(Debug, Default, Clone)]
pub struct Dependency {
    pub name: String,
    pub is_dev: bool,
}

/// One thing that cargo builds of a package.
#[derive(Debug, Default, Clone)]
pub struct Target {
    pub name: String,
    /// `lib`, `bin`, `test`, …
    pub kind: String,
    /// Whether `cargo test` makes a test binary of it.
    pub is_tested: bool,
}

/// A text file of the checkout.
#[derive(Debug, Default, Clone)]
pub struct SourceFile {
    /// Relative to the root of the checkout, with `/`.
    pub path: String,
    pub text: String,
}

impl Checkout {
    /// Asks cargo and git.
    pub fn read(root: &Path) -> Result<Self> {
        let mut packages = read_packages(root)?;
        for package in packages.iter_mut().filter(|package| LEAF_CRATES.contains(&package.name.as_str())) {
            package.tree = read_tree(root, &package.name)?;
        }
        Ok(Self { packages, files: read_files(root)? })
    }

    /// A package of the workspace by its name.
    pub fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }

    /// A file by its path.
    pub fn file(&self, path: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path == path)
    }
}

fn read_packages(root: &Path) -> Result<Vec<Package>> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<MetadataPackage>,
    }
    #[derive(Deserialize)]
    struct MetadataPackage {
        name: String,
        manifest_path: PathBuf,
        dependencies: Vec<MetadataDependency>,
        targets: Vec<MetadataTarget>,
    }
    #[derive(Deserialize)]
    struct MetadataDependency {
        name: String,
        kind: Option<String>,
    }
    #[derive(Deserialize)]
    struct MetadataTarget {
        name: String,
        kind: Vec<String>,
        test: bool,
    }

    let text = capture(
        cargo().args(["metadata", "--format-version", "1", "--no-deps", "--locked"]).current_dir(root),
    )?;
    let metadata: Metadata = serde_json::from_str(&text).context("`cargo metadata` changed its answer")?;
    let packages = metadata.packages.into_iter().map(|package| {
        let folder = package.manifest_path.parent().unwrap_or(root);
        Package {
            name: package.name,
            folder: folder.strip_prefix(root).unwrap_or(folder).to_string_lossy().into_owned(),
            dependencies: package
                .dependencies
                .into_iter()
                .map(|dependency| Dependency {
                    name: dependency.name,
                    is_dev: dependency.kind.as_deref() == Some("dev"),
                })
                .collect(),
            targets: package
                .targets
                .into_iter()
                .map(|target| Target {
                    name: target.name,
                    kind: target.kind.into_iter().next().unwrap_or_default(),
                    is_tested: target.test,
                })
                .collect(),
            tree: BTreeSet::new(),
        }
    });
    Ok(packages.collect())
}

/// `cargo tree` for one package alone: `cargo metadata` would add what other members switch on.
fn read_tree(root: &Path, package: &str) -> Result<BTreeSet<String>> {
    let text = capture(
        cargo()
            .args(["tree", "--locked", "--package", package, "--edges", "normal", "--prefix", "none"])
            .current_dir(root),
    )?;
    Ok(text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
}

/// Text files that git knows or would take; what is no UTF-8 is nobody's source.
fn read_files(root: &Path) -> Result<Vec<SourceFile>> {
    let list = capture(
        Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"])
            .current_dir(root),
    )?;
    let paths = list.split('\0').filter(|path| !path.is_empty());
    let files = paths.filter_map(|path| {
        let text = std::fs::read_to_string(root.join(path)).ok()?;
        Some(SourceFile { path: path.to_owned(), text })
    });
    Ok(files.collect())
}
