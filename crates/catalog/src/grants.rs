//! Who may do what: loading all grants of an organization at once, and changing them.

use std::sync::Arc;

use sqlx::{Row, Sqlite, Transaction};

use crate::catalog::{next_version, now_microseconds, time_of};
use crate::objects::require_object;
use crate::organizations::require_organization;
use crate::privileges::{ACCOUNT_ADMIN, GrantObject, Grantee, Grants, PUBLIC, Privilege, SqlRole};
use crate::{Catalog, CatalogError};

impl Catalog {
    /// Everything granted in the organization. Read from the file only when something has changed.
    pub async fn grants(&self, organization: &str) -> Result<Arc<Grants>, CatalogError> {
        // INVARIANT: the version is read before the grants. A change in between makes the kept grants newer
        // than their version, and the next question reads them again.
        let found: Option<(i64,)> =
            sqlx::query_as("SELECT grants_version FROM organizations WHERE name = $1")
                .bind(organization)
                .fetch_optional(self.pool())
                .await?;
        let Some((version,)) = found else {
            return Err(CatalogError::UnknownOrganization { organization: organization.to_owned() });
        };
        if let Some((known, grants)) = self.grants.lock().await.get(organization)
            && *known == version
        {
            return Ok(grants.clone());
        }
        let grants = Arc::new(self.load_grants(organization).await?);
        self.grants.lock().await.insert(organization.to_owned(), (version, grants.clone()));
        Ok(grants)
    }

    async fn load_grants(&self, organization: &str) -> Result<Grants, CatalogError> {
        let mut grants = Grants::default();
        for name in [ACCOUNT_ADMIN, PUBLIC] {
            let role = SqlRole { name: name.to_owned(), comment: String::new(), created_on: None };
            grants.roles.insert(name.to_owned(), role);
        }
        // One transaction, so that what is read belongs together.
        let mut reading = self.pool().begin().await?;
        let roles = sqlx::query("SELECT name, comment, created_on FROM roles WHERE organization = $1")
            .bind(organization)
            .fetch_all(&mut *reading)
            .await?;
        for row in roles {
            let name: String = row.try_get("name")?;
            let role = SqlRole {
                name: name.clone(),
                comment: row.try_get("comment")?,
                created_on: Some(time_of(row.try_get("created_on")?)),
            };
            grants.roles.insert(name, role);
        }
        let members: Vec<(String, String, String)> =
            sqlx::query_as("SELECT role, grantee_kind, grantee FROM role_grants WHERE organization = $1")
                .bind(organization)
                .fetch_all(&mut *reading)
                .await?;
        for (role, kind, name) in members {
            if let Some(grantee) = Grantee::from_stored(&kind, name) {
                grants.roles_of.entry(grantee).or_default().insert(role);
            }
        }
        let privileges: Vec<(String, String, String, String, String)> = sqlx::query_as(
            "SELECT grantee_kind, grantee, object_kind, object_name, privilege FROM privilege_grants WHERE organization = $1",
        )
        .bind(organization)
        .fetch_all(&mut *reading)
        .await?;
        for (kind, name, object_kind, object_name, privilege) in privileges {
            let stored = (
                Grantee::from_stored(&kind, name),
                GrantObject::from_stored(&object_kind, object_name),
                Privilege::from_words(&privilege),
            );
            if let (Some(grantee), Some(object), Some(privilege)) = stored {
                grants.privileges.entry(grantee).or_default().insert((object, privilege));
            }
        }
        grants.default_roles = sqlx::query_as::<_, (String, String)>(
            "SELECT name, default_role FROM users WHERE organization = $1 AND default_role IS NOT NULL",
        )
        .bind(organization)
        .fetch_all(&mut *reading)
        .await?
        .into_iter()
        .collect();
        grants.must_change_password = sqlx::query_as::<_, (String,)>(
            "SELECT name FROM users WHERE organization = $1 AND must_change_password <> 0",
        )
        .bind(organization)
        .fetch_all(&mut *reading)
        .await?
        .into_iter()
        .map(|(name,)| name)
        .collect();
        let owners: Vec<(String, String, String, String)> = sqlx::query_as(
            "SELECT object_kind, object_name, owner_kind, owner FROM owners WHERE organization = $1",
        )
        .bind(organization)
        .fetch_all(&mut *reading)
        .await?;
        for (object_kind, object_name, kind, name) in owners {
            let stored =
                (GrantObject::from_stored(&object_kind, object_name), Grantee::from_stored(&kind, name));
            if let (Some(object), Some(owner)) = stored {
                grants.owners.insert(object, owner);
            }
        }
        Ok(grants)
    }

    /// Grants the privileges on an object that exists to a role or user that exists.
    pub async fn grant_privileges(
        &self,
        organization: &str,
        privileges: &[Privilege],
        object: &GrantObject,
        grantee: &Grantee,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        require_organization(&mut transaction, organization).await?;
        require_object(&mut transaction, organization, object).await?;
        require_grantee(&mut transaction, organization, grantee).await?;
        for privilege in privileges {
            if *privilege == Privilege::Ownership {
                set_owner(&mut transaction, organization, object, grantee).await?;
                continue;
            }
            sqlx::query(
                "INSERT INTO privilege_grants VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
            )
            .bind(organization)
            .bind(grantee.kind())
            .bind(grantee.name())
            .bind(object.kind())
            .bind(object.name())
            .bind(privilege.as_str())
            .bind(now_microseconds())
            .execute(&mut *transaction)
            .await?;
        }
        grants_changed(&mut transaction, organization).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Takes the privileges away. What was not granted is no error, as in Databend.
    pub async fn revoke_privileges(
        &self,
        organization: &str,
        privileges: &[Privilege],
        object: &GrantObject,
        grantee: &Grantee,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        require_organization(&mut transaction, organization).await?;
        require_object(&mut transaction, organization, object).await?;
        require_grantee(&mut transaction, organization, grantee).await?;
        for privilege in privileges {
            sqlx::query(
                "DELETE FROM privilege_grants WHERE organization = $1 AND grantee_kind = $2 AND grantee = $3
                   AND object_kind = $4 AND object_name = $5 AND privilege = $6",
            )
            .bind(organization)
            .bind(grantee.kind())
            .bind(grantee.name())
            .bind(object.kind())
            .bind(object.name())
            .bind(privilege.as_str())
            .execute(&mut *transaction)
            .await?;
        }
        grants_changed(&mut transaction, organization).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Every change of grants, roles or owners ends with this, in its own transaction.
pub(crate) async fn grants_changed(
    transaction: &mut Transaction<'_, Sqlite>,
    organization: &str,
) -> Result<(), CatalogError> {
    let version = next_version(transaction).await?;
    sqlx::query("UPDATE organizations SET grants_version = $2 WHERE name = $1")
        .bind(organization)
        .bind(version)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// Gives an object an owner in place of the one it had.
pub(crate) async fn set_owner(
    transaction: &mut Transaction<'_, Sqlite>,
    organization: &str,
    object: &GrantObject,
    owner: &Grantee,
) -> Result<(), CatalogError> {
    sqlx::query(
        "INSERT INTO owners VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (organization, object_kind, object_name) DO UPDATE SET owner_kind = excluded.owner_kind, owner = excluded.owner",
    )
    .bind(organization)
    .bind(object.kind())
    .bind(object.name())
    .bind(owner.kind())
    .bind(owner.name())
    .execute(&mut **transaction)
    .await?;
    grants_changed(transaction, organization).await
}

/// A dropped object takes its owner and every grant on it along: the next one of that name is another.
pub(crate) async fn forget_object(
    transaction: &mut Transaction<'_, Sqlite>,
    organization: &str,
    object: &GrantObject,
) -> Result<(), CatalogError> {
    let statements = [
        "DELETE FROM owners WHERE organization = $1 AND object_kind = $2 AND object_name = $3",
        "DELETE FROM privilege_grants WHERE organization = $1 AND object_kind = $2 AND object_name = $3",
    ];
    run_all(transaction, &statements, organization, object.kind(), object.name()).await?;
    grants_changed(transaction, organization).await
}

/// A dropped role or user takes its grants along; what it owned is the administrator's again.
pub(crate) async fn forget_grantee(
    transaction: &mut Transaction<'_, Sqlite>,
    organization: &str,
    grantee: &Grantee,
) -> Result<(), CatalogError> {
    let statements = [
        "DELETE FROM role_grants WHERE organization = $1 AND grantee_kind = $2 AND grantee = $3",
        "DELETE FROM privilege_grants WHERE organization = $1 AND grantee_kind = $2 AND grantee = $3",
        "DELETE FROM owners WHERE organization = $1 AND owner_kind = $2 AND owner = $3",
    ];
    run_all(transaction, &statements, organization, grantee.kind(), grantee.name()).await?;
    grants_changed(transaction, organization).await
}

/// Runs statements about one object or grantee: its kind and its name are `$2` and `$3`.
async fn run_all(
    transaction: &mut Transaction<'_, Sqlite>,
    statements: &[&'static str],
    organization: &str,
    kind: &str,
    name: &str,
) -> Result<(), CatalogError> {
    for statement in statements {
        sqlx::query(*statement).bind(organization).bind(kind).bind(name).execute(&mut **transaction).await?;
    }
    Ok(())
}

pub(crate) async fn require_grantee(
    transaction: &mut Transaction<'_, Sqlite>,
    organization: &str,
    grantee: &Grantee,
) -> Result<(), CatalogError> {
    let (statement, name) = match grantee {
        Grantee::Role(name) if name == ACCOUNT_ADMIN || name == PUBLIC => return Ok(()),
        Grantee::Role(name) => ("SELECT 1 FROM roles WHERE organization = $1 AND name = $2", name),
        Grantee::User(name) => ("SELECT 1 FROM users WHERE organization = $1 AND name = $2", name),
    };
    let found =
        sqlx::query(statement).bind(organization).bind(name).fetch_optional(&mut **transaction).await?;
    match (found, grantee) {
        (Some(_), _) => Ok(()),
        (None, Grantee::Role(name)) => Err(CatalogError::UnknownRole { name: name.clone() }),
        (None, Grantee::User(name)) => Err(CatalogError::UnknownUser { name: name.clone() }),
    }
}
