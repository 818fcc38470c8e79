//! Stages: a named location, and with what it is opened.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use crate::catalog::{next_version, now_microseconds, time_of};
use crate::connections::{parameters_of, parameters_text};
use crate::external_ids::{ExternalIdOwner, settle_external_id};
use crate::objects::require_object;
use crate::{Catalog, CatalogError, CreateMode, Created, GrantObject, NewStage, Stage, StageAccess};

const SELECT: &str = "SELECT s.*, e.external_id FROM stages s LEFT JOIN external_ids e
     ON e.organization = s.organization AND e.owner_kind = 'stage' AND e.owner_name = s.name
     WHERE s.organization = $1 AND s.name = $2";

const SELECT_ALL: &str = "SELECT s.*, e.external_id FROM stages s LEFT JOIN external_ids e
     ON e.organization = s.organization AND e.owner_kind = 'stage' AND e.owner_name = s.name
     WHERE s.organization = $1 ORDER BY s.name";

impl Catalog {
    /// Makes a stage. A connection it names must exist.
    pub async fn create_stage(
        &self,
        organization: &str,
        stage: &NewStage,
        mode: CreateMode,
    ) -> Result<Created, CatalogError> {
        let object = GrantObject::Stage(stage.name.clone());
        let Some(mut making) = self.begin_object(organization, object, mode).await? else {
            return Ok(Created::Existed);
        };
        let transaction = &mut making.transaction;
        let (connection, inline) =
            settle_access(transaction, organization, &stage.name, &stage.access).await?;
        sqlx::query("DELETE FROM stages WHERE organization = $1 AND name = $2")
            .bind(organization)
            .bind(&stage.name)
            .execute(&mut **transaction)
            .await?;
        sqlx::query(
            "INSERT INTO stages (organization, name, bucket, prefix, connection, inline_parameters, version,
               file_format, comment, creator, created_on)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(organization)
        .bind(&stage.name)
        .bind(&stage.bucket)
        .bind(&stage.prefix)
        .bind(connection)
        .bind(inline)
        .bind(next_version(transaction).await?)
        .bind(&stage.file_format)
        .bind(&stage.comment)
        .bind(&stage.creator)
        .bind(now_microseconds())
        .execute(&mut **transaction)
        .await?;
        making.finish(organization, &stage.owner).await
    }

    /// Drops a stage. `false`: there was none, and `if_exists` allowed it.
    pub async fn drop_stage(
        &self,
        organization: &str,
        name: &str,
        if_exists: bool,
    ) -> Result<bool, CatalogError> {
        self.drop_object(organization, &GrantObject::Stage(name.to_owned()), if_exists).await
    }

    /// The stage of that name, if it is there.
    pub async fn stage(&self, organization: &str, name: &str) -> Result<Option<Stage>, CatalogError> {
        let row = sqlx::query(SELECT).bind(organization).bind(name).fetch_optional(self.pool()).await?;
        row.as_ref().map(stage_of).transpose()
    }

    /// The organization's stages by name.
    pub async fn stages(&self, organization: &str) -> Result<Vec<Stage>, CatalogError> {
        let rows = sqlx::query(SELECT_ALL).bind(organization).fetch_all(self.pool()).await?;
        rows.iter().map(stage_of).collect()
    }
}

/// With what a stage is opened, as its row has it: the connection, which must exist, or its own parameters.
pub(crate) async fn settle_access(
    transaction: &mut Transaction<'_, Sqlite>,
    organization: &str,
    stage: &str,
    access: &StageAccess,
) -> Result<(Option<String>, Option<String>), CatalogError> {
    Ok(match access {
        StageAccess::Connection(name) => {
            let connection = GrantObject::Connection(name.clone());
            require_object(transaction, organization, &connection).await?;
            (Some(name.clone()), None)
        }
        StageAccess::Inline(parameters) => {
            let owner = ExternalIdOwner::Stage(stage);
            settle_external_id(transaction, organization, owner, parameters).await?;
            (None, Some(parameters_text(parameters)?))
        }
        StageAccess::Unsigned => (None, None),
    })
}

fn stage_of(row: &SqliteRow) -> Result<Stage, CatalogError> {
    let connection: Option<String> = row.try_get("connection")?;
    let inline: Option<String> = row.try_get("inline_parameters")?;
    let generated: Option<String> = row.try_get("external_id")?;
    let (access, inline_external_id) = match (connection, inline) {
        (Some(name), _) => (StageAccess::Connection(name), None),
        (None, Some(text)) => {
            let parameters = parameters_of(&text)?;
            let external_id = parameters.external_id.clone().or(generated);
            (StageAccess::Inline(parameters), external_id)
        }
        (None, None) => (StageAccess::Unsigned, None),
    };
    Ok(Stage {
        name: row.try_get("name")?,
        bucket: row.try_get("bucket")?,
        prefix: row.try_get("prefix")?,
        access,
        inline_external_id,
        version: row.try_get("version")?,
        file_format: row.try_get("file_format")?,
        comment: row.try_get("comment")?,
        creator: row.try_get("creator")?,
        created_on: time_of(row.try_get("created_on")?),
    })
}
