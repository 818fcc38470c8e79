//! `system.tables`. Tables of the organization's own do not exist yet: these are the system's.

use crate::Error;
use crate::rows::Column;
use crate::session::Session;

pub(super) async fn columns(session: &Session) -> Result<Vec<Column>, Error> {
    let tables = super::TABLES;
    Ok(vec![
        Column::text("catalog", tables.iter().map(|_| session.state.catalog.as_str())),
        Column::text("database", tables.iter().map(|(database, _)| database)),
        Column::text("name", tables.iter().map(|(_, table)| table)),
        Column::text("engine", tables.iter().map(|_| "SystemTable")),
        Column::text("table_type", tables.iter().map(|_| "VIEW")),
        Column::text("comment", tables.iter().map(|_| "")),
    ])
}
