//! `system.history_status`: how much of the past is remembered, and how much of it could not be kept.

use std::time::SystemTime;

use crate::history::STATEMENTS_MAX;
use crate::rows::Column;
use crate::session::Session;

const SECONDS_OF_A_DAY: u64 = 24 * 3600;

pub(super) fn columns(session: &Session) -> Vec<Column> {
    let (history, organization) = (session.engine.history(), &session.identity.organization);
    let statements: Vec<SystemTime> = history
        .statements(organization)
        .iter()
        .filter(|record| session.sees_queries_of(&record.identity.user))
        .map(|record| record.started_at)
        .collect();
    let requests: Vec<SystemTime> = session
        .engine
        .requests(organization)
        .iter()
        .filter(|request| session.sees_queries_of(&request.origin.user))
        .map(|request| request.started_at)
        .collect();
    let days_max = history.age_max().map(|age| age.as_secs() / SECONDS_OF_A_DAY);
    let dropped = history.dropped(organization);
    vec![
        Column::text("history", ["statements", "requests"]),
        Column::number("kept", [statements.len() as u64, requests.len() as u64]),
        Column::number("kept_max", [STATEMENTS_MAX as u64, credentials::REQUESTS_MAX as u64]),
        Column::optional_timestamp(
            "oldest_at",
            [statements.iter().min().copied(), requests.iter().min().copied()],
        ),
        Column::optional_number("days_max", [days_max, days_max]),
        Column::number("dropped", [dropped.statements, dropped.requests]),
    ]
}
