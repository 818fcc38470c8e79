//! `system.query_history`: the organization's statements as far as they are remembered, those that run included.

use crate::history::Figures;
use crate::rows::Column;
use crate::session::Session;

pub(super) fn columns(session: &Session) -> Vec<Column> {
    let mut statements = session.engine.history().statements(&session.identity.organization);
    statements.retain(|record| session.sees_queries_of(&record.identity.user));
    let outcomes: Vec<_> = statements.iter().map(|record| record.outcome()).collect();
    let figures: Vec<_> = statements.iter().map(|record| record.figures()).collect();
    let statements = statements.iter();
    let number = |name: &str, of: fn(&Figures) -> u64| Column::number(name, figures.iter().map(of));
    let ended_at = outcomes.iter().map(|outcome| outcome.as_ref().map(|outcome| outcome.ended_at));
    let error = outcomes.iter().map(|outcome| outcome.as_ref().and_then(|outcome| outcome.error.as_ref()));
    vec![
        Column::text("query_id", statements.clone().map(|record| &record.query_id)),
        Column::text("user", statements.clone().map(|record| &record.identity.user)),
        Column::text("sql", statements.clone().map(|record| &record.sql)),
        Column::text("state", statements.clone().map(|record| record.state().as_str())),
        Column::timestamp("started_at", statements.clone().map(|record| record.started_at)),
        Column::optional_timestamp("ended_at", ended_at),
        Column::milliseconds("duration_ms", statements.clone().map(|record| record.duration())),
        Column::optional_milliseconds("first_row_ms", figures.iter().map(|figures| figures.first_row)),
        Column::milliseconds("s3_wait_ms", figures.iter().map(|figures| figures.s3_wait)),
        Column::milliseconds("compute_ms", figures.iter().map(|figures| figures.computed)),
        number("result_rows", |figures| figures.result_rows),
        number("result_bytes", |figures| figures.result_bytes),
        number("scanned_rows", |figures| figures.scanned_rows),
        number("scanned_bytes", |figures| figures.scanned_bytes),
        number("s3_requests", |figures| figures.s3_requests),
        number("s3_bytes", |figures| figures.s3_bytes),
        number("s3_bytes_sent", |figures| figures.s3_bytes_sent),
        number("s3_rounds", |figures| figures.s3_rounds),
        number("hedged_requests", |figures| figures.hedged_requests),
        number("cache_hits", |figures| figures.cache_hits),
        number("cached_bytes", |figures| figures.cached_bytes),
        number("sts_requests", |figures| figures.sts_requests),
        Column::optional_text("error", error),
    ]
}
