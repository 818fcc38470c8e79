//! Access tokens: what stands for a user's password in a client. Only their digests are stored.

use std::time::{Duration, SystemTime};

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::catalog::{now_microseconds, time_of};
use crate::owned::{Owner, has_room, new_id};
use crate::{Catalog, CatalogError};

/// How exactly it is remembered when a token was last used: a write for every request would be too much.
const USED_INTERVAL: Duration = Duration::from_secs(60);

/// A token as its owner sees it: everything but the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    pub id: String,
    pub name: String,
    pub created_on: SystemTime,
    pub expires_on: Option<SystemTime>,
    pub used_on: Option<SystemTime>,
}

impl Catalog {
    /// Keeps a token by its digest; `None` when the user has `tokens_max` already.
    pub async fn create_access_token(
        &self,
        owner: Owner<'_>,
        name: &str,
        digest: &str,
        lifetime: Option<Duration>,
        tokens_max: usize,
    ) -> Result<Option<AccessToken>, CatalogError> {
        let mut transaction = self.begin().await?;
        let count = "SELECT COUNT(*) FROM access_tokens WHERE organization = $1 AND owner = $2";
        if !has_room(&mut transaction, count, owner, tokens_max).await? {
            return Ok(None);
        }
        let now = now_microseconds();
        let expires_on = lifetime
            .map(|lifetime| now.saturating_add(i64::try_from(lifetime.as_micros()).unwrap_or(i64::MAX)));
        let row = sqlx::query(
            "INSERT INTO access_tokens (id, organization, owner, name, digest, created_on, expires_on)
             VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *",
        )
        .bind(new_id())
        .bind(owner.organization)
        .bind(owner.user)
        .bind(name)
        .bind(digest)
        .bind(now)
        .bind(expires_on)
        .fetch_one(&mut *transaction)
        .await?;
        let token = token_of(&row)?;
        transaction.commit().await?;
        Ok(Some(token))
    }

    /// The user's tokens, newest first, those that have expired too.
    pub async fn access_tokens(&self, owner: Owner<'_>) -> Result<Vec<AccessToken>, CatalogError> {
        let statement =
            "SELECT * FROM access_tokens WHERE organization = $1 AND owner = $2 ORDER BY created_on DESC, id";
        let rows = self.owned(statement, owner).await?;
        rows.iter().map(token_of).collect()
    }

    /// Whether the digest is that of a token of this user that is still good. Remembers that it was used.
    pub async fn use_access_token(&self, owner: Owner<'_>, digest: &str) -> Result<bool, CatalogError> {
        let now = now_microseconds();
        let row = sqlx::query(
            "SELECT * FROM access_tokens WHERE organization = $1 AND owner = $2 AND digest = $3
               AND (expires_on IS NULL OR expires_on > $4)",
        )
        .bind(owner.organization)
        .bind(owner.user)
        .bind(digest)
        .bind(now)
        .fetch_optional(self.pool())
        .await?;
        let Some(row) = row else { return Ok(false) };
        let used_on: Option<i64> = row.try_get("used_on")?;
        let interval = i64::try_from(USED_INTERVAL.as_micros()).unwrap_or(i64::MAX);
        if used_on.is_none_or(|used| now.saturating_sub(used) >= interval) {
            let mut transaction = self.begin().await?;
            sqlx::query("UPDATE access_tokens SET used_on = $2 WHERE digest = $1")
                .bind(digest)
                .bind(now)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
        }
        Ok(true)
    }

    /// Revokes a token; `false` when there is none.
    pub async fn delete_access_token(&self, owner: Owner<'_>, id: &str) -> Result<bool, CatalogError> {
        let statement = "DELETE FROM access_tokens WHERE organization = $1 AND owner = $2 AND id = $3";
        self.change_owned(statement, owner, id).await
    }
}

fn token_of(row: &SqliteRow) -> Result<AccessToken, CatalogError> {
    Ok(AccessToken {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        created_on: time_of(row.try_get("created_on")?),
        expires_on: row.try_get::<Option<i64>, _>("expires_on")?.map(time_of),
        used_on: row.try_get::<Option<i64>, _>("used_on")?.map(time_of),
    })
}
