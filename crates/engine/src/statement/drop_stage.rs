//! DROP STAGE. The bucket is never touched.

use super::{done, folded};
use crate::session::Session;
use crate::{Error, StatementOutput};

pub(super) async fn run(session: &Session, statement: sql::DropStage) -> Result<StatementOutput, Error> {
    session.require_administrator("drop stages")?;
    let name = folded(&statement.name);
    session.engine.catalog().drop_stage(&session.identity.organization, &name, statement.if_exists).await?;
    Ok(done(session))
}
