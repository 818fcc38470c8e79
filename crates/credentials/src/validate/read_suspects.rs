//! No policy of the role allows reading: other names and other rights are tried, to find what was meant.

use std::sync::Arc;

use object_store::aws::AwsCredential;

use super::ladder::{Advice, likeliest_first};
use super::list::{Listed, absent_key, bucket_arn, folders, may_list, may_read, transport_condition};
use super::reach::may_write;
use super::s3_probe::{Ask, S3Probe};
use super::{Climb, Held, ValidatePlace};

/// Other keys that are tried when one is refused.
const OTHER_KEYS_MAX: usize = 5;
const FIRST_BYTE: [(&str, &str); 1] = [("range", "bytes=0-0")];

impl Climb<'_> {
    /// No policy of the role allows it: asks for neighbours, to find what was meant.
    pub(super) async fn no_get(
        &self,
        probe: &S3Probe,
        place: &ValidatePlace,
        held: &Held,
        keys: &[Listed],
        chosen: &Listed,
        fix: &str,
    ) -> Advice {
        let whole = held.whole.as_ref().or(held.scoped.as_ref());
        let bucket = bucket_arn(held, &place.bucket);
        let wanted = format!("{bucket}/{}*", place.prefix);
        let base = format!("no policy of the role allows s3:GetObject on `{bucket}/{}`", chosen.key);
        if let Some(other) = readable_neighbour(probe, whole, keys, chosen).await {
            return Advice::new(
                format!(
                    "{base}, while `{other}` can be read: likely the statement's Resource takes in some names only, or a \
                     condition asks for tags of the object (s3:ExistingObjectTag)"
                ),
                fix,
            );
        }
        let elsewhere = may_read(probe, whole, &absent_key("")).await == Some(true);
        if elsewhere && !place.prefix.is_empty() {
            return Advice::new(
                format!(
                    "{base}, while names elsewhere in the bucket may be read: likely a NotResource, or a Resource that leaves `{}` out",
                    place.prefix
                ),
                fix,
            );
        }
        let case = "upper and lower case of the folder differ in the statement's Resource".to_owned();
        for (key, cause) in [
            (
                place.prefix.trim_end_matches('/').to_owned(),
                format!(
                    "the statement's Resource ends in `/{}`: it lacks the `/*` behind the folder",
                    place.prefix.trim_end_matches('/')
                ),
            ),
            (
                place.prefix.clone(),
                format!(
                    "the statement's Resource ends in `/{}`: it lacks the `*` behind the folder",
                    place.prefix
                ),
            ),
            (
                format!("/{}.stagedoor-absent", place.prefix),
                "the statement's Resource has a second `/` behind the bucket, and no key begins with one"
                    .to_owned(),
            ),
            (format!("{}.stagedoor-absent", place.prefix.to_lowercase()), case.clone()),
            (format!("{}.stagedoor-absent", place.prefix.to_uppercase()), case.clone()),
            (format!("{}.stagedoor-absent", capitalized(&place.prefix)), case),
        ] {
            let is_other = !key.is_empty() && !key.starts_with(&format!("{}.", place.prefix));
            if is_other && may_read(probe, whole, &key).await == Some(true) {
                return Advice::new(format!("{base}: {cause}; `{wanted}` is meant"), fix);
            }
        }
        for extension in ["csv", "parquet", "json"] {
            let key = format!("{}.{extension}", absent_key(&place.prefix));
            if may_read(probe, whole, &key).await == Some(true) {
                return Advice::new(
                    format!(
                        "{base}: the statement's Resource takes in names that end in `.{extension}` only; `{wanted}` is meant"
                    ),
                    fix,
                );
            }
        }
        if let Some(cause) = other_action(probe, whole, &chosen.key).await {
            return Advice::new(format!("{base}: {cause}"), fix);
        }
        if let Some(folder) = readable_folder(probe, whole, place, held).await {
            return Advice::new(
                format!(
                    "{base}, while names below `{folder}` may be read: likely the statement's Resource names that folder; \
                     `{wanted}` is meant"
                ),
                fix,
            );
        }
        let writes = match whole {
            Some(keys) => may_write(probe, keys, &chosen.key).await,
            None => false,
        };
        if writes {
            return Advice::new(
                format!(
                    "{base}, while writing it is: likely s3:GetObject is missing in the statement that allows s3:PutObject"
                ),
                fix,
            );
        }
        let on_bucket =
            format!("its Resource is `{bucket}` (the bucket) instead of `{wanted}` (the objects)");
        let missing = "the statement is missing (or in a version of the policy that is not the default one), or its action misspelt"
            .to_owned();
        let other = format!(
            "its Resource names another folder or bucket than `{wanted}` (a slip, a variable, or a region or an account in \
             the ARN is enough)"
        );
        let condition = format!(
            "a condition of it ({}, aws:SourceIp, aws:SourceVpce, s3:ExistingObjectTag, aws:RequestedRegion, MFA, a date) does \
             not hold",
            transport_condition(Self::is_insecure(probe))
        );
        // Who lets all of the bucket be listed may have one statement for both actions.
        let lists_all = !place.prefix.is_empty() && may_list(probe, whole, "").await;
        let causes = if lists_all || place.prefix.is_empty() {
            [on_bucket, missing, other, condition]
        } else {
            [missing, on_bucket, other, condition]
        };
        let look = self.role_policy_hint(held, place);
        Advice::new(format!("{base}: {}{look}", likeliest_first(&causes)), fix)
    }
}

/// Other actions of reading that are allowed on the very file.
async fn other_action(probe: &S3Probe, keys: Option<&Arc<AwsCredential>>, key: &str) -> Option<String> {
    let mut allowed = Vec::new();
    for (query, action) in [
        (("versionId", "null"), "s3:GetObjectVersion"),
        (("acl", ""), "s3:GetObjectAcl"),
        (("tagging", ""), "s3:GetObjectTagging"),
    ] {
        let query = [query];
        let ask = Ask { key, query: &query, headers: &FIRST_BYTE, ..Ask::default() };
        if probe.ask(keys, &ask).await.is_success() {
            allowed.push(action);
        }
    }
    match allowed.as_slice() {
        [] => None,
        ["s3:GetObjectVersion"] => {
            Some("it allows s3:GetObjectVersion, which is for old versions; s3:GetObject is meant".to_owned())
        }
        [action] => Some(format!("it allows {action}, which is not for the content; s3:GetObject is meant")),
        [action, ..] => Some(format!(
            "it allows {action} and other actions there, and not s3:GetObject itself: likely s3:GetObject stands under \
             NotAction, or a list of actions leaves it out"
        )),
    }
}

/// A folder beside or below the place whose names may be read.
async fn readable_folder(
    probe: &S3Probe,
    keys: Option<&Arc<AwsCredential>>,
    place: &ValidatePlace,
    held: &Held,
) -> Option<String> {
    let mut tried = folders(probe, &place.prefix, held).await;
    let above = place.prefix.trim_end_matches('/').rsplit_once('/').map_or("", |(above, _)| above);
    let above = if above.is_empty() { String::new() } else { format!("{above}/") };
    if !place.prefix.is_empty() {
        tried.extend(folders(probe, &above, held).await);
    }
    for folder in tried.into_iter().filter(|folder| *folder != place.prefix) {
        if may_read(probe, keys, &absent_key(&folder)).await == Some(true) {
            return Some(folder);
        }
    }
    None
}

fn capitalized(prefix: &str) -> String {
    let mut characters = prefix.chars();
    characters.next().map_or(String::new(), |first| first.to_uppercase().chain(characters).collect())
}

async fn readable_neighbour(
    probe: &S3Probe,
    keys: Option<&Arc<AwsCredential>>,
    listed: &[Listed],
    chosen: &Listed,
) -> Option<String> {
    // One of each kind of name says more than the first few.
    let extension = |key: &str| key.rsplit_once('.').map(|(_, extension)| extension.to_owned());
    let mut seen = vec![extension(&chosen.key)];
    let mut others: Vec<&Listed> = Vec::new();
    for other in listed.iter().filter(|other| other.size > 0 && other.key != chosen.key) {
        let kind = extension(&other.key);
        if !seen.contains(&kind) {
            seen.push(kind);
            others.push(other);
        }
    }
    others.extend(listed.iter().rev().filter(|other| other.size > 0 && other.key != chosen.key).take(2));
    for other in others.into_iter().take(OTHER_KEYS_MAX) {
        let ask = Ask { key: &other.key, headers: &FIRST_BYTE, ..Ask::default() };
        if probe.ask(keys, &ask).await.is_success() {
            return Some(other.key.clone());
        }
    }
    None
}
