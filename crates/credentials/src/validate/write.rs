//! Rung `write`: one small object of our own is written, read back and deleted; an upload in parts is begun and
//! given up.

use http::Method;

use super::command::Command;
use super::denial::DenialKind;
use super::kms::encryption;
use super::ladder::{Advice, Fallen, Step, rung};
use super::list::bucket_arn;
use super::read::object_statement;
use super::s3_probe::{Answer, Ask, S3Probe};
use super::{Climb, Held, ValidatePlace};
use crate::explain::element;

const BODY: &[u8] = b"stagedoor probe: may be deleted\n";
/// MD5 of the body, base64, which buckets with Object Lock ask for.
const BODY_MD5: &str = "S5JUoDAtVa9CVSutg4AZPQ==";

impl Climb<'_> {
    pub(super) async fn climb_write(
        &mut self,
        probe: &S3Probe,
        place: &ValidatePlace,
        held: &Held,
    ) -> Result<(), Fallen> {
        let key = format!("{}.stagedoor-probe-{:016x}", place.prefix, rand::random::<u64>());
        let command = |operation: &str| {
            Command::new("s3api", operation).option("bucket", &place.bucket).option("key", &key)
        };
        let put_call = command("put-object").option("body", "probe.txt").text();
        let put = Ask { method: Method::PUT, key: &key, body: BODY, ..Ask::default() };
        let (answer, patience) = self.ask_patiently(probe, held.scoped.as_ref(), &put).await;
        if !answer.is_success() {
            let advice = self.explain_put(probe, place, held, &key, &answer).await;
            let seen = format!("{}{patience}", answer.seen());
            self.ladder.climb(Step::failed(rung::WRITE, seen, advice).call(put_call))?;
            return Err(Fallen);
        }
        let read = probe.ask(held.scoped.as_ref(), &Ask { key: &key, ..Ask::default() }).await;
        let delete = Ask { method: Method::DELETE, key: &key, ..Ask::default() };
        let (deleted, patience) = self.ask_patiently(probe, held.scoped.as_ref(), &delete).await;
        let left = format!("`s3://{}/{key}`", place.bucket);
        if !deleted.is_success() {
            let advice = self.explain_refused(probe, place, held, "s3:DeleteObject", &deleted).await;
            let cause = format!("{}; the probe {left} is left behind", advice.cause);
            let seen = format!("written, not deleted: {}{patience}", deleted.seen());
            let step = Step::failed(rung::WRITE, seen, Advice::new(cause, advice.fix));
            self.ladder.climb(step.call(command("delete-object").text()))?;
        }
        if !read.is_success() || read.body.as_ref() != BODY {
            let advice = self.explain_refused(probe, place, held, "s3:GetObject", &read).await;
            let seen = format!("written and deleted, not read back: {}", read.seen());
            let step =
                Step::failed(rung::WRITE, seen, advice).call(command("get-object").word("/dev/null").text());
            self.ladder.climb(step)?;
        }
        self.upload_in_parts(probe, place, held, &key, put_call).await
    }

    /// Larger files are uploaded in parts; one that fails must be given up, or its parts cost money for ever.
    async fn upload_in_parts(
        &mut self,
        probe: &S3Probe,
        place: &ValidatePlace,
        held: &Held,
        key: &str,
        put_call: String,
    ) -> Result<(), Fallen> {
        let done = "written, read back and deleted";
        let begin = [("uploads", "")];
        let ask = Ask { method: Method::POST, key, query: &begin, ..Ask::default() };
        let begun = probe.ask(held.scoped.as_ref(), &ask).await;
        let Some(upload) = element(&begun.text(), "UploadId").filter(|_| begun.is_success()) else {
            let advice = Advice::new(
                "small files can be written; an upload in parts, for larger ones, cannot be begun",
                object_statement(held, place, &["s3:PutObject"]),
            );
            let seen = format!("{done}; {}", begun.seen());
            return self.ladder.climb(Step::warning(rung::WRITE, seen, advice).call(put_call));
        };
        let query = [("uploadId", upload.as_str())];
        let abort = Ask { method: Method::DELETE, key, query: &query, ..Ask::default() };
        let aborted = probe.ask(held.scoped.as_ref(), &abort).await;
        if aborted.is_success() {
            return self
                .ladder
                .climb(Step::ok(rung::WRITE, begun.with_request_id(done.to_owned())).call(put_call));
        }
        let advice = Advice::new(
            format!(
                "s3:AbortMultipartUpload is not allowed: files can be written, and the parts of a larger one whose upload \
                 fails stay and cost money; upload `{upload}` of the probe is left behind (it has no parts)"
            ),
            object_statement(held, place, &["s3:AbortMultipartUpload"]),
        );
        let call = Command::new("s3api", "abort-multipart-upload")
            .option("bucket", &place.bucket)
            .option("key", key)
            .option("upload-id", &upload)
            .text();
        self.ladder
            .climb(Step::warning(rung::WRITE, format!("{done}; {}", aborted.seen()), advice).call(call))
    }

    async fn explain_put(
        &self,
        probe: &S3Probe,
        place: &ValidatePlace,
        held: &Held,
        key: &str,
        answer: &Answer,
    ) -> Advice {
        let denial = answer.denial();
        let is_of_kms = denial.action.as_deref().is_some_and(|action| action.starts_with("kms:"))
            || answer.code.as_deref().is_some_and(|code| code.starts_with("KMS."));
        if is_of_kms {
            // A write that asks for another encryption works then, and proves nothing about headers.
            return self.explain_refused(probe, place, held, "s3:PutObject", answer).await;
        }
        // Across accounts S3 does not say whether the key of the bucket's encryption was refused.
        let likely = if answer.is_denied() && denial.kind == DenialKind::Bare { "likely " } else { "" };
        let with_md5 = [("content-md5", BODY_MD5)];
        let sse = [("x-amz-server-side-encryption", "AES256")];
        let kms = [("x-amz-server-side-encryption", "aws:kms")];
        let acl = [("x-amz-acl", "bucket-owner-full-control")];
        for (headers, cause, fix) in [
            (
                &with_md5,
                "the bucket has Object Lock with a default retention, and S3 then wants a checksum with every write",
                "write into a bucket without a default retention",
            ),
            (
                &sse,
                "a policy requires the header x-amz-server-side-encryption: AES256 with every write, and Stagedoor sends \
                 none (S3 encrypts every object since 2023 without it)",
                "drop the condition on s3:x-amz-server-side-encryption from the bucket's policy, and set the bucket's \
                 default encryption instead",
            ),
            (
                &kms,
                "a policy requires the header x-amz-server-side-encryption: aws:kms with every write, and Stagedoor sends \
                 none",
                "drop the condition on s3:x-amz-server-side-encryption from the bucket's policy, and set the bucket's \
                 default encryption to the KMS key instead",
            ),
            (
                &acl,
                "a policy requires the header x-amz-acl: bucket-owner-full-control with every write, and Stagedoor sends \
                 none",
                "drop the condition on s3:x-amz-acl from the policy, and set the bucket's Object Ownership to \
                 BucketOwnerEnforced instead",
            ),
        ] {
            // With the role's own rights: the session policy knows nothing of access lists.
            let keys = held.whole.as_ref().or(held.scoped.as_ref());
            let put = Ask { method: Method::PUT, key, headers, body: BODY, ..Ask::default() };
            if !probe.ask(keys, &put).await.is_success() {
                continue;
            }
            let delete = Ask { method: Method::DELETE, key, ..Ask::default() };
            let left = if probe.ask(keys, &delete).await.is_success() {
                String::new()
            } else {
                format!("; the probe `s3://{}/{key}` is left behind", place.bucket)
            };
            // The plain write may work by now: then nothing is proved.
            return Advice::new(format!("{likely}{cause}{left}"), fix);
        }
        self.explain_refused(probe, place, held, "s3:PutObject", answer).await
    }

    async fn explain_refused(
        &self,
        probe: &S3Probe,
        place: &ValidatePlace,
        held: &Held,
        action: &'static str,
        answer: &Answer,
    ) -> Advice {
        if let Some(advice) = encryption(answer, "the file", true) {
            return advice;
        }
        if let Some(advice) = self.explain_other_than_denied(probe, place, held, answer) {
            return advice;
        }
        let denial = answer.denial();
        if let Some(advice) = self.key_of_kms(held, &denial, action) {
            return advice;
        }
        let bucket = bucket_arn(held, &place.bucket);
        let resource = format!("{bucket}/{}*", place.prefix);
        let fix = object_statement(held, place, &[action]);
        if let Some(advice) = self.said_by_aws(probe, place, held, &denial, (action, &resource, &fix)).await {
            return advice;
        }
        if denial.kind == DenialKind::Bare {
            return self.bare_refusal(probe, place, held, action, &resource).await;
        }
        self.no_write(probe, place, held, action, &fix).await
    }
}
