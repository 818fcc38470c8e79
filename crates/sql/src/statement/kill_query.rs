//! `KILL QUERY '<query id>'`

use std::fmt;

use crate::Text;

/// Ends a running statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KillQuery {
    pub query_id: Text,
}

impl fmt::Display for KillQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KILL QUERY {}", self.query_id)
    }
}
