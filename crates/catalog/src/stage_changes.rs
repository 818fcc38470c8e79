//! ALTER STAGE: a stage that keeps its creator and its age.

use crate::catalog::next_version;
use crate::objects::require_object;
use crate::stages::settle_access;
use crate::{Catalog, CatalogError, GrantObject, StageAccess};

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
        require_object(&mut transaction, organization, &GrantObject::Stage(name.to_owned())).await?;
        if let Some(location) = &changes.location {
            let (connection, inline) =
                settle_access(&mut transaction, organization, name, &location.access).await?;
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
