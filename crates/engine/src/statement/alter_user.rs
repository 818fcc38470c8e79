//! ALTER USER … IDENTIFIED BY: a new password, one's own or, for the administrator, anybody's.

use super::create_user::{password_of, refuse_options};
use super::done;
use crate::session::{ADMINISTRATOR, Session};
use crate::{Error, ErrorKind, StatementOutput};

pub(super) async fn run(session: &Session, statement: sql::AlterUser) -> Result<StatementOutput, Error> {
    refuse_options(&statement.options)?;
    let name = statement.user.map_or_else(|| session.identity.user.clone(), |user| user.name.value);
    if name != session.identity.user {
        session.require_administrator("change the password of another user")?;
    }
    if name == ADMINISTRATOR {
        return Err(Error::new(
            ErrorKind::PermissionDenied,
            format!("the password of `{ADMINISTRATOR}` is the server operator's to set"),
        )
        .with_hint("start the server with STAGEDOOR_ROOT_PASSWORD"));
    }
    let Some(authentication) = &statement.authentication else {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "ALTER USER changes passwords only: `IDENTIFIED BY '…'`",
        ));
    };
    let catalog = session.engine.catalog();
    let organization = &session.identity.organization;
    if statement.if_exists && catalog.user(organization, &name).await?.is_none() {
        return Ok(done(session));
    }
    catalog.set_password(organization, &name, password_of(authentication)).await?;
    Ok(done(session))
}
