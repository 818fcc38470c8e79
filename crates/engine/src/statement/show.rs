//! SHOW … as queries over the system tables, with their LIKE, WHERE and LIMIT.

use crate::session::Session;
use crate::{Error, ErrorKind, StatementOutput, query, system};

use super::{folded, parse};

pub(super) async fn stages(session: &Session, filter: &sql::ShowFilter) -> Result<StatementOutput, Error> {
    show(session, "SELECT * FROM system.stages", "name", filter).await
}

pub(super) async fn settings(session: &Session, filter: &sql::ShowFilter) -> Result<StatementOutput, Error> {
    show(session, "SELECT * FROM system.settings", "name", filter).await
}

pub(super) async fn users(session: &Session, filter: &sql::ShowFilter) -> Result<StatementOutput, Error> {
    show(session, "SELECT * FROM system.users", "name", filter).await
}

pub(super) async fn roles(session: &Session, filter: &sql::ShowFilter) -> Result<StatementOutput, Error> {
    let select =
        "SELECT name, inherited_roles, inherited_roles_name, is_current, is_default FROM system.roles";
    show(session, select, "name", filter).await
}

pub(super) async fn functions(session: &Session, filter: &sql::ShowFilter) -> Result<StatementOutput, Error> {
    show(session, "SELECT * FROM system.functions", "name", filter).await
}

pub(super) async fn processes(session: &Session, filter: &sql::ShowFilter) -> Result<StatementOutput, Error> {
    show(session, "SELECT * FROM system.processes", "id", filter).await
}

pub(super) async fn databases(session: &Session, filter: &sql::ShowFilter) -> Result<StatementOutput, Error> {
    let select = r#"SELECT name AS "databases_in_default" FROM system.databases"#;
    show(session, select, "databases_in_default", filter).await
}

pub(super) async fn tables(session: &Session, statement: &sql::ShowTables) -> Result<StatementOutput, Error> {
    let database = match &statement.database {
        Some(name) => name.parts.last().map(folded).unwrap_or_default(),
        None => session.state.database.clone(),
    };
    let known = system::database_names(session).await?;
    if !known.contains(&database) {
        return Err(Error::new(ErrorKind::UnknownDatabase, format!("database `{database}` does not exist")));
    }
    let columns = if statement.full { "*, name AS" } else { "name AS" };
    let heading = quoted(&format!("Tables_in_{database}"));
    let select =
        format!("SELECT {columns} {heading} FROM system.tables WHERE database = {}", literal(&database));
    show(session, &select, &heading, &statement.filter).await
}

pub(super) async fn views(session: &Session, statement: &sql::ShowViews) -> Result<StatementOutput, Error> {
    let heading = format!("\"Views_in_{}\"", query::VIEWS_DATABASE);
    let columns = if statement.full { "*, name AS" } else { "name AS" };
    let select = format!("SELECT {columns} {heading} FROM system.views");
    show(session, &select, &heading, &statement.filter).await
}

pub(super) async fn columns(
    session: &Session,
    statement: &sql::ShowColumns,
) -> Result<StatementOutput, Error> {
    let (database, table) = system::table_name(session, &statement.table);
    let select = format!(
        r#"SELECT name AS "Field", type AS "Type", is_nullable AS "Null" FROM system.columns WHERE database = {} AND "table" = {}"#,
        literal(&database),
        literal(&table)
    );
    show(session, &select, "\"Field\"", &statement.filter).await
}

/// Runs `select` with the filter around it; `name` is the column that LIKE compares and rows are sorted by.
pub(super) async fn show(
    session: &Session,
    select: &str,
    name: &str,
    filter: &sql::ShowFilter,
) -> Result<StatementOutput, Error> {
    let mut text = format!("SELECT * FROM ({select}) AS shown");
    match &filter.rows {
        Some(sql::ShowRows::Like(pattern)) => {
            text.push_str(&format!(" WHERE {name} LIKE {}", literal(&pattern.value)))
        }
        Some(sql::ShowRows::Where(condition)) => text.push_str(&format!(" WHERE {}", condition.text)),
        None => {}
    }
    text.push_str(&format!(" ORDER BY {name}"));
    if let Some(limit) = filter.limit {
        text.push_str(&format!(" LIMIT {limit}"));
    }
    match parse(&text)? {
        sql::Statement::Query(query) => query::run(session, query).await,
        _ => Err(Error::new(ErrorKind::Internal, "SHOW did not become a query").with_context(text)),
    }
}

pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
