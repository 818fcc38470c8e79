//! No policy of the role allows the listing: other listings and other rights are tried, to find what was meant.

use std::sync::Arc;

use object_store::aws::AwsCredential;

use super::ladder::{Advice, likeliest_first};
use super::list::{absent_key, bucket_arn, may_read, transport_condition};
use super::reach::may_write;
use super::s3_probe::{Ask, S3Probe};
use super::{Climb, Held, ValidatePlace};

/// What folders of data are often called.
const FOLDERS_BELOW: [&str; 16] = [
    "2020",
    "2021",
    "2022",
    "2023",
    "2024",
    "2025",
    "2026",
    "year=2024",
    "year=2025",
    "year=2026",
    "data",
    "raw",
    "v1",
    "daily",
    "public",
    "in",
];

impl Climb<'_> {
    pub(super) async fn no_list(
        &self,
        probe: &S3Probe,
        place: &ValidatePlace,
        keys: Option<&Arc<AwsCredential>>,
        held: &Held,
        fix: &str,
    ) -> Advice {
        if let Some(cause) = find_condition(probe, place, keys).await {
            return Advice::new(cause, fix);
        }
        let arn = bucket_arn(held, &place.bucket);
        let base = format!("no policy of the role allows s3:ListBucket on `{arn}`");
        let reads = may_read(probe, keys, &absent_key(&place.prefix)).await;
        let reads_elsewhere =
            !place.prefix.is_empty() && may_read(probe, keys, &absent_key("")).await == Some(true);
        let writes = match keys {
            Some(keys) => may_write(probe, keys, &absent_key(&place.prefix)).await,
            None => false,
        };
        let on_objects = format!("s3:ListBucket is on `{arn}/*`, which names the objects and not the bucket");
        let missing = "its statement is missing".to_owned();
        let misspelt = "the action is misspelt (s3:ListObjects and s3:ListObjectsV2 do not exist)".to_owned();
        let other_folder = "a condition on s3:prefix names another folder".to_owned();
        let other_bucket =
            format!("its Resource is not `{arn}` (a slip, a region or an account in it is enough)");
        let condition = format!(
            "another condition ({}, aws:SourceIp, aws:SourceVpce, aws:RequestedRegion, MFA, a date) does not hold",
            transport_condition(Self::is_insecure(probe))
        );
        let (known, causes) = if let Some(action) = other_bucket_actions(probe, keys).await {
            let missing = "s3:ListBucket is missing in that statement".to_owned();
            (format!(", though it may do {action} on it"), vec![missing, misspelt, other_folder, condition])
        } else if reads == Some(true) && lists_parts(probe, keys, &absent_key(&place.prefix)).await && writes
        {
            // s3:* and s3:List* take s3:ListBucket in: what is left is where.
            let cause = format!(
                "{base}, while everything that was tried is allowed on the objects, by `s3:*` or the like: likely its \
                 Resource is `{arn}/*` alone, which names the objects; s3:ListBucket must be on `{arn}`, which names the \
                 bucket"
            );
            return Advice::new(cause, fix);
        } else if reads == Some(false) && writes {
            (
                ", while writing objects is allowed".to_owned(),
                vec![
                    "the policy has writing alone".to_owned(),
                    on_objects,
                    misspelt,
                    other_folder,
                    condition,
                ],
            )
        } else if reads == Some(false) {
            let elsewhere = if reads_elsewhere {
                "the policies name another folder than the stage's"
            } else {
                "those that are name another bucket or folder (a slip, a blank, a variable, or a region or an account in the ARN is \
                 enough)"
            };
            let none = "no policy is attached to the role".to_owned();
            let known = format!(", and none s3:GetObject on `{arn}/{}*`", place.prefix);
            let first = if reads_elsewhere { elsewhere.to_owned() } else { none.clone() };
            let second = if reads_elsewhere { none } else { elsewhere.to_owned() };
            (known, vec![first, second, other_folder, condition])
        } else {
            let known = if reads == Some(true) { ", while reading objects is allowed" } else { "" };
            // Who lets all of the bucket be read has one statement for everything; who does not, one for each action.
            let causes = if reads_elsewhere || place.prefix.is_empty() {
                vec![on_objects, missing, misspelt, other_bucket, other_folder, condition]
            } else {
                vec![missing, on_objects, other_folder, misspelt, other_bucket, condition]
            };
            (known.to_owned(), causes)
        };
        let look = self.role_policy_hint(held, place);
        Advice::new(format!("{base}{known}: {}{look}", likeliest_first(&causes)), fix)
    }
}

/// Whether parts of uploads may be listed, which `s3:List*` on objects takes in and policies by hand do not.
async fn lists_parts(probe: &S3Probe, keys: Option<&Arc<AwsCredential>>, key: &str) -> bool {
    let query = [("uploadId", "stagedoor-no-such-upload")];
    probe.ask(keys, &Ask { key, query: &query, ..Ask::default() }).await.is_code("NoSuchUpload")
}

/// A listing with one thing changed that works tells which condition stands in the way.
async fn find_condition(
    probe: &S3Probe,
    place: &ValidatePlace,
    keys: Option<&Arc<AwsCredential>>,
) -> Option<String> {
    let prefix = place.prefix.as_str();
    let works = |query: Vec<(&'static str, String)>| async move {
        let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        probe.ask(keys, &Ask { query: &query, ..Ask::default() }).await.is_success()
    };
    let list = |prefix: Option<String>| {
        let mut query = vec![("list-type", "2".to_owned())];
        query.extend(prefix.map(|prefix| ("prefix", prefix)));
        query
    };
    let with = |name: &'static str, value: &str| {
        let mut query = list(Some(prefix.to_owned()));
        query.push((name, value.to_owned()));
        query
    };
    let condition = "the role's policy allows s3:ListBucket under a condition";
    if works(with("delimiter", "/")).await {
        return Some(format!(
            "{condition} on s3:delimiter: only listings folder by folder (delimiter `/`) are allowed, and Stagedoor lists \
             without a delimiter"
        ));
    }
    if works(with("max-keys", "1")).await {
        return Some(format!(
            "{condition} on s3:max-keys: only listings that ask for few keys are allowed, and Stagedoor asks for whole pages"
        ));
    }
    if prefix.is_empty() {
        return None;
    }
    let bare = prefix.trim_end_matches('/').to_owned();
    if works(list(Some(format!("{prefix}*")))).await {
        return Some(format!(
            "{condition} on s3:prefix that compares `{prefix}*` letter by letter: StringEquals takes `*` for a star; \
             StringLike is meant"
        ));
    }
    if bare != prefix && works(list(Some(bare.clone()))).await {
        return Some(format!(
            "{condition} on s3:prefix that takes `{bare}` and not `{prefix}`: it lacks the `/` at the end"
        ));
    }
    for (variant, what) in [
        (format!("/{prefix}"), "it begins with a `/`, and no key does"),
        (prefix.to_lowercase(), "upper and lower case differ"),
        (prefix.to_uppercase(), "upper and lower case differ"),
    ] {
        if variant != prefix && works(list(Some(variant.clone()))).await {
            return Some(format!(
                "{condition} on s3:prefix that takes `{variant}` and not `{prefix}`: {what}"
            ));
        }
    }
    let mut parent = bare.as_str();
    while let Some((above, _)) = parent.rsplit_once('/') {
        if works(list(Some(format!("{above}/")))).await {
            return Some(format!(
                "{condition} on s3:prefix that takes `{above}/` and not `{prefix}`: StringEquals takes that one prefix alone, \
                 StringLike with `{above}/*` is meant"
            ));
        }
        parent = above;
    }
    if works(list(None)).await || works(list(Some(String::new()))).await {
        return Some(format!(
            "{condition} on s3:prefix that takes the whole bucket and leaves out `{prefix}`: it compares with the empty prefix"
        ));
    }
    // A folder below the prefix, whatever its name: StringLike with a pattern that wants more than the prefix.
    if works(list(Some(format!("{prefix}x")))).await {
        return Some(format!(
            "{condition} on s3:prefix that takes what begins with `{prefix}` and not `{prefix}` itself: `{prefix}*` is meant"
        ));
    }
    // One folder below it: a listing of the prefix is refused, so that its name is not known.
    for folder in FOLDERS_BELOW {
        let below = format!("{prefix}{folder}/");
        if works(list(Some(below.clone()))).await {
            return Some(format!(
                "{condition} on s3:prefix that takes `{below}` and not `{prefix}`: it names a folder below; `{prefix}*` is \
                 meant, or the stage should be at `{below}`"
            ));
        }
    }
    None
}

/// Another action on the bucket that is allowed, where one is.
async fn other_bucket_actions(probe: &S3Probe, keys: Option<&Arc<AwsCredential>>) -> Option<&'static str> {
    for (parameter, action) in [
        ("versions", "s3:ListBucketVersions"),
        ("uploads", "s3:ListBucketMultipartUploads"),
        ("location", "s3:GetBucketLocation"),
    ] {
        let query = [(parameter, "")];
        if probe.ask(keys, &Ask { query: &query, ..Ask::default() }).await.is_success() {
            return Some(action);
        }
    }
    None
}
