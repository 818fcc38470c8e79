//! Rung `list`: the keys below the prefix.

use std::sync::Arc;

use iam::texts::allow_statement;
use object_store::aws::AwsCredential;

use super::command::Command;
use super::denial::{Denial, DenialKind};
use super::ladder::{Advice, Fallen, Step, rung};
use super::s3_probe::{Answer, Ask, S3Probe};
use super::{Climb, Held, ValidatePlace};
use crate::explain::element;

/// Folders beside the prefix that are shown when nothing is below it.
const SIBLINGS_MAX: usize = 5;
const ACTION: &str = "s3:ListBucket";

/// A key of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) key: String,
    pub(super) size: u64,
    pub(super) storage_class: String,
}

impl Listed {
    /// Whether there is something to read, and of somebody else than us.
    pub(super) fn is_file(&self) -> bool {
        let name = self.key.rsplit('/').next().unwrap_or_default();
        self.size > 0 && !name.is_empty() && !name.starts_with(".stagedoor-")
    }

    pub(super) fn is_archived(&self) -> bool {
        matches!(self.storage_class.as_str(), "GLACIER" | "DEEP_ARCHIVE")
    }
}

impl Climb<'_> {
    pub(super) async fn climb_list(
        &mut self,
        probe: &S3Probe,
        place: &ValidatePlace,
        held: &Held,
    ) -> Result<Vec<Listed>, Fallen> {
        let call = Command::new("s3api", "list-objects-v2")
            .option("bucket", &place.bucket)
            .option("prefix", &place.prefix)
            .option("max-keys", "1")
            .optional("endpoint-url", self.endpoint())
            .text();
        // As queries ask: without max-keys, on which policies may have a condition.
        let query = [("list-type", "2"), ("prefix", place.prefix.as_str())];
        let ask = Ask { query: &query, ..Ask::default() };
        let (answer, patience) = self.ask_patiently(probe, held.scoped.as_ref(), &ask).await;
        if answer.is_success() {
            let keys = read_keys(&answer.text());
            let step = if keys.is_empty() {
                let siblings = siblings(probe, place, held).await;
                let seen = answer.with_request_id(format!("no keys{patience}"));
                Step::warning(rung::LIST, seen, nothing_below(place, &siblings))
            } else {
                let more = if answer.text().contains("<IsTruncated>true") { " and more" } else { "" };
                let first = keys.first().map(|listed| listed.key.clone()).unwrap_or_default();
                let count = keys.len();
                let plural = if count == 1 { "key" } else { "keys" };
                Step::ok(
                    rung::LIST,
                    answer
                        .with_request_id(format!("{count} {plural}{more}, the first is `{first}`{patience}")),
                )
            };
            self.ladder.climb(step.call(call))?;
            return Ok(keys);
        }
        let advice = self.explain_list(probe, place, held, &answer).await;
        let seen = format!("{}{patience}", answer.seen());
        self.ladder.climb(Step::failed(rung::LIST, seen, advice).call(call))?;
        Err(Fallen)
    }

    /// Asks again while S3 refuses and there is time left; tells how often.
    pub(super) async fn ask_patiently(
        &mut self,
        probe: &S3Probe,
        keys: Option<&Arc<AwsCredential>>,
        ask: &Ask<'_>,
    ) -> (Answer, String) {
        let mut attempts = 1;
        loop {
            let answer = probe.ask(keys, ask).await;
            if !answer.is_denied() || keys.is_none() || !self.patience.wait().await {
                return (answer, self.patience.attempts_text(attempts));
            }
            attempts += 1;
        }
    }

    async fn explain_list(
        &self,
        probe: &S3Probe,
        place: &ValidatePlace,
        held: &Held,
        answer: &Answer,
    ) -> Advice {
        if let Some(advice) = self.explain_other_than_denied(probe, place, held, answer) {
            return advice;
        }
        let scope_query = [("list-type", "2"), ("prefix", place.prefix.as_str())];
        let ask = Ask { query: &scope_query, ..Ask::default() };
        let payer = [("x-amz-request-payer", "requester")];
        if held.scoped.is_some()
            && probe.ask(held.scoped.as_ref(), &Ask { headers: &payer, ..ask.clone() }).await.is_success()
        {
            return requester_pays(place);
        }
        // The role itself, where the session policy is not in the way.
        let whole = held.whole.as_ref().or(held.scoped.as_ref());
        let own = probe.ask(whole, &ask).await;
        let denial = if own.is_denied() { own.denial() } else { answer.denial() };
        let arn = bucket_arn(held, &place.bucket);
        let fix = allow_statement(&[ACTION], &arn, Some(&place.prefix));
        if let Some(advice) = self.said_by_aws(probe, place, held, &denial, (ACTION, &arn, &fix)).await {
            return advice;
        }
        match denial.kind {
            DenialKind::Bare => self.bare_refusal(probe, place, held, ACTION, &arn).await,
            _ => self.no_list(probe, place, whole, held, &fix).await,
        }
    }

    /// What is no 403.
    pub(super) fn explain_other_than_denied(
        &self,
        probe: &S3Probe,
        place: &ValidatePlace,
        held: &Held,
        answer: &Answer,
    ) -> Option<Advice> {
        if answer.status.is_none() {
            return Some(Advice::new(
                format!("S3 did not answer ({})", answer.message.clone().unwrap_or_default()),
                "try again; if it stays, check the server's network",
            ));
        }
        match answer.code.as_deref() {
            Some("NoSuchBucket") => Some(Advice::new(
                format!("bucket `{}` does not exist: a slip in its name, or it was deleted", place.bucket),
                "ON 's3://BUCKET/…'",
            )),
            Some("AuthorizationHeaderMalformed" | "PermanentRedirect") => Some(Advice::new(
                format!(
                    "bucket `{}` is in {}, and requests went to `{}`",
                    place.bucket,
                    answer.region.as_deref().unwrap_or("another region"),
                    probe.region
                ),
                format!(
                    "ALTER CONNECTION {} SET REGION = '{}'",
                    self.name(),
                    answer.region.as_deref().unwrap_or("…")
                ),
            )),
            Some("InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken") => Some(Advice::new(
                format!(
                    "S3 does not accept the keys: they are of another cloud than `{}`",
                    endpoint_text(probe)
                ),
                "STS and S3 must be of one cloud: check ENDPOINT_URL of the connection and the server's \
                 AWS_ENDPOINT_URL_STS and AWS_ENDPOINT_URL_S3",
            )),
            Some("RequestTimeTooSkewed") => Some(Advice::new(
                "the server's clock is too far from S3's: this is the operator's side",
                "turn NTP on: `sudo timedatectl set-ntp true`",
            )),
            Some("AllAccessDisabled") => Some(Advice::new(
                format!("AWS has disabled all access to bucket `{}`", place.bucket),
                "the bucket's owner asks AWS Support",
            )),
            _ if answer.is_denied() && held.scoped.is_none() => Some(Advice::new(
                format!(
                    "requests are not signed, and bucket `{}` is not public: the stage has no connection with a role",
                    place.bucket
                ),
                "CREATE CONNECTION … STORAGE_TYPE = 's3' ROLE_ARN = '…'",
            )),
            _ if answer.is_denied() => None,
            _ => Some(Advice::new(
                "S3 answered something that is no refusal and no success",
                "try again; if it stays, look the code up",
            )),
        }
    }

    /// `; VALIDATE ROLE POLICY … says which`.
    pub(super) fn role_policy_hint(&self, held: &Held, place: &ValidatePlace) -> String {
        let Some(role) = &held.role_name else { return String::new() };
        format!(
            ". To know which: `VALIDATE ROLE POLICY '…' FOR CONNECTION {} ON '{}'` with what `aws iam get-role-policy \
             --role-name {role} --policy-name NAME` prints (`aws iam list-role-policies` and `aws iam \
             list-attached-role-policies` name the policies)",
            self.name(),
            Self::url(place)
        )
    }
}

/// How a condition on TLS is called among those that may not hold.
pub(super) fn transport_condition(is_insecure: bool) -> &'static str {
    if is_insecure {
        "aws:SecureTransport, since requests go over plain HTTP here"
    } else {
        "aws:PrincipalArn"
    }
}

/// Whether a key that does not exist could be read if it did: S3 says so by what it refuses. `None`: not known.
pub(super) async fn may_read(probe: &S3Probe, keys: Option<&Arc<AwsCredential>>, key: &str) -> Option<bool> {
    let headers = [("range", "bytes=0-0")];
    let answer = probe.ask(keys, &Ask { key, headers: &headers, ..Ask::default() }).await;
    if answer.is_success() || matches!(answer.status, Some(404 | 416)) {
        return Some(true);
    }
    if !answer.is_denied() {
        return None;
    }
    let Denial { kind, action, .. } = answer.denial();
    match (kind, action.as_deref()) {
        (DenialKind::Bare, _) | (_, None) => None,
        // Whether the key exists is told to those who may list.
        (_, Some("s3:ListBucket")) => Some(true),
        (_, Some(_)) => Some(false),
    }
}

/// A name below the prefix that nobody has.
pub(super) fn absent_key(prefix: &str) -> String {
    format!("{prefix}.stagedoor-absent-{:016x}", rand::random::<u64>())
}

pub(super) fn bucket_arn(held: &Held, bucket: &str) -> String {
    let partition = held.role_arn.as_deref().and_then(|arn| arn.split(':').nth(1)).unwrap_or("aws");
    format!("arn:{partition}:s3:::{bucket}")
}

fn endpoint_text(probe: &S3Probe) -> String {
    probe.location.bucket_endpoint(&probe.bucket, &probe.region)
}

pub(super) fn requester_pays(place: &ValidatePlace) -> Advice {
    Advice::new(
        format!(
            "bucket `{}` is a requester-pays bucket: S3 serves those alone who say that they pay, and Stagedoor does not",
            place.bucket
        ),
        Command::new("s3api", "put-bucket-request-payment")
            .option("bucket", &place.bucket)
            .option("request-payment-configuration", "Payer=BucketOwner")
            .text(),
    )
}

/// What stands beside the place.
async fn siblings(probe: &S3Probe, place: &ValidatePlace, held: &Held) -> Vec<String> {
    if place.prefix.is_empty() {
        return Vec::new();
    }
    let above = place.prefix.trim_end_matches('/').rsplit_once('/').map_or("", |(above, _)| above);
    let above = if above.is_empty() { String::new() } else { format!("{above}/") };
    let (folders, files) = listed_below(probe, &above, held).await;
    folders.into_iter().chain(files).take(SIBLINGS_MAX).collect()
}

/// Folders right below a prefix, as far as the role may list them.
pub(super) async fn folders(probe: &S3Probe, prefix: &str, held: &Held) -> Vec<String> {
    let (folders, _) = listed_below(probe, prefix, held).await;
    folders.into_iter().take(SIBLINGS_MAX).collect()
}

async fn listed_below(probe: &S3Probe, prefix: &str, held: &Held) -> (Vec<String>, Vec<String>) {
    let query = [("list-type", "2"), ("prefix", prefix), ("delimiter", "/"), ("max-keys", "20")];
    let answer = probe.ask(held.whole.as_ref(), &Ask { query: &query, ..Ask::default() }).await;
    if !answer.is_success() {
        return (Vec::new(), Vec::new());
    }
    let text = answer.text();
    let folders = text.split("<CommonPrefixes>").skip(1).filter_map(|rest| element(rest, "Prefix")).collect();
    (folders, read_keys(&text).into_iter().map(|listed| listed.key).collect())
}

/// Whether keys with that prefix may be listed.
pub(super) async fn may_list(probe: &S3Probe, keys: Option<&Arc<AwsCredential>>, prefix: &str) -> bool {
    let mut query = vec![("list-type", "2"), ("max-keys", "1")];
    if !prefix.is_empty() {
        query.push(("prefix", prefix));
    }
    probe.ask(keys, &Ask { query: &query, ..Ask::default() }).await.is_success()
}

fn nothing_below(place: &ValidatePlace, siblings: &[String]) -> Advice {
    let there =
        if siblings.is_empty() { String::new() } else { format!("; there are `{}`", siblings.join("`, `")) };
    let (cause, fix) = if place.prefix.is_empty() {
        (format!("bucket `{}` is empty", place.bucket), "put a file into the bucket".to_owned())
    } else {
        (
            format!(
                "listing works, and no key begins with `{}`: the folder is empty, or its name is another (keys are \
                 case-sensitive){there}",
                place.prefix
            ),
            match siblings.first() {
                Some(sibling) => format!("s3://{}/{sibling}", place.bucket),
                None => "check the folder in the stage's URL".to_owned(),
            },
        )
    };
    Advice::new(cause, fix)
}

fn read_keys(text: &str) -> Vec<Listed> {
    text.split("<Contents>")
        .skip(1)
        .filter_map(|rest| {
            Some(Listed {
                key: element(rest, "Key")?,
                size: element(rest, "Size").and_then(|size| size.parse().ok()).unwrap_or(0),
                storage_class: element(rest, "StorageClass").unwrap_or_default(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_a_listing() {
        let text = "<ListBucketResult><Contents><Key>a&amp;b</Key><Size>3</Size><StorageClass>GLACIER</StorageClass>\
                    </Contents><Contents><Key>c/</Key><Size>0</Size></Contents></ListBucketResult>";
        let keys = read_keys(text);
        assert_eq!(keys.len(), 2);
        assert_eq!((keys[0].key.as_str(), keys[0].size, keys[0].is_archived()), ("a&b", 3, true));
        assert!(!keys[1].is_archived());
    }
}
