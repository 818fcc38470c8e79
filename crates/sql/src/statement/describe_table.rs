//! `{DESC | DESCRIBE} [TABLE] <name>`

use std::fmt;

use crate::ObjectName;

/// Shows the columns of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeTable {
    pub name: ObjectName,
}

impl fmt::Display for DescribeTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DESCRIBE TABLE {}", self.name)
    }
}
