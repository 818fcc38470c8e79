//! Connections.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::catalog::{next_version, now_microseconds, time_of};
use crate::external_ids::{ExternalIdOwner, settle_external_id};
use crate::objects::{delete_object, unknown};
use crate::{
    Catalog, CatalogError, Connection, ConnectionParameters, CreateMode, Created, GrantObject, NewConnection,
};

const SELECT: &str =
    "SELECT c.name, c.parameters, c.version, c.creator, c.created_on, c.updated_on, e.external_id
     FROM connections c JOIN external_ids e
       ON e.organization = c.organization AND e.owner_kind = 'connection' AND e.owner_name = c.name
     WHERE c.organization = $1 AND c.name = $2";

const SELECT_ALL: &str =
    "SELECT c.name, c.parameters, c.version, c.creator, c.created_on, c.updated_on, e.external_id
     FROM connections c JOIN external_ids e
       ON e.organization = c.organization AND e.owner_kind = 'connection' AND e.owner_name = c.name
     WHERE c.organization = $1 ORDER BY c.name";

impl Catalog {
    /// Makes a connection. Its external id was there before it and stays after it. A replaced connection
    /// reaches the stages that use it at once.
    pub async fn create_connection(
        &self,
        organization: &str,
        connection: &NewConnection,
        mode: CreateMode,
    ) -> Result<Created, CatalogError> {
        let object = GrantObject::Connection(connection.name.clone());
        let Some(mut making) = self.begin_object(organization, object, mode).await? else {
            return Ok(Created::Existed);
        };
        let transaction = &mut making.transaction;
        let owner = ExternalIdOwner::Connection(&connection.name);
        settle_external_id(transaction, organization, owner, &connection.parameters).await?;
        let now = now_microseconds();
        // Replacing is an update of the row: stages that refer to it must not lose it for a moment.
        sqlx::query(
            "INSERT INTO connections (organization, name, parameters, version, creator, created_on, updated_on)
             VALUES ($1, $2, $3, $4, $5, $6, $6)
             ON CONFLICT (organization, name) DO UPDATE SET parameters = excluded.parameters,
               version = excluded.version, creator = excluded.creator, updated_on = excluded.updated_on",
        )
        .bind(organization)
        .bind(&connection.name)
        .bind(parameters_text(&connection.parameters)?)
        .bind(next_version(transaction).await?)
        .bind(&connection.creator)
        .bind(now)
        .execute(&mut **transaction)
        .await?;
        making.finish(organization, &connection.owner).await
    }

    /// Changes a connection that was looked at as `expected_version`; whoever made it stays its creator.
    pub async fn alter_connection(
        &self,
        organization: &str,
        name: &str,
        expected_version: i64,
        parameters: &ConnectionParameters,
    ) -> Result<Connection, CatalogError> {
        let mut transaction = self.begin().await?;
        let found: Option<(i64,)> =
            sqlx::query_as("SELECT version FROM connections WHERE organization = $1 AND name = $2")
                .bind(organization)
                .bind(name)
                .fetch_optional(&mut *transaction)
                .await?;
        match found {
            None => return Err(CatalogError::UnknownConnection { name: name.to_owned() }),
            Some((version,)) if version != expected_version => {
                return Err(CatalogError::ConnectionChanged { name: name.to_owned() });
            }
            Some(_) => {}
        }
        let owner = ExternalIdOwner::Connection(name);
        settle_external_id(&mut transaction, organization, owner, parameters).await?;
        sqlx::query(
            "UPDATE connections SET parameters = $3, version = $4, updated_on = $5 WHERE organization = $1 AND name = $2",
        )
        .bind(organization)
        .bind(name)
        .bind(parameters_text(parameters)?)
        .bind(next_version(&mut transaction).await?)
        .bind(now_microseconds())
        .execute(&mut *transaction)
        .await?;
        let row = sqlx::query(SELECT).bind(organization).bind(name).fetch_one(&mut *transaction).await?;
        let connection = connection_of(&row)?;
        transaction.commit().await?;
        Ok(connection)
    }

    /// Drops a connection that no stage uses. `false`: there was none, and `if_exists` allowed it.
    pub async fn drop_connection(
        &self,
        organization: &str,
        name: &str,
        if_exists: bool,
    ) -> Result<bool, CatalogError> {
        let mut transaction = self.begin().await?;
        let stages: Vec<(String,)> = sqlx::query_as(
            "SELECT name FROM stages WHERE organization = $1 AND connection = $2 ORDER BY name",
        )
        .bind(organization)
        .bind(name)
        .fetch_all(&mut *transaction)
        .await?;
        if !stages.is_empty() {
            let stages = stages.into_iter().map(|(stage,)| stage).collect();
            return Err(CatalogError::ConnectionInUse { name: name.to_owned(), stages });
        }
        let object = GrantObject::Connection(name.to_owned());
        let dropped = delete_object(&mut transaction, organization, &object).await?;
        if !dropped && !if_exists {
            return Err(unknown(&object));
        }
        transaction.commit().await?;
        Ok(dropped)
    }

    /// The connection of that name, if it is there.
    pub async fn connection(
        &self,
        organization: &str,
        name: &str,
    ) -> Result<Option<Connection>, CatalogError> {
        let row = sqlx::query(SELECT).bind(organization).bind(name).fetch_optional(self.pool()).await?;
        row.as_ref().map(connection_of).transpose()
    }

    /// The organization's connections by name.
    pub async fn connections(&self, organization: &str) -> Result<Vec<Connection>, CatalogError> {
        let rows = sqlx::query(SELECT_ALL).bind(organization).fetch_all(self.pool()).await?;
        rows.iter().map(connection_of).collect()
    }
}

pub(crate) fn parameters_text(parameters: &ConnectionParameters) -> Result<String, CatalogError> {
    serde_json::to_string(parameters).map_err(|_| CatalogError::Failed)
}

pub(crate) fn parameters_of(text: &str) -> Result<ConnectionParameters, CatalogError> {
    serde_json::from_str(text).map_err(|error| {
        tracing::error!(
            line = error.line(),
            column = error.column(),
            "stored connection parameters are damaged"
        );
        CatalogError::Failed
    })
}

fn connection_of(row: &SqliteRow) -> Result<Connection, CatalogError> {
    let parameters = parameters_of(row.try_get("parameters")?)?;
    let generated: String = row.try_get("external_id")?;
    Ok(Connection {
        name: row.try_get("name")?,
        external_id: parameters.external_id.clone().unwrap_or(generated),
        parameters,
        version: row.try_get("version")?,
        creator: row.try_get("creator")?,
        created_on: time_of(row.try_get("created_on")?),
        updated_on: time_of(row.try_get("updated_on")?),
    })
}
