//! `system.columns`: the columns of every table.

use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;

use crate::Error;
use crate::query::{VIEWS_DATABASE, visible_views};
use crate::rows::Column;
use crate::session::Session;

/// One column of one table.
pub(super) struct ColumnEntry {
    pub(super) database: &'static str,
    pub(super) table: String,
    pub(super) name: String,
    pub(super) data_type: String,
    pub(super) nullable: bool,
}

pub(super) async fn columns(session: &Session) -> Result<Vec<Column>, Error> {
    let entries = entries(session).await?;
    Ok(vec![
        Column::text("name", entries.iter().map(|entry| &entry.name)),
        Column::text("database", entries.iter().map(|entry| entry.database)),
        Column::text("table", entries.iter().map(|entry| &entry.table)),
        Column::text("type", entries.iter().map(|entry| &entry.data_type)),
        Column::text("is_nullable", entries.iter().map(|entry| if entry.nullable { "YES" } else { "NO" })),
        Column::text("comment", entries.iter().map(|_| "")),
    ])
}

/// Every column of every table except of those that list columns themselves, and of the views that the session
/// may read as they were when they were made.
pub(super) async fn entries(session: &Session) -> Result<Vec<ColumnEntry>, Error> {
    let mut entries = Vec::new();
    for (database, table) in super::TABLES.iter().copied().filter(|(_, table)| *table != "columns") {
        let batch: RecordBatch = Box::pin(super::fill(session, database, table)).await?;
        entries.extend(batch.schema().fields().iter().map(|field| ColumnEntry {
            database,
            table: table.to_owned(),
            name: field.name().clone(),
            data_type: type_name(field.data_type(), field.metadata().contains_key("Extension")),
            nullable: field.is_nullable(),
        }));
    }
    for view in visible_views(session).await? {
        entries.extend(view.columns.into_iter().map(|column| ColumnEntry {
            database: VIEWS_DATABASE,
            table: view.name.clone(),
            name: column.name,
            data_type: column.data_type,
            nullable: column.nullable,
        }));
    }
    Ok(entries)
}

/// The SQL name of the few types that system tables have.
fn type_name(data_type: &DataType, is_variant: bool) -> String {
    match data_type {
        _ if is_variant => "VARIANT",
        DataType::UInt64 => "BIGINT UNSIGNED",
        DataType::Boolean => "BOOLEAN",
        DataType::Timestamp(..) => "TIMESTAMP",
        _ => "VARCHAR",
    }
    .to_owned()
}
