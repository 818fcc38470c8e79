//! What the statements about users share.

use std::fmt;

use crate::display::Quoted;
use crate::lexer::TokenKind;
use crate::parser::Parser;
use crate::{Name, Secret, SyntaxError, Text};

/// `IDENTIFIED …`: how a user logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// `IDENTIFIED WITH no_password`.
    NoPassword,
    /// `IDENTIFIED [WITH <plugin>] BY '<password>'`.
    Password { plugin: PasswordPlugin, password: Secret },
    /// `IDENTIFIED WITH key_pair BY '<public key>'`.
    KeyPair { public_key: Text },
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
    /// `ADD PUBLIC_KEY = '<public key>' [LABEL = '<label>']`.
    AddPublicKey {
        public_key: Text,
        label: Option<Text>,
    },
    /// `REMOVE PUBLIC_KEY {LABEL | FINGERPRINT} = '<text>'`.
    RemovePublicKey {
        by_label: bool,
        text: Text,
    },
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
        const PLUGINS: [&str; 4] = ["sha256_password", "double_sha1_password", "key_pair", "no_password"];
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
                "key_pair" => {
                    parser.advance();
                    parser.expect_keyword("BY")?;
                    return Ok(Authentication::KeyPair { public_key: parser.string("a public key")? });
                }
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
        const OPTIONS: [&str; 6] =
            ["DEFAULT_ROLE", "DEFAULT_WAREHOUSE", "DISABLED", "MUST_CHANGE_PASSWORD", "ADD", "REMOVE"];
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
        if option == "ADD" {
            parser.expect_keyword("PUBLIC_KEY")?;
            parser.expect_symbol("=")?;
            let public_key = parser.string("a public key")?;
            let label = if parser.take_keyword("LABEL") {
                parser.expect_symbol("=")?;
                Some(parser.string("a label")?)
            } else {
                None
            };
            return Ok(UserOption::AddPublicKey { public_key, label });
        }
        if option == "REMOVE" {
            parser.expect_keyword("PUBLIC_KEY")?;
            let by_label = parser.take_keyword("LABEL");
            if !by_label && !parser.take_keyword("FINGERPRINT") {
                return Err(parser.expected_one_of(&["LABEL", "FINGERPRINT"]));
            }
            parser.expect_symbol("=")?;
            return Ok(UserOption::RemovePublicKey {
                by_label,
                text: parser.string("a label or a fingerprint")?,
            });
        }
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
            Authentication::KeyPair { public_key } => write!(f, "IDENTIFIED WITH key_pair BY {public_key}"),
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
            UserOption::AddPublicKey { public_key, label } => {
                write!(f, "ADD PUBLIC_KEY = {public_key}")?;
                label.as_ref().map_or(Ok(()), |label| write!(f, " LABEL = {label}"))
            }
            UserOption::RemovePublicKey { by_label, text } => {
                write!(f, "REMOVE PUBLIC_KEY {} = {text}", if *by_label { "LABEL" } else { "FINGERPRINT" })
            }
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
