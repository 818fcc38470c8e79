//! `system.stages`: the thirteen columns of Databend. The connection that a stage refers to is in
//! `storage_params`.

use std::collections::HashMap;

use catalog::GrantObject;
use serde_json::json;

use crate::Error;
use crate::rows::Column;
use crate::session::Session;

pub(super) async fn columns(session: &Session) -> Result<Vec<Column>, Error> {
    let catalog = session.engine.catalog();
    let organization = &session.identity.organization;
    let mut stages = catalog.stages(organization).await?;
    stages.retain(|stage| session.sees_stage(&stage.name));
    let connections: HashMap<String, catalog::Connection> = catalog
        .connections(organization)
        .await?
        .into_iter()
        // The role and the external id are shown to those who may use them.
        .filter(|connection| session.sees_connection(&connection.name))
        .map(|connection| (connection.name.clone(), connection))
        .collect();
    let rows: Vec<Row> = stages.iter().map(|stage| Row::new(stage, &connections)).collect();
    Ok(vec![
        Column::text("name", stages.iter().map(|stage| &stage.name)),
        Column::text("stage_type", stages.iter().map(|_| "External")),
        Column::optional_text("storage_type", stages.iter().map(|_| Some("s3"))),
        Column::optional_text(
            "url",
            stages.iter().map(|stage| Some(format!("s3://{}/{}", stage.bucket, stage.prefix))),
        ),
        Column::optional_text("endpoint", rows.iter().map(|row| row.endpoint())),
        Column::boolean("has_credentials", rows.iter().map(Row::has_credentials)),
        Column::boolean("has_encryption_key", stages.iter().map(|_| false)),
        Column::variant("storage_params", rows.iter().map(|row| Some(row.storage_params()))),
        Column::variant(
            "file_format_options",
            stages.iter().map(|stage| Some(file_format(&stage.file_format))),
        ),
        Column::optional_text("creator", stages.iter().map(|stage| Some(format!("'{}'@'%'", stage.creator)))),
        Column::timestamp("created_on", stages.iter().map(|stage| stage.created_on)),
        Column::text("comment", stages.iter().map(|stage| &stage.comment)),
        Column::optional_text(
            "owner",
            stages.iter().map(|stage| {
                Some(
                    session
                        .authority
                        .grants()
                        .owner(&GrantObject::Stage(stage.name.clone()))
                        .name()
                        .to_owned(),
                )
            }),
        ),
    ])
}

struct Row<'a> {
    stage: &'a catalog::Stage,
    connection: Option<&'a str>,
    parameters: Option<&'a catalog::ConnectionParameters>,
    external_id: Option<&'a str>,
}

impl<'a> Row<'a> {
    fn new(stage: &'a catalog::Stage, connections: &'a HashMap<String, catalog::Connection>) -> Self {
        let (connection, parameters, external_id) = match &stage.access {
            catalog::StageAccess::Unsigned => (None, None, None),
            catalog::StageAccess::Inline(parameters) => {
                (None, Some(parameters), stage.inline_external_id.as_deref())
            }
            catalog::StageAccess::Connection(name) => {
                let found = connections.get(name);
                (
                    Some(name.as_str()),
                    found.map(|found| &found.parameters),
                    found.map(|found| found.external_id.as_str()),
                )
            }
        };
        Self { stage, connection, parameters, external_id }
    }

    fn role_arn(&self) -> Option<&'a str> {
        self.parameters.and_then(|parameters| parameters.role_arn.as_deref())
    }

    fn endpoint(&self) -> Option<&'a str> {
        self.parameters.and_then(|parameters| parameters.endpoint_url.as_deref())
    }

    fn has_credentials(&self) -> bool {
        self.role_arn().is_some()
            || self.connection.is_some() && self.parameters.is_none()
            || self.parameters.is_some_and(|parameters| parameters.sealed_keys.is_some())
    }

    fn storage_params(&self) -> String {
        json!({
            "type": "S3",
            "bucket": self.stage.bucket,
            "root": format!("/{}", self.stage.prefix),
            "region": self.parameters.and_then(|parameters| parameters.region.as_deref()).unwrap_or_default(),
            "endpoint_url": self.endpoint().unwrap_or_default(),
            "role_arn": self.role_arn().unwrap_or_default(),
            "external_id": self.role_arn().and(self.external_id).unwrap_or_default(),
            "connection_name": self.connection.unwrap_or_default(),
        })
        .to_string()
    }
}

/// The stage's format; Parquet where none was given.
fn file_format(stored: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(stored).unwrap_or_default();
    if value.get("type").is_some() { value.to_string() } else { json!({ "type": "Parquet" }).to_string() }
}
