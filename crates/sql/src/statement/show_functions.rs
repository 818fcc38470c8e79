//! `SHOW FUNCTIONS [LIKE '<pattern>' | WHERE <condition>] [LIMIT <n>]`

use std::fmt;

use crate::ShowFilter;

/// Lists functions.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowFunctions {
    pub filter: ShowFilter,
}

impl fmt::Display for ShowFunctions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHOW FUNCTIONS{}", self.filter)
    }
}
