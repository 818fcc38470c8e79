//! CREATE USER.

use super::{create_mode, done};
use crate::session::{ADMINISTRATOR, Session};
use crate::{Error, ErrorKind, StatementOutput};

pub(super) async fn run(session: &Session, statement: sql::CreateUser) -> Result<StatementOutput, Error> {
    session.require_administrator("create users")?;
    refuse_options(&statement.options)?;
    let name = &statement.user.name.value;
    if name == ADMINISTRATOR {
        return Err(Error::new(ErrorKind::UserExists, format!("user `{ADMINISTRATOR}` already exists"))
            .with_hint("the server's operator sets its password"));
    }
    let user = catalog::NewUser { name, password: password_of(&statement.authentication) };
    session
        .engine
        .catalog()
        .create_user(&session.identity.organization, &user, create_mode(statement.mode))
        .await?;
    Ok(done(session))
}

/// An option that would be ignored, such as DISABLED, is refused: who typed it relies on it.
pub(super) fn refuse_options(options: &[sql::UserOption]) -> Result<(), Error> {
    if options.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Unsupported,
        "options of a user (`WITH …`) are not supported by this version of Stagedoor",
    )
    .with_hint("leave WITH out; DROP USER keeps a user out"))
}

pub(super) fn password_of(authentication: &sql::Authentication) -> Option<&str> {
    match authentication {
        sql::Authentication::Password { password, .. } => Some(password.expose()),
        sql::Authentication::NoPassword => None,
    }
}
