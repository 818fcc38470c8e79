//! The schema, version by version. A version that was released is never edited: add the next one.
//!
//! The SQL keeps to what SQLite and PostgreSQL both know: TEXT, BIGINT, composite keys, `$1`, RETURNING.

use sqlx::raw_sql;

use crate::{Catalog, CatalogError};

/// One list of statements a version; the first brings an empty file to version 1.
const MIGRATIONS: &[&str] = &[VERSION_1];

const VERSION_1: &str = "
CREATE TABLE version_counter (value BIGINT NOT NULL);
INSERT INTO version_counter VALUES (0);

CREATE TABLE organizations (
  name TEXT NOT NULL PRIMARY KEY,
  principal TEXT,
  next_principal TEXT,
  created_on BIGINT NOT NULL
);

CREATE TABLE users (
  organization TEXT NOT NULL REFERENCES organizations (name),
  name TEXT NOT NULL,
  password_hash TEXT,
  password_version TEXT NOT NULL,
  created_on BIGINT NOT NULL,
  PRIMARY KEY (organization, name)
);

-- Outlives what it was made for, so that an id is never given twice.
CREATE TABLE external_ids (
  organization TEXT NOT NULL REFERENCES organizations (name),
  owner_kind TEXT NOT NULL,
  owner_name TEXT NOT NULL,
  external_id TEXT NOT NULL UNIQUE,
  created_on BIGINT NOT NULL,
  PRIMARY KEY (organization, owner_kind, owner_name)
);

-- Which organization a pair of role and typed external id serves. Outlives the connection: the role
-- trusts the pair as long as its owner leaves it so, whatever was dropped here.
CREATE TABLE role_claims (
  role_arn TEXT NOT NULL,
  external_id TEXT NOT NULL,
  organization TEXT NOT NULL REFERENCES organizations (name),
  created_on BIGINT NOT NULL,
  PRIMARY KEY (role_arn, external_id)
);

CREATE TABLE connections (
  organization TEXT NOT NULL REFERENCES organizations (name),
  name TEXT NOT NULL,
  parameters TEXT NOT NULL,
  version BIGINT NOT NULL,
  creator TEXT NOT NULL,
  created_on BIGINT NOT NULL,
  updated_on BIGINT NOT NULL,
  PRIMARY KEY (organization, name)
);

CREATE TABLE stages (
  organization TEXT NOT NULL REFERENCES organizations (name),
  name TEXT NOT NULL,
  bucket TEXT NOT NULL,
  prefix TEXT NOT NULL,
  connection TEXT,
  inline_parameters TEXT,
  version BIGINT NOT NULL,
  file_format TEXT NOT NULL,
  comment TEXT NOT NULL,
  creator TEXT NOT NULL,
  created_on BIGINT NOT NULL,
  PRIMARY KEY (organization, name),
  FOREIGN KEY (organization, connection) REFERENCES connections (organization, name)
);
CREATE INDEX stages_by_connection ON stages (organization, connection);

CREATE TABLE file_formats (
  organization TEXT NOT NULL REFERENCES organizations (name),
  name TEXT NOT NULL,
  options TEXT NOT NULL,
  creator TEXT NOT NULL,
  created_on BIGINT NOT NULL,
  PRIMARY KEY (organization, name)
);

CREATE TABLE databases (
  organization TEXT NOT NULL REFERENCES organizations (name),
  name TEXT NOT NULL,
  created_on BIGINT NOT NULL,
  PRIMARY KEY (organization, name)
);
";

/// Brings the schema up to date, one version a transaction.
pub(crate) async fn migrate(catalog: &Catalog, path: &str) -> Result<(), CatalogError> {
    let cannot_open = |error: sqlx::Error| {
        tracing::error!(catalog = %path, error = %error, "cannot bring the catalog up to date");
        match CatalogError::from(error) {
            CatalogError::Failed => CatalogError::CannotOpen {
                path: path.to_owned(),
                reason: "it is not a catalog, or it is damaged".to_owned(),
            },
            known => known,
        }
    };
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    loop {
        let mut transaction = catalog.begin().await?;
        raw_sql("CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT NOT NULL PRIMARY KEY)")
            .execute(&mut *transaction)
            .await
            .map_err(cannot_open)?;
        let (found,): (i64,) = sqlx::query_as("SELECT COALESCE(MAX(version), 0) FROM schema_versions")
            .fetch_one(&mut *transaction)
            .await
            .map_err(cannot_open)?;
        if found > known {
            return Err(CatalogError::NewerSchema { path: path.to_owned(), found, known });
        }
        let Some(statements) = usize::try_from(found).ok().and_then(|next| MIGRATIONS.get(next)) else {
            return Ok(());
        };
        raw_sql(*statements).execute(&mut *transaction).await.map_err(cannot_open)?;
        sqlx::query("INSERT INTO schema_versions VALUES ($1)")
            .bind(found + 1)
            .execute(&mut *transaction)
            .await
            .map_err(cannot_open)?;
        transaction.commit().await.map_err(cannot_open)?;
        tracing::info!(catalog = %path, version = found + 1, "catalog schema brought up to date");
    }
}
