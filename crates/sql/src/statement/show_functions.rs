//! `SHOW FUNCTIONS [LIKE '<pattern>' | WHERE <condition>] [LIMIT <n>]`

use std::fmt;

use crate::parser::Parser;
use crate::{ShowFilter, SyntaxError};

/// Lists functions.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowFunctions {
    pub filter: ShowFilter,
}

impl ShowFunctions {
    /// Behind `SHOW FUNCTIONS`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        Ok(Self { filter: ShowFilter::parse(parser)? })
    }
}

impl fmt::Display for ShowFunctions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHOW FUNCTIONS{}", self.filter)
    }
}
