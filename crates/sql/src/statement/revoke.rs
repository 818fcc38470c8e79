//! `REVOKE {ROLE <role> | <privilege>, … ON <object>} FROM {ROLE <role> | [USER] <user>}`

use std::fmt;

use super::role::{Granted, Grantee};
use crate::SyntaxError;
use crate::parser::Parser;

/// Takes a role or privileges away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoke {
    pub granted: Granted,
    pub from: Grantee,
}

impl Revoke {
    /// Behind `REVOKE`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        let granted = Granted::parse(parser)?;
        parser.expect_keyword("FROM")?;
        Ok(Self { granted, from: Grantee::parse(parser)? })
    }
}

impl fmt::Display for Revoke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "REVOKE {} FROM {}", self.granted, self.from)
    }
}
