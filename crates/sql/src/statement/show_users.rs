//! `SHOW USERS [LIKE '<pattern>' | WHERE <condition>] [LIMIT <n>]`

use std::fmt;

use crate::parser::Parser;
use crate::{ShowFilter, SyntaxError};

/// Lists users.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowUsers {
    pub filter: ShowFilter,
}

impl ShowUsers {
    /// Behind `SHOW USERS`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        Ok(Self { filter: ShowFilter::parse(parser)? })
    }
}

impl fmt::Display for ShowUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHOW USERS{}", self.filter)
    }
}
