//! CREATE USER.

use catalog::{Grantee, Privilege};

use super::{create_mode, done};
use crate::session::{ADMINISTRATOR, Session};
use crate::{Error, ErrorKind, StatementOutput};

pub(super) async fn run(session: &Session, statement: sql::CreateUser) -> Result<StatementOutput, Error> {
    session.require_globally(Privilege::CreateUser)?;
    let options = UserOptions::read(&statement.options)?;
    if let Some(option) = options.keys.first() {
        return Err(Error::new(ErrorKind::Semantic, format!("`{option}` is for ALTER USER"))
            .with_hint("the first key is given by `IDENTIFIED WITH key_pair BY '…'`"));
    }
    let name = &statement.user.name.value;
    if name == ADMINISTRATOR {
        return Err(Error::new(ErrorKind::UserExists, format!("user `{ADMINISTRATOR}` already exists"))
            .with_hint("the server's operator sets its password"));
    }
    if statement.mode == sql::CreateMode::OrReplace {
        super::require_cover(session, &Grantee::User(name.clone()))?;
    }
    let (password, public_key) = match &statement.authentication {
        sql::Authentication::Password { password, .. } => (Some(password.expose()), None),
        sql::Authentication::KeyPair { public_key } => (None, Some(public_key.value.as_str())),
        sql::Authentication::NoPassword => (None, None),
    };
    let user = catalog::NewUser {
        name,
        password,
        public_key,
        default_role: options.default_role.as_deref(),
        disabled: options.disabled.unwrap_or(false),
        must_change_password: options.must_change_password.unwrap_or(false),
    };
    session
        .engine
        .catalog()
        .create_user(&session.identity.organization, &user, create_mode(statement.mode))
        .await?;
    Ok(done(session))
}

/// What stands behind WITH.
#[derive(Debug, Default)]
pub(super) struct UserOptions {
    pub(super) default_role: Option<String>,
    pub(super) disabled: Option<bool>,
    pub(super) must_change_password: Option<bool>,
    /// `ADD PUBLIC_KEY` and `REMOVE PUBLIC_KEY`, in order.
    pub(super) keys: Vec<sql::UserOption>,
}

impl UserOptions {
    /// An option that would be ignored is refused: who typed it relies on it.
    pub(super) fn read(options: &[sql::UserOption]) -> Result<Self, Error> {
        let mut read = Self::default();
        for option in options {
            match option {
                sql::UserOption::DefaultRole(role) => read.default_role = Some(role.clone()),
                sql::UserOption::Disabled(disabled) => read.disabled = Some(*disabled),
                sql::UserOption::AddPublicKey { .. } | sql::UserOption::RemovePublicKey { .. } => {
                    read.keys.push(option.clone());
                }
                sql::UserOption::MustChangePassword(must) => read.must_change_password = Some(*must),
                sql::UserOption::DefaultWarehouse(_) => {
                    return Err(Error::new(
                        ErrorKind::Unsupported,
                        format!("option `{option}` of a user is not supported by this version of Stagedoor"),
                    )
                    .with_hint("there are DEFAULT_ROLE, DISABLED, MUST_CHANGE_PASSWORD, ADD PUBLIC_KEY and REMOVE PUBLIC_KEY"));
                }
            }
        }
        Ok(read)
    }
}
