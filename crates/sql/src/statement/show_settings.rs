//! `SHOW SETTINGS [LIKE '<pattern>' | WHERE <condition>] [LIMIT <n>]`

use std::fmt;

use crate::parser::Parser;
use crate::{ShowFilter, SyntaxError};

/// Lists the session's settings.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowSettings {
    pub filter: ShowFilter,
}

impl ShowSettings {
    /// Behind `SHOW SETTINGS`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        Ok(Self { filter: ShowFilter::parse(parser)? })
    }
}

impl fmt::Display for ShowSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHOW SETTINGS{}", self.filter)
    }
}
