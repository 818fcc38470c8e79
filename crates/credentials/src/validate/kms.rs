//! Objects that are encrypted with a key: what is wrong with it, and who can put it right.

use iam::texts::{allow_principal_statement, allow_statement};

use super::denial::{Denial, DenialKind, PolicyPlace};
use super::ladder::Advice;
use super::s3_probe::Answer;
use super::{Climb, Held};

/// Encryption by other than AWS's own keys, as far as codes tell.
pub(super) fn encryption(answer: &Answer, key: &str, writing: bool) -> Option<Advice> {
    let message = answer.message.clone().unwrap_or_default();
    match answer.code.as_deref() {
        Some("KMS.DisabledException") => Some(Advice::new(
            format!("the KMS key that `{key}` is encrypted with is disabled"),
            format!("aws kms enable-key --key-id {}", kms_key_in(&message)),
        )),
        Some("KMS.NotFoundException") if writing => Some(Advice::new(
            "the KMS key of the bucket's default encryption does not exist, or is in another region than the bucket",
            "aws s3api put-bucket-encryption with a key that exists in the bucket's region",
        )),
        Some("KMS.NotFoundException") => Some(Advice::new(
            format!(
                "the KMS key that `{key}` is encrypted with does not exist any more: the file cannot be read again"
            ),
            "write the file again, with a key that exists",
        )),
        Some("KMS.KMSInvalidStateException" | "KMS.InvalidStateException") => Some(Advice::new(
            format!("the KMS key that `{key}` is encrypted with is about to be deleted or cannot be used"),
            format!("aws kms cancel-key-deletion --key-id {}", kms_key_in(&message)),
        )),
        Some("InvalidRequest") if message.contains("Server Side Encryption") => Some(Advice::new(
            format!(
                "`{key}` is encrypted with a key that its writer keeps (SSE-C): AWS cannot read it without that key, and \
                 neither can Stagedoor"
            ),
            "write the file with SSE-S3 or SSE-KMS",
        )),
        _ => None,
    }
}

/// The ARN in `arn:aws:kms:… is disabled.`
fn kms_key_in(message: &str) -> &str {
    message.split_whitespace().find(|word| word.starts_with("arn:")).unwrap_or("KEY")
}

impl Climb<'_> {
    /// A refusal that names an action of KMS.
    pub(super) fn key_of_kms(&self, held: &Held, denial: &Denial, asked: &str) -> Option<Advice> {
        let action = denial.action.as_deref().filter(|action| action.starts_with("kms:"))?;
        if denial.may_be(asked) {
            return None;
        }
        let key = denial.resource.as_deref().unwrap_or("KEY");
        Some(self.kms_advice(held, key, action, Some(denial.kind)))
    }

    pub(super) fn kms_advice(
        &self,
        held: &Held,
        key: &str,
        action: &str,
        kind: Option<DenialKind>,
    ) -> Advice {
        let role = held.role_arn.as_deref().unwrap_or("the owner of the keys");
        let in_role = allow_statement(&[action], key, None);
        let in_key = allow_principal_statement(role, &[action], "*");
        let files = "the files are encrypted with a KMS key";
        match kind {
            Some(DenialKind::NoAllow(PolicyPlace::Identity)) => Advice::new(
                format!(
                    "{files}, and no policy of the role allows {action} on `{key}`: likely the statement is missing, or \
                     names another key or an alias, or has a condition that does not hold (kms:ViaService, \
                     kms:EncryptionContext)"
                ),
                format!("add to the role's policy: {in_role}"),
            ),
            Some(DenialKind::NoAllow(PolicyPlace::Resource)) => Advice::new(
                format!("{files}, and the key policy of `{key}` does not let the role use it ({action})"),
                format!("add to the key policy: {in_key}"),
            ),
            Some(DenialKind::ExplicitDeny(PolicyPlace::Resource)) => Advice::new(
                format!("{files}, and a Deny in the key policy of `{key}` forbids the role {action}"),
                format!(
                    "exempt `{role}` from the Deny that `aws kms get-key-policy --key-id {key} --policy-name default` shows"
                ),
            ),
            Some(DenialKind::ExplicitDeny(PolicyPlace::Identity)) => Advice::new(
                format!("{files}, and a Deny in the role's own policies forbids {action} on `{key}`"),
                format!("take `{key}` out of the Deny"),
            ),
            Some(
                DenialKind::NoAllow(PolicyPlace::Boundary) | DenialKind::ExplicitDeny(PolicyPlace::Boundary),
            ) => Advice::new(
                format!(
                    "{files}, and the permissions boundary of the role does not let it use {action} on `{key}`"
                ),
                format!("add to the permissions boundary: {in_role}"),
            ),
            Some(DenialKind::NoAllow(PolicyPlace::Session)) => Advice::new(
                format!(
                    "{files}, and the session policy that Stagedoor sends does not allow {action} on `{key}`"
                ),
                format!("ALTER CONNECTION {} SET KMS_KEY_ARN = '{key}'", self.name()),
            ),
            _ => Advice::new(
                format!(
                    "{files}, and {action} on `{key}` is refused: the role's policy or the key policy does not allow it"
                ),
                format!("add to the role's policy: {in_role} and to the key policy: {in_key}"),
            ),
        }
    }
}
