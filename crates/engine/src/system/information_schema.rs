//! `information_schema`: the same things under the names of the SQL standard.

use super::columns::entries;
use super::databases::names;
use super::tables::entries as table_entries;
use crate::Error;
use crate::query::{VIEWS_DATABASE, visible_views};
use crate::rows::Column;
use crate::session::Session;

pub(super) async fn schemata(session: &Session) -> Result<Vec<Column>, Error> {
    let names = names(session).await?;
    Ok(vec![
        Column::text("catalog_name", names.iter().map(|_| session.state.catalog.as_str())),
        Column::text("schema_name", &names),
    ])
}

pub(super) async fn tables(session: &Session) -> Result<Vec<Column>, Error> {
    let tables = table_entries(session).await?;
    Ok(vec![
        Column::text("table_catalog", tables.iter().map(|_| session.state.catalog.as_str())),
        Column::text("table_schema", tables.iter().map(|table| table.database)),
        Column::text("table_name", tables.iter().map(|table| &table.name)),
        Column::text("table_type", tables.iter().map(|_| "VIEW")),
        Column::text("table_comment", tables.iter().map(|_| "")),
    ])
}

pub(super) async fn views(session: &Session) -> Result<Vec<Column>, Error> {
    let views = visible_views(session).await?;
    Ok(vec![
        Column::text("table_catalog", views.iter().map(|_| session.state.catalog.as_str())),
        Column::text("table_schema", views.iter().map(|_| VIEWS_DATABASE)),
        Column::text("table_name", views.iter().map(|view| &view.name)),
        Column::text("view_definition", views.iter().map(|view| &view.query)),
    ])
}

pub(super) async fn columns(session: &Session) -> Result<Vec<Column>, Error> {
    let entries = entries(session).await?;
    let mut position = 0;
    let mut previous = ("", "");
    let positions: Vec<u64> = entries
        .iter()
        .map(|entry| {
            position = if previous == (entry.database, entry.table.as_str()) { position + 1 } else { 1 };
            previous = (entry.database, entry.table.as_str());
            position
        })
        .collect();
    Ok(vec![
        Column::text("table_catalog", entries.iter().map(|_| session.state.catalog.as_str())),
        Column::text("table_schema", entries.iter().map(|entry| entry.database)),
        Column::text("table_name", entries.iter().map(|entry| &entry.table)),
        Column::text("column_name", entries.iter().map(|entry| &entry.name)),
        Column::number("ordinal_position", positions),
        Column::text("is_nullable", entries.iter().map(|entry| if entry.nullable { "YES" } else { "NO" })),
        Column::text("data_type", entries.iter().map(|entry| entry.data_type.to_lowercase())),
        Column::text("column_comment", entries.iter().map(|_| "")),
    ])
}
