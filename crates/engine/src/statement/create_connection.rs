//! CREATE CONNECTION. It makes no AWS call: what can be checked on paper fails at once, the rest is
//! for VALIDATE and the first read.

use catalog::{GrantObject, Privilege};

use super::{connection_parameters, create_mode, done, folded};
use crate::session::Session;
use crate::{Error, StatementOutput};

pub(super) async fn run(
    session: &Session,
    statement: sql::CreateConnection,
) -> Result<StatementOutput, Error> {
    let owner = session.require_to_create(Privilege::CreateConnection)?;
    let name = folded(&statement.name);
    let object = GrantObject::Connection(name.clone());
    super::require_to_replace(session, statement.mode, &object).await?;
    let parameters =
        connection_parameters::check(session, &statement.storage_type.value, &statement.parameters)?;
    connection_parameters::require_pair(session, Some(&object), &parameters).await?;
    let connection =
        catalog::NewConnection { name, owner, parameters, creator: session.identity.user.clone() };
    session
        .engine
        .catalog()
        .create_connection(&session.identity.organization, &connection, create_mode(statement.mode))
        .await?;
    // The new role may be right where the old one was refused.
    session.engine.credentials().forget_refusals(&session.identity.organization);
    Ok(done(session))
}
