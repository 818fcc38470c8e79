//! Why an element of a role's policy does not fit what is needed.

use super::role::{LIST, Need};
use super::slips::{is_slip, nearest};
use crate::PolicyStatement;
use crate::condition::Condition;

/// Actions of S3 that a slip may have meant.
const KNOWN_ACTIONS: [&str; 10] = [
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "s3:ListBucket",
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
    "s3:GetBucketLocation",
    "s3:GetObjectVersion",
];

impl Need<'_> {
    pub(super) fn explain_condition(&self, condition: &Condition) -> String {
        let key = condition.key.to_lowercase();
        let listed = condition.wanted.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
        let prefix = &self.wanted.prefix;
        match key.as_str() {
            "s3:prefix" if self.part != LIST => {
                format!(
                    "s3:prefix is a key of listings, and {} has none: put it into a statement of its own",
                    self.action
                )
            }
            "s3:prefix" => {
                let values = || condition.wanted.iter().map(String::as_str);
                let bare = prefix.trim_end_matches('/');
                let is_equals = !condition.operator.contains("Like");
                if is_equals && values().any(|value| value.contains('*')) {
                    format!(
                        "{} on s3:prefix takes `*` for a star in {listed}: StringLike is meant",
                        condition.operator
                    )
                } else if condition.operator.contains("Not") {
                    format!("{} on s3:prefix leaves out {listed}", condition.operator)
                } else if values().any(|value| !bare.is_empty() && value == bare) {
                    format!(
                        "s3:prefix must be {listed}, and the stage lists `{prefix}`: the `/` at the end is missing"
                    )
                } else if values().any(|value| value.trim_start_matches('/') != value) {
                    format!("s3:prefix must be {listed}, which begins with a `/`, and no key does")
                } else if values()
                    .any(|value| value.to_lowercase().trim_end_matches('*') == prefix.to_lowercase())
                {
                    format!(
                        "s3:prefix must be {listed}, and the stage lists `{prefix}`: upper and lower case differ"
                    )
                } else {
                    format!("s3:prefix must be {listed}, and the stage lists `{prefix}`")
                }
            }
            "s3:delimiter" => {
                format!("s3:delimiter must be {listed}, and Stagedoor lists without a delimiter")
            }
            "s3:max-keys" => {
                "s3:max-keys is asked for, and Stagedoor asks for whole pages without it".to_owned()
            }
            "aws:multifactorauthpresent" | "aws:multifactorauthage" => {
                format!("{} asks for multi-factor authentication, and a server has no device", condition.key)
            }
            "aws:securetransport" => "aws:SecureTransport asks for plain HTTP".to_owned(),
            "s3:x-amz-server-side-encryption" => {
                format!("{} must be {listed}, and Stagedoor sends no such header", condition.key)
            }
            "s3:x-amz-acl" => format!("s3:x-amz-acl must be {listed}, and Stagedoor sends no such header"),
            _ if key.starts_with("s3:existingobjecttag/") => {
                format!("{} must be {listed}: only objects with that tag may be read", condition.key)
            }
            _ => match nearest(
                &condition.key,
                &["s3:prefix", "s3:delimiter", "aws:PrincipalArn", "aws:SourceIp"],
            ) {
                Some(near)
                    if !near.eq_ignore_ascii_case(&condition.key) && self.context.get(&key).is_none() =>
                {
                    format!("the key {} does not exist: {near} is meant", condition.key)
                }
                _ => match self.context.get(&key) {
                    Some(found) => format!(
                        "{} must be {listed}, and the request has `{}`",
                        condition.key,
                        found.join(", ")
                    ),
                    None => format!("{} must be {listed}, and the request has none", condition.key),
                },
            },
        }
    }

    /// Why the Resource of a statement about the right action does not fit; less is nearer.
    pub(super) fn explain_resource(&self, statement: &PolicyStatement) -> Option<(u8, String)> {
        let resources = statement.resources.as_ref()?;
        let wanted = self.wanted;
        let (bucket, objects) = (wanted.bucket_arn(), wanted.objects_arn());
        let right = if self.part == LIST { &bucket } else { &objects };
        let id = statement.id();
        if resources.is_negated {
            return Some((
                2,
                format!(
                    "{id} allows {} on everything but `{}` (NotResource)",
                    self.action,
                    resources.patterns.iter().map(|p| p.text().to_owned()).collect::<Vec<_>>().join("`, `")
                ),
            ));
        }
        let explain = |text: &str| -> (u8, String) {
            if self.is_of_key() {
                return explain_key(text, &self.resource, self.action);
            }
            let found = text.strip_prefix(&format!("arn:{}:s3:::", wanted.role.partition()));
            let Some(found) = found else {
                return (6, format!("{id} has the Resource `{text}`; it must be `{right}`"));
            };
            let (name, keys) = match found.split_once('/') {
                Some((name, keys)) => (name, Some(keys)),
                None => (found, None),
            };
            let of_bucket = name == wanted.bucket;
            if self.part == LIST {
                if of_bucket && keys.is_some() {
                    return (
                        0,
                        format!(
                            "s3:ListBucket is on `{text}`, which names objects and not the bucket: it must be on `{bucket}`"
                        ),
                    );
                }
            } else if of_bucket {
                let Some(keys) = keys else {
                    return (
                        0,
                        format!(
                            "{} is on `{text}`, which names the bucket and not its objects: it must be on `{objects}`",
                            self.action
                        ),
                    );
                };
                return (1, self.explain_keys(text, keys, &objects));
            }
            if is_slip(name, &wanted.bucket) {
                return (2, format!("{id} names the bucket `{name}`, a slip of `{}`", wanted.bucket));
            }
            (4, format!("{id} names another bucket, `{name}`; the stage is in `{}`", wanted.bucket))
        };
        resources.patterns.iter().map(|pattern| explain(pattern.text())).min_by_key(|(rank, _)| *rank)
    }

    fn explain_keys(&self, text: &str, keys: &str, objects: &str) -> String {
        let prefix = &self.wanted.prefix;
        let bare = prefix.trim_end_matches('/');
        let action = self.action;
        if !keys.contains('*') && (keys == bare || keys == prefix) {
            return format!(
                "{action} is on `{text}`, a single name: the `*` behind the folder is missing, `{objects}` is meant"
            );
        }
        if keys.starts_with('/') {
            return format!(
                "{action} is on `{text}`, with a second `/` behind the bucket: no key begins with one"
            );
        }
        let folder = keys.trim_end_matches('*');
        if folder.to_lowercase() == prefix.to_lowercase() {
            return format!(
                "{action} is on `{text}`: upper and lower case of the folder differ from `{prefix}`"
            );
        }
        if keys.starts_with(prefix.as_str()) || folder.starts_with(prefix.as_str()) {
            return format!("{action} is on `{text}`, a part of the stage only: `{objects}` is meant");
        }
        format!("{action} is on `{text}`, another folder than the stage's: `{objects}` is meant")
    }

    /// Why the actions of a statement are not the one that was meant.
    pub(super) fn explain_action(&self, statement: &PolicyStatement) -> Option<(String, String)> {
        if statement.actions.is_negated {
            let listed = statement.actions().collect::<Vec<_>>().join(", ");
            return Some((
                format!("NotAction {listed}"),
                format!(
                    "{} allows everything but {listed} (NotAction), and {} is among them",
                    statement.id(),
                    self.action
                ),
            ));
        }
        statement.actions().find_map(|written| {
            let meant = match written.to_lowercase().as_str() {
                "s3:listobjects" | "s3:listobjectsv2" | "s3:list" | "s3:listbuckets" => Some("s3:ListBucket"),
                "s3:listallmybuckets" => None,
                "s3:headobject" | "s3:readobject" | "s3:get" => Some("s3:GetObject"),
                "s3:uploadobject" | "s3:writeobject" => Some("s3:PutObject"),
                _ => nearest(written, &KNOWN_ACTIONS).filter(|near| !near.eq_ignore_ascii_case(written)),
            };
            if meant != Some(self.action) {
                return None;
            }
            Some((
                written.to_owned(),
                format!(
                    "{} has the action `{written}`, which is not {}: that is meant",
                    statement.id(),
                    self.action
                ),
            ))
        })
    }
}

/// Why the Resource of a statement about KMS is not the key.
fn explain_key(text: &str, key: &str, action: &str) -> (u8, String) {
    let (region, found) = (key.split(':').nth(3), text.split(':').nth(3));
    if text.contains(":alias/") {
        return (0, format!("{action} is on `{text}`: an alias names no key in a policy, `{key}` is meant"));
    }
    if text.starts_with("arn:") && region != found && text.rsplit('/').next() == key.rsplit('/').next() {
        return (1, format!("{action} is on `{text}`, in another region: `{key}` is meant"));
    }
    if is_slip(text, key) {
        return (1, format!("{action} is on `{text}`, a slip of `{key}`"));
    }
    (4, format!("{action} is on `{text}`, which is not the key of the files: `{key}` is meant"))
}
