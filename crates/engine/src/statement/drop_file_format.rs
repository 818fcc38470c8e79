//! DROP FILE FORMAT.

use super::{done, folded};
use crate::session::Session;
use crate::{Error, StatementOutput};

pub(super) async fn run(session: &Session, statement: sql::DropFileFormat) -> Result<StatementOutput, Error> {
    session.require_administrator("drop file formats")?;
    let name = folded(&statement.name);
    session
        .engine
        .catalog()
        .drop_file_format(&session.identity.organization, &name, statement.if_exists)
        .await?;
    Ok(done(session))
}
