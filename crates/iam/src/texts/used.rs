//! The smallest policy for what was really done with a bucket.

use super::document::{StatementText, document};
use super::setup::print;
use super::{DENY_EVERYTHING, escape_pattern, is_kms_key};
use crate::arn::is_partition;

/// Keys that are written out one by one; with more of them, their folder stands for all.
const KEYS_WRITTEN_MAX: usize = 3;

/// One action and what it was done to: keys, or the prefixes of listings.
#[derive(Clone, Copy, Debug)]
pub struct Used<'a> {
    /// `s3:GetObject`, `s3:ListBucket`, …
    pub action: &'a str,
    /// Never empty.
    pub resources: &'a [String],
}

/// The permissions that cover these uses and no more than their folders. A text that denies everything for what is
/// no bucket.
pub fn used_policy(partition: &str, bucket: &str, uses: &[Used], kms_key: Option<&str>) -> String {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if !is_partition(partition) || bucket.is_empty() || !bucket.bytes().all(is_name) {
        return DENY_EVERYTHING.to_owned();
    }
    let arn = format!("arn:{partition}:s3:::{bucket}");
    let mut statements: Vec<StatementText> = Vec::new();
    for used in uses.iter().filter(|used| used.action == "s3:ListBucket") {
        let patterns = patterns(used.resources);
        let is_everything = patterns.iter().any(|pattern| pattern == "*");
        statements.push(StatementText {
            sid: Some("ListWhatWasListed"),
            actions: vec![used.action],
            resources: vec![arn.clone()],
            conditions: if is_everything {
                Vec::new()
            } else {
                vec![("StringLike", vec![("s3:prefix".to_owned(), patterns)])]
            },
            ..StatementText::default()
        });
    }
    // Actions on the same keys go together.
    let mut on_objects: Vec<StatementText> = Vec::new();
    for used in uses.iter().filter(|used| used.action != "s3:ListBucket") {
        let resources: Vec<String> =
            patterns(used.resources).iter().map(|pattern| format!("{arn}/{pattern}")).collect();
        match on_objects.iter_mut().find(|statement| statement.resources == resources) {
            Some(statement) => statement.actions.push(used.action),
            None => on_objects.push(StatementText {
                actions: vec![used.action],
                resources,
                ..StatementText::default()
            }),
        }
    }
    statements.append(&mut on_objects);
    let did = |action: &str| uses.iter().any(|used| used.action == action);
    let mut key_actions = Vec::new();
    if did("s3:GetObject") || did("s3:PutObject") {
        key_actions.push("kms:Decrypt");
    }
    if did("s3:PutObject") {
        key_actions.push("kms:GenerateDataKey");
    }
    if let Some(kms_key) = kms_key.filter(|key| is_kms_key(key) && !key_actions.is_empty()) {
        statements.push(StatementText {
            sid: Some("UseKey"),
            actions: key_actions,
            resources: vec![kms_key.to_owned()],
            ..StatementText::default()
        });
    }
    print(&document(statements))
}

/// Few texts as they are, a folder with all below it, or the folder that many have in common.
fn patterns(texts: &[String]) -> Vec<String> {
    if texts.len() <= KEYS_WRITTEN_MAX {
        let mut patterns: Vec<String> = texts.iter().map(|text| pattern_of(text)).collect();
        patterns.sort();
        patterns.dedup();
        return patterns;
    }
    let mut common = texts.first().map(String::as_str).unwrap_or_default();
    for text in texts {
        let shared = common.char_indices().zip(text.chars()).find(|((_, ours), theirs)| ours != theirs);
        let length = match shared {
            Some(((at, _), _)) => at,
            None => common.len().min(text.len()),
        };
        common = common.get(..length).unwrap_or_default();
    }
    let folder = common.rfind('/').and_then(|at| common.get(..=at)).unwrap_or_default();
    vec![format!("{}*", escape_pattern(folder))]
}

fn pattern_of(text: &str) -> String {
    let is_folder = text.is_empty() || text.ends_with('/');
    format!("{}{}", escape_pattern(text), if is_folder { "*" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(uses: &[(&'static str, &[&str])]) -> String {
        let owned: Vec<(&'static str, Vec<String>)> = uses
            .iter()
            .map(|(action, texts)| (*action, texts.iter().map(|text| (*text).to_owned()).collect()))
            .collect();
        let uses: Vec<Used> = owned.iter().map(|(action, resources)| Used { action, resources }).collect();
        let text = used_policy("aws", "b", &uses, None);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        lines.concat()
    }

    #[test]
    fn a_file_is_named_and_many_files_are_their_folder() {
        let one = policy(&[("s3:GetObject", &["raw/a.parquet"])]);
        assert!(one.contains(r#""Resource": "arn:aws:s3:::b/raw/a.parquet""#), "{one}");
        let keys = ["raw/2024/a", "raw/2024/b", "raw/2025/a", "raw/2025/b"];
        let many = policy(&[("s3:GetObject", &keys), ("s3:ListBucket", &["raw/"])]);
        assert!(many.contains(r#""Resource": "arn:aws:s3:::b/raw/*""#), "{many}");
        assert!(many.contains(r#""s3:prefix": "raw/*""#), "{many}");
        let odd = policy(&[("s3:GetObject", &["r*/a", "r*/b", "r*/c", "r*/d"])]);
        assert!(odd.contains("b/r${*}/*"), "{odd}");
        let apart = policy(&[("s3:GetObject", &["é/a", "é/b", "ê/c", "d"])]);
        assert!(apart.contains(r#""arn:aws:s3:::b/*""#), "{apart}");
    }

    #[test]
    fn actions_on_the_same_keys_go_together_and_the_whole_bucket_has_no_condition() {
        let text =
            policy(&[("s3:GetObject", &["a/x"]), ("s3:PutObject", &["a/x"]), ("s3:ListBucket", &[""])]);
        assert!(text.contains(r#""Action": ["s3:GetObject","s3:PutObject"]"#), "{text}");
        assert!(!text.contains("Condition"), "{text}");
        assert_eq!(used_policy("aws", "b/c", &[], None), DENY_EVERYTHING);
    }
}
