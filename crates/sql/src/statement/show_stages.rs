//! `SHOW STAGES [LIKE '<pattern>' | WHERE <condition>] [LIMIT <n>]`

use std::fmt;

use crate::ShowFilter;

/// Lists stages.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowStages {
    pub filter: ShowFilter,
}

impl fmt::Display for ShowStages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHOW STAGES{}", self.filter)
    }
}
