//! The paste check: what a policy document would do, and which element of it to change. Asks nobody; what a
//! document alone cannot tell is said to depend.

mod document;
mod role;
mod role_elements;
mod slips;
mod trust;
mod trust_condition;
mod trust_principal;

pub use role::{RoleWanted, review_role_policy};
pub use trust::{Assumer, TrustWanted, review_trust_policy};

/// How a part of a document holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewStatus {
    Ok,
    /// It works and should be better, or it depends on what a document does not tell.
    Warning,
    Failed,
    /// Not looked at, since the document cannot be read.
    NotReached,
}

/// What was found in one part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewStep {
    /// `document`, `principal`, `action`, …
    pub part: &'static str,
    pub status: ReviewStatus,
    /// The element as pasted.
    pub seen: String,
    pub cause: String,
    /// The element as it should be.
    pub fix: String,
}

impl ReviewStep {
    fn ok(part: &'static str, seen: impl Into<String>) -> Self {
        Self { part, status: ReviewStatus::Ok, seen: seen.into(), cause: String::new(), fix: String::new() }
    }

    fn failed(part: &'static str, seen: impl Into<String>, finding: Finding) -> Self {
        Self { part, status: ReviewStatus::Failed, seen: seen.into(), cause: finding.cause, fix: finding.fix }
    }

    fn warning(part: &'static str, seen: impl Into<String>, finding: Finding) -> Self {
        Self { status: ReviewStatus::Warning, ..Self::failed(part, seen, finding) }
    }

    fn not_reached(part: &'static str) -> Self {
        Self { status: ReviewStatus::NotReached, ..Self::ok(part, "") }
    }
}

/// A cause and the element that would be right.
#[derive(Debug, Clone)]
struct Finding {
    cause: String,
    fix: String,
}

impl Finding {
    fn new(cause: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { cause: cause.into(), fix: fix.into() }
    }
}
