//! DESC STAGE: the row of `system.stages`.

use catalog::{GrantObject, Privilege};

use super::folded;
use super::show::{literal, show};
use crate::session::Session;
use crate::{Error, ErrorKind, StatementOutput};

pub(super) async fn run(session: &Session, statement: sql::DescribeStage) -> Result<StatementOutput, Error> {
    let name = folded(&statement.name);
    if session.engine.catalog().stage(&session.identity.organization, &name).await?.is_none() {
        return Err(Error::new(ErrorKind::UnknownStage, format!("stage `{name}` does not exist"))
            .with_hint("`SHOW STAGES` lists them"));
    }
    if !session.sees_stage(&name) {
        session.require(Privilege::Read, &GrantObject::Stage(name.clone()))?;
    }
    let select = format!("SELECT * FROM system.stages WHERE name = {}", literal(&name));
    show(session, &select, "name", &sql::ShowFilter { rows: None, limit: None }).await
}
