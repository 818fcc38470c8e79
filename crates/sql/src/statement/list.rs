//! `LIST @<stage>[/<path>] [PATTERN = '<regex>']`

use std::fmt;

use crate::{Location, Span, Text};

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

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LIST {}", self.location)?;
        self.pattern.as_ref().map_or(Ok(()), |pattern| write!(f, " PATTERN = {pattern}"))
    }
}
