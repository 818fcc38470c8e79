//! `SHOW STAGES [LIKE '<pattern>' | WHERE <condition>] [LIMIT <n>]`

use std::fmt;

use crate::parser::Parser;
use crate::{ShowFilter, SyntaxError};

/// Lists stages.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowStages {
    pub filter: ShowFilter,
}

impl ShowStages {
    /// Behind `SHOW STAGES`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        Ok(Self { filter: ShowFilter::parse(parser)? })
    }
}

impl fmt::Display for ShowStages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHOW STAGES{}", self.filter)
    }
}
