//! Views: queries under a name.

use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::catalog::{now_microseconds, time_of};
use crate::{Catalog, CatalogError, CreateMode, Created, GrantObject, Grantee};

/// Views of one organization.
const VIEWS_MAX: i64 = 10_000;

/// A view to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewView {
    pub name: String,
    /// The query as it was written.
    pub query: String,
    /// The names that were given to its columns; empty for the query's own.
    pub column_names: Vec<String>,
    /// Its columns as they are now.
    pub columns: Vec<ViewColumn>,
    pub creator: String,
    /// Whose it is, unless it replaces one that has an owner.
    pub owner: Grantee,
}

/// A view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pub name: String,
    /// The query as it was written.
    pub query: String,
    /// The names that were given to its columns; empty for the query's own.
    pub column_names: Vec<String>,
    /// Its columns as they were when it was made.
    pub columns: Vec<ViewColumn>,
    pub creator: String,
    pub created_on: std::time::SystemTime,
}

/// A column of a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewColumn {
    pub name: String,
    /// In the words of SQL.
    pub data_type: String,
    pub nullable: bool,
}

impl Catalog {
    /// Makes a view.
    pub async fn create_view(
        &self,
        organization: &str,
        view: &NewView,
        mode: CreateMode,
    ) -> Result<Created, CatalogError> {
        let object = GrantObject::View(view.name.clone());
        let Some(mut making) = self.begin_object(organization, object, mode).await? else {
            return Ok(Created::Existed);
        };
        if making.outcome == Created::Created {
            let (count,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM views WHERE organization = $1")
                .bind(organization)
                .fetch_one(&mut *making.transaction)
                .await?;
            if count >= VIEWS_MAX {
                return Err(CatalogError::TooManyViews { most: VIEWS_MAX });
            }
        }
        sqlx::query(
            "INSERT INTO views (organization, name, query, column_names, columns, creator, created_on)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (organization, name) DO UPDATE SET query = excluded.query,
               column_names = excluded.column_names, columns = excluded.columns, creator = excluded.creator,
               created_on = excluded.created_on",
        )
        .bind(organization)
        .bind(&view.name)
        .bind(&view.query)
        .bind(json_text(&view.column_names)?)
        .bind(json_text(&view.columns)?)
        .bind(&view.creator)
        .bind(now_microseconds())
        .execute(&mut *making.transaction)
        .await?;
        making.finish(organization, &view.owner).await
    }

    /// Drops a view. `false`: there was none, and `if_exists` allowed it.
    pub async fn drop_view(
        &self,
        organization: &str,
        name: &str,
        if_exists: bool,
    ) -> Result<bool, CatalogError> {
        self.drop_object(organization, &GrantObject::View(name.to_owned()), if_exists).await
    }

    /// The view of that name, if it is there.
    pub async fn view(&self, organization: &str, name: &str) -> Result<Option<View>, CatalogError> {
        let row = sqlx::query("SELECT * FROM views WHERE organization = $1 AND name = $2")
            .bind(organization)
            .bind(name)
            .fetch_optional(self.pool())
            .await?;
        row.as_ref().map(view_of).transpose()
    }

    /// The organization's views by name.
    pub async fn views(&self, organization: &str) -> Result<Vec<View>, CatalogError> {
        let rows = sqlx::query("SELECT * FROM views WHERE organization = $1 ORDER BY name")
            .bind(organization)
            .fetch_all(self.pool())
            .await?;
        rows.iter().map(view_of).collect()
    }
}

fn json_text<T: Serialize>(value: &[T]) -> Result<String, CatalogError> {
    serde_json::to_string(value).map_err(|error| {
        tracing::error!(error = %error, "a view cannot be written");
        CatalogError::Failed
    })
}

fn view_of(row: &SqliteRow) -> Result<View, CatalogError> {
    let broken = |error: serde_json::Error| {
        tracing::error!(error = %error, "a stored view cannot be read");
        CatalogError::Failed
    };
    let column_names: String = row.try_get("column_names")?;
    let columns: String = row.try_get("columns")?;
    Ok(View {
        name: row.try_get("name")?,
        query: row.try_get("query")?,
        column_names: serde_json::from_str(&column_names).map_err(broken)?,
        columns: serde_json::from_str(&columns).map_err(broken)?,
        creator: row.try_get("creator")?,
        created_on: time_of(row.try_get("created_on")?),
    })
}
