//! DROP STAGE. The bucket is never touched.

use catalog::GrantObject;

use super::{done, folded};
use crate::session::Session;
use crate::{Error, StatementOutput};

pub(super) async fn run(session: &Session, statement: sql::DropStage) -> Result<StatementOutput, Error> {
    let name = folded(&statement.name);
    let (catalog, organization) = (session.engine.catalog(), &session.identity.organization);
    if catalog.stage(organization, &name).await?.is_some() {
        session.require_ownership(&GrantObject::Stage(name.clone()))?;
    }
    catalog.drop_stage(organization, &name, statement.if_exists).await?;
    Ok(done(session))
}
