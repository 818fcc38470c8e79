//! `DROP STAGE [IF EXISTS] <name>`

use std::fmt;

use crate::parser::Parser;
use crate::{Name, SyntaxError};

use super::create_stage::stage_name;

/// Removes a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropStage {
    pub if_exists: bool,
    pub name: Name,
}

impl DropStage {
    /// Behind `DROP STAGE`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        Ok(Self { if_exists: parser.if_exists()?, name: stage_name(parser)? })
    }
}

impl fmt::Display for DropStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DROP STAGE {}{}", if self.if_exists { "IF EXISTS " } else { "" }, self.name)
    }
}
