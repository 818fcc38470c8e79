//! DROP VIEW.

use catalog::GrantObject;

use super::create_view::view_name;
use super::done;
use crate::session::Session;
use crate::{Error, StatementOutput};

pub(super) async fn run(session: &Session, statement: sql::DropView) -> Result<StatementOutput, Error> {
    let name = view_name(session, &statement.name)?;
    let (catalog, organization) = (session.engine.catalog(), &session.identity.organization);
    if catalog.view(organization, &name).await?.is_some() {
        session.require_ownership(&GrantObject::View(name.clone()))?;
    }
    catalog.drop_view(organization, &name, statement.if_exists).await?;
    Ok(done(session))
}
