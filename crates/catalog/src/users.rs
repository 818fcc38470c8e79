//! Users and their passwords. Only Argon2id hashes are stored.

use argon2::password_hash::SaltString;
use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use rand::Rng;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::catalog::{now_microseconds, time_of};
use crate::names::check_name;
use crate::organizations::require_organization;
use crate::{Catalog, CatalogError, CreateMode, Created, NewUser, User};

/// Longest password that is hashed.
const PASSWORD_BYTES_MAX: usize = 1024;

impl Catalog {
    /// Makes a user.
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
        let exists = sqlx::query("SELECT 1 FROM users WHERE organization = $1 AND name = $2")
            .bind(organization)
            .bind(user.name)
            .fetch_optional(&mut *transaction)
            .await?
            .is_some();
        let outcome = match (exists, mode) {
            (true, CreateMode::Create) => {
                return Err(CatalogError::UserExists { name: user.name.to_owned() });
            }
            (true, CreateMode::IfNotExists) => return Ok(Created::Existed),
            (true, CreateMode::OrReplace) => Created::Replaced,
            (false, _) => Created::Created,
        };
        sqlx::query(
            "INSERT INTO users (organization, name, password_hash, password_version, created_on) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (organization, name) DO UPDATE SET password_hash = excluded.password_hash,
               password_version = excluded.password_version, created_on = excluded.created_on",
        )
        .bind(organization)
        .bind(user.name)
        .bind(password_hash)
        .bind(new_password_version())
        .bind(now_microseconds())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(outcome)
    }

    /// Sets the password of a user that exists; `None` takes it away.
    pub async fn set_password(
        &self,
        organization: &str,
        name: &str,
        password: Option<&str>,
    ) -> Result<(), CatalogError> {
        let password_hash = self.hash_password(name, password).await?;
        let mut transaction = self.begin().await?;
        let changed = sqlx::query(
            "UPDATE users SET password_hash = $3, password_version = $4 WHERE organization = $1 AND name = $2",
        )
        .bind(organization)
        .bind(name)
        .bind(password_hash)
        .bind(new_password_version())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        if changed.rows_affected() == 0 {
            return Err(CatalogError::UnknownUser { name: name.to_owned() });
        }
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
        let dropped = sqlx::query("DELETE FROM users WHERE organization = $1 AND name = $2")
            .bind(organization)
            .bind(name)
            .execute(&mut *transaction)
            .await?
            .rows_affected()
            > 0;
        transaction.commit().await?;
        if dropped || if_exists {
            Ok(dropped)
        } else {
            Err(CatalogError::UnknownUser { name: name.to_owned() })
        }
    }

    /// The user of that name, if there is one.
    pub async fn user(&self, organization: &str, name: &str) -> Result<Option<User>, CatalogError> {
        let row = sqlx::query("SELECT * FROM users WHERE organization = $1 AND name = $2")
            .bind(organization)
            .bind(name)
            .fetch_optional(self.pool())
            .await?;
        row.as_ref().map(user_of).transpose()
    }

    /// The organization's users by name.
    pub async fn users(&self, organization: &str) -> Result<Vec<User>, CatalogError> {
        let rows = sqlx::query("SELECT * FROM users WHERE organization = $1 ORDER BY name")
            .bind(organization)
            .fetch_all(self.pool())
            .await?;
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
        let verified = tokio::task::spawn_blocking(move || {
            PasswordHash::new(&stored)
                .is_ok_and(|stored| Argon2::default().verify_password(password.as_bytes(), &stored).is_ok())
        });
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
        let hashed = tokio::task::spawn_blocking(move || {
            let salt = SaltString::encode_b64(&rand::rng().random::<[u8; 16]>()).ok()?;
            Some(Argon2::default().hash_password(password.as_bytes(), &salt).ok()?.to_string())
        });
        match hashed.await {
            Ok(Some(hash)) => Ok(Some(hash)),
            _ => Err(CatalogError::Failed),
        }
    }
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
    })
}
