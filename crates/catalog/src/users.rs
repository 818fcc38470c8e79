//! Users and their passwords. Only Argon2id hashes are stored.

use rand::Rng;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use crate::catalog::{now_microseconds, time_of};
use crate::grants::{forget_grantee, grants_changed};
use crate::names::check_name;
use crate::organizations::require_organization;
use crate::password_hash;
use crate::public_keys::insert_key;
use crate::{Catalog, CatalogError, CreateMode, Created, Grantee, NewUser, User, UserChange};

/// Longest password that is hashed.
const PASSWORD_BYTES_MAX: usize = 1024;

const SELECT: &str = "SELECT u.*, (SELECT COUNT(*) FROM public_keys k
       WHERE k.organization = u.organization AND k.user_name = u.name) AS public_keys
     FROM users u WHERE u.organization = $1 AND u.name = $2";

const SELECT_ALL: &str = "SELECT u.*, (SELECT COUNT(*) FROM public_keys k
       WHERE k.organization = u.organization AND k.user_name = u.name) AS public_keys
     FROM users u WHERE u.organization = $1 ORDER BY u.name";

impl Catalog {
    /// Makes a user. A replaced one starts without roles, privileges and keys: it is somebody else.
    pub async fn create_user(
        &self,
        organization: &str,
        user: &NewUser<'_>,
        mode: CreateMode,
    ) -> Result<Created, CatalogError> {
        check_name("user", user.name)?;
        // Hashed before the write lock is taken: it takes tens of milliseconds.
        let password_hash = self.hash_password(user.name, user.password).await?;
        let mut transaction = self.begin().await?;
        require_organization(&mut transaction, organization).await?;
        let exists = user_exists(&mut transaction, organization, user.name).await?;
        let outcome = match mode.outcome(exists) {
            None => return Err(CatalogError::UserExists { name: user.name.to_owned() }),
            Some(Created::Existed) => return Ok(Created::Existed),
            Some(outcome) => outcome,
        };
        if outcome == Created::Replaced {
            forget_user(&mut transaction, organization, user.name).await?;
        }
        sqlx::query(
            "INSERT INTO users (organization, name, password_hash, password_version, created_on, default_role, disabled, must_change_password)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(organization)
        .bind(user.name)
        .bind(password_hash)
        .bind(new_password_version())
        .bind(now_microseconds())
        .bind(user.default_role)
        .bind(i64::from(user.disabled))
        .bind(i64::from(user.must_change_password))
        .execute(&mut *transaction)
        .await?;
        if let Some(public_key) = user.public_key {
            insert_key(&mut transaction, organization, user.name, public_key, "").await?;
        }
        grants_changed(&mut transaction, organization).await?;
        transaction.commit().await?;
        Ok(outcome)
    }

    /// Sets the password of a user that exists, in place of any public keys; `None` takes it away. The user need not
    /// change it again.
    pub async fn set_password(
        &self,
        organization: &str,
        name: &str,
        password: Option<&str>,
    ) -> Result<(), CatalogError> {
        let password_hash = self.hash_password(name, password).await?;
        let mut transaction = self.begin().await?;
        let changed = sqlx::query(
            "UPDATE users SET password_hash = $3, password_version = $4, must_change_password = 0
             WHERE organization = $1 AND name = $2",
        )
        .bind(organization)
        .bind(name)
        .bind(password_hash)
        .bind(new_password_version())
        .execute(&mut *transaction)
        .await?;
        if changed.rows_affected() == 0 {
            return Err(CatalogError::UnknownUser { name: name.to_owned() });
        }
        sqlx::query("DELETE FROM public_keys WHERE organization = $1 AND user_name = $2")
            .bind(organization)
            .bind(name)
            .execute(&mut *transaction)
            .await?;
        grants_changed(&mut transaction, organization).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Changes what a user may be besides a password. A disabled user's logins end.
    pub async fn alter_user(
        &self,
        organization: &str,
        name: &str,
        change: &UserChange<'_>,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        if !user_exists(&mut transaction, organization, name).await? {
            return Err(CatalogError::UnknownUser { name: name.to_owned() });
        }
        if let Some(role) = change.default_role {
            sqlx::query("UPDATE users SET default_role = $3 WHERE organization = $1 AND name = $2")
                .bind(organization)
                .bind(name)
                .bind(role)
                .execute(&mut *transaction)
                .await?;
        }
        if let Some(must_change) = change.must_change_password {
            sqlx::query("UPDATE users SET must_change_password = $3 WHERE organization = $1 AND name = $2")
                .bind(organization)
                .bind(name)
                .bind(i64::from(must_change))
                .execute(&mut *transaction)
                .await?;
        }
        if let Some(disabled) = change.disabled {
            sqlx::query("UPDATE users SET disabled = $3 WHERE organization = $1 AND name = $2")
                .bind(organization)
                .bind(name)
                .bind(i64::from(disabled))
                .execute(&mut *transaction)
                .await?;
            if disabled {
                new_fingerprint(&mut transaction, organization, name).await?;
            }
        }
        grants_changed(&mut transaction, organization).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Drops a user. `false`: there was none, and `if_exists` allowed it.
    pub async fn drop_user(
        &self,
        organization: &str,
        name: &str,
        if_exists: bool,
    ) -> Result<bool, CatalogError> {
        let mut transaction = self.begin().await?;
        let dropped = user_exists(&mut transaction, organization, name).await?;
        if dropped {
            forget_user(&mut transaction, organization, name).await?;
        }
        transaction.commit().await?;
        if dropped || if_exists {
            Ok(dropped)
        } else {
            Err(CatalogError::UnknownUser { name: name.to_owned() })
        }
    }

    /// The user of that name, if there is one.
    pub async fn user(&self, organization: &str, name: &str) -> Result<Option<User>, CatalogError> {
        let row = sqlx::query(SELECT).bind(organization).bind(name).fetch_optional(self.pool()).await?;
        row.as_ref().map(user_of).transpose()
    }

    /// The organization's users by name.
    pub async fn users(&self, organization: &str) -> Result<Vec<User>, CatalogError> {
        let rows = sqlx::query(SELECT_ALL).bind(organization).fetch_all(self.pool()).await?;
        rows.iter().map(user_of).collect()
    }

    /// Whether that is the user's password. A user without one has none that fits.
    pub async fn verify_password(&self, user: &User, password: &str) -> bool {
        let Some(stored) = user.password_hash.clone() else { return false };
        if password.len() > PASSWORD_BYTES_MAX {
            return false;
        }
        let Ok(_turn) = self.password_hashes.acquire().await else { return false };
        let password = password.to_owned();
        let verified = tokio::task::spawn_blocking(move || password_hash::is_password(&stored, &password));
        verified.await.unwrap_or(false)
    }

    async fn hash_password(
        &self,
        name: &str,
        password: Option<&str>,
    ) -> Result<Option<String>, CatalogError> {
        let Some(password) = password else { return Ok(None) };
        if password.len() > PASSWORD_BYTES_MAX {
            return Err(CatalogError::InvalidPassword {
                name: name.to_owned(),
                reason: "it is longer than 1024 bytes",
            });
        }
        let _turn = self.password_hashes.acquire().await.map_err(|_| CatalogError::Failed)?;
        let password = password.to_owned();
        let hashed = tokio::task::spawn_blocking(move || password_hash::hash_password(&password));
        match hashed.await {
            Ok(Some(hash)) => Ok(Some(hash)),
            _ => Err(CatalogError::Failed),
        }
    }
}

pub(crate) async fn user_exists(
    transaction: &mut Transaction<'_, Sqlite>,
    organization: &str,
    name: &str,
) -> Result<bool, CatalogError> {
    let row = sqlx::query("SELECT 1 FROM users WHERE organization = $1 AND name = $2")
        .bind(organization)
        .bind(name)
        .fetch_optional(&mut **transaction)
        .await?;
    Ok(row.is_some())
}

/// Ends every login of the user: they rest on the fingerprint.
pub(crate) async fn new_fingerprint(
    transaction: &mut Transaction<'_, Sqlite>,
    organization: &str,
    name: &str,
) -> Result<(), CatalogError> {
    sqlx::query("UPDATE users SET password_version = $3 WHERE organization = $1 AND name = $2")
        .bind(organization)
        .bind(name)
        .bind(new_password_version())
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

async fn forget_user(
    transaction: &mut Transaction<'_, Sqlite>,
    organization: &str,
    name: &str,
) -> Result<(), CatalogError> {
    forget_grantee(transaction, organization, &Grantee::User(name.to_owned())).await?;
    // The public keys go with the row.
    sqlx::query("DELETE FROM users WHERE organization = $1 AND name = $2")
        .bind(organization)
        .bind(name)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

fn new_password_version() -> String {
    format!("{:032x}", rand::rng().random::<u128>())
}

fn user_of(row: &SqliteRow) -> Result<User, CatalogError> {
    Ok(User {
        name: row.try_get("name")?,
        created_on: time_of(row.try_get("created_on")?),
        password_hash: row.try_get("password_hash")?,
        password_version: row.try_get("password_version")?,
        default_role: row.try_get("default_role")?,
        disabled: row.try_get::<i64, _>("disabled")? != 0,
        must_change_password: row.try_get::<i64, _>("must_change_password")? != 0,
        public_keys: usize::try_from(row.try_get::<i64, _>("public_keys")?).unwrap_or_default(),
    })
}
