//! `DROP USER [IF EXISTS] <user>`

use std::fmt;

use crate::parser::Parser;
use crate::{SyntaxError, UserName};

/// Removes a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropUser {
    pub if_exists: bool,
    pub user: UserName,
}

impl DropUser {
    /// Behind `DROP USER`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        Ok(Self { if_exists: parser.if_exists()?, user: UserName::parse(parser)? })
    }
}

impl fmt::Display for DropUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DROP USER {}{}", if self.if_exists { "IF EXISTS " } else { "" }, self.user)
    }
}
