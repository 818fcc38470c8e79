//! CREATE ROLE.

use catalog::{Grantee, Privilege};

use super::{create_mode, done};
use crate::session::Session;
use crate::{Error, StatementOutput};

pub(super) async fn run(session: &Session, statement: sql::CreateRole) -> Result<StatementOutput, Error> {
    session.require_globally(Privilege::CreateRole)?;
    let name = &statement.name.value;
    if statement.mode == sql::CreateMode::OrReplace {
        super::require_cover(session, &Grantee::Role(name.clone()))?;
    }
    let comment = statement.comment.as_ref().map(|text| text.value.as_str()).unwrap_or_default();
    session
        .engine
        .catalog()
        .create_role(&session.identity.organization, name, comment, create_mode(statement.mode))
        .await?;
    Ok(done(session))
}
