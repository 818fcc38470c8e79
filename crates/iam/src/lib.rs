//! AWS access control as a library: ARNs, policy documents, and the decision over one request with its
//! reason, in AWS's words.
//!
//! It promises to fail closed: an operator, element, key or variable it does not know never grants anything,
//! an explicit `Deny` wins wherever it stands, and what cannot be compared counts against the caller.
//! It does no I/O, reads no clock and knows no keys: the time, the source address and everything else a
//! condition may ask about come in through [`Context`]. Service control policies, resource control policies
//! and VPC endpoint policies are deliberately absent.

mod arn;
mod condition;
mod context;
mod decision;
mod document;
mod evaluate;
pub mod limits;
mod pattern;
mod principal;
mod request;
pub mod review;
mod role_arn;
pub mod texts;

pub use arn::{Arn, ArnError};
pub use context::Context;
pub use decision::{Decision, Reason, StatementId};
pub use document::{
    ActionFault, Effect, PolicyDocument, PolicyError, PolicyKind, PolicyStatement, ResourceFault,
    replace_aws_principals,
};
pub use evaluate::{Finding, Mismatch, evaluate, explain};
pub use principal::{Principal, PrincipalKind};
pub use request::{NamedPolicy, Policies, Request};
pub use role_arn::{RoleArn, parse_role_arn};
