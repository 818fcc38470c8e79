//! `DROP VIEW [IF EXISTS] <name>`

use std::fmt;

use crate::parser::Parser;
use crate::{ObjectName, SyntaxError};

/// Removes a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropView {
    pub if_exists: bool,
    pub name: ObjectName,
}

impl DropView {
    /// Behind `DROP VIEW`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        Ok(Self { if_exists: parser.if_exists()?, name: parser.object_name("a view name", 3)? })
    }
}

impl fmt::Display for DropView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DROP VIEW {}{}", if self.if_exists { "IF EXISTS " } else { "" }, self.name)
    }
}
