//! Named file formats.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::catalog::{now_microseconds, time_of};
use crate::{Catalog, CatalogError, CreateMode, Created, FileFormat, GrantObject, NewFileFormat};

impl Catalog {
    /// Makes a named file format.
    pub async fn create_file_format(
        &self,
        organization: &str,
        format: &NewFileFormat,
        mode: CreateMode,
    ) -> Result<Created, CatalogError> {
        let object = GrantObject::FileFormat(format.name.clone());
        let Some(mut making) = self.begin_object(organization, object, mode).await? else {
            return Ok(Created::Existed);
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
        .execute(&mut *making.transaction)
        .await?;
        making.finish(organization, &format.owner).await
    }

    /// Drops a named file format; stages keep the options they were made with. `false`: there was none,
    /// and `if_exists` allowed it.
    pub async fn drop_file_format(
        &self,
        organization: &str,
        name: &str,
        if_exists: bool,
    ) -> Result<bool, CatalogError> {
        self.drop_object(organization, &GrantObject::FileFormat(name.to_owned()), if_exists).await
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
