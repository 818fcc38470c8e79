//! Adding to the file: many entries by one transaction.

use std::collections::BTreeSet;

use sqlx::{QueryBuilder, Sqlite};

use super::{HistoryFile, PastRequest, PastStatement, microseconds, nanoseconds, signed};
use crate::CatalogError;

/// Rows of one INSERT: SQLite takes 32,766 values in a statement.
const ROWS_MAX: usize = 500;

impl HistoryFile {
    /// Writes entries down, all or none.
    pub async fn add(
        &self,
        statements: &[PastStatement],
        requests: &[PastRequest],
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        for statements in statements.chunks(ROWS_MAX) {
            insert_statements(statements).build().execute(&mut *transaction).await?;
        }
        for requests in requests.chunks(ROWS_MAX) {
            insert_requests(requests).build().execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Forgets what the limits no longer allow. `organizations` are those that were written for.
    pub async fn forget(&self, organizations: &BTreeSet<String>) -> Result<(), CatalogError> {
        self.forget_old().await?;
        for organization in organizations {
            self.forget_beyond_organization(organization).await?;
        }
        self.forget_beyond_file().await?;
        Ok(())
    }
}

fn insert_statements(statements: &[PastStatement]) -> QueryBuilder<Sqlite> {
    let mut insert = QueryBuilder::new(
        "INSERT INTO statements (organization, user_name, query_id, database_name, sql, state, started_on, ended_on, \
         duration_nanos, error, figures) ",
    );
    insert.push_values(statements, |mut row, statement| {
        row.push_bind(statement.organization.clone())
            .push_bind(statement.user.clone())
            .push_bind(statement.query_id.clone())
            .push_bind(statement.database.clone())
            .push_bind(statement.sql.clone())
            .push_bind(statement.state.clone())
            .push_bind(microseconds(statement.started_at))
            .push_bind(microseconds(statement.ended_at))
            .push_bind(nanoseconds(statement.duration))
            .push_bind(statement.error.clone())
            .push_bind(statement.figures.clone());
    });
    insert
}

fn insert_requests(requests: &[PastRequest]) -> QueryBuilder<Sqlite> {
    let mut insert = QueryBuilder::new(
        "INSERT INTO requests (organization, user_name, query_id, connection, stage, started_on, duration_nanos, \
         action, operation, bucket, resource, bytes, status, error_code, request_id) ",
    );
    insert.push_values(requests, |mut row, request| {
        row.push_bind(request.organization.clone())
            .push_bind(request.user.clone())
            .push_bind(request.query_id.clone())
            .push_bind(request.connection.clone())
            .push_bind(request.stage.clone())
            .push_bind(microseconds(request.started_at))
            .push_bind(nanoseconds(request.duration))
            .push_bind(request.action.clone())
            .push_bind(request.operation.clone())
            .push_bind(request.bucket.clone())
            .push_bind(request.resource.clone())
            .push_bind(signed(request.bytes))
            .push_bind(request.status.map(i64::from))
            .push_bind(request.error_code.clone())
            .push_bind(request.request_id.clone());
    });
    insert
}
