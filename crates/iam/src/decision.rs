//! The answer to one request, with the statement that decided it.

use std::fmt;

use crate::PolicyKind;

/// Whether the request may go on, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub allowed: bool,
    pub reason: Reason,
}

/// Why a request was allowed or denied. The denials print as the end of AWS's own sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A statement allowed it, and nothing stood against it.
    Allowed { kind: PolicyKind, policy: String, statement: StatementId },
    /// The caller is the root user of the account that owns the resource.
    AllowedAsRoot { account: String },
    /// A `Deny` statement matched.
    ExplicitDeny { kind: PolicyKind, policy: String, statement: StatementId },
    /// No policy of this kind allows the action, and one has to.
    NoAllow { kind: PolicyKind, action: String },
    /// The request itself cannot be read: its action or resource is malformed.
    Unreadable { part: &'static str, text: String },
}

/// Which statement of a document.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StatementId {
    pub sid: Option<String>,
    /// Counted from zero.
    pub index: usize,
}

impl Reason {
    /// The policy and statement that decided, where one did.
    pub fn statement(&self) -> Option<(&str, &StatementId)> {
        match self {
            Self::Allowed { policy, statement, .. } | Self::ExplicitDeny { policy, statement, .. } => {
                Some((policy, statement))
            }
            Self::AllowedAsRoot { .. } | Self::NoAllow { .. } | Self::Unreadable { .. } => None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed { kind, policy, statement } => {
                write!(formatter, "because {statement} of the {} `{policy}` allows it", kind.words())
            }
            Self::AllowedAsRoot { account } => {
                write!(formatter, "because the caller is the root user of the account {account}")
            }
            Self::ExplicitDeny { kind, .. } => {
                write!(formatter, "with an explicit deny in {} {}", kind.article(), kind.words())
            }
            Self::NoAllow { kind, action } => {
                write!(formatter, "because no {} allows the {action} action", kind.words())
            }
            Self::Unreadable { part, text } => {
                write!(formatter, "because the {part} `{text}` of the request cannot be read")
            }
        }
    }
}

impl fmt::Display for StatementId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.sid {
            Some(sid) => write!(formatter, "statement `{sid}`"),
            None => write!(formatter, "statement {}", self.index + 1),
        }
    }
}
