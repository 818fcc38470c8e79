//! What the statements about users share.

use std::fmt;

use crate::display::Quoted;
use crate::{Name, Secret};

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
