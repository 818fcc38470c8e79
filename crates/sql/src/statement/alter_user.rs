//! `ALTER USER [IF EXISTS] {<user> | USER()} [IDENTIFIED …] [WITH <option>, …]`

use std::fmt;

use crate::display::CommaSeparated;
use crate::parser::Parser;
use crate::{Authentication, SyntaxError, UserName, UserOption};

/// Changes a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterUser {
    pub if_exists: bool,
    /// `None` for `USER()`: the one who asks.
    pub user: Option<UserName>,
    /// There, or `options` is not empty.
    pub authentication: Option<Authentication>,
    pub options: Vec<UserOption>,
}

impl AlterUser {
    /// Behind `ALTER USER`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        let if_exists = parser.if_exists()?;
        let is_asking_user = parser.is_keyword("USER") && parser.peek_at(1).is_symbol("(");
        let user = if is_asking_user {
            parser.advance();
            parser.expect_symbol("(")?;
            parser.expect_symbol(")")?;
            None
        } else {
            Some(UserName::parse(parser)?)
        };
        let authentication =
            if parser.take_keyword("IDENTIFIED") { Some(Authentication::parse(parser)?) } else { None };
        if authentication.is_none() && !parser.is_keyword("WITH") {
            return Err(parser.expected_one_of(&["IDENTIFIED", "WITH"]));
        }
        Ok(Self { if_exists, user, authentication, options: UserOption::parse_all(parser)? })
    }
}

impl fmt::Display for AlterUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ALTER USER {}", if self.if_exists { "IF EXISTS " } else { "" })?;
        match &self.user {
            Some(user) => write!(f, "{user}")?,
            None => f.write_str("USER()")?,
        }
        if let Some(authentication) = &self.authentication {
            write!(f, " {authentication}")?;
        }
        if self.options.is_empty() { Ok(()) } else { write!(f, " WITH {}", CommaSeparated(&self.options)) }
    }
}
