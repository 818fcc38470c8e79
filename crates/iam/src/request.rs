//! What is asked, and the policies it is held against.

use crate::{Context, PolicyDocument, Principal};

/// One action on one resource by one caller.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub principal: &'a Principal,
    /// `s3:GetObject`.
    pub action: &'a str,
    /// The ARN of the resource, or `*` for an action that has none.
    pub resource: &'a str,
    /// The account that owns the resource. `None` takes the account from the ARN; where the ARN has none
    /// either (S3), the resource counts as another account's, so that forgetting it denies.
    pub resource_account: Option<&'a str>,
    pub context: &'a Context,
}

/// A policy document with the name that decisions report it under.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedPolicy {
    /// The ARN or the inline name.
    pub name: String,
    pub document: PolicyDocument,
}

/// Every policy that has a say in one request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policies<'a> {
    /// The caller's own policies, inline and attached.
    pub identity: &'a [NamedPolicy],
    /// The bucket policy, or the trust policy of the role to assume.
    pub resource: Option<&'a NamedPolicy>,
    /// The session policies given when the caller's session was made; each may allow.
    pub session: &'a [NamedPolicy],
    /// Whether the session was made with session policies. True with an empty `session` allows nothing.
    pub has_session: bool,
    /// The permissions boundary of the user or role.
    pub boundary: Option<&'a NamedPolicy>,
    /// The service control policies over the caller's account: one has to allow, where there are any.
    pub service_control: &'a [NamedPolicy],
    /// The resource control policies over the account that owns the resource. They only deny: AWS attaches one that
    /// allows everything beside them, for good.
    pub resource_control: &'a [NamedPolicy],
    /// The policy of the VPC endpoint that the request came through, which has to allow.
    pub vpc_endpoint: Option<&'a NamedPolicy>,
}
