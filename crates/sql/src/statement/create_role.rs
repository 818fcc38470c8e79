//! `CREATE [OR REPLACE] ROLE [IF NOT EXISTS] <role> [COMMENT = '<text>']`

use std::fmt;

use super::role::role_name;
use crate::parser::Parser;
use crate::{CreateMode, Name, Span, SyntaxError, Text};

/// Makes a SQL role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateRole {
    pub mode: CreateMode,
    pub name: Name,
    pub comment: Option<Text>,
}

impl CreateRole {
    /// Behind `CREATE [OR REPLACE] ROLE`.
    pub(crate) fn parse(parser: &mut Parser<'_>, or_replace: Option<Span>) -> Result<Self, SyntaxError> {
        let mode = CreateMode::parse(parser, or_replace)?;
        let name = role_name(parser)?;
        let comment = if parser.take_keyword("COMMENT") {
            parser.expect_symbol("=")?;
            Some(parser.string("a comment")?)
        } else {
            None
        };
        Ok(Self { mode, name, comment })
    }
}

impl fmt::Display for CreateRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (replace, exists) = self.mode.words();
        write!(f, "CREATE {replace}ROLE {exists}{}", self.name)?;
        self.comment.as_ref().map_or(Ok(()), |comment| write!(f, " COMMENT = {comment}"))
    }
}
