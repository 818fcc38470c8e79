//! `SHOW CONNECTIONS`

use std::fmt;

/// Lists connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShowConnections;

impl fmt::Display for ShowConnections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SHOW CONNECTIONS")
    }
}
