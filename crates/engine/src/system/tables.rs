//! `system.tables`: the system's tables, and the organization's views as far as the session may read them.
//! Tables of the organization's own do not exist yet.

use crate::Error;
use crate::query::{VIEWS_DATABASE, visible_views};
use crate::rows::Column;
use crate::session::Session;

/// A table or view, as lists of them show it.
pub(super) struct TableEntry {
    pub(super) database: &'static str,
    pub(super) name: String,
    pub(super) engine: &'static str,
}

/// Every table, and every view that the session may read.
pub(super) async fn entries(session: &Session) -> Result<Vec<TableEntry>, Error> {
    let views = visible_views(session).await?.into_iter().map(|view| TableEntry {
        database: VIEWS_DATABASE,
        name: view.name,
        engine: "VIEW",
    });
    let tables = super::TABLES.iter().map(|(database, table)| TableEntry {
        database,
        name: (*table).to_owned(),
        engine: "SystemTable",
    });
    Ok(views.chain(tables).collect())
}

pub(super) async fn columns(session: &Session) -> Result<Vec<Column>, Error> {
    let entries = entries(session).await?;
    Ok(vec![
        Column::text("catalog", entries.iter().map(|_| session.state.catalog.as_str())),
        Column::text("database", entries.iter().map(|entry| entry.database)),
        Column::text("name", entries.iter().map(|entry| &entry.name)),
        Column::text("engine", entries.iter().map(|entry| entry.engine)),
        Column::text("table_type", entries.iter().map(|_| "VIEW")),
        Column::text("comment", entries.iter().map(|_| "")),
    ])
}
