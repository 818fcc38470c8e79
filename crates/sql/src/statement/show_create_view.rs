//! `SHOW CREATE {VIEW | TABLE} <name>`

use std::fmt;

use crate::parser::Parser;
use crate::{ObjectName, SyntaxError};

/// Shows the statement that makes a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowCreateView {
    pub name: ObjectName,
}

impl ShowCreateView {
    /// Behind `SHOW CREATE`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        if !parser.take_keyword("TABLE") {
            parser.expect_keyword("VIEW")?;
        }
        Ok(Self { name: parser.object_name("a view name", 3)? })
    }
}

impl fmt::Display for ShowCreateView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHOW CREATE VIEW {}", self.name)
    }
}
