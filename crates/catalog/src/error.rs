//! Why a change or a lookup was refused.

/// One variant a cause. What the database itself said goes to the log, not here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    #[error("organization `{organization}` does not exist")]
    UnknownOrganization { organization: String },
    #[error("user `{name}` does not exist")]
    UnknownUser { name: String },
    #[error("user `{name}` already exists")]
    UserExists { name: String },
    #[error("role `{name}` does not exist")]
    UnknownRole { name: String },
    #[error("role `{name}` already exists")]
    RoleExists { name: String },
    /// `account_admin` and `public` are always there and as they are.
    #[error("role `{name}` is built in and cannot be changed or dropped")]
    BuiltInRole { name: String },
    /// Two roles that inherit each other would be one.
    #[error("role `{role}` cannot be granted to role `{grantee}`: `{role}` inherits `{grantee}` already")]
    RoleCycle { role: String, grantee: String },
    /// The text is not a public key that logins can be verified with.
    #[error("the public key of user `{name}` cannot be used: {reason}")]
    InvalidPublicKey { name: String, reason: String },
    /// An organization that is named in the server's configuration is not SQL's to change.
    #[error("organization `{organization}` is in the server's configuration: change it there")]
    ConfiguredOrganization { organization: String },
    #[error("organization `{organization}` already exists")]
    OrganizationExists { organization: String },
    /// Roles out there may still trust its external ids.
    #[error(
        "organization `{organization}` was dropped, and roles may still trust its external ids: choose another name"
    )]
    DroppedOrganization { organization: String },
    /// DROP ORGANIZATION while it has connections or stages.
    #[error("organization `{organization}` still has {what}: drop them first")]
    OrganizationInUse { organization: String, what: String },
    #[error("connection `{name}` does not exist")]
    UnknownConnection { name: String },
    #[error("connection `{name}` already exists")]
    ConnectionExists { name: String },
    /// DROP CONNECTION while stages refer to it.
    #[error("connection `{name}` is used by {}: drop {} first", stage_list(stages), if stages.len() == 1 { "it" } else { "them" })]
    ConnectionInUse { name: String, stages: Vec<String> },
    /// Somebody changed the connection between the look at it and the change.
    #[error("connection `{name}` was changed by somebody else in the meantime: try again")]
    ConnectionChanged { name: String },
    #[error("stage `{name}` does not exist")]
    UnknownStage { name: String },
    #[error("stage `{name}` already exists")]
    StageExists { name: String },
    #[error("file format `{name}` does not exist")]
    UnknownFileFormat { name: String },
    #[error("file format `{name}` already exists")]
    FileFormatExists { name: String },
    #[error("view `{name}` does not exist")]
    UnknownView { name: String },
    #[error("view `{name}` already exists")]
    ViewExists { name: String },
    #[error("an organization has at most {most} views")]
    TooManyViews { most: i64 },
    /// The pair belongs to another organization; which one is not said.
    #[error(
        "external id `{external_id}` with role `{role_arn}` is taken: a pair of role and external id serves one organization only; leave EXTERNAL_ID out to use the generated one"
    )]
    ExternalIdTaken { role_arn: String, external_id: String },
    /// The text is not an external id as AWS defines it.
    #[error("external id `{external_id}` is not valid: {reason}")]
    InvalidExternalId { external_id: String, reason: &'static str },
    /// The text is not the ARN of an IAM role.
    #[error("role ARN `{role_arn}` is not valid: {reason}")]
    InvalidRoleArn { role_arn: String, reason: String },
    /// A name of something that cannot be a name.
    #[error("{kind} name `{name}` is not valid: {reason}")]
    InvalidName { kind: &'static str, name: String, reason: &'static str },
    /// The password cannot be stored.
    #[error("password of user `{name}` cannot be used: {reason}")]
    InvalidPassword { name: String, reason: &'static str },
    /// The catalog's file was written by a newer version.
    #[error(
        "catalog `{path}` was written by a newer version (schema {found}, this version knows {known}): start the newer version"
    )]
    NewerSchema { path: String, found: i64, known: i64 },
    /// The file cannot be opened or is not a catalog.
    #[error("cannot open catalog `{path}`: {reason}")]
    CannotOpen { path: String, reason: String },
    /// The file of the history cannot be opened.
    #[error("cannot open history `{path}`: {reason}")]
    CannotOpenHistory { path: String, reason: String },
    /// Other writers held the catalog for longer than the busy timeout.
    #[error("the catalog is busy: try again")]
    Busy,
    /// The disk is full.
    #[error("the catalog's disk is full")]
    DiskFull,
    /// A fault of ours or of the disk; the log has what the database said.
    #[error("the catalog failed: see the server's log")]
    Failed,
}

fn stage_list(stages: &[String]) -> String {
    let names: Vec<String> = stages.iter().map(|name| format!("`{name}`")).collect();
    format!("stage{} {}", if stages.len() == 1 { "" } else { "s" }, names.join(", "))
}

impl From<sqlx::Error> for CatalogError {
    fn from(error: sqlx::Error) -> Self {
        match primary_code(&error) {
            Some(SQLITE_BUSY | SQLITE_LOCKED) => return Self::Busy,
            Some(SQLITE_FULL) => return Self::DiskFull,
            _ => {}
        }
        if matches!(error, sqlx::Error::PoolTimedOut) {
            return Self::Busy;
        }
        tracing::error!(error = %error, "catalog");
        Self::Failed
    }
}

pub(crate) const SQLITE_BUSY: u32 = 5;
const SQLITE_LOCKED: u32 = 6;
const SQLITE_FULL: u32 = 13;

/// What SQLite says is wrong: its extended codes carry the primary code in the low byte.
pub(crate) fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?;
    code.parse::<u32>().ok().map(|code| code & 0xff)
}
