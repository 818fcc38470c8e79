//! `tests/roles/<case>/`: what somebody got wrong in AWS, seen from SQL. `tests/roles/README.md` describes the
//! files of a case.

mod aws;
mod cases;
mod external_id;
mod fixes;
mod hints;
mod scene;
mod steps;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sqllogictest::{Runner, default_column_validator, default_normalizer, default_validator};

use scene::Scene;

/// With it, the answers of the steps are written into the files: read them before committing.
const UPDATE: &str = "UPDATE_ROLES";
const STEPS: &str = "steps.slt";
const FIXED_STEPS: &str = "fixed.slt";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/roles")
}

/// The steps of a case; and, where the operator has to mend the server itself, those of the server that is started
/// anew from `fixed.toml`.
async fn play(case: &str) {
    let folder = folder().join(case);
    play_steps(case, &folder, "world.toml", STEPS).await;
    if folder.join("fixed.toml").exists() {
        play_steps(case, &folder, "fixed.toml", FIXED_STEPS).await;
    }
}

async fn play_steps(case: &str, folder: &Path, world: &str, steps: &str) {
    let scene = Scene::set(folder, world).await;
    let mut runner = Runner::new(|| {
        let steps = scene.steps();
        async move { Ok(steps) }
    });
    let file = folder.join(steps);
    if std::env::var_os(UPDATE).is_some() {
        let updated = runner
            .update_test_file(&file, "\t", default_validator, default_normalizer, default_column_validator)
            .await;
        updated.unwrap_or_else(|error| panic!("{case}: {error}"));
        return;
    }
    runner.run_file_async(&file).await.unwrap_or_else(|failure| panic!("{case}: {}", failure.display(false)));
}

/// Cases in which nothing is wrong, or nothing that a rung of the ladder shows: that is what they say.
const HARMLESS: &[&str] = &[
    "connection_without_stage",
    "organization_without_principal",
    "policy_as_the_cli_prints_it",
    "public_access_blocked",
    "right",
    "role_put_right_a_moment_ago",
    "same_path_two_buckets",
    "token_right",
    "trust_names_our_session",
    "trust_names_the_account",
    "two_organizations_one_role",
    "write_works",
];

/// Each case shows what is wrong, and at the last look none of the rungs that were wrong still is.
#[test]
fn every_case_is_put_right() {
    let mut unmended = Vec::new();
    for case in cases::ALL {
        let folder = folder().join(case);
        let texts =
            [STEPS, FIXED_STEPS].map(|file| std::fs::read_to_string(folder.join(file)).unwrap_or_default());
        let looks: Vec<BTreeSet<String>> = texts.iter().flat_map(|text| looks(text)).collect();
        let wrong: BTreeSet<&String> = looks.iter().flatten().collect();
        if HARMLESS.contains(case) {
            assert!(wrong.is_empty(), "{case} is no harmless case: {wrong:?}");
            continue;
        }
        assert!(!wrong.is_empty(), "{case}: what is wrong?");
        let last = looks.last().unwrap();
        let left: Vec<_> = looks[0].intersection(last).collect();
        if !left.is_empty() || looks.len() < 2 {
            unmended.push(format!("{case}: {left:?}"));
        }
    }
    assert!(unmended.is_empty(), "the fix is not applied in: {}", unmended.join("; "));
}

/// For each `FINDINGS OF`, the rungs that are not in order.
fn looks(text: &str) -> Vec<BTreeSet<String>> {
    let blocks = text.split("\n\n").filter(|block| block.contains("FINDINGS OF VALIDATE"));
    blocks
        .map(|block| {
            let lines =
                block.lines().skip_while(|line| *line != "----").filter(|line| !line.starts_with("fix: "));
            let rungs = lines
                .filter_map(|line| line.split_once(" failed: ").or_else(|| line.split_once(" warning: ")));
            rungs.map(|(rung, _)| rung.to_owned()).collect()
        })
        .collect()
}

/// Each folder is a case, and each case has a folder.
#[test]
fn every_folder_is_played() {
    let entries = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap());
    let folders: BTreeSet<String> = entries
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let played: BTreeSet<String> = cases::ALL.iter().map(|case| (*case).to_owned()).collect();
    assert_eq!(folders, played);
}
