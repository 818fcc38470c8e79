//! The policy texts we hand out: session policies for one opening, and the texts of the setup guide. All are
//! ASCII, since STS and IAM take little beyond, and what is literal in them is escaped.

mod document;
mod elements;
mod guide;
mod session;
mod setup;
mod used;
mod web_identity;

pub use elements::{
    allow_principal_statement, allow_statement, external_id_condition, session_name_condition,
    trust_statement,
};
pub use guide::{Guide, GuideForm, GuideStep, ROLE_ARN_PLACE, role_name_for};
pub use session::{DENY_EVERYTHING, SessionPolicy, session_policy};
pub use setup::{Trust, principal_policy, role_policy, trust_policy};
pub use used::{Used, used_policy};
pub use web_identity::{
    ACCOUNT_PLACE, WEB_IDENTITY_AUDIENCE, issuer_name, oidc_provider_arn, web_identity_subject,
    web_identity_trust_policy,
};

use crate::arn::is_partition;

/// What an opening may do with the objects below its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// List and read.
    Read,
    /// Read, and write, overwrite and delete.
    Write,
}

/// The part of a bucket that a policy text is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageScope<'a> {
    /// `aws`, `aws-cn`, …: that of the role.
    pub partition: &'a str,
    pub bucket: &'a str,
    /// Keys start with it, letter by letter: `a/b` takes in `a/bc`, `a/b/` does not. Empty means the whole bucket.
    pub prefix: &'a str,
    pub access: Access,
    /// ARN of the KMS key that the objects are encrypted with, where the customer keeps one; see [`is_kms_key`].
    pub kms_key: Option<&'a str>,
}

impl Access {
    /// The actions on objects; listing is apart, since it is an action on the bucket.
    fn object_actions(self) -> &'static [&'static str] {
        match self {
            Self::Read => &["s3:GetObject"],
            Self::Write => &[
                "s3:GetObject",
                "s3:PutObject",
                "s3:DeleteObject",
                "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts",
            ],
        }
    }

    /// What S3 asks of the key in the caller's name, see
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms>.
    fn key_actions(self) -> &'static [&'static str] {
        match self {
            Self::Read => &["kms:Decrypt"],
            Self::Write => &["kms:Decrypt", "kms:GenerateDataKey"],
        }
    }
}

impl StageScope<'_> {
    /// Whether a policy about it speaks of one bucket and no more. A `/` in the bucket's name, say, would make
    /// another bucket's keys of it.
    fn is_one_bucket(&self) -> bool {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        (1..=255).contains(&self.bucket.len())
            && self.bucket.bytes().all(is_name)
            && is_partition(self.partition)
            && self.kms_key.is_none_or(is_kms_key)
    }

    fn bucket_arn(&self) -> String {
        format!("arn:{}:s3:::{}", self.partition, self.bucket)
    }

    fn objects_arn(&self) -> String {
        format!("{}/{}", self.bucket_arn(), self.keys())
    }

    /// The pattern of the keys, and of the `prefix` of a listing.
    fn keys(&self) -> String {
        format!("{}*", escape_pattern(self.prefix))
    }
}

/// Whether a text is the ARN of a KMS key, or of all keys of one account and region: `…:key/*`. An alias is none:
/// policies do not know aliases as resources.
pub fn is_kms_key(arn: &str) -> bool {
    let Ok(arn) = arn.parse::<crate::Arn>() else { return false };
    let Some(id) = arn.resource.strip_prefix("key/") else { return false };
    let is_word = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    arn.service == "kms"
        && is_partition(&arn.partition)
        && is_word(&arn.region)
        && crate::arn::is_account(&arn.account)
        && (id == "*" || is_word(id))
}

/// Writes a literal text so that a policy takes none of its characters for a wildcard or a variable.
pub fn escape_pattern(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '*' | '?' | '$' => {
                escaped.push_str("${");
                escaped.push(character);
                escaped.push('}');
            }
            other => escaped.push(other),
        }
    }
    escaped
}
