//! Stages: a named location, and with what it is opened.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::catalog::{next_version, now_microseconds, time_of};
use crate::connections::{connection_exists, parameters_of, parameters_text};
use crate::external_ids::{ExternalIdOwner, settle_external_id};
use crate::grants::{forget_object, set_owner};
use crate::names::check_name;
use crate::organizations::require_organization;
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
        check_name("stage", &stage.name)?;
        let mut transaction = self.begin().await?;
        require_organization(&mut transaction, organization).await?;
        let exists = sqlx::query("SELECT 1 FROM stages WHERE organization = $1 AND name = $2")
            .bind(organization)
            .bind(&stage.name)
            .fetch_optional(&mut *transaction)
            .await?
            .is_some();
        let outcome = match (exists, mode) {
            (true, CreateMode::Create) => return Err(CatalogError::StageExists { name: stage.name.clone() }),
            (true, CreateMode::IfNotExists) => return Ok(Created::Existed),
            (true, CreateMode::OrReplace) => Created::Replaced,
            (false, _) => Created::Created,
        };
        let (connection, inline) = match &stage.access {
            StageAccess::Connection(name) => {
                if !connection_exists(&mut transaction, organization, name).await? {
                    return Err(CatalogError::UnknownConnection { name: name.clone() });
                }
                (Some(name.as_str()), None)
            }
            StageAccess::Inline(parameters) => {
                let owner = ExternalIdOwner::Stage(&stage.name);
                settle_external_id(&mut transaction, organization, owner, parameters).await?;
                (None, Some(parameters_text(parameters)?))
            }
            StageAccess::Unsigned => (None, None),
        };
        sqlx::query("DELETE FROM stages WHERE organization = $1 AND name = $2")
            .bind(organization)
            .bind(&stage.name)
            .execute(&mut *transaction)
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
        .bind(next_version(&mut transaction).await?)
        .bind(&stage.file_format)
        .bind(&stage.comment)
        .bind(&stage.creator)
        .bind(now_microseconds())
        .execute(&mut *transaction)
        .await?;
        if outcome == Created::Created {
            let object = GrantObject::Stage(stage.name.clone());
            set_owner(&mut transaction, organization, &object, &stage.owner).await?;
        }
        transaction.commit().await?;
        Ok(outcome)
    }

    /// Drops a stage. `false`: there was none, and `if_exists` allowed it.
    pub async fn drop_stage(
        &self,
        organization: &str,
        name: &str,
        if_exists: bool,
    ) -> Result<bool, CatalogError> {
        let mut transaction = self.begin().await?;
        let dropped = sqlx::query("DELETE FROM stages WHERE organization = $1 AND name = $2")
            .bind(organization)
            .bind(name)
            .execute(&mut *transaction)
            .await?
            .rows_affected()
            > 0;
        let object = GrantObject::Stage(name.to_owned());
        forget_object(&mut transaction, organization, &object).await?;
        transaction.commit().await?;
        if dropped || if_exists {
            Ok(dropped)
        } else {
            Err(CatalogError::UnknownStage { name: name.to_owned() })
        }
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
