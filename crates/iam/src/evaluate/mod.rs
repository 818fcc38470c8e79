//! The decision over one request.

use crate::{Decision, Effect, Policies, PolicyKind, Reason, Request, StatementId};

/// Decides a request. Explicit denies come first; what is not allowed by every side that has a say is denied.
pub fn evaluate(request: &Request, policies: &Policies) -> Decision {
    let _ = policies;
    Decision {
        allowed: false,
        reason: Reason::NoAllow { kind: PolicyKind::Identity, action: request.action.to_owned() },
    }
}

/// How one statement relates to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub kind: PolicyKind,
    pub policy: String,
    pub statement: StatementId,
    pub effect: Effect,
    /// The first element that kept the statement from applying; `None` when it applies.
    pub mismatch: Option<Mismatch>,
}

/// The element of a statement that does not fit a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    Principal,
    Action,
    Resource,
    /// A condition that is not met, or cannot be decided.
    Condition {
        operator: String,
        key: String,
    },
}

/// Tells, statement by statement, what applies to a request and what keeps the others from applying.
pub fn explain(request: &Request, policies: &Policies) -> Vec<Finding> {
    let _ = (request, policies);
    Vec::new()
}
