//! Keys of KMS, and who may use them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::document::Document;
use super::state::{AccountState, IdentityState};

/// A customer's key. What it encrypts is only as secret as the sandbox itself.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct KmsKey {
    pub(crate) id: String,
    pub(crate) region: String,
    pub(crate) description: String,
    pub(crate) enabled: bool,
    /// when it is deleted, if it is to be
    #[serde(default, with = "time::serde::timestamp::option")]
    pub(crate) deleted_at: Option<OffsetDateTime>,
    pub(crate) policy: Document,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) rotates: bool,
    /// 32 bytes in hexadecimal
    pub(crate) material: String,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) created: OffsetDateTime,
}

impl KmsKey {
    pub(crate) fn arn(&self, account: &str) -> String {
        format!("arn:aws:kms:{}:{account}:key/{}", self.region, self.id)
    }

    /// `Enabled`, `Disabled`, `PendingDeletion`.
    pub(crate) fn state(&self) -> &'static str {
        match (self.deleted_at, self.enabled) {
            (Some(_), _) => "PendingDeletion",
            (None, true) => "Enabled",
            (None, false) => "Disabled",
        }
    }
}

/// The name that a region has for its key of S3, which needs no permission in the account itself.
pub(crate) const S3_ALIAS: &str = "alias/aws/s3";

/// What a text that names a key stands for.
pub(crate) enum NamedKey<'a> {
    Key(&'a AccountState, &'a KmsKey),
    /// S3's own key of an account
    OfS3,
    /// Nothing, in an account that has keys.
    Absent,
    /// Nothing, where nobody has made a key yet: any name is believed then.
    Believed,
}

impl IdentityState {
    /// The key that an id, an alias or the ARN of either names, seen from an account.
    pub(crate) fn kms_key(&self, account: &str, region: &str, name: &str) -> NamedKey<'_> {
        let (account, region, local) = match name.strip_prefix("arn:aws:kms:") {
            Some(rest) => {
                let mut parts = rest.splitn(3, ':');
                let (region, account) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
                (account, region, parts.next().unwrap_or(""))
            }
            None => (account, region, name),
        };
        if local == S3_ALIAS || local.strip_prefix("key/") == Some(s3_key_id(account).as_str()) {
            return NamedKey::OfS3;
        }
        let Some(owner) = self.accounts.get(account) else { return NamedKey::Absent };
        let id = match owner.kms_aliases.get(local) {
            Some(id) if local.starts_with("alias/") => id.as_str(),
            _ => local.strip_prefix("key/").unwrap_or(local),
        };
        match owner.kms_keys.get(id) {
            Some(key) if key.region == region => NamedKey::Key(owner, key),
            _ if owner.kms_keys.is_empty() => NamedKey::Believed,
            _ => NamedKey::Absent,
        }
    }
}

/// The id of an account's own key of S3, always the same.
pub(crate) fn s3_key_id(account: &str) -> String {
    use sha2::Digest as _;
    let digest = hex::encode(sha2::Sha256::digest(format!("key of S3 in {account}")));
    let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default().to_owned();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}
