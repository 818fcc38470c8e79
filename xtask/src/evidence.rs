//! Secrets that the Rust tests' sandboxes issued, looked for in what the tests' servers logged and answered.

use std::path::{Path, PathBuf};
use std::process::Command;

use aho_corasick::AhoCorasick;
use anyhow::{Context, Result, bail};

/// How session tokens begin, whosever they are.
const TOKEN_START: &str = "IQoJb3JpZ2luX2VjE";
/// Enough of a secret to know it by, also where it was cut.
const TELLING_CHARACTERS: usize = 32;

/// A folder for one run.
pub struct Evidence {
    issued: PathBuf,
    left: PathBuf,
}

impl Evidence {
    /// Empties what an earlier run left.
    pub fn begin(target: &Path) -> Result<Self> {
        let folder = target.join("evidence");
        if folder.exists() {
            std::fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot empty `{}`", folder.display()))?;
        }
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
        Ok(Self { issued: folder.join("issued-secrets"), left: folder.join("log-and-errors") })
    }

    /// Tells the tests where to leave what.
    pub fn ask(&self, command: &mut Command) {
        command
            .env("STAGEDOOR_SANDBOX_ISSUED_SECRETS", &self.issued)
            .env("STAGEDOOR_TEST_EVIDENCE", &self.left);
    }

    /// Fails if a secret was left, or if there was nothing to look for or in.
    pub fn check(&self) -> Result<()> {
        let read = |path: &Path| {
            std::fs::read(path).with_context(|| format!("the tests left no `{}`", path.display()))
        };
        let issued = String::from_utf8_lossy(&read(&self.issued)?).into_owned();
        let left = String::from_utf8_lossy(&read(&self.left)?).into_owned();
        match secrets_in(&issued, &left)?.as_slice() {
            [] => Ok(()),
            found => bail!(
                "{} lines of `{}` hold a secret, the first one:\n{}",
                found.len(),
                self.left.display(),
                found[0]
            ),
        }
    }
}

/// The lines that hold a secret of `issued`, in plain or as URLs write it. One pass for all: there are thousands.
fn secrets_in(issued: &str, left: &str) -> Result<Vec<String>> {
    let mut telling = Vec::new();
    for secret in issued.lines() {
        let secret = secret.strip_prefix(TOKEN_START).unwrap_or(secret);
        let plain: String = secret.chars().take(TELLING_CHARACTERS).collect();
        if plain.is_empty() {
            continue;
        }
        telling.push(plain.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D"));
        telling.push(plain);
    }
    let secrets = AhoCorasick::new(telling).context("too many secrets to look for")?;
    Ok(left.lines().filter(|line| secrets.is_match(line)).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_plain_quoted_and_cut() {
        let issued =
            "abcdefghijklmnopqrstuvwxyz/+0123456789AB\nIQoJb3JpZ2luX2VjE0123456789012345678901234567890123\n";
        let found = |left: &str| secrets_in(issued, left).unwrap().len();
        assert_eq!(found("nothing here\nand here"), 0);
        assert_eq!(found("IQoJb3JpZ2luX2VjE is how they all begin"), 0);
        assert_eq!(found("x abcdefghijklmnopqrstuvwxyz/+0123 y"), 1);
        assert_eq!(found("token=01234567890123456789012345678901&x"), 1);
        assert_eq!(found("x=abcdefghijklmnopqrstuvwxyz%2F%2B0123"), 1);
    }
}
