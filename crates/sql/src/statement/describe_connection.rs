//! `{DESC | DESCRIBE} CONNECTION <name>`

use std::fmt;

use crate::parser::Parser;
use crate::{Name, SyntaxError};

/// Shows one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeConnection {
    pub name: Name,
}

impl DescribeConnection {
    /// Behind `DESCRIBE CONNECTION`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        Ok(Self { name: parser.name("a connection name")? })
    }
}

impl fmt::Display for DescribeConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DESCRIBE CONNECTION {}", self.name)
    }
}
