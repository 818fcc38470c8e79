//! Rung `reach`: what the role allows beyond the stage. Tried by requests that change nothing.

use http::Method;
use iam::texts::{StageScope, role_policy};

use super::command::Command;
use super::ladder::{Advice, Fallen, Step, rung};
use super::list::{absent_key, may_read};
use super::s3_probe::{Ask, S3Probe};
use super::{Climb, Held, ValidatePlace};
use crate::Access;

impl Climb<'_> {
    pub(super) async fn climb_reach(
        &mut self,
        probe: &S3Probe,
        place: &ValidatePlace,
        held: &Held,
    ) -> Result<(), Fallen> {
        let Some(keys) = &held.whole else {
            let seen = if held.scoped.is_none() { "requests are not signed" } else { "could not be tried" };
            return self.ladder.climb(Step::ok(rung::REACH, seen));
        };
        let mut more = Vec::new();
        if !place.prefix.is_empty() {
            let query = [("list-type", "2"), ("max-keys", "1")];
            if probe.ask(Some(keys), &Ask { query: &query, ..Ask::default() }).await.is_success() {
                more.push(format!("list all of bucket `{}`", place.bucket));
            }
            if may_read(probe, Some(keys), &absent_key("")).await == Some(true) {
                more.push(format!("read outside `{}`", place.prefix));
            }
        }
        if self.request.access == Access::Read {
            if may_write(probe, keys, &absent_key(&place.prefix)).await {
                more.push("write (the stage only reads)".to_owned());
            }
        } else if !place.prefix.is_empty() && may_write(probe, keys, &absent_key("")).await {
            more.push(format!("write outside `{}`", place.prefix));
        }
        if lists_buckets(probe, keys).await {
            more.push("list the names of the account's buckets".to_owned());
        }
        let call = Command::new("iam", "list-role-policies")
            .option("role-name", held.role_name.as_deref().unwrap_or("ROLE"))
            .text();
        if more.is_empty() {
            let seen = format!("no more than `{}` needs, as far as was tried", Self::url(place));
            return self.ladder.climb(Step::ok(rung::REACH, seen).call(call));
        }
        let partition = held.role_arn.as_deref().and_then(|arn| arn.split(':').nth(1)).unwrap_or("aws");
        let smaller = role_policy(&StageScope {
            partition,
            bucket: &place.bucket,
            prefix: &place.prefix,
            access: self.request.access,
            kms_key: self.kms_key(),
        });
        let advice = Advice::new(
            "the role allows more than the stage needs; keys for queries are scoped down to the stage all the same",
            smaller,
        );
        let seen = format!("the role may also {}", more.join(", "));
        self.ladder.climb(Step::warning(rung::REACH, seen, advice).call(call))
    }
}

/// A part of an upload that does not exist cannot be stored: S3 says whether it might have been.
pub(super) async fn may_write(
    probe: &S3Probe,
    keys: &std::sync::Arc<object_store::aws::AwsCredential>,
    key: &str,
) -> bool {
    let query = [("partNumber", "1"), ("uploadId", "stagedoor-no-such-upload")];
    let ask = Ask { method: Method::PUT, key, query: &query, body: b"x", ..Ask::default() };
    let answer = probe.ask(Some(keys), &ask).await;
    answer.is_code("NoSuchUpload")
}

async fn lists_buckets(probe: &S3Probe, keys: &std::sync::Arc<object_store::aws::AwsCredential>) -> bool {
    let service = probe.service();
    let answer = service.ask(Some(keys), &Ask::default()).await;
    answer.is_success() && answer.text().contains("ListAllMyBucketsResult")
}
