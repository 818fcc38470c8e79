//! Named file formats.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::catalog::{now_microseconds, time_of};
use crate::grants::{forget_object, set_owner};
use crate::names::check_name;
use crate::organizations::require_organization;
use crate::{Catalog, CatalogError, CreateMode, Created, FileFormat, GrantObject, NewFileFormat};

impl Catalog {
    /// Makes a named file format.
    pub async fn create_file_format(
        &self,
        organization: &str,
        format: &NewFileFormat,
        mode: CreateMode,
    ) -> Result<Created, CatalogError> {
        check_name("file format", &format.name)?;
        let mut transaction = self.begin().await?;
        require_organization(&mut transaction, organization).await?;
        let exists = sqlx::query("SELECT 1 FROM file_formats WHERE organization = $1 AND name = $2")
            .bind(organization)
            .bind(&format.name)
            .fetch_optional(&mut *transaction)
            .await?
            .is_some();
        let outcome = match (exists, mode) {
            (true, CreateMode::Create) => {
                return Err(CatalogError::FileFormatExists { name: format.name.clone() });
            }
            (true, CreateMode::IfNotExists) => return Ok(Created::Existed),
            (true, CreateMode::OrReplace) => Created::Replaced,
            (false, _) => Created::Created,
        };
        sqlx::query(
            "INSERT INTO file_formats (organization, name, options, creator, created_on) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (organization, name) DO UPDATE SET options = excluded.options, creator = excluded.creator,
               created_on = excluded.created_on",
        )
        .bind(organization)
        .bind(&format.name)
        .bind(&format.options)
        .bind(&format.creator)
        .bind(now_microseconds())
        .execute(&mut *transaction)
        .await?;
        if outcome == Created::Created {
            let object = GrantObject::FileFormat(format.name.clone());
            set_owner(&mut transaction, organization, &object, &format.owner).await?;
        }
        transaction.commit().await?;
        Ok(outcome)
    }

    /// Drops a named file format; stages keep the options they were made with. `false`: there was none,
    /// and `if_exists` allowed it.
    pub async fn drop_file_format(
        &self,
        organization: &str,
        name: &str,
        if_exists: bool,
    ) -> Result<bool, CatalogError> {
        let mut transaction = self.begin().await?;
        let dropped = sqlx::query("DELETE FROM file_formats WHERE organization = $1 AND name = $2")
            .bind(organization)
            .bind(name)
            .execute(&mut *transaction)
            .await?
            .rows_affected()
            > 0;
        let object = GrantObject::FileFormat(name.to_owned());
        forget_object(&mut transaction, organization, &object).await?;
        transaction.commit().await?;
        if dropped || if_exists {
            Ok(dropped)
        } else {
            Err(CatalogError::UnknownFileFormat { name: name.to_owned() })
        }
    }

    /// The file format of that name, if it is there.
    pub async fn file_format(
        &self,
        organization: &str,
        name: &str,
    ) -> Result<Option<FileFormat>, CatalogError> {
        let row = sqlx::query("SELECT * FROM file_formats WHERE organization = $1 AND name = $2")
            .bind(organization)
            .bind(name)
            .fetch_optional(self.pool())
            .await?;
        row.as_ref().map(file_format_of).transpose()
    }

    /// The organization's file formats by name.
    pub async fn file_formats(&self, organization: &str) -> Result<Vec<FileFormat>, CatalogError> {
        let rows = sqlx::query("SELECT * FROM file_formats WHERE organization = $1 ORDER BY name")
            .bind(organization)
            .fetch_all(self.pool())
            .await?;
        rows.iter().map(file_format_of).collect()
    }
}

fn file_format_of(row: &SqliteRow) -> Result<FileFormat, CatalogError> {
    Ok(FileFormat {
        name: row.try_get("name")?,
        options: row.try_get("options")?,
        creator: row.try_get("creator")?,
        created_on: time_of(row.try_get("created_on")?),
    })
}
