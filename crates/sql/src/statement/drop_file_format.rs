//! `DROP FILE FORMAT [IF EXISTS] <name>`

use std::fmt;

use crate::parser::Parser;
use crate::{Name, SyntaxError};

/// Removes a named file format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropFileFormat {
    pub if_exists: bool,
    pub name: Name,
}

impl DropFileFormat {
    /// Behind `DROP FILE FORMAT`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        Ok(Self { if_exists: parser.if_exists()?, name: parser.name("a file format name")? })
    }
}

impl fmt::Display for DropFileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DROP FILE FORMAT {}{}", if self.if_exists { "IF EXISTS " } else { "" }, self.name)
    }
}
