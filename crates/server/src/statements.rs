//! Statements that the server runs on a user's behalf, for routes that are not queries.

use std::sync::Arc;

use engine::{Error, ErrorKind, Identity, Progress, SessionState, StatementRequest};
use futures::StreamExt;

use crate::encode::ResultEncoder;
use crate::errors::ApiError;
use crate::state::ServerState;

/// Rows that such a statement may have.
const ROWS_MAX: usize = 10_000;

/// Cells as clients read them.
pub(crate) type Rows = Vec<Vec<Option<String>>>;

/// Runs a statement in a new session and gives its rows as texts.
pub(crate) async fn run(server: &ServerState, identity: &Identity, sql: String) -> Result<Rows, ApiError> {
    run_with_columns(server, identity, sql).await.map(|(_, rows)| rows)
}

/// As [`run`], with the columns' names.
pub(crate) async fn run_with_columns(
    server: &ServerState,
    identity: &Identity,
    sql: String,
) -> Result<(Vec<String>, Rows), ApiError> {
    let request = StatementRequest {
        query_id: uuid::Uuid::now_v7().simple().to_string(),
        identity: identity.clone(),
        state: SessionState::default(),
        sql,
        progress: Arc::new(Progress::default()),
    };
    let mut output = server.runner.run(request).await?;
    let encoder = ResultEncoder::new(output.schema, "UTC")?;
    let mut batches = Vec::new();
    let mut rows = 0;
    while let Some(batch) = output.batches.next().await {
        let batch = encoder.to_plain(&batch?)?;
        rows += batch.num_rows();
        if rows > ROWS_MAX {
            let message = format!("the answer has more than {ROWS_MAX} rows: ask with a query instead");
            return Err(Error::new(ErrorKind::LimitExceeded, message).into());
        }
        batches.push(batch);
    }
    let mut text = Vec::new();
    encoder.write_json_rows(&batches, &mut text);
    let rows = serde_json::from_slice(&text).map_err(|error| {
        Error::new(ErrorKind::Internal, "the answer cannot be read").with_context(error.to_string())
    })?;
    Ok((encoder.fields().iter().map(|field| field.name.clone()).collect(), rows))
}

/// A name as SQL reads it, whatever is in it.
pub(crate) fn quote_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as SQL reads it, whatever is in it.
pub(crate) fn quote_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
