//! Rung `read`: one byte of a listed key.

use http::Method;
use iam::texts::allow_statement;

use super::command::Command;
use super::denial::DenialKind;
use super::kms::encryption;
use super::ladder::{Advice, Fallen, Step, rung};
use super::list::{Listed, absent_key, bucket_arn, may_read, requester_pays};
use super::s3_probe::{Answer, Ask, S3Probe};
use super::{Climb, Held, SampleFile, ValidatePlace};

const ACTION: &str = "s3:GetObject";
const FIRST_BYTE: [(&str, &str); 1] = [("range", "bytes=0-0")];

impl Climb<'_> {
    pub(super) async fn climb_read(
        &mut self,
        probe: &S3Probe,
        place: &ValidatePlace,
        held: &Held,
        keys: &[Listed],
    ) -> Result<Option<SampleFile>, Fallen> {
        let files = || keys.iter().filter(|listed| listed.is_file());
        let archived = files().filter(|listed| listed.is_archived()).count();
        let chosen = files().find(|listed| !listed.is_archived()).or_else(|| files().next());
        let Some(chosen) = chosen else {
            self.read_nothing(probe, place, held).await?;
            return Ok(None);
        };
        let ask = Ask { key: &chosen.key, headers: &FIRST_BYTE, ..Ask::default() };
        let (answer, patience) = self.ask_patiently(probe, held.scoped.as_ref(), &ask).await;
        let call = self.get_command(place, &chosen.key);
        if !answer.is_success() {
            let advice = self.explain_read(probe, place, held, keys, chosen, &answer).await;
            let seen = format!("{}{patience}", answer.seen());
            self.ladder.climb(Step::failed(rung::READ, seen, advice).call(call))?;
            return Err(Fallen);
        }
        let seen = answer.with_request_id(format!("the first byte of `{}`{patience}", chosen.key));
        let step = if archived > 0 {
            let all = files().count();
            let advice = Advice::new(
                format!(
                    "{archived} of {all} listed files are archived (storage class GLACIER or DEEP_ARCHIVE): queries that \
                     reach them fail until they are restored"
                ),
                files().find(|listed| listed.is_archived()).map_or(String::new(), |l| restore(place, &l.key)),
            );
            Step::warning(rung::READ, seen, advice)
        } else {
            Step::ok(rung::READ, seen)
        };
        self.ladder.climb(step.call(call))?;
        Ok(Some(SampleFile { key: chosen.key.clone(), size: chosen.size }))
    }

    /// Nothing is there to be read: S3 still says whether it might be.
    async fn read_nothing(
        &mut self,
        probe: &S3Probe,
        place: &ValidatePlace,
        held: &Held,
    ) -> Result<(), Fallen> {
        let key = absent_key(&place.prefix);
        let call = self.get_command(place, &key);
        let keys = held.whole.as_ref().or(held.scoped.as_ref());
        if may_read(probe, keys, &key).await != Some(false) {
            let step = Step::ok(rung::READ, "no file to read yet; S3 does not refuse to read").call(call);
            return self.ladder.climb(step);
        }
        let ask = Ask { key: &key, headers: &FIRST_BYTE, ..Ask::default() };
        let (answer, patience) = self.ask_patiently(probe, keys, &ask).await;
        let listed = Listed { key, size: 0, storage_class: String::new() };
        let advice = self.explain_read(probe, place, held, &[], &listed, &answer).await;
        let seen = format!("{}{patience}", answer.seen());
        self.ladder.climb(Step::failed(rung::READ, seen, advice).call(call))
    }

    fn get_command(&self, place: &ValidatePlace, key: &str) -> String {
        Command::new("s3api", "get-object")
            .option("bucket", &place.bucket)
            .option("key", key)
            .option("range", "bytes=0-0")
            .optional("endpoint-url", self.endpoint())
            .word("/dev/null")
            .text()
    }

    async fn explain_read(
        &self,
        probe: &S3Probe,
        place: &ValidatePlace,
        held: &Held,
        keys: &[Listed],
        chosen: &Listed,
        answer: &Answer,
    ) -> Advice {
        let key = chosen.key.as_str();
        if answer.is_code("InvalidObjectState") || (chosen.is_archived() && answer.status == Some(403)) {
            return Advice::new(
                format!(
                    "`{key}` is archived (storage class {}), and so is every other file that was listed: it must be \
                     restored before it can be read",
                    if chosen.storage_class.is_empty() {
                        "GLACIER or an archive tier"
                    } else {
                        &chosen.storage_class
                    }
                ),
                restore(place, key),
            );
        }
        if let Some(advice) = encryption(answer, key, false) {
            return advice;
        }
        if answer.status == Some(404) && !answer.is_code("NoSuchBucket") {
            return Advice::new(
                format!("`{key}` was listed and is gone: it was deleted a moment ago"),
                format!("VALIDATE CONNECTION {} ON '{}'", self.name(), Self::url(place)),
            );
        }
        if let Some(advice) = self.explain_other_than_denied(probe, place, held, answer) {
            return advice;
        }
        let payer = [("range", "bytes=0-0"), ("x-amz-request-payer", "requester")];
        let paying = Ask { key, headers: &payer, ..Ask::default() };
        if held.scoped.is_some() && probe.ask(held.scoped.as_ref(), &paying).await.is_success() {
            return requester_pays(place);
        }
        let whole = held.whole.as_ref().or(held.scoped.as_ref());
        let ask = Ask { key, headers: &FIRST_BYTE, ..Ask::default() };
        let own = probe.ask(whole, &ask).await;
        let denial = if own.is_denied() { own.denial() } else { answer.denial() };
        if let Some(advice) = self.key_of_kms(held, &denial, ACTION) {
            return advice;
        }
        let object_arn = format!("{}/{key}", bucket_arn(held, &place.bucket));
        let fix = object_statement(held, place, &[ACTION]);
        if let Some(advice) = self.said_by_aws(probe, place, held, &denial, (ACTION, &object_arn, &fix)).await
        {
            return advice;
        }
        if denial.kind == DenialKind::Bare {
            return self.bare_read(probe, place, held, key, &object_arn).await;
        }
        self.no_get(probe, place, held, keys, chosen, &fix).await
    }

    async fn bare_read(
        &self,
        probe: &S3Probe,
        place: &ValidatePlace,
        held: &Held,
        key: &str,
        object_arn: &str,
    ) -> Advice {
        // HEAD needs the same right to the object, and none to the key it is encrypted with.
        let head =
            probe.ask(held.scoped.as_ref(), &Ask { method: Method::HEAD, key, ..Ask::default() }).await;
        let kms = head.header("x-amz-server-side-encryption").is_some_and(|how| how.starts_with("aws:kms"));
        if head.is_success() && kms {
            let kms_key =
                head.header("x-amz-server-side-encryption-aws-kms-key-id").unwrap_or("KEY").to_owned();
            return self.kms_advice(held, &kms_key, "kms:Decrypt", None);
        }
        self.bare_refusal(probe, place, held, ACTION, object_arn).await
    }
}

pub(super) fn object_statement(held: &Held, place: &ValidatePlace, actions: &[&str]) -> String {
    let escaped = iam::texts::escape_pattern(&place.prefix);
    allow_statement(actions, &format!("{}/{escaped}*", bucket_arn(held, &place.bucket)), None)
}

fn restore(place: &ValidatePlace, key: &str) -> String {
    Command::new("s3api", "restore-object")
        .option("bucket", &place.bucket)
        .option("key", key)
        .option("restore-request", "Days=7")
        .text()
}
