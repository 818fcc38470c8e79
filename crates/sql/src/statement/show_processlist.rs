//! `SHOW PROCESSLIST [LIKE '<pattern>' | WHERE <condition>] [LIMIT <n>]`

use std::fmt;

use crate::parser::Parser;
use crate::{ShowFilter, SyntaxError};

/// Lists running statements.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowProcesslist {
    pub filter: ShowFilter,
}

impl ShowProcesslist {
    /// Behind `SHOW PROCESSLIST`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        Ok(Self { filter: ShowFilter::parse(parser)? })
    }
}

impl fmt::Display for ShowProcesslist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHOW PROCESSLIST{}", self.filter)
    }
}
