//! What the last validation of each connection found.

use std::time::SystemTime;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::catalog::{now_microseconds, time_of};
use crate::{Catalog, CatalogError};

/// The table. A validation goes with its connection.
pub(crate) const VALIDATIONS: &str = "
CREATE TABLE validations (
  organization TEXT NOT NULL,
  connection TEXT NOT NULL,
  connection_version BIGINT NOT NULL,
  validated_on BIGINT NOT NULL,
  validated_by TEXT NOT NULL,
  location TEXT NOT NULL,
  status TEXT NOT NULL,
  step TEXT NOT NULL,
  cause TEXT NOT NULL,
  PRIMARY KEY (organization, connection),
  FOREIGN KEY (organization, connection) REFERENCES connections (organization, name) ON DELETE CASCADE
);
";

/// What a validation found, in short.
#[derive(Debug, Clone, Copy)]
pub struct NewValidation<'a> {
    pub connection: &'a str,
    /// The version of the connection that was tried.
    pub connection_version: i64,
    pub user: &'a str,
    /// `s3://bucket/prefix`, empty when no location was tried.
    pub location: &'a str,
    /// `ok`, `warning` or `failed`: the worst of its steps.
    pub status: &'a str,
    /// The first step of that status; empty when all are well.
    pub step: &'a str,
    /// Why, in the words of that step.
    pub cause: &'a str,
}

/// The last validation of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validation {
    pub connection: String,
    pub validated_on: SystemTime,
    pub validated_by: String,
    pub location: String,
    pub status: String,
    pub step: String,
    pub cause: String,
    /// The connection is still the one that was tried.
    pub is_current: bool,
}

impl Catalog {
    /// Keeps a validation in place of the one before. One of a connection that is gone, or was changed while it
    /// ran, is not kept.
    pub async fn keep_validation(
        &self,
        organization: &str,
        validation: &NewValidation<'_>,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "INSERT INTO validations
             SELECT organization, name, version, $4, $5, $6, $7, $8, $9 FROM connections
             WHERE organization = $1 AND name = $2 AND version = $3
             ON CONFLICT (organization, connection) DO UPDATE SET
               connection_version = excluded.connection_version, validated_on = excluded.validated_on,
               validated_by = excluded.validated_by, location = excluded.location,
               status = excluded.status, step = excluded.step, cause = excluded.cause",
        )
        .bind(organization)
        .bind(validation.connection)
        .bind(validation.connection_version)
        .bind(now_microseconds())
        .bind(validation.user)
        .bind(validation.location)
        .bind(validation.status)
        .bind(validation.step)
        .bind(validation.cause)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The last validation of each connection of the organization, by its name.
    pub async fn validations(&self, organization: &str) -> Result<Vec<Validation>, CatalogError> {
        let rows = sqlx::query(
            "SELECT v.*, v.connection_version = c.version AS is_current
             FROM validations v JOIN connections c ON c.organization = v.organization AND c.name = v.connection
             WHERE v.organization = $1 ORDER BY v.connection",
        )
        .bind(organization)
        .fetch_all(self.pool())
        .await?;
        rows.iter().map(validation_of).collect()
    }
}

fn validation_of(row: &SqliteRow) -> Result<Validation, CatalogError> {
    Ok(Validation {
        connection: row.try_get("connection")?,
        validated_on: time_of(row.try_get("validated_on")?),
        validated_by: row.try_get("validated_by")?,
        location: row.try_get("location")?,
        status: row.try_get("status")?,
        step: row.try_get("step")?,
        cause: row.try_get("cause")?,
        is_current: row.try_get("is_current")?,
    })
}
