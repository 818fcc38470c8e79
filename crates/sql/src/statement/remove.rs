//! `REMOVE @<stage>[/<path>] [PATTERN = '<regex>']`

use std::fmt;

use crate::parser::Parser;
use crate::{Location, Span, SyntaxError, Text};

use super::list::parse_pattern;

/// Removes files of a stage.
#[derive(Debug, Clone)]
pub struct Remove {
    /// Never [`Location::Uri`].
    pub location: Location,
    pub location_span: Span,
    pub pattern: Option<Text>,
}

impl PartialEq for Remove {
    fn eq(&self, other: &Self) -> bool {
        self.location == other.location && self.pattern == other.pattern
    }
}

impl Remove {
    /// Behind `REMOVE`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        let (location, location_span) = parser.stage_location("REMOVE")?;
        Ok(Self { location, location_span, pattern: parse_pattern(parser)? })
    }
}

impl fmt::Display for Remove {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "REMOVE {}", self.location)?;
        self.pattern.as_ref().map_or(Ok(()), |pattern| write!(f, " PATTERN = {pattern}"))
    }
}
