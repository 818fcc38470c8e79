//! ALTER STAGE.

use catalog::GrantObject;

use super::create_stage::access;
use super::{create_file_format, done, folded};
use crate::session::Session;
use crate::stage::BucketUrl;
use crate::{Error, ErrorKind, StatementOutput};

pub(super) async fn run(session: &Session, statement: sql::AlterStage) -> Result<StatementOutput, Error> {
    let name = folded(&statement.name);
    let (catalog, organization) = (session.engine.catalog(), &session.identity.organization);
    if catalog.stage(organization, &name).await?.is_some() {
        session.require_ownership(&GrantObject::Stage(name.clone()))?;
    }
    let changes = match &statement.change {
        sql::StageChange::Set { location, file_format, comment } => catalog::StageChanges {
            location: match location {
                Some(location) => Some(new_location(session, &name, location).await?),
                None => None,
            },
            file_format: match file_format {
                Some(options) => Some(create_file_format::options_json(session, options).await?),
                None => None,
            },
            comment: comment.as_ref().map(|comment| comment.value.clone()),
        },
        sql::StageChange::Unset(properties) => catalog::StageChanges {
            location: None,
            file_format: properties.contains(&sql::StageProperty::FileFormat).then(|| "{}".to_owned()),
            comment: properties.contains(&sql::StageProperty::Comment).then(String::new),
        },
    };
    let altered = catalog.alter_stage(organization, &name, &changes).await;
    match altered.map_err(Error::from) {
        Err(error) if error.kind == ErrorKind::UnknownStage && statement.if_exists => Ok(done(session)),
        Err(error) => Err(error),
        Ok(()) => Ok(done(session)),
    }
}

async fn new_location(
    session: &Session,
    stage: &str,
    location: &sql::StageLocation,
) -> Result<catalog::NewStageLocation, Error> {
    let point = |error: Error| error.with_excerpt(sql::excerpt(&session.sql, location.url.span));
    let url = BucketUrl::parse(&location.url.value).map_err(point)?;
    url.require_folder().map_err(point)?;
    let access = access(session, stage, location.connection.as_ref()).await?;
    Ok(catalog::NewStageLocation { bucket: url.bucket, prefix: url.prefix, access })
}
