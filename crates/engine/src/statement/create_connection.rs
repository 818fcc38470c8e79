//! CREATE CONNECTION. It makes no AWS call: what can be checked on paper fails at once, the rest is
//! for VALIDATE and the first read.

use super::{connection_parameters, create_mode, done, folded};
use crate::session::Session;
use crate::{Error, StatementOutput};

pub(super) async fn run(
    session: &Session,
    statement: sql::CreateConnection,
) -> Result<StatementOutput, Error> {
    session.require_administrator("create connections")?;
    let connection = catalog::NewConnection {
        name: folded(&statement.name),
        parameters: connection_parameters::check(
            session,
            &statement.storage_type.value,
            &statement.parameters,
        )?,
        creator: session.identity.user.clone(),
    };
    session
        .engine
        .catalog()
        .create_connection(&session.identity.organization, &connection, create_mode(statement.mode))
        .await?;
    Ok(done(session))
}
