//! Rules about the text of files.

use std::collections::BTreeSet;

use super::Problem;
use super::checkout::{Checkout, Package, SourceFile};

const FILE_LINES_MAX: usize = 800;
const ARCHITECTURE_LINES_MAX: usize = 200;
const SOURCE_ENDINGS: &[&str] =
    &[".rs", ".py", ".mjs", ".cjs", ".js", ".ts", ".tsx", ".css", ".sh", ".md", ".toml"];
/// This folder names what it forbids.
const TIDY: &str = "xtask/src/tidy/";

/// A file that nobody can read in one go wants to be split.
pub fn files_are_short(checkout: &Checkout) -> Vec<Problem> {
    let sources = checkout.files.iter().filter(|file| is_written_by_hand(&file.path));
    let counted = sources.map(|file| (file, file.text.lines().count()));
    counted
        .filter(|(_, lines)| *lines > FILE_LINES_MAX)
        .map(|(file, lines)| format!("{} has {lines} lines; split it at {FILE_LINES_MAX}", file.path))
        .collect()
}

/// The bird's-eye view stays one.
pub fn architecture_is_short(checkout: &Checkout) -> Vec<Problem> {
    let file = checkout.file("ARCHITECTURE.md");
    let lines = file.map_or(0, |file| file.text.lines().count());
    match lines {
        0 => vec!["ARCHITECTURE.md is missing".to_owned()],
        lines if lines > ARCHITECTURE_LINES_MAX => {
            vec![format!("ARCHITECTURE.md has {lines} lines; at most {ARCHITECTURE_LINES_MAX} are read")]
        }
        _ => Vec::new(),
    }
}

/// A test that does not hold today asserts today's answer and says FIXME.
pub fn no_test_is_switched_off(checkout: &Checkout) -> Vec<Problem> {
    let forbidden = ["#[ignore", "#[should_panic", "todo!("];
    let mut problems = Vec::new();
    for file in rust_files(checkout).filter(|file| !file.path.starts_with(TIDY)) {
        for (number, line) in code_lines(&file.text) {
            for word in forbidden.iter().filter(|word| line.contains(**word)) {
                problems.push(format!("{}:{number}: `{word}` is not used in this house", file.path));
            }
        }
    }
    problems
}

/// A target with `test = false` builds no test, so a test in its sources would never run.
pub fn no_test_is_never_built(checkout: &Checkout) -> Vec<Problem> {
    let mut problems = Vec::new();
    for package in checkout.packages.iter().filter(|package| has_untested_sources(package)) {
        let sources = format!("{}/src/", package.folder);
        for file in rust_files(checkout).filter(|file| file.path.starts_with(&sources)) {
            if code_lines(&file.text).any(|(_, line)| line.trim_start().starts_with("#[cfg(test)]")) {
                problems.push(format!(
                    "{} holds tests that are never built: `{}` has `test = false`",
                    file.path, package.name
                ));
            }
        }
    }
    problems
}

/// `lib.rs` opens with what the crate promises and refuses.
pub fn crates_say_what_they_promise(checkout: &Checkout) -> Vec<Problem> {
    let libraries = checkout.files.iter().filter(|file| file.path.ends_with("/src/lib.rs"));
    let silent = libraries.filter(|file| !file.text.starts_with("//!"));
    silent
        .map(|file| format!("{} does not begin with `//!`: say what the crate promises", file.path))
        .collect()
}

/// INVARIANT: only one function of `credentials` builds an S3 client.
pub fn one_function_builds_an_s3_client(checkout: &Checkout) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut functions = BTreeSet::new();
    for file in rust_files(checkout).filter(|file| !file.path.starts_with(TIDY)) {
        for function in functions_that_name(&file.text, "AmazonS3Builder") {
            if file.path.starts_with("crates/credentials/src/") {
                functions.insert(format!("{}: {function}", file.path));
            } else {
                problems.push(format!(
                    "{}: `{function}` names AmazonS3Builder; only `credentials` may",
                    file.path
                ));
            }
        }
    }
    if functions.len() > 1 {
        let functions: Vec<String> = functions.into_iter().collect();
        problems.push(format!("AmazonS3Builder is named by several functions: {}", functions.join(", ")));
    }
    problems
}

/// Packages come from whatever registry the machine has; `web/.npmrc` keeps npm from writing down which.
pub fn lock_files_name_no_registry(checkout: &Checkout) -> Vec<Problem> {
    let locks = checkout.files.iter().filter(|file| file.path.ends_with("package-lock.json"));
    let naming = locks.filter(|file| file.text.contains("\"resolved\""));
    naming.map(|file| format!("{} names a registry: take its `resolved` lines out", file.path)).collect()
}

fn is_written_by_hand(path: &str) -> bool {
    let is_data = path.split('/').any(|folder| folder == "testdata");
    !is_data && SOURCE_ENDINGS.iter().any(|ending| path.ends_with(ending))
}

fn rust_files(checkout: &Checkout) -> impl Iterator<Item = &SourceFile> {
    checkout.files.iter().filter(|file| file.path.ends_with(".rs"))
}

fn has_untested_sources(package: &Package) -> bool {
    package.targets.iter().any(|target| target.kind == "lib" && !target.is_tested)
}

/// Lines with their numbers, without those that are comments.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    numbered.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The functions with `word` in them; `use` lines name it for all and do not count.
fn functions_that_name(text: &str, word: &str) -> BTreeSet<String> {
    let mut functions = BTreeSet::new();
    let mut current = "the top of the file".to_owned();
    for (_, line) in code_lines(text) {
        if let Some(name) = function_name(line) {
            current = name.to_owned();
        }
        let is_import = line.trim_start().trim_start_matches("pub ").starts_with("use ");
        if line.contains(word) && !is_import {
            functions.insert(current.clone());
        }
    }
    functions
}

fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let is_declaration =
        before.split_whitespace().all(|word| word.starts_with("pub") || word == "async" || word == "const");
    let name = after.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next()?;
    (is_declaration && !name.is_empty()).then_some(name)
}
