//! `ALTER ROLE [IF EXISTS] <role> {SET COMMENT = '<text>' | UNSET COMMENT}`

use std::fmt;

use super::role::role_name;
use crate::parser::Parser;
use crate::{Name, SyntaxError, Text};

/// Changes what is said about a SQL role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterRole {
    pub if_exists: bool,
    pub name: Name,
    /// `None` takes it away.
    pub comment: Option<Text>,
}

impl AlterRole {
    /// Behind `ALTER ROLE`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        let if_exists = parser.if_exists()?;
        let name = role_name(parser)?;
        if parser.take_keyword("UNSET") {
            parser.expect_keyword("COMMENT")?;
            return Ok(Self { if_exists, name, comment: None });
        }
        if !parser.take_keyword("SET") {
            return Err(parser.expected_one_of(&["SET", "UNSET"]));
        }
        parser.expect_keyword("COMMENT")?;
        parser.expect_symbol("=")?;
        Ok(Self { if_exists, name, comment: Some(parser.string("a comment")?) })
    }
}

impl fmt::Display for AlterRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ALTER ROLE {}{}", if self.if_exists { "IF EXISTS " } else { "" }, self.name)?;
        match &self.comment {
            Some(comment) => write!(f, " SET COMMENT = {comment}"),
            None => f.write_str(" UNSET COMMENT"),
        }
    }
}
