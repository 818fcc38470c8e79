//! ALTER ROLE: what is said about it.

use catalog::{Grantee, Privilege};

use super::done;
use crate::session::Session;
use crate::{Error, StatementOutput};

pub(super) async fn run(session: &Session, statement: sql::AlterRole) -> Result<StatementOutput, Error> {
    session.require_globally(Privilege::CreateRole)?;
    let name = &statement.name.value;
    if statement.if_exists && !session.authority.grants().roles.contains_key(name) {
        return Ok(done(session));
    }
    super::require_cover(session, &Grantee::Role(name.clone()))?;
    let comment = statement.comment.as_ref().map(|text| text.value.as_str()).unwrap_or_default();
    session.engine.catalog().set_role_comment(&session.identity.organization, name, comment).await?;
    Ok(done(session))
}
