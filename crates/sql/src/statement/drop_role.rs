//! `DROP ROLE [IF EXISTS] <role>`

use std::fmt;

use super::role::role_name;
use crate::parser::Parser;
use crate::{Name, SyntaxError};

/// Removes a SQL role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropRole {
    pub if_exists: bool,
    pub name: Name,
}

impl DropRole {
    /// Behind `DROP ROLE`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        Ok(Self { if_exists: parser.if_exists()?, name: role_name(parser)? })
    }
}

impl fmt::Display for DropRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DROP ROLE {}{}", if self.if_exists { "IF EXISTS " } else { "" }, self.name)
    }
}
