//! Rules about crates, their edges and their test binaries.

use std::collections::{BTreeMap, BTreeSet};

use super::Problem;
use super::checkout::{Checkout, LEAF_CRATES, Package};

const ARCHITECTURE: &str = "ARCHITECTURE.md";
/// Edges that only tests have; `server` may use any crate in its tests.
const DEV_EDGES: &[(&str, &str)] = &[("credentials", "sandbox")];
/// The tests that pay for linking DataFusion, so that all others stay quick.
const DATAFUSION_TESTS: &[&str] = &["engine/(lib engine)", "server/(lib server)", "server/it"];

/// The edges between our crates are those of the table in ARCHITECTURE.md, no more and no fewer.
pub fn edges_are_in_the_table(checkout: &Checkout) -> Vec<Problem> {
    let Some(table) = checkout.file(ARCHITECTURE).and_then(|file| read_table(&file.text)) else {
        return vec![format!("{ARCHITECTURE} has no table with the columns `crate` and `may depend on`")];
    };
    let mut problems = Vec::new();
    for package in &checkout.packages {
        let Some(allowed) = table.get(&package.name) else {
            problems.push(format!("{ARCHITECTURE} has no row for the crate `{}`", package.name));
            continue;
        };
        let edges = edges(checkout, package, false);
        for edge in edges.difference(allowed) {
            problems
                .push(format!("`{}` depends on `{edge}`, which {ARCHITECTURE} does not allow", package.name));
        }
        for edge in allowed.difference(&edges) {
            problems
                .push(format!("{ARCHITECTURE} says `{}` may depend on `{edge}`; it does not", package.name));
        }
        for edge in edges_of_tests_not_allowed(checkout, package, allowed) {
            problems.push(format!(
                "the tests of `{}` depend on `{edge}`; this edge is not allowed",
                package.name
            ));
        }
    }
    for name in table.keys().filter(|name| checkout.package(name).is_none()) {
        problems.push(format!("{ARCHITECTURE} has a row for `{name}`, which is no crate of the workspace"));
    }
    problems
}

/// Only `engine` may name DataFusion in its Cargo.toml.
pub fn only_engine_names_datafusion(checkout: &Checkout) -> Vec<Problem> {
    let others = checkout.packages.iter().filter(|package| package.name != "engine");
    let offenders = others.filter(|package| names_datafusion(package));
    offenders
        .map(|package| format!("`{}` names datafusion in its Cargo.toml; only `engine` may", package.name))
        .collect()
}

/// `iam`, `sql` and `protocol` stay usable without an async runtime.
pub fn leaf_crates_have_no_runtime(checkout: &Checkout) -> Vec<Problem> {
    let leaves = checkout.packages.iter().filter(|package| LEAF_CRATES.contains(&package.name.as_str()));
    let offenders = leaves.filter(|package| package.tree.contains("tokio"));
    offenders
        .map(|package| format!("`{0}` brings tokio: see `cargo tree -p {0} -i tokio`", package.name))
        .collect()
}

/// Integration tests of a crate are modules of one binary, `tests/it/main.rs`.
pub fn one_integration_binary_per_crate(checkout: &Checkout) -> Vec<Problem> {
    let mut problems = Vec::new();
    for package in &checkout.packages {
        for target in package.targets.iter().filter(|target| target.kind == "test" && target.name != "it") {
            problems.push(format!(
                "`{}` has the test binary `{}`; make it a module of `{}/tests/it/main.rs`",
                package.name, target.name, package.folder
            ));
        }
    }
    problems
}

/// A further test binary with DataFusion in it costs every build a link of hundreds of megabytes.
pub fn three_test_binaries_link_datafusion(checkout: &Checkout) -> Vec<Problem> {
    let heavy: BTreeSet<String> = checkout
        .packages
        .iter()
        .filter(|package| links_datafusion(checkout, package))
        .flat_map(|package| package.targets.iter().map(move |target| (package, target)))
        .filter(|(_, target)| target.is_tested)
        .map(|(package, target)| match target.kind.as_str() {
            "test" => format!("{}/{}", package.name, target.name),
            kind => format!("{}/({kind} {})", package.name, target.name),
        })
        .collect();
    let allowed: BTreeSet<String> = DATAFUSION_TESTS.iter().map(|&name| name.to_owned()).collect();
    let mut problems = Vec::new();
    for binary in heavy.difference(&allowed) {
        problems.push(format!(
            "the test binary `{binary}` links DataFusion; only {} may: set `test = false` for this target",
            DATAFUSION_TESTS.join(" and ")
        ));
    }
    for binary in allowed.difference(&heavy) {
        problems.push(format!("the test binary `{binary}` is missing"));
    }
    problems
}

fn names_datafusion(package: &Package) -> bool {
    package.dependencies.iter().any(|dependency| dependency.name.starts_with("datafusion"))
}

fn links_datafusion(checkout: &Checkout, package: &Package) -> bool {
    names_datafusion(package)
        || package
            .dependencies
            .iter()
            .filter_map(|dependency| checkout.package(&dependency.name))
            .any(|dependency| links_datafusion(checkout, dependency))
}

fn edges(checkout: &Checkout, package: &Package, is_dev: bool) -> BTreeSet<String> {
    let dependencies = package.dependencies.iter().filter(|dependency| dependency.is_dev == is_dev);
    let names = dependencies.map(|dependency| dependency.name.clone());
    names.filter(|name| checkout.package(name).is_some()).collect()
}

fn edges_of_tests_not_allowed(
    checkout: &Checkout,
    package: &Package,
    allowed: &BTreeSet<String>,
) -> Vec<String> {
    let edges = edges(checkout, package, true).into_iter();
    let beyond = edges.filter(|edge| !allowed.contains(edge) && package.name != "server");
    beyond.filter(|edge| !DEV_EDGES.contains(&(package.name.as_str(), edge.as_str()))).collect()
}

/// Reads the first Markdown table that has both columns: crate name to the names it may depend on.
fn read_table(text: &str) -> Option<BTreeMap<String, BTreeSet<String>>> {
    let mut lines = text.lines();
    let (name_column, edges_column) = lines.find_map(|line| {
        let cells = cells(line);
        let position = |title: &str| cells.iter().position(|cell| cell.eq_ignore_ascii_case(title));
        Some((position("crate")?, position("may depend on")?))
    })?;
    let rows = lines.skip(1).take_while(|line| line.trim_start().starts_with('|'));
    let mut table = BTreeMap::new();
    for row in rows {
        let cells = cells(row);
        let name = cells.get(name_column).and_then(|cell| code_words(cell).into_iter().next());
        let edges = cells.get(edges_column).map(|cell| code_words(cell)).unwrap_or_default();
        if let Some(name) = name {
            table.insert(name, edges.into_iter().collect());
        }
    }
    Some(table)
}

fn cells(line: &str) -> Vec<&str> {
    line.trim().trim_matches('|').split('|').map(str::trim).collect()
}

/// The words in backticks.
fn code_words(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
