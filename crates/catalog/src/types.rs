//! The things of the catalog, as they go in and as they come out.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::Grantee;

/// What CREATE does when the name is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateMode {
    /// Fail.
    Create,
    /// Leave what is there and say so.
    IfNotExists,
    /// Put the new one in its place.
    OrReplace,
}

impl CreateMode {
    /// What becomes of the CREATE of something; `None`: the name is taken, and it fails.
    pub(crate) fn outcome(self, exists: bool) -> Option<Created> {
        match (exists, self) {
            (true, Self::Create) => None,
            (true, Self::IfNotExists) => Some(Created::Existed),
            (true, Self::OrReplace) => Some(Created::Replaced),
            (false, _) => Some(Created::Created),
        }
    }
}

/// What CREATE did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    Created,
    /// `IF NOT EXISTS`, and it was there: nothing changed.
    Existed,
    Replaced,
}

/// An organization as configured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrganizationSpec {
    pub name: String,
    /// ARN of the IAM role its customers trust; without it the server's own identity is the principal.
    pub principal: Option<String>,
    /// The principal that comes after the next rotation.
    pub next_principal: Option<String>,
    /// AWS accounts and role ARNs that its connections may name; `None` is any.
    pub allowed_roles: Option<Vec<String>>,
}

/// One organization. Users, connections and stages belong to exactly one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    pub name: String,
    pub principal: Option<String>,
    pub next_principal: Option<String>,
    /// Every generated external id of this organization starts so, and nobody else's does.
    pub external_id_prefix: String,
    /// AWS accounts and role ARNs that its connections may name; `None` is any.
    pub allowed_roles: Option<Vec<String>>,
    /// Whether the server's configuration names it.
    pub configured: bool,
    pub created_on: SystemTime,
}

/// A user to create.
#[derive(Clone, Copy, Default)]
pub struct NewUser<'a> {
    pub name: &'a str,
    /// Stored as an Argon2id hash. `None`: the user cannot log in by password.
    pub password: Option<&'a str>,
    /// PEM or its base64 body: the user logs in with the private key that belongs to it.
    pub public_key: Option<&'a str>,
    /// The role that the user's sessions begin with, where it is granted.
    pub default_role: Option<&'a str>,
    /// Kept out, whatever the password.
    pub disabled: bool,
    /// Must set another password before anything else.
    pub must_change_password: bool,
}

/// What ALTER USER changes; `None` leaves as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct UserChange<'a> {
    pub default_role: Option<&'a str>,
    pub disabled: Option<bool>,
    pub must_change_password: Option<bool>,
}

/// A SQL user.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub created_on: SystemTime,
    pub default_role: Option<String>,
    pub disabled: bool,
    pub must_change_password: bool,
    /// How many public keys there are to log in with.
    pub public_keys: usize,
    pub(crate) password_hash: Option<String>,
    pub(crate) password_version: String,
}

impl User {
    /// Whether a password was ever set.
    pub fn has_password(&self) -> bool {
        self.password_hash.is_some()
    }

    /// Changes whenever the password or a key is set or removed, and when the user is disabled; says nothing about it: for caches of logins.
    pub fn fingerprint(&self) -> &str {
        &self.password_version
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("name", &self.name).field("has_password", &self.has_password()).finish()
    }
}

/// How a storage is reached: what CREATE CONNECTION says, or a stage's inline CONNECTION clause.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionParameters {
    /// Lower case; `s3`.
    pub storage_type: String,
    pub role_arn: Option<String>,
    /// The id the user typed; `None` means the generated one.
    pub external_id: Option<String>,
    /// Customer keys, sealed by `credentials`; opaque here.
    pub sealed_keys: Option<String>,
    pub region: Option<String>,
    pub endpoint_url: Option<String>,
    pub virtual_host_style: Option<bool>,
    /// The role is assumed with an identity token of this server's, not by the organization's principal.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub web_identity: bool,
    /// ARN of the KMS key that the objects are encrypted with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_arn: Option<String>,
    /// Whether role sessions are tagged with organization, user and connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_tags: Option<bool>,
    /// Parameters the dialect knows and the catalog does not interpret. Nothing secret.
    #[serde(default)]
    pub other: BTreeMap<String, String>,
}

impl fmt::Debug for ConnectionParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionParameters")
            .field("storage_type", &self.storage_type)
            .field("role_arn", &self.role_arn)
            .field("external_id", &self.external_id)
            .field("sealed_keys", &self.sealed_keys.as_ref().map(|_| "redacted"))
            .field("region", &self.region)
            .field("endpoint_url", &self.endpoint_url)
            .field("virtual_host_style", &self.virtual_host_style)
            .field("web_identity", &self.web_identity)
            .field("kms_key_arn", &self.kms_key_arn)
            .field("session_tags", &self.session_tags)
            .field("other", &self.other)
            .finish()
    }
}

/// A connection to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConnection {
    pub name: String,
    pub parameters: ConnectionParameters,
    /// The user who says CREATE.
    pub creator: String,
    /// Whose it is, unless it replaces one that has an owner.
    pub owner: Grantee,
}

/// A connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    pub name: String,
    pub parameters: ConnectionParameters,
    /// What is sent to STS: the typed id, else the generated one.
    pub external_id: String,
    /// Grows with every change, never goes back, also over DROP and CREATE.
    pub version: i64,
    pub creator: String,
    pub created_on: SystemTime,
    pub updated_on: SystemTime,
}

/// With what a stage is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StageAccess {
    /// The connection of that name, as it is when the stage is used.
    Connection(String),
    /// Parameters of the stage's own.
    Inline(ConnectionParameters),
    /// Nothing: requests go unsigned.
    Unsigned,
}

/// A stage to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStage {
    pub name: String,
    pub bucket: String,
    /// Without a leading `/`; empty for the whole bucket.
    pub prefix: String,
    pub access: StageAccess,
    /// JSON text of the file format's options; `{}` for none.
    pub file_format: String,
    pub comment: String,
    pub creator: String,
    /// Whose it is, unless it replaces one that has an owner.
    pub owner: Grantee,
}

/// A stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    pub name: String,
    pub bucket: String,
    pub prefix: String,
    pub access: StageAccess,
    /// For an inline role: the external id that is sent.
    pub inline_external_id: Option<String>,
    /// Grows with every change, never goes back, also over DROP and CREATE.
    pub version: i64,
    pub file_format: String,
    pub comment: String,
    pub creator: String,
    pub created_on: SystemTime,
}

/// A named file format to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFileFormat {
    pub name: String,
    /// JSON text.
    pub options: String,
    pub creator: String,
    /// Whose it is, unless it replaces one that has an owner.
    pub owner: Grantee,
}

/// A named file format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFormat {
    pub name: String,
    /// JSON text.
    pub options: String,
    pub creator: String,
    pub created_on: SystemTime,
}

/// A database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    pub name: String,
    pub created_on: SystemTime,
}
