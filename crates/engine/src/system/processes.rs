//! `system.processes`: the organization's statements that run, as SHOW PROCESSLIST lists them.

use crate::rows::Column;
use crate::session::Session;

pub(super) fn columns(session: &Session) -> Vec<Column> {
    let mut running = session.engine.history().running(&session.identity.organization);
    running.retain(|record| session.sees_queries_of(&record.identity.user));
    let running = running.iter();
    let scanned = running.clone().map(|record| record.progress.scanned());
    vec![
        Column::text("id", running.clone().map(|record| &record.query_id)),
        Column::text("type", running.clone().map(|_| "HTTPQuery")),
        Column::text("user", running.clone().map(|record| &record.identity.user)),
        Column::text("command", running.clone().map(|_| "Query")),
        Column::text("database", running.clone().map(|record| &record.database)),
        Column::text("extra_info", running.clone().map(|record| &record.sql)),
        Column::text("status", running.clone().map(|record| record.state().as_str())),
        Column::timestamp("created_time", running.clone().map(|record| record.started_at)),
        Column::milliseconds("duration_ms", running.clone().map(|record| record.duration())),
        Column::number("scanned_rows", scanned.clone().map(|scanned| scanned.rows)),
        Column::number("scanned_bytes", scanned.map(|scanned| scanned.bytes)),
        Column::number("s3_requests", running.map(|record| record.requests.s3_requests())),
    ]
}
