//! DROP USER.

use super::done;
use crate::session::{ADMINISTRATOR, Session};
use crate::{Error, ErrorKind, StatementOutput};

pub(super) async fn run(session: &Session, statement: sql::DropUser) -> Result<StatementOutput, Error> {
    session.require_administrator("drop users")?;
    let name = statement.user.name.value;
    if name == ADMINISTRATOR {
        return Err(Error::new(
            ErrorKind::PermissionDenied,
            format!("user `{ADMINISTRATOR}` cannot be dropped"),
        ));
    }
    session.engine.catalog().drop_user(&session.identity.organization, &name, statement.if_exists).await?;
    Ok(done(session))
}
