//! Organizations: made from the configuration, kept for ever.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use crate::catalog::{now_microseconds, time_of};
use crate::external_ids::external_id_prefix;
use crate::names::check_organization_name;
use crate::{Catalog, CatalogError, Organization, OrganizationSpec};

impl Catalog {
    /// Makes the organization, or gives the one that is there these principals.
    pub async fn ensure_organization(
        &self,
        specification: &OrganizationSpec,
    ) -> Result<Organization, CatalogError> {
        check_organization_name(&specification.name)?;
        for principal in [&specification.principal, &specification.next_principal].into_iter().flatten() {
            check_role_arn(principal)?;
        }
        let mut transaction = self.begin().await?;
        let row = sqlx::query(
            "INSERT INTO organizations (name, principal, next_principal, created_on) VALUES ($1, $2, $3, $4)
             ON CONFLICT (name) DO UPDATE SET principal = excluded.principal, next_principal = excluded.next_principal
             RETURNING name, principal, next_principal, created_on",
        )
        .bind(&specification.name)
        .bind(&specification.principal)
        .bind(&specification.next_principal)
        .bind(now_microseconds())
        .fetch_one(&mut *transaction)
        .await?;
        sqlx::query(
            "INSERT INTO databases (organization, name, created_on) VALUES ($1, 'default', $2) ON CONFLICT DO NOTHING",
        )
        .bind(&specification.name)
        .bind(now_microseconds())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        organization_of(&row)
    }

    /// The organization of that name, if it is there.
    pub async fn organization(&self, name: &str) -> Result<Option<Organization>, CatalogError> {
        let row = sqlx::query(
            "SELECT name, principal, next_principal, created_on FROM organizations WHERE name = $1",
        )
        .bind(name)
        .fetch_optional(self.pool())
        .await?;
        row.as_ref().map(organization_of).transpose()
    }

    /// All organizations by name: for the operator, not for users.
    pub async fn organizations(&self) -> Result<Vec<Organization>, CatalogError> {
        let rows = sqlx::query(
            "SELECT name, principal, next_principal, created_on FROM organizations ORDER BY name",
        )
        .fetch_all(self.pool())
        .await?;
        rows.iter().map(organization_of).collect()
    }
}

/// Every change inside an organization starts with this.
pub(crate) async fn require_organization(
    transaction: &mut Transaction<'_, Sqlite>,
    organization: &str,
) -> Result<(), CatalogError> {
    let found = sqlx::query("SELECT 1 FROM organizations WHERE name = $1")
        .bind(organization)
        .fetch_optional(&mut **transaction)
        .await?;
    match found {
        Some(_) => Ok(()),
        None => Err(CatalogError::UnknownOrganization { organization: organization.to_owned() }),
    }
}

pub(crate) fn check_role_arn(role_arn: &str) -> Result<(), CatalogError> {
    match iam::parse_role_arn(role_arn) {
        Ok(_) => Ok(()),
        Err(error) => {
            Err(CatalogError::InvalidRoleArn { role_arn: role_arn.to_owned(), reason: error.to_string() })
        }
    }
}

fn organization_of(row: &SqliteRow) -> Result<Organization, CatalogError> {
    let name: String = row.try_get("name")?;
    Ok(Organization {
        external_id_prefix: external_id_prefix(&name),
        principal: row.try_get("principal")?,
        next_principal: row.try_get("next_principal")?,
        created_on: time_of(row.try_get("created_on")?),
        name,
    })
}
