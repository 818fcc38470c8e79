//! `{DESC | DESCRIBE} CONNECTION <name>`

use std::fmt;

use crate::Name;

/// Shows one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeConnection {
    pub name: Name,
}

impl fmt::Display for DescribeConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DESCRIBE CONNECTION {}", self.name)
    }
}
