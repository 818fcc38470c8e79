//! `infer_schema(location => '@s/path' [, file_format => '…', pattern => '…', max_file_count => n])`: the
//! columns that the files have together.

use super::Call;
use crate::Error;
use crate::rows::Column;
use crate::session::Session;
use crate::stage::{infer_columns, sql_type};

pub(super) async fn columns(session: &Session, call: &Call) -> Result<Vec<Column>, Error> {
    let location = call.location()?;
    let file_count_max = call.number("max_file_count")?.unwrap_or(usize::MAX);
    let (fields, names) = infer_columns(session, &location, file_count_max).await?;
    let names = names.join(", ");
    Ok(vec![
        Column::text("column_name", fields.iter().map(|field| field.name())),
        Column::text("type", fields.iter().map(|field| sql_type(field))),
        Column::boolean("nullable", fields.iter().map(|field| field.is_nullable())),
        Column::text("filenames", fields.iter().map(|_| names.as_str())),
        Column::number("order_id", 0..fields.len() as u64),
    ])
}
