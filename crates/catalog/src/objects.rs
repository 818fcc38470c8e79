//! What connections, stages, file formats and views share: a name in an organization, an owner, grants.

use sqlx::{Sqlite, Transaction};

use crate::grants::{forget_object, set_owner};
use crate::names::check_name;
use crate::organizations::require_organization;
use crate::{Catalog, CatalogError, CreateMode, Created, GrantObject, Grantee};

/// An object in the making: its row is still to be written.
pub(crate) struct Making {
    pub transaction: Transaction<'static, Sqlite>,
    object: GrantObject,
    pub outcome: Created,
}

impl Making {
    /// Ends the making when the row is written: a new object belongs to `owner`, a replaced one to whom it belonged.
    pub(crate) async fn finish(
        mut self,
        organization: &str,
        owner: &Grantee,
    ) -> Result<Created, CatalogError> {
        if self.outcome == Created::Created {
            set_owner(&mut self.transaction, organization, &self.object, owner).await?;
        }
        self.transaction.commit().await?;
        Ok(self.outcome)
    }
}

impl Catalog {
    /// Begins to make an object; `None`: it exists, and the mode leaves it as it is.
    pub(crate) async fn begin_object(
        &self,
        organization: &str,
        object: GrantObject,
        mode: CreateMode,
    ) -> Result<Option<Making>, CatalogError> {
        check_name(noun(&object), object.name())?;
        let mut transaction = self.begin().await?;
        require_organization(&mut transaction, organization).await?;
        let exists = object_exists(&mut transaction, organization, &object).await?;
        match mode.outcome(exists) {
            None => Err(exists_already(&object)),
            Some(Created::Existed) => Ok(None),
            Some(outcome) => Ok(Some(Making { transaction, object, outcome })),
        }
    }

    /// Drops an object that nothing refers to. `false`: there was none, and `if_exists` allowed it.
    pub(crate) async fn drop_object(
        &self,
        organization: &str,
        object: &GrantObject,
        if_exists: bool,
    ) -> Result<bool, CatalogError> {
        let mut transaction = self.begin().await?;
        let dropped = delete_object(&mut transaction, organization, object).await?;
        if !dropped && !if_exists {
            return Err(unknown(object));
        }
        transaction.commit().await?;
        Ok(dropped)
    }
}

/// Deletes an object with its owner and every grant on it; `false` when there is none.
pub(crate) async fn delete_object(
    transaction: &mut Transaction<'_, Sqlite>,
    organization: &str,
    object: &GrantObject,
) -> Result<bool, CatalogError> {
    let statement = match object {
        GrantObject::Organization => return Ok(false),
        GrantObject::Connection(_) => "DELETE FROM connections WHERE organization = $1 AND name = $2",
        GrantObject::Stage(_) => "DELETE FROM stages WHERE organization = $1 AND name = $2",
        GrantObject::FileFormat(_) => "DELETE FROM file_formats WHERE organization = $1 AND name = $2",
        GrantObject::View(_) => "DELETE FROM views WHERE organization = $1 AND name = $2",
    };
    let deleted =
        sqlx::query(statement).bind(organization).bind(object.name()).execute(&mut **transaction).await?;
    forget_object(transaction, organization, object).await?;
    Ok(deleted.rows_affected() > 0)
}

/// Refuses to go on without the object.
pub(crate) async fn require_object(
    transaction: &mut Transaction<'_, Sqlite>,
    organization: &str,
    object: &GrantObject,
) -> Result<(), CatalogError> {
    if object_exists(transaction, organization, object).await? { Ok(()) } else { Err(unknown(object)) }
}

/// Whether the object is there; the organization itself always is.
async fn object_exists(
    transaction: &mut Transaction<'_, Sqlite>,
    organization: &str,
    object: &GrantObject,
) -> Result<bool, CatalogError> {
    let statement = match object {
        GrantObject::Organization => return Ok(true),
        GrantObject::Connection(_) => "SELECT 1 FROM connections WHERE organization = $1 AND name = $2",
        GrantObject::Stage(_) => "SELECT 1 FROM stages WHERE organization = $1 AND name = $2",
        GrantObject::FileFormat(_) => "SELECT 1 FROM file_formats WHERE organization = $1 AND name = $2",
        GrantObject::View(_) => "SELECT 1 FROM views WHERE organization = $1 AND name = $2",
    };
    let found = sqlx::query(statement)
        .bind(organization)
        .bind(object.name())
        .fetch_optional(&mut **transaction)
        .await?;
    Ok(found.is_some())
}

/// The error of whoever names an object that is not there.
pub(crate) fn unknown(object: &GrantObject) -> CatalogError {
    let name = object.name().to_owned();
    match object {
        GrantObject::Organization => CatalogError::UnknownOrganization { organization: name },
        GrantObject::Connection(_) => CatalogError::UnknownConnection { name },
        GrantObject::Stage(_) => CatalogError::UnknownStage { name },
        GrantObject::FileFormat(_) => CatalogError::UnknownFileFormat { name },
        GrantObject::View(_) => CatalogError::UnknownView { name },
    }
}

fn exists_already(object: &GrantObject) -> CatalogError {
    let name = object.name().to_owned();
    match object {
        GrantObject::Organization => CatalogError::OrganizationExists { organization: name },
        GrantObject::Connection(_) => CatalogError::ConnectionExists { name },
        GrantObject::Stage(_) => CatalogError::StageExists { name },
        GrantObject::FileFormat(_) => CatalogError::FileFormatExists { name },
        GrantObject::View(_) => CatalogError::ViewExists { name },
    }
}

fn noun(object: &GrantObject) -> &'static str {
    match object {
        GrantObject::Organization => "organization",
        GrantObject::Connection(_) => "connection",
        GrantObject::Stage(_) => "stage",
        GrantObject::FileFormat(_) => "file format",
        GrantObject::View(_) => "view",
    }
}
