//! Drafts: a connection in the making, and the page that its AWS administrator is handed.

use std::time::{Duration, SystemTime};

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::catalog::{now_microseconds, time_of};
use crate::owned::{Owner, Saved, find_owned, has_room, new_id};
use crate::{Catalog, CatalogError};

/// A draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub id: String,
    pub name: String,
    /// The app's own JSON object.
    pub state: String,
    /// One more with each save.
    pub rev: i64,
    pub created_on: SystemTime,
    pub updated_on: SystemTime,
}

/// A page for somebody without a login. Whoever knows its token may read it until it expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handoff {
    pub token: String,
    /// JSON, as it was when the page was made.
    pub content: String,
    pub created_on: SystemTime,
    pub expires_on: SystemTime,
}

impl Catalog {
    /// Makes a draft; `None` when the user has `drafts_max` already.
    pub async fn create_draft(
        &self,
        owner: Owner<'_>,
        name: &str,
        state: &str,
        drafts_max: usize,
    ) -> Result<Option<Draft>, CatalogError> {
        let mut transaction = self.begin().await?;
        let count = "SELECT COUNT(*) FROM drafts WHERE organization = $1 AND owner = $2";
        if !has_room(&mut transaction, count, owner, drafts_max).await? {
            return Ok(None);
        }
        let row = sqlx::query(
            "INSERT INTO drafts (id, organization, owner, name, state, rev, created_on, updated_on)
             VALUES ($1, $2, $3, $4, $5, 1, $6, $6) RETURNING *",
        )
        .bind(new_id())
        .bind(owner.organization)
        .bind(owner.user)
        .bind(name)
        .bind(state)
        .bind(now_microseconds())
        .fetch_one(&mut *transaction)
        .await?;
        let draft = draft_of(&row)?;
        transaction.commit().await?;
        Ok(Some(draft))
    }

    /// The user's drafts, newest change first.
    pub async fn drafts(&self, owner: Owner<'_>) -> Result<Vec<Draft>, CatalogError> {
        let statement =
            "SELECT * FROM drafts WHERE organization = $1 AND owner = $2 ORDER BY updated_on DESC, id";
        let rows = self.owned(statement, owner).await?;
        rows.iter().map(draft_of).collect()
    }

    /// The user's draft of that id.
    pub async fn draft(&self, owner: Owner<'_>, id: &str) -> Result<Option<Draft>, CatalogError> {
        let row = find_owned(self.pool(), SELECT_ONE, owner, id).await?;
        row.as_ref().map(draft_of).transpose()
    }

    /// Saves a draft if nobody saved since `rev`; what is absent stays. `None` when there is none.
    pub async fn save_draft(
        &self,
        owner: Owner<'_>,
        id: &str,
        rev: i64,
        name: Option<&str>,
        state: Option<&str>,
    ) -> Result<Option<Saved<Draft>>, CatalogError> {
        let mut transaction = self.begin().await?;
        let row = find_owned(&mut *transaction, SELECT_ONE, owner, id).await?;
        let Some(row) = row else { return Ok(None) };
        let before = draft_of(&row)?;
        if before.rev != rev {
            return Ok(Some(Saved::Stale(before)));
        }
        let row = sqlx::query(
            "UPDATE drafts SET name = COALESCE($2, name), state = COALESCE($3, state), rev = rev + 1, updated_on = $4
             WHERE id = $1 RETURNING *",
        )
        .bind(id)
        .bind(name)
        .bind(state)
        .bind(now_microseconds())
        .fetch_one(&mut *transaction)
        .await?;
        let draft = draft_of(&row)?;
        transaction.commit().await?;
        Ok(Some(Saved::Saved(draft)))
    }

    /// Deletes a draft with its hand-off; `false` when there is none.
    pub async fn delete_draft(&self, owner: Owner<'_>, id: &str) -> Result<bool, CatalogError> {
        let statement = "DELETE FROM drafts WHERE organization = $1 AND owner = $2 AND id = $3";
        self.change_owned(statement, owner, id).await
    }

    /// Makes the page of a draft, in place of an earlier one; `None` when there is no such draft.
    pub async fn hand_off(
        &self,
        owner: Owner<'_>,
        draft: &str,
        content: &str,
        lifetime: Duration,
    ) -> Result<Option<Handoff>, CatalogError> {
        let mut transaction = self.begin().await?;
        let found = find_owned(&mut *transaction, SELECT_ONE, owner, draft).await?;
        if found.is_none() {
            return Ok(None);
        }
        let now = now_microseconds();
        let lifetime = i64::try_from(lifetime.as_micros()).unwrap_or(i64::MAX);
        sqlx::query("DELETE FROM handoffs WHERE draft = $1 OR expires_on <= $2")
            .bind(draft)
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        let row = sqlx::query(
            "INSERT INTO handoffs (token, draft, content, created_on, expires_on) VALUES ($1, $2, $3, $4, $5)
             RETURNING *",
        )
        .bind(format!("{}{}", new_id(), new_id()))
        .bind(draft)
        .bind(content)
        .bind(now)
        .bind(now.saturating_add(lifetime))
        .fetch_one(&mut *transaction)
        .await?;
        let handoff = handoff_of(&row)?;
        transaction.commit().await?;
        Ok(Some(handoff))
    }

    /// The page of a draft, if there is one that has not expired.
    pub async fn handoff_of_draft(
        &self,
        owner: Owner<'_>,
        draft: &str,
    ) -> Result<Option<Handoff>, CatalogError> {
        let row = sqlx::query(
            "SELECT h.* FROM handoffs h JOIN drafts d ON d.id = h.draft
             WHERE d.organization = $1 AND d.owner = $2 AND d.id = $3 AND h.expires_on > $4",
        )
        .bind(owner.organization)
        .bind(owner.user)
        .bind(draft)
        .bind(now_microseconds())
        .fetch_optional(self.pool())
        .await?;
        row.as_ref().map(handoff_of).transpose()
    }

    /// Takes the page of a draft back.
    pub async fn take_back_handoff(&self, owner: Owner<'_>, draft: &str) -> Result<(), CatalogError> {
        let statement = "DELETE FROM handoffs WHERE draft IN
             (SELECT id FROM drafts WHERE organization = $1 AND owner = $2 AND id = $3)";
        self.change_owned(statement, owner, draft).await?;
        Ok(())
    }

    /// The page of a token, for whoever knows it, until it expires.
    pub async fn handoff(&self, token: &str) -> Result<Option<Handoff>, CatalogError> {
        let row = sqlx::query("SELECT * FROM handoffs WHERE token = $1 AND expires_on > $2")
            .bind(token)
            .bind(now_microseconds())
            .fetch_optional(self.pool())
            .await?;
        row.as_ref().map(handoff_of).transpose()
    }
}

const SELECT_ONE: &str = "SELECT * FROM drafts WHERE organization = $1 AND owner = $2 AND id = $3";

fn draft_of(row: &SqliteRow) -> Result<Draft, CatalogError> {
    Ok(Draft {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        state: row.try_get("state")?,
        rev: row.try_get("rev")?,
        created_on: time_of(row.try_get("created_on")?),
        updated_on: time_of(row.try_get("updated_on")?),
    })
}

fn handoff_of(row: &SqliteRow) -> Result<Handoff, CatalogError> {
    Ok(Handoff {
        token: row.try_get("token")?,
        content: row.try_get("content")?,
        created_on: time_of(row.try_get("created_on")?),
        expires_on: time_of(row.try_get("expires_on")?),
    })
}
