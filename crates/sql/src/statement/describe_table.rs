//! `{DESC | DESCRIBE} [TABLE] <name>`

use std::fmt;

use crate::parser::Parser;
use crate::{ObjectName, SyntaxError};

/// Shows the columns of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeTable {
    pub name: ObjectName,
}

impl DescribeTable {
    /// Behind `DESCRIBE [TABLE]`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        Ok(Self { name: parser.object_name("a table name", 3)? })
    }
}

impl fmt::Display for DescribeTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DESCRIBE TABLE {}", self.name)
    }
}
