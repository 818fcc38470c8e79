//! KILL QUERY: ends a running statement of one's own, or, for the administrator, of anybody in the organization.

use super::done;
use crate::session::Session;
use crate::{Error, ErrorKind, StatementOutput, history};

pub(super) fn run(session: &Session, statement: &sql::KillQuery) -> Result<StatementOutput, Error> {
    let id = statement.query_id.value.as_str();
    let running = session.engine.history().running(&session.identity.organization);
    let found = running.into_iter().find(|record| record.query_id == id);
    // Other users' statements are not there for those who may not see them.
    let found = found.filter(|record| session.sees_queries_of(&record.identity.user));
    let Some(record) = found else {
        return Err(Error::new(ErrorKind::InvalidValue, format!("no statement with query id `{id}` runs"))
            .with_excerpt(sql::excerpt(&session.sql, statement.query_id.span))
            .with_hint("`SHOW PROCESSLIST` lists those that run"));
    };
    history::kill(&record, &session.identity.user);
    Ok(done(session))
}
