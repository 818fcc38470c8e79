//! `inspect_parquet('@s/file.parquet')`: what a Parquet file says about itself.

use super::Call;
use crate::Error;
use crate::rows::Column;
use crate::session::Session;
use crate::stage::read_parquet_footer;

pub(super) async fn columns(session: &Session, call: &Call) -> Result<Vec<Column>, Error> {
    let location = call.location()?;
    let (metadata, size) = read_parquet_footer(session, &location).await?;
    let file = metadata.file_metadata();
    let number = |value: i64| u64::try_from(value).unwrap_or(0);
    let groups = metadata.row_groups();
    let largest = |size: &dyn Fn(usize) -> i64| (0..groups.len()).map(size).max().unwrap_or(0);
    Ok(vec![
        Column::optional_text("created_by", [file.created_by()]),
        Column::number("num_columns", [file.schema_descr().num_columns() as u64]),
        Column::number("num_rows", [number(file.num_rows())]),
        Column::number("num_row_groups", [groups.len() as u64]),
        Column::number("serialized_size", [size]),
        Column::number(
            "max_row_groups_size_compressed",
            [number(largest(&|group| groups[group].compressed_size()))],
        ),
        Column::number(
            "max_row_groups_size_uncompressed",
            [number(largest(&|group| groups[group].total_byte_size()))],
        ),
    ])
}
