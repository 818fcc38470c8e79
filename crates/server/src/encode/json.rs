//! Rows of JSON texts, written straight into the body.

use arrow::record_batch::RecordBatch;
use chrono_tz::Tz;

use super::cells::{Cells, cells_of_column};

/// Appends `[["cell",null,…],…]` for all rows of the batches.
pub(super) fn write_rows(batches: &[RecordBatch], zone: Tz, out: &mut Vec<u8>) {
    let mut scratch = Vec::new();
    out.push(b'[');
    let mut is_first = true;
    for batch in batches {
        let schema = batch.schema_ref();
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .zip(schema.fields())
            .map(|(column, field)| cells_of_column(column, field, zone))
            .collect();
        for row in 0..batch.num_rows() {
            if !is_first {
                out.push(b',');
            }
            is_first = false;
            write_row(&columns, row, &mut scratch, out);
        }
    }
    out.push(b']');
}

fn write_row(columns: &[Box<dyn Cells + '_>], row: usize, scratch: &mut Vec<u8>, out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, column) in columns.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        if column.is_null(row) {
            out.extend_from_slice(b"null");
            continue;
        }
        out.push(b'"');
        if column.needs_no_escape() {
            column.write_text(row, out);
        } else if let Some(text) = column.borrow_text(row) {
            write_escaped(text, out);
        } else {
            scratch.clear();
            column.write_text(row, scratch);
            write_escaped(scratch, out);
        }
        out.push(b'"');
    }
    out.push(b']');
}

/// Appends UTF-8 text as the inside of a JSON string.
pub(super) fn write_escaped(text: &[u8], out: &mut Vec<u8>) {
    let mut clean_from = 0;
    for (index, byte) in text.iter().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0..=0x1f => b"",
            _ => continue,
        };
        out.extend_from_slice(&text[clean_from..index]);
        clean_from = index + 1;
        if escape.is_empty() {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            out.extend_from_slice(b"\\u00");
            out.push(DIGITS[usize::from(byte >> 4)]);
            out.push(DIGITS[usize::from(byte & 15)]);
        } else {
            out.extend_from_slice(escape);
        }
    }
    out.extend_from_slice(&text[clean_from..]);
}
