//! `SHOW ORGANIZATION`

use std::fmt;

/// Shows the organization: the principal that a role's trust policy must name, and its external id prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShowOrganization;

impl fmt::Display for ShowOrganization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SHOW ORGANIZATION")
    }
}
