//! No policy of the role allows writing or deleting: other names are tried, to find what was meant.

use super::ladder::{Advice, likeliest_first};
use super::list::{absent_key, bucket_arn, transport_condition};
use super::reach::may_write;
use super::s3_probe::S3Probe;
use super::{Climb, Held, ValidatePlace};

impl Climb<'_> {
    pub(super) async fn no_write(
        &self,
        probe: &S3Probe,
        place: &ValidatePlace,
        held: &Held,
        action: &'static str,
        fix: &str,
    ) -> Advice {
        let bucket = bucket_arn(held, &place.bucket);
        let wanted = format!("{bucket}/{}*", place.prefix);
        let base = format!("no policy of the role allows {action} on `{wanted}`");
        let look = self.role_policy_hint(held, place);
        if action != "s3:PutObject" {
            return Advice::new(
                format!(
                    "{base}, while s3:PutObject is allowed there: likely {action} is missing in that statement or misspelt; \
                     less likely its own statement has another Resource, or a condition that does not hold{look}"
                ),
                fix,
            );
        }
        let keys = held.whole.as_ref().or(held.scoped.as_ref());
        if let Some(keys) = keys
            && !place.prefix.is_empty()
        {
            if may_write(probe, keys, &absent_key("")).await {
                return Advice::new(
                    format!(
                        "{base}, while names elsewhere in the bucket may be written: likely a NotResource, or a Resource that \
                         leaves `{}` out",
                        place.prefix
                    ),
                    fix,
                );
            }
            let folder = place.prefix.trim_end_matches('/');
            for (key, cause) in [
                (
                    folder.to_owned(),
                    format!(
                        "the statement's Resource ends in `/{folder}`: it lacks the `/*` behind the folder"
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
                    absent_key(&format!("/{}", place.prefix)),
                    "the statement's Resource has a second `/` behind the bucket, and no key begins with one"
                        .to_owned(),
                ),
                (
                    absent_key(&place.prefix.to_lowercase()),
                    "upper and lower case of the folder differ in the statement's Resource".to_owned(),
                ),
                (
                    absent_key(&place.prefix.to_uppercase()),
                    "upper and lower case of the folder differ in the statement's Resource".to_owned(),
                ),
            ] {
                let is_other = !key.starts_with(&format!("{}.", place.prefix));
                if is_other && may_write(probe, keys, &key).await {
                    return Advice::new(format!("{base}: {cause}; `{wanted}` is meant"), fix);
                }
            }
        }
        let condition = format!(
            "a condition of it ({}, s3:x-amz-server-side-encryption, s3:x-amz-acl, \
             s3:x-amz-storage-class, s3:RequestObjectTag, a date) does not hold",
            transport_condition(Self::is_insecure(probe))
        );
        let causes = [
            "the statement has reading alone (s3:PutObject is missing or misspelt)".to_owned(),
            format!(
                "its Resource is `{bucket}` (the bucket) or another folder instead of `{wanted}` (the objects)"
            ),
            condition,
        ];
        Advice::new(format!("{base}, while reading is allowed: {}{look}", likeliest_first(&causes)), fix)
    }
}
