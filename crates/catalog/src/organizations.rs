//! Organizations: made from the configuration or by the operator's SQL. A dropped one's name is not given again.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use crate::catalog::{now_microseconds, time_of};
use crate::external_ids::external_id_prefix;
use crate::names::check_organization_name;
use crate::{Catalog, CatalogError, CreateMode, Created, Organization, OrganizationSpec};

const SELECT: &str = "SELECT * FROM organizations WHERE name = $1 AND dropped_on IS NULL";
const SELECT_ALL: &str = "SELECT * FROM organizations WHERE dropped_on IS NULL ORDER BY name";

impl Catalog {
    /// Makes the organization of the configuration, or gives the one that is there what the configuration says.
    pub async fn ensure_organization(
        &self,
        specification: &OrganizationSpec,
    ) -> Result<Organization, CatalogError> {
        check(specification)?;
        let mut transaction = self.begin().await?;
        refuse_dropped(&mut transaction, &specification.name).await?;
        insert(&mut transaction, specification, true).await?;
        let row = sqlx::query(SELECT).bind(&specification.name).fetch_one(&mut *transaction).await?;
        transaction.commit().await?;
        organization_of(&row)
    }

    /// Says which organizations the configuration names: the others are SQL's to change.
    pub async fn keep_configured(&self, names: &[String]) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        for organization in self.names_within(&mut transaction).await? {
            let configured = i64::from(names.contains(&organization));
            sqlx::query("UPDATE organizations SET configured = $2 WHERE name = $1")
                .bind(organization)
                .bind(configured)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Makes an organization, for the operator.
    pub async fn create_organization(
        &self,
        specification: &OrganizationSpec,
        mode: CreateMode,
    ) -> Result<Created, CatalogError> {
        check(specification)?;
        let mut transaction = self.begin().await?;
        refuse_dropped(&mut transaction, &specification.name).await?;
        let exists = exists(&mut transaction, &specification.name).await?;
        match (exists, mode) {
            (true, CreateMode::IfNotExists) => return Ok(Created::Existed),
            (true, _) => {
                return Err(CatalogError::OrganizationExists { organization: specification.name.clone() });
            }
            (false, _) => {}
        }
        insert(&mut transaction, specification, false).await?;
        transaction.commit().await?;
        Ok(Created::Created)
    }

    /// Changes an organization that SQL made, for the operator.
    pub async fn alter_organization(&self, specification: &OrganizationSpec) -> Result<(), CatalogError> {
        check(specification)?;
        let mut transaction = self.begin().await?;
        refuse_configured(&mut transaction, &specification.name).await?;
        insert(&mut transaction, specification, false).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Drops an organization that SQL made and that has no connection and no stage, with its users, roles and
    /// file formats. Its external ids and its name are never given again.
    pub async fn drop_organization(&self, name: &str, if_exists: bool) -> Result<bool, CatalogError> {
        let mut transaction = self.begin().await?;
        if !exists(&mut transaction, name).await? {
            return if if_exists {
                Ok(false)
            } else {
                Err(CatalogError::UnknownOrganization { organization: name.to_owned() })
            };
        }
        refuse_configured(&mut transaction, name).await?;
        let (connections, stages): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT COUNT(*) FROM connections WHERE organization = $1),
                    (SELECT COUNT(*) FROM stages WHERE organization = $1)",
        )
        .bind(name)
        .fetch_one(&mut *transaction)
        .await?;
        if connections + stages > 0 {
            return Err(CatalogError::OrganizationInUse {
                organization: name.to_owned(),
                what: format!("{connections} connections and {stages} stages"),
            });
        }
        let statements = [
            "DELETE FROM owners WHERE organization = $1",
            "DELETE FROM privilege_grants WHERE organization = $1",
            "DELETE FROM role_grants WHERE organization = $1",
            "DELETE FROM roles WHERE organization = $1",
            "DELETE FROM users WHERE organization = $1",
            "DELETE FROM file_formats WHERE organization = $1",
            "DELETE FROM views WHERE organization = $1",
            "DELETE FROM databases WHERE organization = $1",
        ];
        for statement in statements {
            sqlx::query(statement).bind(name).execute(&mut *transaction).await?;
        }
        sqlx::query("UPDATE organizations SET dropped_on = $2 WHERE name = $1")
            .bind(name)
            .bind(now_microseconds())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// The organization of that name, if it is there.
    pub async fn organization(&self, name: &str) -> Result<Option<Organization>, CatalogError> {
        let row = sqlx::query(SELECT).bind(name).fetch_optional(self.pool()).await?;
        row.as_ref().map(organization_of).transpose()
    }

    /// All organizations by name: for the operator, not for users.
    pub async fn organizations(&self) -> Result<Vec<Organization>, CatalogError> {
        let rows = sqlx::query(SELECT_ALL).fetch_all(self.pool()).await?;
        rows.iter().map(organization_of).collect()
    }

    async fn names_within(
        &self,
        transaction: &mut Transaction<'_, Sqlite>,
    ) -> Result<Vec<String>, CatalogError> {
        let rows: Vec<(String,)> =
            sqlx::query_as("SELECT name FROM organizations").fetch_all(&mut **transaction).await?;
        Ok(rows.into_iter().map(|(name,)| name).collect())
    }
}

/// Every change inside an organization starts with this.
pub(crate) async fn require_organization(
    transaction: &mut Transaction<'_, Sqlite>,
    organization: &str,
) -> Result<(), CatalogError> {
    if exists(transaction, organization).await? {
        Ok(())
    } else {
        Err(CatalogError::UnknownOrganization { organization: organization.to_owned() })
    }
}

async fn exists(transaction: &mut Transaction<'_, Sqlite>, name: &str) -> Result<bool, CatalogError> {
    Ok(sqlx::query(SELECT).bind(name).fetch_optional(&mut **transaction).await?.is_some())
}

async fn refuse_dropped(transaction: &mut Transaction<'_, Sqlite>, name: &str) -> Result<(), CatalogError> {
    let dropped = sqlx::query("SELECT 1 FROM organizations WHERE name = $1 AND dropped_on IS NOT NULL")
        .bind(name)
        .fetch_optional(&mut **transaction)
        .await?;
    match dropped {
        Some(_) => Err(CatalogError::DroppedOrganization { organization: name.to_owned() }),
        None => Ok(()),
    }
}

async fn refuse_configured(
    transaction: &mut Transaction<'_, Sqlite>,
    name: &str,
) -> Result<(), CatalogError> {
    let row = sqlx::query(SELECT).bind(name).fetch_optional(&mut **transaction).await?;
    let Some(row) = row else {
        return Err(CatalogError::UnknownOrganization { organization: name.to_owned() });
    };
    if organization_of(&row)?.configured {
        return Err(CatalogError::ConfiguredOrganization { organization: name.to_owned() });
    }
    Ok(())
}

async fn insert(
    transaction: &mut Transaction<'_, Sqlite>,
    specification: &OrganizationSpec,
    configured: bool,
) -> Result<(), CatalogError> {
    let allowed = match &specification.allowed_roles {
        Some(allowed) => Some(serde_json::to_string(allowed).map_err(|_| CatalogError::Failed)?),
        None => None,
    };
    sqlx::query(
        "INSERT INTO organizations (name, principal, next_principal, created_on, allowed_roles, configured)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (name) DO UPDATE SET principal = excluded.principal, next_principal = excluded.next_principal,
           allowed_roles = excluded.allowed_roles, configured = excluded.configured",
    )
    .bind(&specification.name)
    .bind(&specification.principal)
    .bind(&specification.next_principal)
    .bind(now_microseconds())
    .bind(allowed)
    .bind(i64::from(configured))
    .execute(&mut **transaction)
    .await?;
    sqlx::query(
        "INSERT INTO databases (organization, name, created_on) VALUES ($1, 'default', $2) ON CONFLICT DO NOTHING",
    )
    .bind(&specification.name)
    .bind(now_microseconds())
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

fn check(specification: &OrganizationSpec) -> Result<(), CatalogError> {
    check_organization_name(&specification.name)?;
    for principal in [&specification.principal, &specification.next_principal].into_iter().flatten() {
        check_role_arn(principal)?;
    }
    for allowed in specification.allowed_roles.iter().flatten() {
        check_allowed_role(allowed)?;
    }
    Ok(())
}

/// An entry of the allow-list: twelve digits of an account, or a role ARN in which `*` stands for any characters.
fn check_allowed_role(entry: &str) -> Result<(), CatalogError> {
    let is_account = entry.len() == 12 && entry.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = entry.splitn(6, ':').collect();
    let is_role_pattern = matches!(parts.as_slice(), ["arn", partition, "iam", "", account, resource]
        if partition.starts_with("aws") && !account.is_empty() && resource.starts_with("role/"));
    if is_account || is_role_pattern {
        return Ok(());
    }
    Err(CatalogError::InvalidRoleArn {
        role_arn: entry.to_owned(),
        reason: "an allowed role is an account of 12 digits or `arn:aws:iam::<account>:role/<name>`, in which `*` stands for anything"
            .to_owned(),
    })
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
    let allowed: Option<String> = row.try_get("allowed_roles")?;
    let allowed_roles = match allowed {
        // INVARIANT: a list that cannot be read allows nothing, and not everything.
        Some(text) => Some(serde_json::from_str(&text).map_err(|_| CatalogError::Failed)?),
        None => None,
    };
    Ok(Organization {
        external_id_prefix: external_id_prefix(&name),
        principal: row.try_get("principal")?,
        next_principal: row.try_get("next_principal")?,
        allowed_roles,
        configured: row.try_get::<i64, _>("configured")? != 0,
        created_on: time_of(row.try_get("created_on")?),
        name,
    })
}
