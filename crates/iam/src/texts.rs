//! The policy texts we hand out: session policies for one opening, and the texts of the setup guide.

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
    /// Keys start with it. Empty means the whole bucket.
    pub prefix: &'a str,
    pub access: Access,
}

/// A session policy that fits AWS's limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionPolicy {
    /// Compact, in ASCII.
    pub json: String,
    /// Whether the prefix made it too long, so that it speaks of the whole bucket. Warn the user.
    pub widened: bool,
}

/// A document that denies everything: what a session gets when its scope would be empty, since leaving the
/// policy out would mean the whole role.
pub const DENY_EVERYTHING: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;

/// The session policy for one opening of a stage.
pub fn session_policy(scope: &StageScope) -> SessionPolicy {
    let _ = scope;
    SessionPolicy { json: DENY_EVERYTHING.to_owned(), widened: false }
}

/// The permissions a customer gives the role: least privilege for the scope, laid out for reading.
pub fn role_policy(scope: &StageScope) -> String {
    let _ = scope;
    DENY_EVERYTHING.to_owned()
}

/// The trust policy of the customer's role: who may assume it, and with which external id.
pub fn trust_policy(principals: &[&str], external_id: Option<&str>) -> String {
    let _ = (principals, external_id);
    DENY_EVERYTHING.to_owned()
}

/// The permissions of the organization's own principal: to assume the customers' roles.
pub fn principal_policy(role_arns: &[&str]) -> String {
    let _ = role_arns;
    DENY_EVERYTHING.to_owned()
}
