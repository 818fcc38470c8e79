//! DROP FILE FORMAT.

use catalog::GrantObject;

use super::{done, folded};
use crate::session::Session;
use crate::{Error, StatementOutput};

pub(super) async fn run(session: &Session, statement: sql::DropFileFormat) -> Result<StatementOutput, Error> {
    let name = folded(&statement.name);
    let (catalog, organization) = (session.engine.catalog(), &session.identity.organization);
    if catalog.file_format(organization, &name).await?.is_some() {
        session.require_ownership(&GrantObject::FileFormat(name.clone()))?;
    }
    catalog.drop_file_format(organization, &name, statement.if_exists).await?;
    Ok(done(session))
}
