//! Reading the past when the server starts.

use std::time::{Duration, SystemTime};

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{HistoryFile, Past, PastRequest, PastStatement};

impl HistoryFile {
    /// Everything that is kept, oldest first.
    pub(super) async fn read(&self) -> Result<Past, sqlx::Error> {
        let statements = sqlx::query("SELECT * FROM statements ORDER BY id").fetch_all(&self.pool).await?;
        let requests = sqlx::query("SELECT * FROM requests ORDER BY id").fetch_all(&self.pool).await?;
        Ok(Past {
            statements: statements.iter().map(statement).collect::<Result<_, _>>()?,
            requests: requests.iter().map(request).collect::<Result<_, _>>()?,
        })
    }
}

fn statement(row: &SqliteRow) -> Result<PastStatement, sqlx::Error> {
    Ok(PastStatement {
        organization: row.try_get("organization")?,
        user: row.try_get("user_name")?,
        query_id: row.try_get("query_id")?,
        database: row.try_get("database_name")?,
        sql: row.try_get("sql")?,
        state: row.try_get("state")?,
        started_at: time(row.try_get("started_on")?),
        ended_at: time(row.try_get("ended_on")?),
        duration: duration(row.try_get("duration_nanos")?),
        error: row.try_get("error")?,
        figures: row.try_get("figures")?,
    })
}

fn request(row: &SqliteRow) -> Result<PastRequest, sqlx::Error> {
    let status: Option<i64> = row.try_get("status")?;
    Ok(PastRequest {
        organization: row.try_get("organization")?,
        user: row.try_get("user_name")?,
        query_id: row.try_get("query_id")?,
        connection: row.try_get("connection")?,
        stage: row.try_get("stage")?,
        started_at: time(row.try_get("started_on")?),
        duration: duration(row.try_get("duration_nanos")?),
        action: row.try_get("action")?,
        operation: row.try_get("operation")?,
        bucket: row.try_get("bucket")?,
        resource: row.try_get("resource")?,
        bytes: u64::try_from(row.try_get::<i64, _>("bytes")?).unwrap_or_default(),
        status: status.and_then(|status| u16::try_from(status).ok()),
        error_code: row.try_get("error_code")?,
        request_id: row.try_get("request_id")?,
    })
}

fn time(microseconds: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(microseconds).unwrap_or_default())
}

fn duration(nanoseconds: i64) -> Duration {
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or_default())
}
