//! Databases: `default` comes with the organization.

use sqlx::Row;

use crate::catalog::time_of;
use crate::{Catalog, CatalogError, Database};

impl Catalog {
    /// The organization's databases by name.
    pub async fn databases(&self, organization: &str) -> Result<Vec<Database>, CatalogError> {
        let rows =
            sqlx::query("SELECT name, created_on FROM databases WHERE organization = $1 ORDER BY name")
                .bind(organization)
                .fetch_all(self.pool())
                .await?;
        rows.iter()
            .map(|row| {
                Ok(Database { name: row.try_get("name")?, created_on: time_of(row.try_get("created_on")?) })
            })
            .collect()
    }
}
