//! `LIST @<stage>[/<path>] [PATTERN = '<regex>']`

use std::fmt;

use crate::parser::Parser;
use crate::{Location, Span, SyntaxError, Text};

/// Lists the files of a stage.
#[derive(Debug, Clone)]
pub struct List {
    /// Never [`Location::Uri`].
    pub location: Location,
    pub location_span: Span,
    pub pattern: Option<Text>,
}

impl PartialEq for List {
    fn eq(&self, other: &Self) -> bool {
        self.location == other.location && self.pattern == other.pattern
    }
}

impl List {
    /// Behind `LIST`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        let (location, location_span) = parser.stage_location("LIST")?;
        Ok(Self { location, location_span, pattern: parse_pattern(parser)? })
    }
}

/// `PATTERN = '…'` or the end.
pub(crate) fn parse_pattern(parser: &mut Parser<'_>) -> Result<Option<Text>, SyntaxError> {
    if parser.is_end() {
        return Ok(None);
    }
    parser.expect_keyword("PATTERN")?;
    if !parser.take_symbol("=>") {
        parser.expect_symbol("=")?;
    }
    Ok(Some(parser.string("a pattern")?))
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LIST {}", self.location)?;
        self.pattern.as_ref().map_or(Ok(()), |pattern| write!(f, " PATTERN = {pattern}"))
    }
}
