//! The databases `system` and `information_schema`: what exists, as tables.
//!
//! One file per table of `system`. A statement gets only the tables it names, filled when it names them.

mod columns;
mod connections;
mod databases;
mod functions;
mod grants;
mod history_status;
mod information_schema;
mod one;
mod processes;
mod query_history;
mod role_grants;
mod role_sessions;
mod roles;
mod s3_requests;
mod settings;
mod stages;
mod tables;
mod users;
mod validations;
mod views;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use datafusion::datasource::MemTable;
use datafusion::sql::sqlparser::ast::{ObjectName, ObjectNamePart, Statement, visit_relations};

use crate::query::StatementTables;
use crate::session::Session;
use crate::{Error, ErrorKind};

pub(crate) use databases::names as database_names;
pub(crate) use users::sees_users;

/// The databases that every organization has.
pub(crate) const SYSTEM: &str = "system";
pub(crate) const INFORMATION_SCHEMA: &str = "information_schema";

/// The tables of `system` and `information_schema`, sorted.
pub(crate) const TABLES: &[(&str, &str)] = &[
    (INFORMATION_SCHEMA, "columns"),
    (INFORMATION_SCHEMA, "schemata"),
    (INFORMATION_SCHEMA, "tables"),
    (INFORMATION_SCHEMA, "views"),
    (SYSTEM, "columns"),
    (SYSTEM, "connections"),
    (SYSTEM, "databases"),
    (SYSTEM, "functions"),
    (SYSTEM, "grants"),
    (SYSTEM, "history_status"),
    (SYSTEM, "one"),
    (SYSTEM, "role_grants"),
    (SYSTEM, "roles"),
    (SYSTEM, "processes"),
    (SYSTEM, "query_history"),
    (SYSTEM, "role_sessions"),
    (SYSTEM, "s3_requests"),
    (SYSTEM, "settings"),
    (SYSTEM, "stages"),
    (SYSTEM, "tables"),
    (SYSTEM, "users"),
    (SYSTEM, "validations"),
    (SYSTEM, "views"),
];

/// Adds the system tables that `statement` names.
pub(crate) async fn add_tables(
    session: &Session,
    statement: &Statement,
    tables: &mut StatementTables,
) -> Result<(), Error> {
    let mut names = BTreeSet::new();
    let _: ControlFlow<()> = visit_relations(statement, |relation| {
        names.extend(system_table(session, relation));
        ControlFlow::Continue(())
    });
    for (database, table) in names {
        let batch = fill(session, database, table).await?;
        let provider = MemTable::try_new(batch.schema(), vec![vec![batch]]).map_err(|error| {
            Error::new(ErrorKind::Internal, "a system table was put together wrongly")
                .with_context(error.to_string())
        })?;
        tables.add(database, table, Arc::new(provider));
    }
    Ok(())
}

/// The system table that a name in a statement means, if any.
fn system_table(session: &Session, relation: &ObjectName) -> Option<(&'static str, &'static str)> {
    let parts: Vec<String> = relation
        .0
        .iter()
        .map(|part| match part {
            ObjectNamePart::Identifier(name) => name.value.to_lowercase(),
            other => other.to_string(),
        })
        .collect();
    let (database, table) = match parts.as_slice() {
        [catalog, database, table] if *catalog == session.state.catalog => {
            (database.as_str(), table.as_str())
        }
        [database, table] => (database.as_str(), table.as_str()),
        [table] => (session.state.database.as_str(), table.as_str()),
        _ => return None,
    };
    TABLES.iter().copied().find(|known| *known == (database, table))
}

/// Database and table of a name in a statement, both folded.
pub(crate) fn table_name(session: &Session, name: &sql::ObjectName) -> (String, String) {
    let fold = |name: &sql::Name| if name.quoted { name.value.clone() } else { name.value.to_lowercase() };
    let parts: Vec<String> = name.parts.iter().map(fold).collect();
    match parts.as_slice() {
        [.., database, table] => (database.clone(), table.clone()),
        [table] => (session.state.database.clone(), table.clone()),
        [] => (session.state.database.clone(), String::new()),
    }
}

pub(crate) fn exists(database: &str, table: &str) -> bool {
    TABLES.contains(&(database, table))
}

/// The rows of one table, as they are now.
pub(crate) async fn fill(session: &Session, database: &str, table: &str) -> Result<RecordBatch, Error> {
    let columns = match (database, table) {
        (SYSTEM, "columns") => columns::columns(session).await?,
        (SYSTEM, "connections") => connections::columns(session).await?,
        (SYSTEM, "databases") => databases::columns(session).await?,
        (SYSTEM, "functions") => functions::columns(session),
        (SYSTEM, "grants") => grants::columns(session),
        (SYSTEM, "history_status") => history_status::columns(session),
        (SYSTEM, "one") => one::columns(),
        (SYSTEM, "role_grants") => role_grants::columns(session),
        (SYSTEM, "roles") => roles::columns(session),
        (SYSTEM, "processes") => processes::columns(session),
        (SYSTEM, "query_history") => query_history::columns(session),
        (SYSTEM, "role_sessions") => role_sessions::columns(session),
        (SYSTEM, "s3_requests") => s3_requests::columns(session),
        (SYSTEM, "settings") => settings::columns(session),
        (SYSTEM, "stages") => stages::columns(session).await?,
        (SYSTEM, "tables") => tables::columns(session).await?,
        (SYSTEM, "users") => users::columns(session).await?,
        (SYSTEM, "validations") => validations::columns(session).await?,
        (SYSTEM, "views") => views::columns(session).await?,
        (INFORMATION_SCHEMA, "columns") => information_schema::columns(session).await?,
        (INFORMATION_SCHEMA, "schemata") => information_schema::schemata(session).await?,
        (INFORMATION_SCHEMA, "tables") => information_schema::tables(session).await?,
        (INFORMATION_SCHEMA, "views") => information_schema::views(session).await?,
        _ => {
            return Err(Error::new(
                ErrorKind::UnknownTable,
                format!("table `{database}.{table}` does not exist"),
            ));
        }
    };
    crate::rows::batch(columns)
}
