//! DROP USER.

use catalog::{Grantee, Privilege};

use super::done;
use crate::session::{ADMINISTRATOR, Session};
use crate::{Error, ErrorKind, StatementOutput};

pub(super) async fn run(session: &Session, statement: sql::DropUser) -> Result<StatementOutput, Error> {
    session.require_globally(Privilege::DropUser)?;
    let name = statement.user.name.value;
    if name == ADMINISTRATOR {
        return Err(Error::new(
            ErrorKind::PermissionDenied,
            format!("user `{ADMINISTRATOR}` cannot be dropped"),
        ));
    }
    super::require_cover(session, &Grantee::User(name.clone()))?;
    session.engine.catalog().drop_user(&session.identity.organization, &name, statement.if_exists).await?;
    Ok(done(session))
}
