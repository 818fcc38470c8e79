//! SQL roles and who has them.

use sqlx::{Sqlite, Transaction};

use crate::catalog::now_microseconds;
use crate::grants::{forget_grantee, grants_changed, require_grantee};
use crate::names::check_name;
use crate::organizations::require_organization;
use crate::privileges::{ACCOUNT_ADMIN, Grantee, PUBLIC};
use crate::{Catalog, CatalogError, CreateMode, Created};

impl Catalog {
    /// Makes a role. A replaced one starts without grants.
    pub async fn create_role(
        &self,
        organization: &str,
        name: &str,
        comment: &str,
        mode: CreateMode,
    ) -> Result<Created, CatalogError> {
        check_name("role", name)?;
        let mut transaction = self.begin().await?;
        require_organization(&mut transaction, organization).await?;
        let is_built_in = is_built_in(name);
        let exists = is_built_in || role_exists(&mut transaction, organization, name).await?;
        let outcome = match mode.outcome(exists) {
            None => return Err(CatalogError::RoleExists { name: name.to_owned() }),
            Some(Created::Existed) => return Ok(Created::Existed),
            Some(Created::Replaced) if is_built_in => {
                return Err(CatalogError::BuiltInRole { name: name.to_owned() });
            }
            Some(outcome) => outcome,
        };
        if outcome == Created::Replaced {
            forget_role(&mut transaction, organization, name).await?;
        }
        sqlx::query("INSERT INTO roles VALUES ($1, $2, $3, $4)")
            .bind(organization)
            .bind(name)
            .bind(comment)
            .bind(now_microseconds())
            .execute(&mut *transaction)
            .await?;
        grants_changed(&mut transaction, organization).await?;
        transaction.commit().await?;
        Ok(outcome)
    }

    /// Changes what is said about a role.
    pub async fn set_role_comment(
        &self,
        organization: &str,
        name: &str,
        comment: &str,
    ) -> Result<(), CatalogError> {
        if is_built_in(name) {
            return Err(CatalogError::BuiltInRole { name: name.to_owned() });
        }
        let mut transaction = self.begin().await?;
        let changed = sqlx::query("UPDATE roles SET comment = $3 WHERE organization = $1 AND name = $2")
            .bind(organization)
            .bind(name)
            .bind(comment)
            .execute(&mut *transaction)
            .await?;
        if changed.rows_affected() == 0 {
            return Err(CatalogError::UnknownRole { name: name.to_owned() });
        }
        grants_changed(&mut transaction, organization).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Drops a role; what it owned is the administrator's again. `false`: there was none, and `if_exists`
    /// allowed it.
    pub async fn drop_role(
        &self,
        organization: &str,
        name: &str,
        if_exists: bool,
    ) -> Result<bool, CatalogError> {
        if is_built_in(name) {
            return Err(CatalogError::BuiltInRole { name: name.to_owned() });
        }
        let mut transaction = self.begin().await?;
        if !role_exists(&mut transaction, organization, name).await? {
            return if if_exists {
                Ok(false)
            } else {
                Err(CatalogError::UnknownRole { name: name.to_owned() })
            };
        }
        forget_role(&mut transaction, organization, name).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Gives a role to a user, or lets another role inherit it.
    pub async fn grant_role(
        &self,
        organization: &str,
        role: &str,
        grantee: &Grantee,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        require_organization(&mut transaction, organization).await?;
        require_grantee(&mut transaction, organization, &Grantee::Role(role.to_owned())).await?;
        require_grantee(&mut transaction, organization, grantee).await?;
        if let Grantee::Role(inheriting) = grantee
            && inherits(&mut transaction, organization, role, inheriting).await?
        {
            return Err(CatalogError::RoleCycle { role: role.to_owned(), grantee: inheriting.clone() });
        }
        sqlx::query("INSERT INTO role_grants VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING")
            .bind(organization)
            .bind(role)
            .bind(grantee.kind())
            .bind(grantee.name())
            .bind(now_microseconds())
            .execute(&mut *transaction)
            .await?;
        grants_changed(&mut transaction, organization).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Takes a role away. What was not granted is no error, as in Databend.
    pub async fn revoke_role(
        &self,
        organization: &str,
        role: &str,
        grantee: &Grantee,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        require_organization(&mut transaction, organization).await?;
        require_grantee(&mut transaction, organization, &Grantee::Role(role.to_owned())).await?;
        require_grantee(&mut transaction, organization, grantee).await?;
        sqlx::query(
            "DELETE FROM role_grants WHERE organization = $1 AND role = $2 AND grantee_kind = $3 AND grantee = $4",
        )
        .bind(organization)
        .bind(role)
        .bind(grantee.kind())
        .bind(grantee.name())
        .execute(&mut *transaction)
        .await?;
        grants_changed(&mut transaction, organization).await?;
        transaction.commit().await?;
        Ok(())
    }
}

fn is_built_in(name: &str) -> bool {
    name == ACCOUNT_ADMIN || name == PUBLIC
}

async fn role_exists(
    transaction: &mut Transaction<'_, Sqlite>,
    organization: &str,
    name: &str,
) -> Result<bool, CatalogError> {
    let row = sqlx::query("SELECT 1 FROM roles WHERE organization = $1 AND name = $2")
        .bind(organization)
        .bind(name)
        .fetch_optional(&mut **transaction)
        .await?;
    Ok(row.is_some())
}

async fn forget_role(
    transaction: &mut Transaction<'_, Sqlite>,
    organization: &str,
    name: &str,
) -> Result<(), CatalogError> {
    forget_grantee(transaction, organization, &Grantee::Role(name.to_owned())).await?;
    let statements = [
        "DELETE FROM role_grants WHERE organization = $1 AND role = $2",
        "DELETE FROM roles WHERE organization = $1 AND name = $2",
    ];
    for statement in statements {
        sqlx::query(statement).bind(organization).bind(name).execute(&mut **transaction).await?;
    }
    Ok(())
}

/// Whether `role` is `inherited` or has it by inheritance.
async fn inherits(
    transaction: &mut Transaction<'_, Sqlite>,
    organization: &str,
    role: &str,
    inherited: &str,
) -> Result<bool, CatalogError> {
    let row = sqlx::query(
        "WITH RECURSIVE inherited (name) AS (
           SELECT $2
           UNION SELECT g.role FROM role_grants g JOIN inherited i
             ON g.organization = $1 AND g.grantee_kind = 'ROLE' AND g.grantee = i.name
         ) SELECT 1 FROM inherited WHERE name = $3",
    )
    .bind(organization)
    .bind(role)
    .bind(inherited)
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(row.is_some())
}
