//! `{DESC | DESCRIBE} STAGE <name>`

use std::fmt;

use crate::parser::Parser;
use crate::{Name, SyntaxError};

use super::create_stage::stage_name;

/// Shows one stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeStage {
    pub name: Name,
}

impl DescribeStage {
    /// Behind `DESCRIBE STAGE`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        Ok(Self { name: stage_name(parser)? })
    }
}

impl fmt::Display for DescribeStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DESCRIBE STAGE {}", self.name)
    }
}
