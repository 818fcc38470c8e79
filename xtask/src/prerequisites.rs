//! What the client tests need from the machine besides Rust.
//!
//! On Debian and its relatives, as root, what is missing is installed; elsewhere it is named.

use std::process::Command;

use anyhow::{Result, bail};

use crate::shell::{run, say, succeeds};

/// A program of the machine, how to see that it is there, and the Debian packages that bring it.
struct Prerequisite {
    name: &'static str,
    probe: &'static [&'static str],
    packages: &'static [&'static str],
}

const PREREQUISITES: &[Prerequisite] = &[
    Prerequisite { name: "a C compiler (`cc`)", probe: &["cc", "--version"], packages: &["build-essential"] },
    Prerequisite {
        name: "Python 3.10 or newer with `venv`",
        probe: &["python3", "-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))"],
        packages: &["python3", "python3-venv"],
    },
    Prerequisite {
        name: "Node.js 16 or newer",
        probe: &["node", "-e", "process.exit(Number(process.versions.node.split('.')[0]) < 16 ? 1 : 0)"],
        packages: &["nodejs"],
    },
    Prerequisite { name: "npm", probe: &["npm", "--version"], packages: &["npm"] },
];

/// Makes sure that everything is there, or says what is not.
pub fn check() -> Result<()> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    if can_install() {
        install(&missing)?;
    }
    let missing = self::missing();
    if missing.is_empty() {
        return Ok(());
    }
    bail!("{}", complaint(&missing));
}

fn missing() -> Vec<&'static Prerequisite> {
    PREREQUISITES.iter().filter(|prerequisite| !is_there(prerequisite)).collect()
}

fn is_there(prerequisite: &Prerequisite) -> bool {
    match prerequisite.probe {
        [program, arguments @ ..] => succeeds(Command::new(program).args(arguments)),
        [] => true,
    }
}

fn can_install() -> bool {
    let user = Command::new("id").arg("-u").output();
    let is_root = user.is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    is_root && succeeds(Command::new("apt-get").arg("--version"))
}

fn install(missing: &[&Prerequisite]) -> Result<()> {
    let packages: Vec<&str> =
        missing.iter().flat_map(|prerequisite| prerequisite.packages).copied().collect();
    say(&format!("installing what the client tests need: {}", packages.join(" ")));
    run(Command::new("apt-get").args(["update", "-q"]))?;
    run(Command::new("apt-get")
        .args(["install", "-q", "-y", "--no-install-recommends"])
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive"))
}

fn complaint(missing: &[&Prerequisite]) -> String {
    let names: Vec<&str> = missing.iter().map(|prerequisite| prerequisite.name).collect();
    let packages: Vec<&str> =
        missing.iter().flat_map(|prerequisite| prerequisite.packages).copied().collect();
    format!(
        "the client tests need {}, not found on this machine; on Debian: `apt-get install {}`; \
         `cargo xtask test --rust` does without",
        names.join(", "),
        packages.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_its_package() {
        let absent = Prerequisite {
            name: "the absent program",
            probe: &["no-such-program-anywhere"],
            packages: &["absent-package"],
        };
        assert!(!is_there(&absent));
        let complaint = complaint(&[&absent]);
        assert!(complaint.contains("need the absent program, not found"), "{complaint}");
        assert!(complaint.contains("`apt-get install absent-package`"), "{complaint}");
    }

    #[test]
    fn a_program_that_ends_badly_is_not_there() {
        let old = Prerequisite { name: "old", probe: &["cargo", "no-such-command"], packages: &[] };
        assert!(!is_there(&old));
    }
}
