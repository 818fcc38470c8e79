//! DROP CONNECTION. The catalog refuses while stages use it.

use super::{done, folded};
use crate::session::Session;
use crate::{Error, StatementOutput};

pub(super) async fn run(session: &Session, statement: sql::DropConnection) -> Result<StatementOutput, Error> {
    session.require_administrator("drop connections")?;
    let name = folded(&statement.name);
    session
        .engine
        .catalog()
        .drop_connection(&session.identity.organization, &name, statement.if_exists)
        .await?;
    Ok(done(session))
}
