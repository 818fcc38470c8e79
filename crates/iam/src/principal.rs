//! Who asks: the caller of one request, after its signature was checked.

use crate::Context;

/// The authenticated caller of a request, under every name a policy may use for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// `arn:aws:iam::A:root`, `arn:aws:iam::A:user/…`, `arn:aws:sts::A:assumed-role/ROLE/SESSION`; empty for
    /// an anonymous or web-identity caller.
    pub arn: String,
    /// The account number; empty for an anonymous caller.
    pub account: String,
    /// The IAM role behind a session, with its path.
    pub role_arn: Option<String>,
    /// Every id IAM gave the caller: `AIDA…` of a user, `AROA…` of the role and `AROA…:session` of the session,
    /// and the canonical user id of the account where a bucket policy may use it.
    pub unique_ids: Vec<String>,
    pub kind: PrincipalKind,
}

/// What kind of caller it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrincipalKind {
    /// The account's root user.
    Root,
    /// An IAM user.
    User,
    /// A session of an IAM role.
    AssumedRole,
    /// The bearer of a web identity token, asking for a role; `provider` is the issuer's host and path, or the
    /// ARN of the OIDC provider.
    FederatedWeb { provider: String },
    /// An unsigned request.
    Anonymous,
}

impl Principal {
    /// The caller of an unsigned request.
    pub fn anonymous() -> Self {
        Self {
            arn: String::new(),
            account: String::new(),
            role_arn: None,
            unique_ids: Vec::new(),
            kind: PrincipalKind::Anonymous,
        }
    }

    /// The root user of an account in the partition `aws`.
    pub fn root(account: &str) -> Self {
        Self {
            arn: format!("arn:aws:iam::{account}:root"),
            account: account.to_owned(),
            role_arn: None,
            unique_ids: Vec::new(),
            kind: PrincipalKind::Root,
        }
    }

    /// A context with the keys that follow from the caller alone: `aws:PrincipalArn` (the role's ARN for a
    /// session), `aws:PrincipalAccount`, `aws:PrincipalType`, `aws:userid`, `aws:username` for users.
    pub fn context(&self) -> Context {
        let mut context = Context::new();
        context.set("aws:PrincipalIsAWSService", "false");
        let principal_type = match &self.kind {
            PrincipalKind::Root => "Account",
            PrincipalKind::User => "User",
            PrincipalKind::AssumedRole => "AssumedRole",
            PrincipalKind::FederatedWeb { .. } => "FederatedUser",
            PrincipalKind::Anonymous => "Anonymous",
        };
        context.set("aws:PrincipalType", principal_type);
        if !self.account.is_empty() {
            context.set("aws:PrincipalAccount", self.account.as_str());
        }
        let arn = self.role_arn.as_ref().unwrap_or(&self.arn);
        if !arn.is_empty() {
            context.set("aws:PrincipalArn", arn.as_str());
        }
        if let Some(id) = self.user_id() {
            context.set("aws:userid", id);
        }
        if self.kind == PrincipalKind::User
            && let Some((_, name)) = self.arn.rsplit_once('/')
        {
            context.set("aws:username", name);
        }
        context
    }

    /// `aws:userid`: the account of root, `AIDA…` of a user, `AROA…:session` of a session.
    fn user_id(&self) -> Option<&str> {
        let mut ids = self.unique_ids.iter().map(String::as_str);
        match self.kind {
            PrincipalKind::Root => Some(self.account.as_str()),
            PrincipalKind::User => ids.find(|id| id.starts_with("AIDA")),
            PrincipalKind::AssumedRole => ids.find(|id| id.contains(':')),
            PrincipalKind::Anonymous => Some("anonymous"),
            PrincipalKind::FederatedWeb { .. } => None,
        }
    }
}
