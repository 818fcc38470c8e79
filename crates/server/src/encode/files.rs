//! Rows as files that people download: CSV, and JSON with values of their own kinds.

use arrow::record_batch::RecordBatch;
use chrono_tz::Tz;
use protocol::SchemaField;

use super::cells::{Cells, cells_of_column};
use super::json::write_escaped;

/// The line of column names, as RFC 4180 says.
pub(super) fn write_csv_header(fields: &[SchemaField], out: &mut Vec<u8>) {
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_csv_text(field.name.as_bytes(), out);
    }
    out.extend_from_slice(b"\r\n");
}

/// One line a row. NULL is nothing at all, and an empty text is `""`.
pub(super) fn write_csv_rows(batch: &RecordBatch, zone: Tz, out: &mut Vec<u8>) {
    let columns = columns_of(batch, zone);
    let mut text = Vec::new();
    for row in 0..batch.num_rows() {
        for (index, column) in columns.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            if column.is_null(row) {
                continue;
            }
            text.clear();
            column.write_text(row, &mut text);
            write_csv_text(&text, out);
        }
        out.extend_from_slice(b"\r\n");
    }
}

/// One object a row, `separator` before each but the very first.
pub(super) fn write_objects(
    batch: &RecordBatch,
    zone: Tz,
    separator: &[u8],
    is_first: &mut bool,
    out: &mut Vec<u8>,
) {
    let columns = columns_of(batch, zone);
    let names: Vec<Vec<u8>> =
        batch.schema_ref().fields().iter().map(|field| quoted_name(field.name())).collect();
    for row in 0..batch.num_rows() {
        if !std::mem::take(is_first) {
            out.extend_from_slice(separator);
        }
        out.push(b'{');
        for (index, (column, name)) in columns.iter().zip(&names).enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(name);
            out.push(b':');
            write_json_cell(column.as_ref(), row, out);
        }
        out.push(b'}');
    }
}

/// A cell as JSON, NULL too.
pub(super) fn write_json_cell(column: &dyn Cells, row: usize, out: &mut Vec<u8>) {
    if column.is_null(row) {
        out.extend_from_slice(b"null");
    } else {
        column.write_json(row, out);
    }
}

/// A name as JSON.
pub(super) fn quoted_name(name: &str) -> Vec<u8> {
    let mut quoted = vec![b'"'];
    write_escaped(name.as_bytes(), &mut quoted);
    quoted.push(b'"');
    quoted
}

fn columns_of(batch: &RecordBatch, zone: Tz) -> Vec<Box<dyn Cells + '_>> {
    let schema = batch.schema_ref();
    batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| cells_of_column(column, field, zone))
        .collect()
}

fn write_csv_text(text: &[u8], out: &mut Vec<u8>) {
    let is_plain = !text.is_empty() && !text.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'));
    if is_plain {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for byte in text {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}
