//! `{DESC | DESCRIBE} USER <user>`

use std::fmt;

use crate::parser::Parser;
use crate::{SyntaxError, UserName};

/// Shows one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeUser {
    pub user: UserName,
}

impl DescribeUser {
    /// Behind `DESCRIBE USER`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        Ok(Self { user: UserName::parse(parser)? })
    }
}

impl fmt::Display for DescribeUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DESCRIBE USER {}", self.user)
    }
}
