//! `SUGGEST POLICY FOR STAGE <name>`

use std::fmt;

use crate::parser::Parser;
use crate::{Name, SyntaxError};

use super::create_stage::stage_name;

/// Shows the smallest policy that covers what a stage was really used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuggestPolicy {
    pub stage: Name,
}

impl SuggestPolicy {
    /// Behind `SUGGEST`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        parser.expect_keyword("POLICY")?;
        parser.expect_keyword("FOR")?;
        parser.expect_keyword("STAGE")?;
        Ok(Self { stage: stage_name(parser)? })
    }
}

impl fmt::Display for SuggestPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SUGGEST POLICY FOR STAGE {}", self.stage)
    }
}
