//! What the tests of clients and of the web app need from the machine besides Rust.
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
        name: "Node.js 20.19 or newer",
        probe: &[
            "node",
            "-e",
            "const [major, minor] = process.versions.node.split('.').map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)",
        ],
        packages: &["nodejs"],
    },
    Prerequisite { name: "npm", probe: &["npm", "--version"], packages: &["npm"] },
    Prerequisite { name: "Chromium", probe: &["chromium", "--version"], packages: &["chromium"] },
];

/// A cloud that some tests run against; without it they are skipped.
const OPTIONAL: &[Prerequisite] = &[Prerequisite {
    name: "Ceph's object gateway",
    probe: &[
        "sh",
        "-c",
        "command -v radosgw && command -v ceph-mon && command -v ceph-osd && command -v ceph",
    ],
    packages: &["radosgw", "ceph-mon", "ceph-osd", "ceph-common"],
}];

/// Makes sure that everything is there, or says what is not.
pub fn check() -> Result<()> {
    install_optional();
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

/// Installs what can be done without, where that is possible; says what will be skipped where it is not.
fn install_optional() {
    let missing: Vec<&Prerequisite> = OPTIONAL.iter().filter(|optional| !is_there(optional)).collect();
    if missing.is_empty() || (can_install() && install(&missing).is_ok()) {
        return;
    }
    for optional in missing {
        let packages = optional.packages.join(" ");
        say(&format!("{} is not on this machine: its tests are skipped ({packages})", optional.name));
    }
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
    say(&format!("installing what the tests need: {}", packages.join(" ")));
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
        "the tests of clients and of the web app need {}, not found on this machine; on Debian: `apt-get install {}`; \
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
