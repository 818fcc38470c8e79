//! `DROP CONNECTION [IF EXISTS] <name>`

use std::fmt;

use crate::parser::Parser;
use crate::{Name, SyntaxError};

/// Removes a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropConnection {
    pub if_exists: bool,
    pub name: Name,
}

impl DropConnection {
    /// Behind `DROP CONNECTION`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        Ok(Self { if_exists: parser.if_exists()?, name: parser.name("a connection name")? })
    }
}

impl fmt::Display for DropConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DROP CONNECTION {}{}", if self.if_exists { "IF EXISTS " } else { "" }, self.name)
    }
}
