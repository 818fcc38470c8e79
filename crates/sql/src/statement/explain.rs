//! `EXPLAIN [ANALYZE] [VERBOSE] <query>`

use std::fmt;

use crate::Query;

/// Shows how a query is run.
#[derive(Debug, Clone, PartialEq)]
pub struct Explain {
    /// Runs the query and shows what each step took.
    pub analyze: bool,
    pub verbose: bool,
    pub query: Box<Query>,
}

impl fmt::Display for Explain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let analyze = if self.analyze { "ANALYZE " } else { "" };
        let verbose = if self.verbose { "VERBOSE " } else { "" };
        write!(f, "EXPLAIN {analyze}{verbose}{}", self.query)
    }
}
