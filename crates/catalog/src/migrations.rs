//! The schema, version by version. A version that was released is never edited: add the next one.
//!
//! The SQL keeps to what SQLite and PostgreSQL both know: TEXT, BIGINT, composite keys, `$1`, RETURNING.

use sqlx::raw_sql;

use crate::{Catalog, CatalogError};

/// One list of statements a version; the first brings an empty file to version 1.
const MIGRATIONS: &[&str] =
    &[VERSION_1, crate::web_schema::WEB, VERSION_3, VERSION_4, VERSION_5, crate::validations::VALIDATIONS];

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

/// Users who must set another password first.
const VERSION_5: &str = "
ALTER TABLE users ADD COLUMN must_change_password BIGINT NOT NULL DEFAULT 0;
";

/// SQL roles, grants and owners; public keys of users; organizations that SQL made. What was there before
/// belongs to the administrator.
const VERSION_3: &str = "
ALTER TABLE organizations ADD COLUMN grants_version BIGINT NOT NULL DEFAULT 0;
-- JSON list of accounts and role ARNs that the organization may name; NULL is any.
ALTER TABLE organizations ADD COLUMN allowed_roles TEXT;
ALTER TABLE organizations ADD COLUMN configured BIGINT NOT NULL DEFAULT 1;
-- The row of a dropped organization stays, so that its name, and with it its external ids, are not given again.
ALTER TABLE organizations ADD COLUMN dropped_on BIGINT;

ALTER TABLE users ADD COLUMN default_role TEXT;
ALTER TABLE users ADD COLUMN disabled BIGINT NOT NULL DEFAULT 0;

CREATE TABLE public_keys (
  organization TEXT NOT NULL,
  user_name TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  public_key TEXT NOT NULL,
  label TEXT NOT NULL,
  created_on BIGINT NOT NULL,
  PRIMARY KEY (organization, user_name, fingerprint),
  FOREIGN KEY (organization, user_name) REFERENCES users (organization, name) ON DELETE CASCADE
);

CREATE TABLE roles (
  organization TEXT NOT NULL REFERENCES organizations (name),
  name TEXT NOT NULL,
  comment TEXT NOT NULL,
  created_on BIGINT NOT NULL,
  PRIMARY KEY (organization, name)
);

CREATE TABLE role_grants (
  organization TEXT NOT NULL REFERENCES organizations (name),
  role TEXT NOT NULL,
  grantee_kind TEXT NOT NULL,
  grantee TEXT NOT NULL,
  created_on BIGINT NOT NULL,
  PRIMARY KEY (organization, role, grantee_kind, grantee)
);

CREATE TABLE privilege_grants (
  organization TEXT NOT NULL REFERENCES organizations (name),
  grantee_kind TEXT NOT NULL,
  grantee TEXT NOT NULL,
  object_kind TEXT NOT NULL,
  object_name TEXT NOT NULL,
  privilege TEXT NOT NULL,
  created_on BIGINT NOT NULL,
  PRIMARY KEY (organization, grantee_kind, grantee, object_kind, object_name, privilege)
);

CREATE TABLE owners (
  organization TEXT NOT NULL REFERENCES organizations (name),
  object_kind TEXT NOT NULL,
  object_name TEXT NOT NULL,
  owner_kind TEXT NOT NULL,
  owner TEXT NOT NULL,
  PRIMARY KEY (organization, object_kind, object_name)
);
";

/// Views: queries under a name.
const VERSION_4: &str = "
CREATE TABLE views (
  organization TEXT NOT NULL REFERENCES organizations (name),
  name TEXT NOT NULL,
  query TEXT NOT NULL,
  -- JSON list of the names that were given to the columns; empty for the query's own.
  column_names TEXT NOT NULL,
  -- JSON list of the columns as they were when the view was made.
  columns TEXT NOT NULL,
  creator TEXT NOT NULL,
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

#[cfg(test)]
mod tests {
    use sqlx::SqlitePool;
    use sqlx::sqlite::SqliteConnectOptions;

    use super::*;
    use crate::{GrantObject, Grantee};

    #[tokio::test]
    async fn a_catalog_of_the_first_version_is_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.db");
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let pool = SqlitePool::connect_with(options).await.unwrap();
        for statements in [
            "CREATE TABLE schema_versions (version BIGINT NOT NULL PRIMARY KEY)",
            "INSERT INTO schema_versions VALUES (1)",
            VERSION_1,
            "INSERT INTO organizations VALUES ('acme', NULL, NULL, 1)",
            "INSERT INTO users VALUES ('acme', 'root', NULL, 'x', 1)",
            "INSERT INTO external_ids VALUES ('acme', 'connection', 'sales', 'sd-acme-x', 1)",
            r#"INSERT INTO connections VALUES ('acme', 'sales', '{"storage_type":"s3"}', 1, 'root', 1, 1)"#,
        ] {
            raw_sql(statements).execute(&pool).await.unwrap();
        }
        pool.close().await;

        let catalog = Catalog::open(Some(&path)).await.unwrap();
        let organization = catalog.organization("acme").await.unwrap().unwrap();
        assert_eq!(organization.allowed_roles, None, "what was allowed stays allowed");
        assert!(!catalog.user("acme", "root").await.unwrap().unwrap().disabled);
        assert!(catalog.connection("acme", "sales").await.unwrap().is_some());
        let grants = catalog.grants("acme").await.unwrap();
        assert_eq!(grants.owner(&GrantObject::Connection("sales".into())), Grantee::administrator());
        assert_eq!(grants.roles.len(), 2);
    }
}
