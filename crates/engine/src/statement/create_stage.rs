//! CREATE STAGE over a bucket. It makes no request: the bucket is met at the first read.

use catalog::{GrantObject, Privilege};

use super::{connection_parameters, create_file_format, create_mode, done, folded};
use crate::session::Session;
use crate::stage::BucketUrl;
use crate::{Error, ErrorKind, StatementOutput};

pub(super) async fn run(session: &Session, statement: sql::CreateStage) -> Result<StatementOutput, Error> {
    let owner = session.require_to_create(Privilege::CreateStage)?;
    let name = folded(&statement.name);
    super::require_to_replace(session, statement.mode, &GrantObject::Stage(name.clone())).await?;
    if name == "~" {
        return Err(Error::new(
            ErrorKind::InvalidStorage,
            "stage `~` belongs to its user and is not created",
        ));
    }
    let Some(location) = &statement.location else {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!("stage `{name}` has no URL, and Stagedoor keeps no files of its own"),
        )
        .with_hint(format!(
            "name a bucket: `CREATE STAGE {name} URL = 's3://bucket/' CONNECTION = (CONNECTION_NAME = '…')`"
        )));
    };
    let point = |error: Error| error.with_excerpt(sql::excerpt(&session.sql, location.url.span));
    let url = BucketUrl::parse(&location.url.value).map_err(point)?;
    url.require_folder().map_err(point)?;
    let file_format = match &statement.file_format {
        Some(options) => create_file_format::options_json(session, options).await?,
        None => "{}".to_owned(),
    };
    let access = access(session, &name, location.connection.as_ref()).await?;
    let stage = catalog::NewStage {
        name,
        bucket: url.bucket,
        prefix: url.prefix,
        access,
        file_format,
        comment: statement.comment.map(|comment| comment.value).unwrap_or_default(),
        creator: session.identity.user.clone(),
        owner,
    };
    session
        .engine
        .catalog()
        .create_stage(&session.identity.organization, &stage, create_mode(statement.mode))
        .await?;
    Ok(done(session))
}

/// What the CONNECTION clause says: a connection by name, parameters, or nothing.
pub(super) async fn access(
    session: &Session,
    stage: &str,
    connection: Option<&sql::ConnectionParameters>,
) -> Result<catalog::StageAccess, Error> {
    let Some(parameters) = connection.filter(|parameters| !parameters.is_empty()) else {
        return Ok(catalog::StageAccess::Unsigned);
    };
    match crate::stage::connection_name(session, parameters)? {
        Some(name) => {
            Ok(catalog::StageAccess::Connection(crate::stage::find_connection(session, &name).await?.name))
        }
        None => {
            connection_parameters::refuse_web_identity_inline(session, parameters)?;
            // Parameters of a stage's own are a connection without a name.
            session.require_globally(Privilege::CreateConnection)?;
            let checked = connection_parameters::check(session, connection_parameters::S3, parameters)?;
            let own = GrantObject::Stage(stage.to_owned());
            connection_parameters::require_pair(session, Some(&own), &checked).await?;
            Ok(catalog::StageAccess::Inline(checked))
        }
    }
}
