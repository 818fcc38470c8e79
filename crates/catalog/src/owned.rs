//! What belongs to one user, by its id: worksheets, drafts, access tokens.

use rand::Rng;
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use crate::{Catalog, CatalogError};

/// Whose something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner<'a> {
    pub organization: &'a str,
    pub user: &'a str,
}

/// What became of a save under a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved<T> {
    /// It is saved.
    Saved(T),
    /// Somebody saved before: nothing changed, and this is what is there.
    Stale(T),
}

impl Catalog {
    /// Runs a statement about one thing of a user's; `false` when there is none. `$1` to `$3` are the organization, the
    /// user and the id.
    pub(crate) async fn change_owned(
        &self,
        statement: &'static str,
        owner: Owner<'_>,
        id: &str,
    ) -> Result<bool, CatalogError> {
        let mut transaction = self.begin().await?;
        let changed = sqlx::query(statement)
            .bind(owner.organization)
            .bind(owner.user)
            .bind(id)
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        transaction.commit().await?;
        Ok(changed > 0)
    }

    /// All rows of a user's: `$1` and `$2` are the organization and the user.
    pub(crate) async fn owned(
        &self,
        statement: &'static str,
        owner: Owner<'_>,
    ) -> Result<Vec<SqliteRow>, CatalogError> {
        Ok(sqlx::query(statement).bind(owner.organization).bind(owner.user).fetch_all(self.pool()).await?)
    }
}

/// The row of one thing of a user's: `$1` to `$3` are the organization, the user and the id.
pub(crate) async fn find_owned(
    executor: impl sqlx::SqliteExecutor<'_>,
    statement: &'static str,
    owner: Owner<'_>,
    id: &str,
) -> Result<Option<SqliteRow>, CatalogError> {
    let found = sqlx::query(statement)
        .bind(owner.organization)
        .bind(owner.user)
        .bind(id)
        .fetch_optional(executor)
        .await?;
    Ok(found)
}

/// Whether a user has fewer than `most` of what the statement counts.
pub(crate) async fn has_room(
    transaction: &mut Transaction<'_, Sqlite>,
    statement: &'static str,
    owner: Owner<'_>,
    most: usize,
) -> Result<bool, CatalogError> {
    let (count,): (i64,) = sqlx::query_as(statement)
        .bind(owner.organization)
        .bind(owner.user)
        .fetch_one(&mut **transaction)
        .await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX) < most)
}

/// An id nobody can guess.
pub(crate) fn new_id() -> String {
    format!("{:032x}", rand::rng().random::<u128>())
}
