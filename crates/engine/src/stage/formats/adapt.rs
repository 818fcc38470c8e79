//! Files that know their own columns, brought to those of the table: by name, cast where they were widened.

use std::sync::Arc;

use arrow::array::{ArrayRef, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{FieldRef, Fields, Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use super::SAMPLE_FILES_MAX;
use crate::stage::schema::unify_named;
use crate::{Error, ErrorKind};

/// The columns of all files together, and what the user should know of files that differ; `files` are their
/// names and schemas.
pub(super) fn unify(files: &[(String, SchemaRef)], strict: bool) -> Result<(Fields, Vec<String>), Error> {
    let schemas: Vec<&Schema> = files.iter().map(|(_, schema)| schema.as_ref()).collect();
    let name = |at: usize| files.get(at).map(|(name, _)| name.clone()).unwrap_or_default();
    let (schema, warnings) = unify_named(&schemas, &name, strict)?;
    Ok((schema.fields, warnings))
}

/// Refuses a file that has columns which no file has that was looked at for the columns: a query that asks for
/// all columns would lose them in silence.
pub(super) fn refuse_more_columns<'a>(
    columns: impl Iterator<Item = &'a str>,
    fields: &Fields,
    visible: usize,
    projection: &[usize],
    name: &str,
) -> Result<(), Error> {
    let wants_all = (0..visible).all(|at| projection.contains(&at));
    if !wants_all || projection.is_empty() {
        return Ok(());
    }
    let mut more = columns.filter(|column| !fields.iter().any(|field| field.name() == column));
    match more.next() {
        None => Ok(()),
        Some(column) => Err(Error::new(
            ErrorKind::BadFile,
            format!(
                "`{name}` has a column `{column}`, which the first {SAMPLE_FILES_MAX} files of the location do not have"
            ),
        )
        .with_hint(
            "name the columns that you want in place of `*`, or read the file apart with PATTERN or FILES",
        )),
    }
}

/// The columns of `projection` out of a batch of one file.
pub(super) fn adapt(
    batch: &RecordBatch,
    fields: &Fields,
    projection: &[usize],
    name: &str,
) -> Result<RecordBatch, Error> {
    let rows = batch.num_rows();
    let schema = batch.schema();
    let names = schema.fields().iter().map(|field| field.name().as_str());
    refuse_more_columns(names, fields, fields.len(), projection, name)?;
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(projection.len());
    let mut wanted: Vec<FieldRef> = Vec::with_capacity(projection.len());
    for index in projection {
        let field = &fields[*index];
        let column = match batch.column_by_name(field.name()) {
            None => new_null_array(field.data_type(), rows),
            Some(column) if column.data_type() == field.data_type() => column.clone(),
            Some(column) => cast(column, field.data_type())
                .map_err(|error| broken(name, &format!("column `{}` does not fit: {error}", field.name())))?,
        };
        if column.null_count() > 0 && !field.is_nullable() {
            return Err(broken(
                name,
                &format!("column `{}` has a NULL where there may be none", field.name()),
            ));
        }
        columns.push(column);
        wanted.push(field.clone());
    }
    let with_rows = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(wanted)), columns, &with_rows)
        .map_err(|error| broken(name, &error.to_string()))
}

pub(super) fn broken(name: &str, reason: &str) -> Error {
    Error::new(ErrorKind::BadFile, format!("`{name}` is broken: {}", reason.trim_end_matches('.')))
        .with_hint("leave the file out with PATTERN or FILES, or name its format with FILE_FORMAT")
}
