//! `SHOW ROLES [LIKE '<pattern>' | WHERE <condition>] [LIMIT <n>]`

use std::fmt;

use crate::parser::Parser;
use crate::{ShowFilter, SyntaxError};

/// Lists SQL roles.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowRoles {
    pub filter: ShowFilter,
}

impl ShowRoles {
    /// Behind `SHOW ROLES`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        Ok(Self { filter: ShowFilter::parse(parser)? })
    }
}

impl fmt::Display for ShowRoles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHOW ROLES{}", self.filter)
    }
}
