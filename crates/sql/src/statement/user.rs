//! What the statements about users share.

use std::fmt;

use crate::display::Quoted;
use crate::lexer::TokenKind;
use crate::parser::Parser;
use crate::{Name, Secret, SyntaxError};

/// `IDENTIFIED …`: how a user logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// `IDENTIFIED WITH no_password`.
    NoPassword,
    /// `IDENTIFIED [WITH <plugin>] BY '<password>'`.
    Password { plugin: PasswordPlugin, password: Secret },
}

/// The kind of password a user has in Databend; the engine may keep all alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordPlugin {
    /// None was named.
    Default,
    Sha256Password,
    DoubleSha1Password,
}

/// `WITH <option>` of CREATE USER and ALTER USER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserOption {
    DefaultRole(String),
    DefaultWarehouse(String),
    Disabled(bool),
    MustChangePassword(bool),
}

/// `<name>[@'<host>']`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserName {
    pub name: Name,
    /// `None` is every host, as `%` is.
    pub host: Option<String>,
}

impl UserName {
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        let token = parser.peek();
        let name = if let TokenKind::String(value) = &token.kind {
            if value.is_empty() {
                return Err(parser.error(token.span, "a user's name cannot be empty"));
            }
            parser.advance();
            Name::new(value, true, token.span)
        } else {
            parser.name("a user's name")?
        };
        let host = if parser.take_symbol("@") {
            Some(parser.string("a host")?.value)
        } else if let TokenKind::StagePath(host) = &parser.peek().kind {
            parser.advance();
            Some(host.clone())
        } else {
            None
        };
        Ok(Self { name, host: host.filter(|host| host != "%") })
    }
}

impl Authentication {
    /// Behind `IDENTIFIED`.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        const PLUGINS: [&str; 3] = ["sha256_password", "double_sha1_password", "no_password"];
        let mut plugin = PasswordPlugin::Default;
        if parser.take_keyword("WITH") {
            let word = match &parser.peek().kind {
                TokenKind::String(value) => value.clone(),
                _ => parser.word_at(0).unwrap_or_default().to_string(),
            };
            plugin = match word.to_ascii_lowercase().as_str() {
                "no_password" => {
                    parser.advance();
                    return Ok(Authentication::NoPassword);
                }
                "sha256_password" => PasswordPlugin::Sha256Password,
                "double_sha1_password" => PasswordPlugin::DoubleSha1Password,
                "jwt" => {
                    let message = "login with JWT is not supported in this version";
                    return Err(parser.unsupported(parser.peek().span, message));
                }
                _ => return Err(parser.expected_one_of(&PLUGINS)),
            };
            parser.advance();
        }
        if !parser.take_keyword("BY") {
            return Err(parser.expected_one_of(if plugin == PasswordPlugin::Default {
                &["BY", "WITH"]
            } else {
                &["BY"]
            }));
        }
        let password = parser.secret("a password")?;
        Ok(Authentication::Password { plugin, password })
    }
}

impl UserOption {
    /// Behind the authentication, up to the end: nothing, or `WITH` and options.
    pub(crate) fn parse_all(parser: &mut Parser<'_>) -> Result<Vec<Self>, SyntaxError> {
        let mut options = Vec::new();
        if parser.is_end() {
            return Ok(options);
        }
        parser.expect_keyword("WITH")?;
        loop {
            options.push(Self::parse(parser)?);
            parser.take_symbol(",");
            if parser.is_end() {
                return Ok(options);
            }
        }
    }

    fn parse(parser: &mut Parser<'_>) -> Result<Self, SyntaxError> {
        const OPTIONS: [&str; 4] = ["DEFAULT_ROLE", "DEFAULT_WAREHOUSE", "DISABLED", "MUST_CHANGE_PASSWORD"];
        let span = parser.peek().span;
        let Some(word) = parser.word_at(0) else {
            return Err(parser.expected_one_of(&OPTIONS));
        };
        let option = word.to_ascii_uppercase();
        if matches!(option.as_str(), "TENANTSETTING" | "SET" | "UNSET") {
            let message = "policies and tenant settings of users are not supported in this version";
            return Err(parser.unsupported(span, message));
        }
        if !OPTIONS.contains(&option.as_str()) {
            return Err(parser.unknown_option("a user", &OPTIONS));
        }
        parser.advance();
        parser.expect_symbol("=")?;
        Ok(match option.as_str() {
            "DEFAULT_ROLE" => UserOption::DefaultRole(parser.string("a role")?.value),
            "DEFAULT_WAREHOUSE" => UserOption::DefaultWarehouse(parser.string("a warehouse")?.value),
            "DISABLED" => UserOption::Disabled(parser.boolean()?),
            _ => UserOption::MustChangePassword(parser.boolean()?),
        })
    }
}

impl fmt::Display for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Authentication::NoPassword => f.write_str("IDENTIFIED WITH no_password"),
            Authentication::Password { plugin, password } => {
                let plugin = match plugin {
                    PasswordPlugin::Default => "",
                    PasswordPlugin::Sha256Password => "WITH sha256_password ",
                    PasswordPlugin::DoubleSha1Password => "WITH double_sha1_password ",
                };
                write!(f, "IDENTIFIED {plugin}BY {}", Quoted(password.expose()))
            }
        }
    }
}

impl fmt::Display for UserOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UserOption::DefaultRole(role) => write!(f, "DEFAULT_ROLE = {}", Quoted(role)),
            UserOption::DefaultWarehouse(name) => write!(f, "DEFAULT_WAREHOUSE = {}", Quoted(name)),
            UserOption::Disabled(value) => write!(f, "DISABLED = {value}"),
            UserOption::MustChangePassword(value) => write!(f, "MUST_CHANGE_PASSWORD = {value}"),
        }
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        self.host.as_ref().map_or(Ok(()), |host| write!(f, "@{}", Quoted(host)))
    }
}
