//! `SHOW [FULL] VIEWS [LIKE '<pattern>' | WHERE <condition>] [LIMIT <n>]`

use std::fmt;

use crate::parser::Parser;
use crate::{ShowFilter, SyntaxError};

/// Lists views.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowViews {
    pub full: bool,
    pub filter: ShowFilter,
}

impl ShowViews {
    /// Behind `SHOW [FULL] VIEWS`.
    pub(crate) fn parse(parser: &mut Parser<'_>, full: bool) -> Result<Self, SyntaxError> {
        Ok(Self { full, filter: ShowFilter::parse(parser)? })
    }
}

impl fmt::Display for ShowViews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHOW {}VIEWS{}", if self.full { "FULL " } else { "" }, self.filter)
    }
}
