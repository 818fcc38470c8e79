//! VALIDATE STAGE: the whole ladder for the bucket and folder of a stage.

use super::validate::{self, SampleSource, Target};
use crate::session::Session;
use crate::stage::{find_stage, stage_access};
use crate::{Error, StatementOutput};
use credentials::{ConnectionAccess, Grant, ValidatePlace};

pub(super) async fn run(session: &Session, statement: sql::ValidateStage) -> Result<StatementOutput, Error> {
    let stage = find_stage(session, &super::folded(&statement.name)).await?;
    validate::require_for_stage(session, &stage, statement.write)?;
    let (access, connection) = stage_access(session, &stage).await?;
    let other_external_ids = match connection {
        Some(connection) => validate::other_external_ids(session, &connection).await?,
        None => Vec::new(),
    };
    let target = Target {
        connection: access.unwrap_or_else(unsigned),
        place: Some(ValidatePlace { bucket: stage.bucket, prefix: stage.prefix.clone() }),
        write: statement.write,
        sample: SampleSource::Stage { name: stage.name, prefix: stage.prefix },
        other_external_ids,
        note: None,
    };
    validate::run(session, target).await
}

fn unsigned() -> ConnectionAccess {
    ConnectionAccess {
        name: None,
        version: 0,
        grant: Grant::Unsigned,
        region: None,
        endpoint_url: None,
        virtual_host_style: false,
        kms_key: None,
        session_tags: false,
    }
}
