//! Rung `bucket and region`: there is such a bucket, where it is, and whose it is.

use http::Method;

use super::command::Command;
use super::denial::DenialKind;
use super::ladder::{Advice, Fallen, Step, rung};
use super::s3_probe::{Answer, Ask, S3Probe};
use super::{Climb, Held, ValidatePlace};
use crate::location::Location;

/// Names of other buckets that are shown, where the role may see them.
const NEAR_NAMES_MAX: usize = 3;

impl Climb<'_> {
    pub(super) async fn climb_bucket(
        &mut self,
        place: &ValidatePlace,
        held: &Held,
    ) -> Result<S3Probe, Fallen> {
        let call = self.head_bucket_command(place, held);
        let mut probe = match self.probe(place) {
            Ok(probe) => probe,
            Err(advice) => {
                self.ladder.climb(Step::failed(rung::BUCKET, "", advice).call(call))?;
                return Err(Fallen);
            }
        };
        let ask = Ask { method: Method::HEAD, ..Ask::default() };
        let mut head = probe.ask(None, &ask).await;
        if head.status == Some(404) && held.scoped.is_some() {
            // Where names belong to tenants, as with Ceph, nobody's request looks among nobody's buckets.
            head = probe.ask(held.scoped.as_ref(), &ask).await;
        }
        if head.status.is_none() {
            let step = Step::failed(rung::BUCKET, head.seen(), self.unreachable(&probe, &head)).call(call);
            self.ladder.climb(step)?;
            return Err(Fallen);
        }
        if head.status == Some(404) {
            let advice = self.missing(&probe, held, &head).await;
            self.ladder.climb(Step::failed(rung::BUCKET, head.seen(), advice).call(call))?;
            return Err(Fallen);
        }
        let typed = self.request.connection.region.clone().filter(|region| !region.is_empty());
        let found = head.region.clone().or_else(|| probe.location.region_in_host());
        if let Some(region) = found.clone().or_else(|| typed.clone()) {
            probe.region = region;
        }
        let region = probe.region.clone();
        let ownership = self.find_owner(&probe, place, held).await;
        probe.is_own = ownership == Ownership::SameAccount;
        let mut seen = region.clone();
        if let Ownership::SameAccount = ownership {
            seen.push_str(&format!(", owned by account {}", held.account.as_deref().unwrap_or_default()));
        }
        let seen = head.with_request_id(seen);
        let step = match (typed, found) {
            (Some(typed), Some(found)) if typed != found => Step::warning(
                rung::BUCKET,
                seen,
                Advice::new(
                    format!(
                        "the connection has REGION `{typed}`, and bucket `{}` is in `{found}`: S3 sends each first \
                         request on to the right region",
                        place.bucket
                    ),
                    format!("ALTER CONNECTION {} SET REGION = '{found}'", self.name()),
                ),
            ),
            _ => match ownership {
                Ownership::OtherAccount => Step::warning(rung::BUCKET, seen, self.other_owner(place, held)),
                _ => Step::ok(rung::BUCKET, seen),
            },
        };
        self.ladder.climb(step.call(call))?;
        Ok(probe)
    }

    pub(super) fn probe(&self, place: &ValidatePlace) -> Result<S3Probe, Advice> {
        let connection = &self.request.connection;
        let location = Location::find(
            connection.endpoint_url.as_deref(),
            self.inner.server_s3_endpoint.as_ref(),
            connection.virtual_host_style,
            &self.inner.rules,
        )
        .map_err(|error| Advice::new(error.to_string(), error.hint().unwrap_or_default()))?;
        let client = self.inner.transport.probe_client(&location).clone();
        let region = location.region_in_host().unwrap_or_else(|| self.inner.server_region.clone());
        Ok(S3Probe { location, bucket: place.bucket.clone(), region, client, is_own: false })
    }

    fn head_bucket_command(&self, place: &ValidatePlace, held: &Held) -> String {
        Command::new("s3api", "head-bucket")
            .option("bucket", &place.bucket)
            .optional("expected-bucket-owner", held.account.as_deref())
            .optional("endpoint-url", self.endpoint())
            .text()
    }

    fn unreachable(&self, probe: &S3Probe, answer: &Answer) -> Advice {
        let why = answer.message.clone().unwrap_or_default();
        match (&self.request.connection.endpoint_url, &probe.location.endpoint) {
            (Some(typed), _) => Advice::new(
                format!("nobody answers at the connection's ENDPOINT_URL `{typed}` ({why})"),
                format!(
                    "correct ENDPOINT_URL, or leave it out for Amazon S3: ALTER CONNECTION {} SET ENDPOINT_URL = '…'",
                    self.name()
                ),
            ),
            (None, Some(endpoint)) => Advice::new(
                format!(
                    "nobody answers at the server's S3 endpoint `{endpoint}` ({why}): this is the operator's side"
                ),
                "check AWS_ENDPOINT_URL_S3 and the server's network",
            ),
            (None, None) => Advice::new(
                format!("Amazon S3 cannot be reached from the server ({why}): this is the operator's side"),
                "check the server's network and its proxy",
            ),
        }
    }

    async fn missing(&self, probe: &S3Probe, held: &Held, head: &Answer) -> Advice {
        let bucket = &probe.bucket;
        if head.request_id.is_none()
            && head.region.is_none()
            && let Some(endpoint) = &self.request.connection.endpoint_url
        {
            return Advice::new(
                format!(
                    "what answers at the connection's ENDPOINT_URL `{endpoint}` does not speak S3, or does not have bucket `{bucket}`"
                ),
                format!("correct ENDPOINT_URL: ALTER CONNECTION {} SET ENDPOINT_URL = '…'", self.name()),
            );
        }
        let near = self.near_buckets(probe, held).await;
        let known = if near.is_empty() {
            String::new()
        } else {
            format!("; the account has `{}`", near.join("`, `"))
        };
        Advice::new(
            format!("bucket `{bucket}` does not exist: a slip in its name, or it was deleted{known}"),
            format!("ON 's3://{}/…'", near.first().map_or("BUCKET", String::as_str)),
        )
    }

    /// Buckets of the account with a similar name, where the role may list them.
    async fn near_buckets(&self, probe: &S3Probe, held: &Held) -> Vec<String> {
        let service = probe.service();
        let answer = service.ask(held.whole.as_ref(), &Ask::default()).await;
        if !answer.is_success() || held.whole.is_none() {
            return Vec::new();
        }
        let text = answer.text();
        let names = text.split("<Name>").skip(1).filter_map(|rest| rest.split_once("</Name>"));
        let mut near: Vec<(usize, String)> = names
            .map(|(name, _)| (distance(name, &probe.bucket), name.to_owned()))
            .filter(|(distance, _)| *distance <= 3)
            .collect();
        near.sort();
        near.into_iter().take(NEAR_NAMES_MAX).map(|(_, name)| name).collect()
    }

    /// Lists with the owner we expect: S3 refuses where another account owns the bucket.
    async fn find_owner(&self, probe: &S3Probe, place: &ValidatePlace, held: &Held) -> Ownership {
        let (Some(account), Some(keys)) = (&held.account, &held.scoped) else { return Ownership::Unknown };
        let query = [("list-type", "2"), ("max-keys", "1"), ("prefix", place.prefix.as_str())];
        let headers = [("x-amz-expected-bucket-owner", account.as_str())];
        let ask = Ask { query: &query, ..Ask::default() };
        let expecting = probe.ask(Some(keys), &Ask { headers: &headers, ..ask.clone() }).await;
        if expecting.is_success() {
            return Ownership::SameAccount;
        }
        if !expecting.is_denied() || expecting.denial().kind != DenialKind::Bare {
            return Ownership::Unknown;
        }
        let plain = probe.ask(Some(keys), &ask).await;
        let is_other = plain.is_success() || (plain.is_denied() && plain.denial().kind != DenialKind::Bare);
        if is_other { Ownership::OtherAccount } else { Ownership::Unknown }
    }

    fn other_owner(&self, place: &ValidatePlace, held: &Held) -> Advice {
        Advice::new(
            format!(
                "bucket `{}` belongs to another account than the role ({}): it works as long as the owner's bucket \
                 policy lets the role in; make sure that it is the bucket that is meant",
                place.bucket,
                held.account.as_deref().unwrap_or_default()
            ),
            "nothing, if the other account is known; else correct the bucket's name",
        )
    }
}

/// Whose the bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ownership {
    SameAccount,
    OtherAccount,
    Unknown,
}

/// How many characters have to change.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, c) in one.chars().enumerate() {
        let mut before = row[0];
        row[0] = at + 1;
        for (index, o) in other.iter().enumerate() {
            let swap = before + usize::from(c != *o);
            before = row[index + 1];
            row[index + 1] = swap.min(before + 1).min(row[index] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        assert_eq!(distance("lake", "lake"), 0);
        assert_eq!(distance("acme-lake", "acme_lake"), 1);
        assert_eq!(distance("acme-lake", "acmelake"), 1);
        assert_eq!(distance("", "abc"), 3);
    }
}
