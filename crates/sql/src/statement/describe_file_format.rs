//! `{DESC | DESCRIBE} FILE FORMAT <name>`

use std::fmt;

use crate::parser::Parser;
use crate::{Name, SyntaxError};

/// Shows the options of a named file format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeFileFormat {
    pub name: Name,
}

impl DescribeFileFormat {
    /// Behind `DESCRIBE FILE FORMAT`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        Ok(Self { name: parser.name("a file format name")? })
    }
}

impl fmt::Display for DescribeFileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DESCRIBE FILE FORMAT {}", self.name)
    }
}
