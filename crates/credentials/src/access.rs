//! What is asked for when a bucket is opened.

pub use iam::texts::Access;

/// One opening: who opens what, with which connection, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRequest {
    pub organization: String,
    /// The SQL user; the customer's CloudTrail shows `<organization>.<user>`.
    pub user: String,
    /// ARN of the organization's principal. `None`: the server's own identity assumes the role.
    pub principal: Option<String>,
    /// `None` opens the bucket unsigned.
    pub connection: Option<ConnectionAccess>,
    pub bucket: String,
    /// Keys outside it are refused here, and by AWS through the session policy. Without a leading `/`;
    /// empty for the whole bucket.
    pub prefix: String,
    pub access: Access,
}

/// What a connection says about access. It holds no clear key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionAccess {
    /// `None` for parameters given inline.
    pub name: Option<String>,
    /// The catalog's version: a changed connection shares nothing with what it was.
    pub version: i64,
    pub grant: Grant,
    /// `None`: found by asking the bucket.
    pub region: Option<String>,
    /// Typed by a user, so the endpoint rules apply.
    pub endpoint_url: Option<String>,
    pub virtual_host_style: bool,
    /// ARN of the KMS key that the objects are encrypted with, which the session policy then lets be used.
    pub kms_key: Option<String>,
    /// Whether role sessions are tagged with organization, user and connection.
    pub session_tags: bool,
}

/// By what right the bucket is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// The customer's role, assumed from the organization's principal.
    Role(AssumedRole),
    /// Keys the customer gave, from `Credentials::seal`; with a role, they assume it.
    Keys { sealed: crate::SealedKeys, role: Option<AssumedRole> },
    /// The customer's role, assumed with an identity token that this server issues for the organization and the
    /// connection, which must have a name. No AWS identity of ours has a part in it.
    WebIdentity { role_arn: String },
    /// None: requests are not signed.
    Unsigned,
    /// A file of the web: the endpoint is its host, nothing is signed, and other rules say what may be named.
    Web,
}

/// A role of the customer, and the external id sent when it is assumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssumedRole {
    pub arn: String,
    pub external_id: Option<String>,
}
