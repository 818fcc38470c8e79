//! One moment of all identities, and how they are found.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::document::{Document, Resolved};
use super::kms_key::KmsKey;
use crate::ids;

/// Accounts by number, and access keys by id over all accounts.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct IdentityState {
    pub(crate) accounts: BTreeMap<String, AccountState>,
    pub(crate) access_keys: BTreeMap<String, AccessKey>,
    /// what all requests come through
    #[serde(default)]
    pub(crate) vpc_endpoint: Option<VpcEndpoint>,
}

/// One account.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AccountState {
    pub(crate) number: String,
    pub(crate) name: String,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) roles: BTreeMap<String, IamRole>,
    /// managed policies by ARN
    pub(crate) policies: BTreeMap<String, ManagedPolicy>,
    /// OpenID Connect providers by ARN
    #[serde(default)]
    pub(crate) oidc_providers: BTreeMap<String, OidcProvider>,
    /// keys of KMS by id
    #[serde(default)]
    pub(crate) kms_keys: BTreeMap<String, KmsKey>,
    /// `alias/NAME` → id of a key
    #[serde(default)]
    pub(crate) kms_aliases: BTreeMap<String, String>,
    /// STS gives the account's users and roles no sessions in this region
    #[serde(default)]
    pub(crate) sts_is_off: bool,
    /// what the AWS organization above the account lets its principals do
    #[serde(default)]
    pub(crate) service_control: Option<Document>,
    /// and what it lets be done with its resources
    #[serde(default)]
    pub(crate) resource_control: Option<Document>,
}

/// A VPC endpoint.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct VpcEndpoint {
    /// `vpce-…`
    pub(crate) id: String,
    pub(crate) policy: Option<Document>,
}

/// A long-term access key.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AccessKey {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) account: String,
    /// `None` is the account's root.
    pub(crate) user: Option<String>,
    pub(crate) active: bool,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) created: OffsetDateTime,
}

/// What users and roles have in common.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Holder {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) id: String,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) created: OffsetDateTime,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) inline: BTreeMap<String, Document>,
    /// ARNs of managed policies, in the order of attachment
    pub(crate) attached: Vec<String>,
    pub(crate) boundary: Option<String>,
}

impl Holder {
    pub(crate) fn new(prefix: &str, name: &str, path: &str, now: OffsetDateTime) -> Self {
        Self {
            name: name.to_owned(),
            path: path.to_owned(),
            id: ids::unique_id(prefix),
            created: now,
            tags: BTreeMap::new(),
            inline: BTreeMap::new(),
            attached: Vec::new(),
            boundary: None,
        }
    }
}

/// An IAM user.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) holder: Holder,
}

impl User {
    pub(crate) fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:user{}{}", self.holder.path, self.holder.name)
    }
}

/// An IAM role.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct IamRole {
    pub(crate) holder: Holder,
    pub(crate) trust: Document,
    pub(crate) description: Option<String>,
    pub(crate) max_session_seconds: u32,
}

impl IamRole {
    pub(crate) fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:role{}{}", self.holder.path, self.holder.name)
    }
}

/// A managed policy and its versions.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ManagedPolicy {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) description: Option<String>,
    pub(crate) tags: BTreeMap<String, String>,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) created: OffsetDateTime,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) updated: OffsetDateTime,
    pub(crate) versions: Vec<PolicyVersion>,
    pub(crate) default_version: u32,
    pub(crate) next_version: u32,
}

impl ManagedPolicy {
    pub(crate) fn default_document(&self) -> Option<&Document> {
        self.versions
            .iter()
            .find(|version| version.number == self.default_version)
            .map(|version| &version.document)
    }
}

/// One version of a managed policy.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PolicyVersion {
    pub(crate) number: u32,
    pub(crate) document: Document,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) created: OffsetDateTime,
}

/// An OpenID Connect provider whose tokens a role may trust.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct OidcProvider {
    pub(crate) arn: String,
    /// host and path, without scheme
    pub(crate) url: String,
    /// the issuer is read by `http`, which AWS never does: one on this machine
    #[serde(default)]
    pub(crate) plain_http: bool,
    pub(crate) clients: Vec<String>,
    pub(crate) thumbprints: Vec<String>,
    pub(crate) tags: BTreeMap<String, String>,
    #[serde(with = "time::serde::timestamp")]
    pub(crate) created: OffsetDateTime,
}

impl OidcProvider {
    /// Whether a token with this `iss` is one of the provider's.
    pub(crate) fn issued(&self, issuer: &str) -> bool {
        let scheme = if self.plain_http { "http://" } else { "https://" };
        issuer.strip_prefix(scheme).is_some_and(|name| name.trim_end_matches('/') == self.url)
    }
}

impl IdentityState {
    pub(crate) fn account(&self, number: &str) -> Option<&AccountState> {
        self.accounts.get(number)
    }

    /// A managed policy of an account or of AWS.
    pub(crate) fn policy(&self, account: &str, arn: &str) -> Option<&ManagedPolicy> {
        if arn.starts_with("arn:aws:iam::aws:policy/") {
            return super::managed::policy(arn);
        }
        self.accounts.get(account)?.policies.get(arn)
    }

    /// The role with this ARN, path included.
    pub(crate) fn role_by_arn(&self, arn: &str) -> Option<(&AccountState, &IamRole)> {
        let (account, resource) = split_iam_arn(arn)?;
        let name = resource.strip_prefix("role/")?.rsplit('/').next()?;
        let account = self.accounts.get(account)?;
        let role = account.roles.get(name)?;
        (role.arn(&account.number) == arn).then_some((account, role))
    }

    /// The user with this ARN, path included.
    pub(crate) fn user_by_arn(&self, arn: &str) -> Option<(&AccountState, &User)> {
        let (account, resource) = split_iam_arn(arn)?;
        let name = resource.strip_prefix("user/")?.rsplit('/').next()?;
        let account = self.accounts.get(account)?;
        let user = account.users.get(name)?;
        (user.arn(&account.number) == arn).then_some((account, user))
    }

    /// What a principal named in a trust or bucket policy stands for.
    pub(crate) fn resolve_principal(&self, text: &str) -> Resolved {
        if text == "*" {
            return Resolved::Valid;
        }
        if is_account_number(text) {
            return Resolved::Valid;
        }
        if let Some(rest) = text.strip_prefix("arn:aws:sts::") {
            let mut parts = rest.splitn(2, ':');
            let (account, resource) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
            let session = resource.starts_with("assumed-role/") && resource.matches('/').count() == 2;
            let federated = resource.starts_with("federated-user/");
            return if is_account_number(account) && (session || federated) {
                Resolved::Valid
            } else {
                Resolved::Unknown
            };
        }
        if let Some((account, resource)) = split_iam_arn(text) {
            if resource == "root" && is_account_number(account) {
                return Resolved::Valid;
            }
            if let Some((_, role)) = self.role_by_arn(text) {
                return Resolved::Entity(role.holder.id.clone());
            }
            if let Some((_, user)) = self.user_by_arn(text) {
                return Resolved::Entity(user.holder.id.clone());
            }
            return Resolved::Unknown;
        }
        // a unique id stays valid: it is how a document names somebody who is gone
        let unique = (text.starts_with("AROA") || text.starts_with("AIDA"))
            && text.len() >= 16
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if unique { Resolved::Valid } else { Resolved::Unknown }
    }
}

/// The account and resource of `arn:aws:iam::ACCOUNT:RESOURCE`.
pub(crate) fn split_iam_arn(arn: &str) -> Option<(&str, &str)> {
    arn.strip_prefix("arn:aws:iam::")?.split_once(':')
}

/// Twelve digits.
pub(crate) fn is_account_number(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
