//! ALTER STAGE: a stage that keeps its creator and its age.

use crate::catalog::next_version;
use crate::connections::{connection_exists, parameters_text};
use crate::external_ids::{ExternalIdOwner, settle_external_id};
use crate::{Catalog, CatalogError, StageAccess};

/// What changes of a stage; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageChanges {
    pub location: Option<NewStageLocation>,
    /// JSON text of the file format's options; `{}` for none.
    pub file_format: Option<String>,
    pub comment: Option<String>,
}

/// Where a stage shall lie from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStageLocation {
    pub bucket: String,
    /// Without a leading `/`; empty for the whole bucket.
    pub prefix: String,
    pub access: StageAccess,
}

impl Catalog {
    /// Changes a stage. A connection it names must exist.
    pub async fn alter_stage(
        &self,
        organization: &str,
        name: &str,
        changes: &StageChanges,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let found = sqlx::query("SELECT 1 FROM stages WHERE organization = $1 AND name = $2")
            .bind(organization)
            .bind(name)
            .fetch_optional(&mut *transaction)
            .await?;
        if found.is_none() {
            return Err(CatalogError::UnknownStage { name: name.to_owned() });
        }
        if let Some(location) = &changes.location {
            let (connection, inline) = match &location.access {
                StageAccess::Connection(connection) => {
                    if !connection_exists(&mut transaction, organization, connection).await? {
                        return Err(CatalogError::UnknownConnection { name: connection.clone() });
                    }
                    (Some(connection.as_str()), None)
                }
                StageAccess::Inline(parameters) => {
                    let owner = ExternalIdOwner::Stage(name);
                    settle_external_id(&mut transaction, organization, owner, parameters).await?;
                    (None, Some(parameters_text(parameters)?))
                }
                StageAccess::Unsigned => (None, None),
            };
            sqlx::query(
                "UPDATE stages SET bucket = $3, prefix = $4, connection = $5, inline_parameters = $6
                 WHERE organization = $1 AND name = $2",
            )
            .bind(organization)
            .bind(name)
            .bind(&location.bucket)
            .bind(&location.prefix)
            .bind(connection)
            .bind(inline)
            .execute(&mut *transaction)
            .await?;
        }
        let version = next_version(&mut transaction).await?;
        sqlx::query(
            "UPDATE stages SET version = $3, file_format = COALESCE($4, file_format),
               comment = COALESCE($5, comment)
             WHERE organization = $1 AND name = $2",
        )
        .bind(organization)
        .bind(name)
        .bind(version)
        .bind(&changes.file_format)
        .bind(&changes.comment)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }
}
