//! `SHOW SETTINGS [LIKE '<pattern>' | WHERE <condition>] [LIMIT <n>]`

use std::fmt;

use crate::ShowFilter;

/// Lists the session's settings.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowSettings {
    pub filter: ShowFilter,
}

impl fmt::Display for ShowSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHOW SETTINGS{}", self.filter)
    }
}
