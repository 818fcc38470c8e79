//! Any Arrow value as JSON text.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Field, Float16Type, Float32Type, Float64Type};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::is_variant;
use super::json::write_text;

/// Appends the value of one row.
pub(crate) fn write_value(
    array: &dyn Array,
    field: &Field,
    row: usize,
    out: &mut String,
) -> Result<(), ArrowError> {
    if array.is_null(row) || array.data_type() == &DataType::Null {
        out.push_str("null");
        return Ok(());
    }
    match array.data_type() {
        DataType::Boolean => out.push_str(if array.as_boolean().value(row) { "true" } else { "false" }),
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64
        | DataType::Decimal32(_, _)
        | DataType::Decimal64(_, _)
        | DataType::Decimal128(_, _)
        | DataType::Decimal256(_, _) => out.push_str(&plain_text(array, row)?),
        DataType::Float16 => write_float(array.as_primitive::<Float16Type>().value(row).to_f64(), out),
        DataType::Float32 => {
            let value = array.as_primitive::<Float32Type>().value(row);
            // The shortest text of a float is shorter than that of the same value as a double.
            if value.is_finite() { out.push_str(&format!("{value:?}")) } else { out.push_str("null") }
        }
        DataType::Float64 => write_float(array.as_primitive::<Float64Type>().value(row), out),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let text = text_at(array, row);
            if is_variant(field) { out.push_str(text) } else { write_text(text, out) }
        }
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            write_text(&plain_text(array, row)?.to_uppercase(), out);
        }
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            let values = match array.data_type() {
                DataType::List(_) => array.as_list::<i32>().value(row),
                DataType::LargeList(_) => array.as_list::<i64>().value(row),
                _ => array.as_fixed_size_list().value(row),
            };
            out.push('[');
            for at in 0..values.len() {
                if at > 0 {
                    out.push(',');
                }
                write_value(values.as_ref(), item, at, out)?;
            }
            out.push(']');
        }
        DataType::Struct(fields) => {
            let columns = array.as_struct();
            let mut sorted: Vec<usize> = (0..fields.len()).collect();
            sorted.sort_by(|left, right| fields[*left].name().cmp(fields[*right].name()));
            out.push('{');
            for (at, index) in sorted.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_text(fields[index].name(), out);
                out.push(':');
                write_value(columns.column(index).as_ref(), &fields[index], row, out)?;
            }
            out.push('}');
        }
        DataType::Map(entries, _) => {
            let values = array.as_map().value(row);
            let DataType::Struct(fields) = entries.data_type() else { return Ok(()) };
            let mut members = Vec::with_capacity(values.len());
            for at in 0..values.len() {
                let mut value = String::new();
                write_value(values.column(1).as_ref(), &fields[1], at, &mut value)?;
                members.push((plain_text(values.column(0).as_ref(), at)?, value));
            }
            members.sort();
            out.push('{');
            for (at, (key, value)) in members.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_text(key, out);
                out.push(':');
                out.push_str(value);
            }
            out.push('}');
        }
        DataType::Union(members, _) => {
            let union = array.as_union();
            let (value, id) = (union.value(row), union.type_id(row));
            match members.iter().find(|(known, _)| *known == id) {
                Some((_, member)) => write_value(value.as_ref(), member, 0, out)?,
                None => out.push_str("null"),
            }
        }
        DataType::Dictionary(_, value) => {
            let plain = arrow::compute::cast(&array.slice(row, 1), value)?;
            write_value(plain.as_ref(), field, 0, out)?;
        }
        _ => write_text(&plain_text(array, row)?, out),
    }
    Ok(())
}

fn write_float(value: f64, out: &mut String) {
    if value.is_finite() { out.push_str(&format!("{value:?}")) } else { out.push_str("null") }
}

fn text_at(array: &dyn Array, row: usize) -> &str {
    match array.data_type() {
        DataType::LargeUtf8 => array.as_string::<i64>().value(row),
        DataType::Utf8View => array.as_string_view().value(row),
        _ => array.as_string::<i32>().value(row),
    }
}

/// A value as Databend writes it alone: timestamps with microseconds, texts without quotes.
pub(crate) fn plain_text(array: &dyn Array, row: usize) -> Result<String, ArrowError> {
    let options = FormatOptions::default()
        .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.6f"))
        .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.6f"))
        .with_datetime_format(Some("%Y-%m-%d %H:%M:%S%.6f"));
    Ok(ArrayFormatter::try_new(array, &options)?.value(row).to_string())
}
