//! `SHOW PROCESSLIST [LIKE '<pattern>' | WHERE <condition>] [LIMIT <n>]`

use std::fmt;

use crate::ShowFilter;

/// Lists running statements.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowProcesslist {
    pub filter: ShowFilter,
}

impl fmt::Display for ShowProcesslist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHOW PROCESSLIST{}", self.filter)
    }
}
