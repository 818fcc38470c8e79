//! Policy documents: parsed strictly, kept in the form evaluation wants.

mod action;
mod error;
mod json;
mod parse;
mod principal;
mod resource;

use std::sync::Arc;

pub use error::{ActionFault, PolicyError, ResourceFault};
pub use parse::replace_aws_principals;

use crate::StatementId;
use crate::condition::Condition;
pub(crate) use action::{ActionPattern, RequestAction, is_trust_action};
pub(crate) use json::Json;
pub(crate) use principal::{AwsPrincipal, Grant, PrincipalElement, PrincipalPattern};
pub(crate) use resource::{RequestResource, ResourcePattern};

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
    /// Of an AWS organization, over the accounts whose principals ask.
    ServiceControl,
    /// Of an AWS organization, over the accounts whose resources are asked for.
    ResourceControl,
    /// Of the VPC endpoint that a request comes through.
    VpcEndpoint,
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
            Self::ServiceControl => "service control policy",
            Self::ResourceControl => "resource control policy",
            Self::VpcEndpoint => "VPC endpoint policy",
        }
    }

    /// The article AWS puts before those words in the sentence about an explicit deny.
    pub(crate) fn article(self) -> &'static str {
        match self {
            Self::Identity => "an",
            Self::Trust => "the",
            _ => "a",
        }
    }

    /// AWS's words with the indefinite article.
    pub(crate) fn one(self) -> String {
        let article = if self == Self::Identity { "an" } else { "a" };
        format!("{article} {}", self.words())
    }

    /// Whether it is attached to what is asked for, and so names who may ask.
    pub(crate) fn names_principals(self) -> bool {
        matches!(self, Self::Trust | Self::Resource | Self::ResourceControl | Self::VpcEndpoint)
    }
}

/// What a matching statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    Allow,
    Deny,
}

/// A policy document that AWS would accept for its kind. Cloning is cheap: the statements are shared.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyDocument {
    kind: PolicyKind,
    statements: Arc<[PolicyStatement]>,
}

/// One statement of a policy document.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyStatement {
    pub(crate) id: StatementId,
    pub(crate) effect: Effect,
    pub(crate) principal: Option<PrincipalElement>,
    pub(crate) actions: Listed<ActionPattern>,
    pub(crate) resources: Option<Listed<ResourcePattern>>,
    pub(crate) conditions: Vec<Condition>,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Listed<T> {
    /// Whether it is the form with `Not`, which speaks of everything that is not listed.
    pub(crate) is_negated: bool,
    pub(crate) patterns: Vec<T>,
}

impl PolicyDocument {
    /// Reads a document as strictly as AWS does for this kind of policy. What it cannot read, it refuses: nothing
    /// unknown reaches evaluation.
    pub fn parse(json: &str, kind: PolicyKind) -> Result<Self, PolicyError> {
        let statements = parse::parse_statements(json, kind)?;
        Ok(Self { kind, statements: statements.into() })
    }

    /// The kind it was parsed as.
    pub fn kind(&self) -> PolicyKind {
        self.kind
    }

    /// The statements in the order of the text.
    pub fn statements(&self) -> &[PolicyStatement] {
        &self.statements
    }

    /// The text of every `AWS` principal of the document but `*`, in order: ARNs, account numbers, unique ids.
    pub fn aws_principals(&self) -> Vec<&str> {
        let elements = self.statements.iter().filter_map(|statement| statement.principal.as_ref());
        let patterns = elements.flat_map(PrincipalElement::patterns);
        patterns
            .filter_map(|pattern| match pattern {
                PrincipalPattern::Aws(principal) => Some(principal.text.as_str()),
                _ => None,
            })
            .collect()
    }

    /// Rewrites every `AWS` principal through `replace`; `None` leaves it. A store maps role ARNs to unique
    /// ids with it, so that a role made anew under an old name is not trusted in the old one's place. A
    /// replacement that is no principal matches nobody.
    pub fn replace_aws_principals(&mut self, mut replace: impl FnMut(&str) -> Option<String>) {
        for statement in Arc::make_mut(&mut self.statements) {
            for pattern in statement.principal.iter_mut().flat_map(PrincipalElement::patterns_mut) {
                let PrincipalPattern::Aws(principal) = pattern else { continue };
                let Some(text) = replace(&principal.text) else { continue };
                *pattern = match AwsPrincipal::parse(&text) {
                    Ok(principal) => PrincipalPattern::Aws(principal),
                    Err(_) => PrincipalPattern::Service(text),
                };
            }
        }
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

    /// The texts of `Action` or `NotAction`.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.actions.patterns.iter().map(ActionPattern::text)
    }

    /// Its principals; empty where it names none.
    pub(crate) fn principal_list(&self) -> Vec<PrincipalPattern> {
        self.principal.iter().flat_map(|element| element.patterns().to_vec()).collect()
    }

    /// Its principals as they are written.
    pub(crate) fn principal_texts(&self) -> String {
        let texts: Vec<String> = self
            .principal_list()
            .into_iter()
            .map(|pattern| match pattern {
                PrincipalPattern::Everyone => "*".to_owned(),
                PrincipalPattern::Aws(principal) => principal.text,
                PrincipalPattern::Service(text)
                | PrincipalPattern::Federated(text)
                | PrincipalPattern::CanonicalUser(text) => text,
            })
            .collect();
        texts.join(", ")
    }

    /// The texts of `Resource` or `NotResource`; none in a trust policy.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        self.resources.iter().flat_map(|resources| &resources.patterns).map(ResourcePattern::text)
    }
}
