//! DROP ROLE. What the role owned is the administrator's again.

use catalog::{Grantee, Privilege};

use super::done;
use crate::session::Session;
use crate::{Error, StatementOutput};

pub(super) async fn run(session: &Session, statement: sql::DropRole) -> Result<StatementOutput, Error> {
    session.require_globally(Privilege::DropRole)?;
    let name = &statement.name.value;
    super::require_cover(session, &Grantee::Role(name.clone()))?;
    session.engine.catalog().drop_role(&session.identity.organization, name, statement.if_exists).await?;
    Ok(done(session))
}
