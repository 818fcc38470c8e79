//! `system.s3_requests`: what was asked of S3 and STS for the organization's statements, request by request.
//!
//! With AWS's id of each request, so that the customer's CloudTrail joins to SQL.

use crate::rows::Column;
use crate::session::Session;

pub(super) fn columns(session: &Session) -> Vec<Column> {
    let mut requests = session.engine.requests(&session.identity.organization);
    requests.retain(|request| session.sees_queries_of(&request.origin.user));
    let requests = requests.iter();
    let origins = requests.clone().map(|request| &request.origin);
    vec![
        Column::timestamp("started_at", requests.clone().map(|request| request.started_at)),
        Column::text("query_id", origins.clone().map(|origin| &origin.query_id)),
        Column::text("user", origins.clone().map(|origin| &origin.user)),
        Column::optional_text("connection", origins.clone().map(|origin| origin.connection.as_ref())),
        Column::optional_text("stage", origins.map(|origin| origin.stage.as_ref())),
        Column::text("action", requests.clone().map(|request| &request.action)),
        Column::text("operation", requests.clone().map(|request| &request.operation)),
        Column::optional_text("bucket", requests.clone().map(|request| request.bucket.as_ref())),
        Column::optional_text("key", requests.clone().map(|request| request.resource.as_ref())),
        Column::number("bytes", requests.clone().map(|request| request.bytes)),
        Column::optional_number("status", requests.clone().map(|request| request.status.map(u64::from))),
        Column::optional_text("error_code", requests.clone().map(|request| request.error_code.as_ref())),
        Column::optional_text("request_id", requests.clone().map(|request| request.request_id.as_ref())),
        Column::milliseconds("duration_ms", requests.map(|request| request.duration)),
    ]
}
