//! Worksheets: a user's texts, with a lock against two tabs that save at once.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use crate::catalog::{now_microseconds, time_of};
use crate::owned::{Owner, Saved, find_owned, has_room, new_id};
use crate::{Catalog, CatalogError};

/// How long after a version the next one is kept without being asked for.
const VERSION_INTERVAL: Duration = Duration::from_secs(60);
/// Versions of one worksheet that are kept; beyond that the oldest go.
const VERSIONS_MAX: i64 = 100;
/// Characters of a text that lists show.
const EXCERPT_CHARACTERS: usize = 200;

/// A worksheet as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worksheet {
    pub id: String,
    pub owner: String,
    pub name: String,
    /// A path without a slash at its ends; empty for none.
    pub folder: String,
    pub text: String,
    /// The app's own JSON object.
    pub context: String,
    /// One more with each save.
    pub rev: i64,
    pub share_token: Option<String>,
    pub created_on: SystemTime,
    pub updated_on: SystemTime,
}

impl Worksheet {
    /// The first characters of its text.
    pub fn excerpt(&self) -> String {
        self.text.chars().take(EXCERPT_CHARACTERS).collect()
    }
}

/// What a save changes; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorksheetChange {
    pub name: Option<String>,
    pub folder: Option<String>,
    pub text: Option<String>,
    pub context: Option<String>,
    /// Keep what was there before as a version, whenever the last one was kept.
    pub keep_version: bool,
}

/// A former text of a worksheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorksheetVersion {
    pub rev: i64,
    pub name: String,
    pub text: String,
    pub saved_on: SystemTime,
}

impl Catalog {
    /// Makes a worksheet; `None` when the user has `worksheets_max` already.
    pub async fn create_worksheet(
        &self,
        owner: Owner<'_>,
        first: &WorksheetChange,
        worksheets_max: usize,
    ) -> Result<Option<Worksheet>, CatalogError> {
        let mut transaction = self.begin().await?;
        let count = "SELECT COUNT(*) FROM worksheets WHERE organization = $1 AND owner = $2";
        if !has_room(&mut transaction, count, owner, worksheets_max).await? {
            return Ok(None);
        }
        let row = sqlx::query(
            "INSERT INTO worksheets (id, organization, owner, name, folder, text, context, rev, created_on, updated_on)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8) RETURNING *",
        )
        .bind(new_id())
        .bind(owner.organization)
        .bind(owner.user)
        .bind(first.name.as_deref().unwrap_or_default())
        .bind(first.folder.as_deref().unwrap_or_default())
        .bind(first.text.as_deref().unwrap_or_default())
        .bind(first.context.as_deref().unwrap_or("{}"))
        .bind(now_microseconds())
        .fetch_one(&mut *transaction)
        .await?;
        let worksheet = worksheet_of(&row)?;
        transaction.commit().await?;
        Ok(Some(worksheet))
    }

    /// The user's worksheets, newest change first. `search` is looked for in names and texts, whatever its case.
    pub async fn worksheets(
        &self,
        owner: Owner<'_>,
        search: &str,
        folder: &str,
    ) -> Result<Vec<Worksheet>, CatalogError> {
        let rows = sqlx::query(
            "SELECT * FROM worksheets WHERE organization = $1 AND owner = $2
               AND ($3 = '' OR name LIKE $4 ESCAPE '\\' OR text LIKE $4 ESCAPE '\\')
               AND ($5 = '' OR folder = $5 OR folder LIKE $6 ESCAPE '\\')
             ORDER BY updated_on DESC, id",
        )
        .bind(owner.organization)
        .bind(owner.user)
        .bind(search)
        .bind(format!("%{}%", escape_like(search)))
        .bind(folder)
        .bind(format!("{}/%", escape_like(folder)))
        .fetch_all(self.pool())
        .await?;
        rows.iter().map(worksheet_of).collect()
    }

    /// The folders of the user's worksheets, and the folders above them.
    pub async fn worksheet_folders(&self, owner: Owner<'_>) -> Result<Vec<String>, CatalogError> {
        let rows: Vec<(String,)> = sqlx::query_as(
            "SELECT DISTINCT folder FROM worksheets WHERE organization = $1 AND owner = $2 AND folder <> ''",
        )
        .bind(owner.organization)
        .bind(owner.user)
        .fetch_all(self.pool())
        .await?;
        let mut folders = BTreeSet::new();
        for (folder,) in rows {
            for (end, _) in folder.match_indices('/') {
                folders.extend(folder.get(..end).map(str::to_owned));
            }
            folders.insert(folder);
        }
        Ok(folders.into_iter().collect())
    }

    /// The user's worksheet of that id.
    pub async fn worksheet(&self, owner: Owner<'_>, id: &str) -> Result<Option<Worksheet>, CatalogError> {
        let row = find_owned(self.pool(), SELECT_ONE, owner, id).await?;
        row.as_ref().map(worksheet_of).transpose()
    }

    /// Saves a worksheet if nobody saved since `rev`; `None` when there is none.
    pub async fn save_worksheet(
        &self,
        owner: Owner<'_>,
        id: &str,
        rev: i64,
        change: &WorksheetChange,
    ) -> Result<Option<Saved<Worksheet>>, CatalogError> {
        let mut transaction = self.begin().await?;
        let row = find_owned(&mut *transaction, SELECT_ONE, owner, id).await?;
        let Some(row) = row else { return Ok(None) };
        let before = worksheet_of(&row)?;
        if before.rev != rev {
            return Ok(Some(Saved::Stale(before)));
        }
        let text_changes = change.text.as_ref().is_some_and(|text| *text != before.text);
        if text_changes && !before.text.is_empty() {
            keep_version(&mut transaction, &before, change.keep_version).await?;
        }
        let row = sqlx::query(
            "UPDATE worksheets SET name = COALESCE($2, name), folder = COALESCE($3, folder),
               text = COALESCE($4, text), context = COALESCE($5, context), rev = rev + 1, updated_on = $6
             WHERE id = $1 RETURNING *",
        )
        .bind(id)
        .bind(change.name.as_deref())
        .bind(change.folder.as_deref())
        .bind(change.text.as_deref())
        .bind(change.context.as_deref())
        .bind(now_microseconds())
        .fetch_one(&mut *transaction)
        .await?;
        let worksheet = worksheet_of(&row)?;
        transaction.commit().await?;
        Ok(Some(Saved::Saved(worksheet)))
    }

    /// Deletes a worksheet with its versions; `false` when there is none.
    pub async fn delete_worksheet(&self, owner: Owner<'_>, id: &str) -> Result<bool, CatalogError> {
        let statement = "DELETE FROM worksheets WHERE organization = $1 AND owner = $2 AND id = $3";
        self.change_owned(statement, owner, id).await
    }

    /// The kept versions of a worksheet, newest first.
    pub async fn worksheet_versions(
        &self,
        owner: Owner<'_>,
        id: &str,
    ) -> Result<Vec<WorksheetVersion>, CatalogError> {
        let rows = sqlx::query(
            "SELECT v.* FROM worksheet_versions v JOIN worksheets w ON w.id = v.worksheet
             WHERE w.organization = $1 AND w.owner = $2 AND w.id = $3 ORDER BY v.rev DESC",
        )
        .bind(owner.organization)
        .bind(owner.user)
        .bind(id)
        .fetch_all(self.pool())
        .await?;
        rows.iter()
            .map(|row| {
                Ok(WorksheetVersion {
                    rev: row.try_get("rev")?,
                    name: row.try_get("name")?,
                    text: row.try_get("text")?,
                    saved_on: time_of(row.try_get("saved_on")?),
                })
            })
            .collect()
    }

    /// Shares a worksheet: gives its token, the same one until it is taken back. `None` when there is none.
    pub async fn share_worksheet(&self, owner: Owner<'_>, id: &str) -> Result<Option<String>, CatalogError> {
        let mut transaction = self.begin().await?;
        let token: Option<(String,)> = sqlx::query_as(
            "UPDATE worksheets SET share_token = COALESCE(share_token, $4), shared_on = COALESCE(shared_on, $5)
             WHERE organization = $1 AND owner = $2 AND id = $3 RETURNING share_token",
        )
        .bind(owner.organization)
        .bind(owner.user)
        .bind(id)
        .bind(new_id())
        .bind(now_microseconds())
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(token.map(|(token,)| token))
    }

    /// Takes a share back; `false` when there is no such worksheet.
    pub async fn unshare_worksheet(&self, owner: Owner<'_>, id: &str) -> Result<bool, CatalogError> {
        let statement = "UPDATE worksheets SET share_token = NULL, shared_on = NULL
             WHERE organization = $1 AND owner = $2 AND id = $3";
        self.change_owned(statement, owner, id).await
    }

    /// The worksheet that a token shares inside the organization.
    pub async fn shared_worksheet(
        &self,
        organization: &str,
        token: &str,
    ) -> Result<Option<Worksheet>, CatalogError> {
        let row = sqlx::query("SELECT * FROM worksheets WHERE organization = $1 AND share_token = $2")
            .bind(organization)
            .bind(token)
            .fetch_optional(self.pool())
            .await?;
        row.as_ref().map(worksheet_of).transpose()
    }
}

const SELECT_ONE: &str = "SELECT * FROM worksheets WHERE organization = $1 AND owner = $2 AND id = $3";

/// Keeps what a worksheet is now, unless the last version is young and nobody asked for one.
async fn keep_version(
    transaction: &mut Transaction<'_, Sqlite>,
    worksheet: &Worksheet,
    always: bool,
) -> Result<(), CatalogError> {
    let now = now_microseconds();
    let (last,): (Option<i64>,) =
        sqlx::query_as("SELECT MAX(saved_on) FROM worksheet_versions WHERE worksheet = $1")
            .bind(&worksheet.id)
            .fetch_one(&mut **transaction)
            .await?;
    let interval = i64::try_from(VERSION_INTERVAL.as_micros()).unwrap_or(i64::MAX);
    if !always && last.is_some_and(|last| now.saturating_sub(last) < interval) {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO worksheet_versions (worksheet, rev, name, text, saved_on) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(&worksheet.id)
    .bind(worksheet.rev)
    .bind(&worksheet.name)
    .bind(&worksheet.text)
    .bind(now)
    .execute(&mut **transaction)
    .await?;
    sqlx::query(
        "DELETE FROM worksheet_versions WHERE worksheet = $1 AND rev NOT IN
           (SELECT rev FROM worksheet_versions WHERE worksheet = $1 ORDER BY rev DESC LIMIT $2)",
    )
    .bind(&worksheet.id)
    .bind(VERSIONS_MAX)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// A text that LIKE takes letter by letter.
fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

fn worksheet_of(row: &SqliteRow) -> Result<Worksheet, CatalogError> {
    Ok(Worksheet {
        id: row.try_get("id")?,
        owner: row.try_get("owner")?,
        name: row.try_get("name")?,
        folder: row.try_get("folder")?,
        text: row.try_get("text")?,
        context: row.try_get("context")?,
        rev: row.try_get("rev")?,
        share_token: row.try_get("share_token")?,
        created_on: time_of(row.try_get("created_on")?),
        updated_on: time_of(row.try_get("updated_on")?),
    })
}
