//! EXPLAIN and EXPLAIN ANALYZE: the plan of a query, as text.

use crate::session::Session;
use crate::{Error, StatementOutput, query};

pub(super) async fn run(session: &Session, statement: sql::Explain) -> Result<StatementOutput, Error> {
    query::explain(session, *statement.query, statement.analyze, statement.verbose).await
}
