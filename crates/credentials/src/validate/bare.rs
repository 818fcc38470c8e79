//! `Access Denied` and no more.

use iam::texts::{allow_principal_statement, allow_statement};

use super::denial::DenialKind;
use super::ladder::Advice;
use super::read::object_statement;
use super::s3_probe::{Ask, S3Probe};
use super::{Climb, Held, ValidatePlace};

impl Climb<'_> {
    /// `Access Denied` and no more.
    pub(super) async fn bare_refusal(
        &self,
        probe: &S3Probe,
        place: &ValidatePlace,
        held: &Held,
        action: &str,
        resource: &str,
    ) -> Advice {
        let own_statement = match action {
            "s3:ListBucket" => allow_statement(&[action], resource, Some(&place.prefix)),
            _ => object_statement(held, place, &[action]),
        };
        if !gives_reasons(probe, held).await {
            return Advice::new(
                format!(
                    "S3 refuses {action} on `{resource}` and gives no reasons here, as AWS does: likely one of: no policy of the \
                     role allows it (its statement is missing, or has another bucket, folder or action); a Deny or a \
                     condition in the policy of bucket `{}`; the bucket belongs to another account{}",
                    place.bucket,
                    self.role_policy_hint(held, place)
                ),
                own_statement,
            );
        }
        if probe.is_own && action == "s3:GetObject" {
            return Advice::new(
                format!(
                    "S3 refuses {action} on `{resource}` and does not say why, though the bucket is of the role's account: \
                     likely another account wrote the object and owns it, and its access list does not let this account in"
                ),
                format!(
                    "set the bucket's Object Ownership to BucketOwnerEnforced: aws s3api put-bucket-ownership-controls --bucket \
                     {} --ownership-controls 'Rules=[{{ObjectOwnership=BucketOwnerEnforced}}]'",
                    place.bucket
                ),
            );
        }
        let role = held.role_arn.as_deref().unwrap_or("the keys' owner");
        let account = held.account.as_deref().unwrap_or("of the keys");
        let statement = match &held.role_arn {
            Some(role) => allow_principal_statement(role, &[action], resource),
            None => allow_statement(&[action], resource, None),
        };
        Advice::new(
            format!(
                "S3 refuses {action} on `{resource}` and does not say why, as it does across accounts: likely bucket \
                 `{}` belongs to another account than {account}, and its bucket policy does not let `{role}` in (or \
                 the role's own policies do not allow it: across accounts both must)",
                place.bucket
            ),
            format!("add to the policy of bucket `{}`, as its owner: {statement}", place.bucket),
        )
    }
}

/// Whether S3 says why it refuses a principal of the very account, as AWS does. Asked by what few roles may do; not
/// known where this one may.
async fn gives_reasons(probe: &S3Probe, held: &Held) -> bool {
    let keys = held.whole.as_ref().or(held.scoped.as_ref());
    let answer = probe.service().ask(keys, &Ask::default()).await;
    !answer.is_denied() || answer.denial().kind != DenialKind::Bare
}
