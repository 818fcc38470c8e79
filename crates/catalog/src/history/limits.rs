//! Forgetting what the limits no longer allow.

use std::time::SystemTime;

use super::{HistoryFile, microseconds, signed};

/// The part of the file that goes when it is too large, in each table, oldest first: one in so many.
const PART_FORGOTTEN: i64 = 10;

impl HistoryFile {
    pub(super) async fn forget_old(&self) -> Result<(), sqlx::Error> {
        let oldest = SystemTime::now().checked_sub(self.limits.age_max).unwrap_or(SystemTime::UNIX_EPOCH);
        for table in
            ["DELETE FROM statements WHERE started_on < $1", "DELETE FROM requests WHERE started_on < $1"]
        {
            sqlx::query(table).bind(microseconds(oldest)).execute(&self.pool).await?;
        }
        Ok(())
    }

    pub(super) async fn forget_beyond_organization(&self, organization: &str) -> Result<(), sqlx::Error> {
        // The row at the offset is the newest that is one too many.
        let statements = "DELETE FROM statements WHERE organization = $1 AND id <= \
             (SELECT id FROM statements WHERE organization = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)";
        let requests = "DELETE FROM requests WHERE organization = $1 AND id <= \
             (SELECT id FROM requests WHERE organization = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)";
        for (delete, max) in [(statements, self.limits.statements_max), (requests, self.limits.requests_max)]
        {
            let max = i64::try_from(max).unwrap_or(i64::MAX);
            sqlx::query(delete).bind(organization).bind(max).execute(&self.pool).await?;
        }
        sqlx::query(
            "DELETE FROM statements WHERE organization = $1 AND id <= (SELECT max(id) FROM \
             (SELECT id, sum(length(CAST(sql AS BLOB)) + coalesce(length(CAST(error AS BLOB)), 0)) \
              OVER (ORDER BY id DESC) AS bytes FROM statements WHERE organization = $1) WHERE bytes > $2)",
        )
        .bind(organization)
        .bind(i64::try_from(self.limits.text_bytes_max).unwrap_or(i64::MAX))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Space that deleted rows leave is used again, so the file itself stays as large as it once was.
    pub(super) async fn forget_beyond_file(&self) -> Result<(), sqlx::Error> {
        while self.bytes_used().await? > signed(self.limits.file_bytes_max) {
            let mut forgotten = 0;
            for delete in [
                "DELETE FROM statements WHERE id <= (SELECT min(id) + (max(id) - min(id)) / $1 FROM statements)",
                "DELETE FROM requests WHERE id <= (SELECT min(id) + (max(id) - min(id)) / $1 FROM requests)",
            ] {
                forgotten +=
                    sqlx::query(delete).bind(PART_FORGOTTEN).execute(&self.pool).await?.rows_affected();
            }
            if forgotten == 0 {
                break;
            }
        }
        Ok(())
    }

    async fn bytes_used(&self) -> Result<i64, sqlx::Error> {
        let mut used = 0;
        for (pragma, sign) in [("PRAGMA page_count", 1), ("PRAGMA freelist_count", -1)] {
            let (pages,): (i64,) = sqlx::query_as(pragma).fetch_one(&self.pool).await?;
            used += sign * pages;
        }
        let (page_bytes,): (i64,) = sqlx::query_as("PRAGMA page_size").fetch_one(&self.pool).await?;
        Ok(used * page_bytes)
    }
}
