//! Each rule is shown a checkout that breaks it: a rule that cannot fail holds nothing.

use super::checkout::{Checkout, Dependency, Package, SourceFile, Target};
use super::{check, crates, sources};

const TABLE: &str = "\
# Architecture

| crate | one sentence | may depend on |
| --- | --- | --- |
| `iam` | decides | – |
| `engine` | runs | `iam` |
| `server` | serves | `engine` |
| `credentials` | opens | `iam` |
| `sandbox` | plays AWS | `iam` |
";

#[test]
fn a_house_in_order_has_no_problems() {
    assert_eq!(check(&house()), Vec::<String>::new());
}

#[test]
fn an_edge_that_is_not_in_the_table() {
    let mut house = house();
    depend(&mut house, "iam", "sandbox", false);
    expect(crates::edges_are_in_the_table, &house, "`iam` depends on `sandbox`, which ARCHITECTURE.md");
}

#[test]
fn a_row_that_no_longer_holds() {
    let mut house = house();
    package(&mut house, "engine").dependencies.retain(|dependency| dependency.name != "iam");
    expect(crates::edges_are_in_the_table, &house, "says `engine` may depend on `iam`; it does not");
}

#[test]
fn a_crate_without_a_row_and_a_row_without_a_crate() {
    let mut house = house();
    house.packages.push(Package { name: "newcomer".into(), ..Package::default() });
    house.packages.retain(|package| package.name != "sandbox");
    expect(crates::edges_are_in_the_table, &house, "no row for the crate `newcomer`");
    expect(crates::edges_are_in_the_table, &house, "a row for `sandbox`, which is no crate");
}

#[test]
fn a_missing_table() {
    let mut house = house();
    house.files.retain(|file| file.path != "ARCHITECTURE.md");
    expect(crates::edges_are_in_the_table, &house, "has no table");
    expect(sources::architecture_is_short, &house, "ARCHITECTURE.md is missing");
}

#[test]
fn an_edge_of_tests() {
    let mut house = house();
    depend(&mut house, "credentials", "sandbox", true);
    depend(&mut house, "server", "sandbox", true);
    assert!(crates::edges_are_in_the_table(&house).is_empty());
    depend(&mut house, "sandbox", "credentials", true);
    expect(crates::edges_are_in_the_table, &house, "the tests of `sandbox` depend on `credentials`");
}

#[test]
fn datafusion_outside_the_engine() {
    let mut house = house();
    depend(&mut house, "server", "datafusion-common", false);
    expect(crates::only_engine_names_datafusion, &house, "`server` names datafusion");
}

#[test]
fn a_runtime_in_a_leaf_crate() {
    let mut house = house();
    package(&mut house, "iam").tree.insert("tokio".into());
    expect(crates::leaf_crates_have_no_runtime, &house, "`iam` brings tokio");
}

#[test]
fn a_second_integration_binary() {
    let mut house = house();
    package(&mut house, "iam").targets.push(target("test", "more", true));
    expect(crates::one_integration_binary_per_crate, &house, "`iam` has the test binary `more`");
}

#[test]
fn another_binary_with_datafusion() {
    let mut house = house();
    package(&mut house, "server").targets.push(target("bin", "stagedoor", true));
    expect(crates::three_test_binaries_link_datafusion, &house, "`server/(bin stagedoor)` links DataFusion");
}

#[test]
fn a_missing_binary_with_datafusion() {
    let mut house = house();
    package(&mut house, "engine").targets.clear();
    expect(crates::three_test_binaries_link_datafusion, &house, "`engine/(lib engine)` is missing");
}

#[test]
fn a_long_file() {
    let mut house = house();
    add_file(&mut house, "crates/iam/src/long.rs", &"\n".repeat(801));
    add_file(&mut house, "crates/iam/testdata/long.md", &"\n".repeat(801));
    expect(sources::files_are_short, &house, "crates/iam/src/long.rs has 801 lines");
    assert_eq!(sources::files_are_short(&house).len(), 1);
}

#[test]
fn a_long_architecture() {
    let mut house = house();
    add_file(&mut house, "ARCHITECTURE.md", &"line\n".repeat(201));
    expect(sources::architecture_is_short, &house, "ARCHITECTURE.md has 201 lines");
}

#[test]
fn tests_that_are_switched_off() {
    for word in ["#[ignore]", "#[should_panic(expected = \"x\")]", "todo!()"] {
        let mut house = house();
        add_file(&mut house, "crates/iam/src/lib.rs", &format!("//! Iam.\n    {word}\n// {word}\n"));
        expect(sources::no_test_is_switched_off, &house, "crates/iam/src/lib.rs:2:");
        assert_eq!(sources::no_test_is_switched_off(&house).len(), 1);
    }
}

#[test]
fn tests_that_are_never_built() {
    let mut house = house();
    package(&mut house, "engine").targets = vec![target("lib", "engine", false)];
    add_file(&mut house, "crates/engine/src/plan.rs", "#[cfg(test)]\nmod tests {}\n");
    expect(sources::no_test_is_never_built, &house, "crates/engine/src/plan.rs holds tests");
}

#[test]
fn a_silent_crate() {
    let mut house = house();
    add_file(&mut house, "crates/iam/src/lib.rs", "mod policy;\n");
    expect(sources::crates_say_what_they_promise, &house, "crates/iam/src/lib.rs does not begin");
}

#[test]
fn a_second_place_that_builds_an_s3_client() {
    let mut house = house();
    add_file(
        &mut house,
        "crates/credentials/src/other.rs",
        "pub(crate) fn peek() {\n    let fnord = AmazonS3Builder::new();\n}\n",
    );
    expect(sources::one_function_builds_an_s3_client, &house, "crates/credentials/src/other.rs: peek");

    let mut house = self::house();
    add_file(
        &mut house,
        "crates/engine/src/shortcut.rs",
        "async fn open() {\n    AmazonS3Builder::from_env();\n}\n",
    );
    expect(
        sources::one_function_builds_an_s3_client,
        &house,
        "`open` names AmazonS3Builder; only `credentials`",
    );
}

#[test]
fn a_lock_file_that_names_a_registry() {
    let mut house = house();
    add_file(&mut house, "web/package-lock.json", "{ \"integrity\": \"x\" }");
    assert!(sources::lock_files_name_no_registry(&house).is_empty());
    add_file(&mut house, "web/package-lock.json", "{ \"resolved\": \"https://registry.test/a.tgz\" }");
    expect(sources::lock_files_name_no_registry, &house, "web/package-lock.json names a registry");
}

fn expect(rule: fn(&Checkout) -> Vec<String>, house: &Checkout, phrase: &str) {
    let problems = rule(house);
    assert!(problems.iter().any(|problem| problem.contains(phrase)), "`{phrase}` is not in {problems:?}");
}

/// A small workspace that keeps every rule.
fn house() -> Checkout {
    let mut house = Checkout::default();
    for name in ["iam", "engine", "server", "credentials", "sandbox"] {
        let folder = format!("crates/{name}");
        add_file(&mut house, &format!("{folder}/src/lib.rs"), "//! Promises something.\n");
        house.packages.push(Package { name: name.into(), folder, ..Package::default() });
    }
    for (from, to) in [
        ("engine", "iam"),
        ("engine", "datafusion"),
        ("server", "engine"),
        ("credentials", "iam"),
        ("sandbox", "iam"),
    ] {
        depend(&mut house, from, to, false);
    }
    package(&mut house, "engine").targets = vec![target("lib", "engine", true)];
    package(&mut house, "server").targets = vec![target("lib", "server", true), target("test", "it", true)];
    add_file(
        &mut house,
        "crates/credentials/src/bucket.rs",
        "use object_store::aws::AmazonS3Builder;\n\nfn open_store() {\n    AmazonS3Builder::new()\n}\n",
    );
    add_file(&mut house, "ARCHITECTURE.md", TABLE);
    house
}

fn package<'a>(house: &'a mut Checkout, name: &str) -> &'a mut Package {
    house.packages.iter_mut().find(|package| package.name == name).unwrap()
}

fn depend(house: &mut Checkout, from: &str, to: &str, is_dev: bool) {
    package(house, from).dependencies.push(Dependency { name: to.into(), is_dev });
}

fn target(kind: &str, name: &str, is_tested: bool) -> Target {
    Target { name: name.into(), kind: kind.into(), is_tested }
}

fn add_file(house: &mut Checkout, path: &str, text: &str) {
    house.files.retain(|file| file.path != path);
    house.files.push(SourceFile { path: path.into(), text: text.into() });
}
