//! `CREATE [OR REPLACE] USER [IF NOT EXISTS] <user> IDENTIFIED … [WITH <option>, …]`

use std::fmt;

use crate::display::CommaSeparated;
use crate::parser::Parser;
use crate::{Authentication, CreateMode, Span, SyntaxError, UserName, UserOption};

/// Makes a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateUser {
    pub mode: CreateMode,
    pub user: UserName,
    pub authentication: Authentication,
    pub options: Vec<UserOption>,
}

impl CreateUser {
    /// Behind `CREATE [OR REPLACE] USER`.
    pub(crate) fn parse(parser: &mut Parser<'_>, or_replace: Option<Span>) -> Result<Self, SyntaxError> {
        let mode = CreateMode::parse(parser, or_replace)?;
        let user = UserName::parse(parser)?;
        parser.expect_keyword("IDENTIFIED")?;
        let authentication = Authentication::parse(parser)?;
        Ok(Self { mode, user, authentication, options: UserOption::parse_all(parser)? })
    }
}

impl fmt::Display for CreateUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (replace, exists) = self.mode.words();
        write!(f, "CREATE {replace}USER {exists}{} {}", self.user, self.authentication)?;
        if self.options.is_empty() { Ok(()) } else { write!(f, " WITH {}", CommaSeparated(&self.options)) }
    }
}
