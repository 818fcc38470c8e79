//! DROP CONNECTION. The catalog refuses while stages use it.

use catalog::GrantObject;

use super::{done, folded};
use crate::session::Session;
use crate::{Error, StatementOutput};

pub(super) async fn run(session: &Session, statement: sql::DropConnection) -> Result<StatementOutput, Error> {
    let name = folded(&statement.name);
    let (catalog, organization) = (session.engine.catalog(), &session.identity.organization);
    if catalog.connection(organization, &name).await?.is_some() {
        session.require_ownership(&GrantObject::Connection(name.clone()))?;
    }
    catalog.drop_connection(organization, &name, statement.if_exists).await?;
    Ok(done(session))
}
