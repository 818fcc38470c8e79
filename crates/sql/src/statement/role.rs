//! What the statements about SQL roles and grants share.

use std::fmt;

use super::user::UserName;
use crate::display::CommaSeparated;
use crate::lexer::TokenKind;
use crate::parser::Parser;
use crate::{Name, Span, SyntaxError};

/// To whom something is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grantee {
    Role(Name),
    /// Also without the word USER, as in Databend.
    User(UserName),
}

/// What GRANT gives and REVOKE takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Granted {
    /// `ROLE <role>`.
    Role(Name),
    /// `<privilege>, … ON <object>`.
    Privileges { privileges: GrantedPrivileges, on: GrantTarget },
}

/// The privileges of a GRANT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantedPrivileges {
    /// `ALL [PRIVILEGES]`.
    All,
    /// Never empty.
    Listed(Vec<PrivilegeWords>),
}

/// One privilege: its words in upper case, such as `ACCESS CONNECTION`. Equality ignores the span.
#[derive(Debug, Clone)]
pub struct PrivilegeWords {
    pub words: &'static str,
    pub span: Span,
}

impl PartialEq for PrivilegeWords {
    fn eq(&self, other: &Self) -> bool {
        self.words == other.words
    }
}

impl Eq for PrivilegeWords {}

/// On what a privilege is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantTarget {
    /// `*.*`
    Everything,
    Connection(Name),
    Stage(Name),
    FileFormat(Name),
    View(Name),
}

/// The privileges that exist here.
const PRIVILEGES: &[&str] = &[
    "SUPER",
    "CREATE CONNECTION",
    "CREATE STAGE",
    "CREATE FILE FORMAT",
    "CREATE VIEW",
    "CREATE USER",
    "DROP USER",
    "CREATE ROLE",
    "DROP ROLE",
    "GRANT",
    "ACCESS CONNECTION",
    "READ",
    "WRITE",
    "OWNERSHIP",
];

/// Privileges of Databend's on what this version does not have.
const UNSUPPORTED_PRIVILEGES: &[&str] = &[
    "USAGE",
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "ALTER",
    "DROP",
    "CREATE",
    "CREATE DATABASE",
    "CREATE TABLE",
    "CREATE DATAMASK",
    "CREATE MASKING POLICY",
    "CREATE ROW ACCESS POLICY",
    "CREATE WAREHOUSE",
    "CREATE SEQUENCE",
    "CREATE PROCEDURE",
    "ACCESS SEQUENCE",
    "ACCESS PROCEDURE",
    "SET",
    "APPLY MASKING POLICY",
    "APPLY ROW ACCESS POLICY",
];

/// The name of a role, in quotes of any kind or none.
pub(crate) fn role_name(parser: &mut Parser<'_>) -> Result<Name, SyntaxError> {
    let token = parser.peek();
    let TokenKind::String(value) = &token.kind else {
        return parser.name("a role's name");
    };
    if value.is_empty() {
        return Err(parser.error(token.span, "a role's name cannot be empty"));
    }
    parser.advance();
    Ok(Name::new(value, true, token.span))
}

impl Grantee {
    /// Behind TO, FROM or FOR.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        if parser.take_keyword("ROLE") {
            return Ok(Grantee::Role(role_name(parser)?));
        }
        parser.take_keyword("USER");
        Ok(Grantee::User(UserName::parse(parser)?))
    }
}

impl Granted {
    /// Behind GRANT or REVOKE.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        if parser.take_keyword("ROLE") {
            return Ok(Granted::Role(role_name(parser)?));
        }
        let privileges = if parser.take_keyword("ALL") {
            parser.take_keyword("PRIVILEGES");
            GrantedPrivileges::All
        } else {
            let mut listed = vec![PrivilegeWords::parse(parser)?];
            while parser.take_symbol(",") {
                listed.push(PrivilegeWords::parse(parser)?);
            }
            GrantedPrivileges::Listed(listed)
        };
        parser.expect_keyword("ON")?;
        Ok(Granted::Privileges { privileges, on: GrantTarget::parse(parser)? })
    }
}

impl PrivilegeWords {
    fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        let start = parser.peek().span;
        if let Some(words) = longest(parser, PRIVILEGES) {
            // `CREATE DATABASE` must not be taken for less than it is.
            if longest(parser, UNSUPPORTED_PRIVILEGES).is_none_or(|other| other.len() < words.len()) {
                words.split(' ').for_each(|_| {
                    parser.advance();
                });
                return Ok(Self { words, span: start.to(parser.previous_span()) });
            }
        }
        if let Some(words) = longest(parser, UNSUPPORTED_PRIVILEGES) {
            let message = format!("privilege `{words}` is not supported in this version");
            return Err(parser
                .unsupported(start, message)
                .with_hint("there are no tables of one's own yet: grant READ and WRITE on stages"));
        }
        Err(parser.unknown_privilege(PRIVILEGES))
    }
}

impl GrantTarget {
    /// Behind ON.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        let start = parser.peek().span;
        if parser.is_symbol("*") {
            parser.advance();
            if parser.take_symbol(".") && parser.take_symbol("*") {
                return Ok(GrantTarget::Everything);
            }
            return Err(parser.error(start, "expected `*.*`, the whole organization"));
        }
        if parser.take_keyword("CONNECTION") {
            return Ok(GrantTarget::Connection(parser.name("a connection's name")?));
        }
        if parser.take_keyword("STAGE") {
            return Ok(GrantTarget::Stage(parser.name("a stage's name")?));
        }
        if parser.take_keywords(&["FILE", "FORMAT"]) {
            return Ok(GrantTarget::FileFormat(parser.name("a file format's name")?));
        }
        if parser.take_keyword("VIEW") {
            return Ok(GrantTarget::View(parser.name("a view's name")?));
        }
        if parser.word_at(0).is_some() {
            let message =
                "expected `*.*`, `CONNECTION <name>`, `STAGE <name>`, `FILE FORMAT <name>` or `VIEW <name>`";
            return Err(parser.unsupported(start, message).with_hint("there are no grants on tables yet"));
        }
        Err(parser
            .expected("`*.*`, `CONNECTION <name>`, `STAGE <name>`, `FILE FORMAT <name>` or `VIEW <name>`"))
    }
}

/// The candidate with the most words of those that stand at the cursor.
fn longest(parser: &Parser<'_>, candidates: &[&'static str]) -> Option<&'static str> {
    let stands =
        |words: &&&str| words.split(' ').enumerate().all(|(at, word)| parser.is_keyword_at(at, word));
    candidates.iter().filter(stands).max_by_key(|words| words.split(' ').count()).copied()
}

impl fmt::Display for Grantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Grantee::Role(name) => write!(f, "ROLE {name}"),
            Grantee::User(user) => write!(f, "USER {user}"),
        }
    }
}

impl fmt::Display for Granted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Granted::Role(name) => write!(f, "ROLE {name}"),
            Granted::Privileges { privileges: GrantedPrivileges::All, on } => write!(f, "ALL ON {on}"),
            Granted::Privileges { privileges: GrantedPrivileges::Listed(listed), on } => {
                write!(f, "{} ON {on}", CommaSeparated(listed))
            }
        }
    }
}

impl fmt::Display for PrivilegeWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words)
    }
}

impl fmt::Display for GrantTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GrantTarget::Everything => f.write_str("*.*"),
            GrantTarget::Connection(name) => write!(f, "CONNECTION {name}"),
            GrantTarget::Stage(name) => write!(f, "STAGE {name}"),
            GrantTarget::FileFormat(name) => write!(f, "FILE FORMAT {name}"),
            GrantTarget::View(name) => write!(f, "VIEW {name}"),
        }
    }
}
