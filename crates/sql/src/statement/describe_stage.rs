//! `{DESC | DESCRIBE} STAGE <name>`

use std::fmt;

use crate::Name;

/// Shows one stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeStage {
    pub name: Name,
}

impl fmt::Display for DescribeStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DESCRIBE STAGE {}", self.name)
    }
}
