//! The Databend type of a plain Arrow field.

use arrow::datatypes::{DataType, Field};
use protocol::{ARROW_EXTENSION, ARROW_EXTENSION_INTERVAL, ARROW_EXTENSION_VARIANT};

/// The type's text as clients parse it, wrapped in `Nullable` where NULL may occur.
pub(super) fn type_of_field(field: &Field) -> String {
    let name = match field.metadata().get(ARROW_EXTENSION).map(String::as_str) {
        Some(ARROW_EXTENSION_VARIANT) => "Variant".to_owned(),
        Some(ARROW_EXTENSION_INTERVAL) => "Interval".to_owned(),
        _ => type_of(field.data_type()),
    };
    if field.is_nullable() && field.data_type() != &DataType::Null {
        format!("Nullable({name})")
    } else {
        name
    }
}

/// Types that `plain` never makes are texts.
fn type_of(data_type: &DataType) -> String {
    let name = match data_type {
        DataType::Null => "NULL",
        DataType::Boolean => "Boolean",
        DataType::Int8 => "Int8",
        DataType::Int16 => "Int16",
        DataType::Int32 => "Int32",
        DataType::Int64 => "Int64",
        DataType::UInt8 => "UInt8",
        DataType::UInt16 => "UInt16",
        DataType::UInt32 => "UInt32",
        DataType::UInt64 => "UInt64",
        DataType::Float32 => "Float32",
        DataType::Float64 => "Float64",
        DataType::Decimal128(precision, scale) | DataType::Decimal256(precision, scale) => {
            // Clients hold up to 19 digits in 64 bits, where the largest 19 digits do not fit.
            let precision = if *precision == 19 { 20 } else { *precision };
            return format!("Decimal({precision}, {scale})");
        }
        DataType::Binary | DataType::LargeBinary => "Binary",
        DataType::Date32 => "Date",
        DataType::Timestamp(_, _) => "Timestamp",
        DataType::List(item) | DataType::LargeList(item) => return format!("Array({})", type_of_field(item)),
        DataType::Map(entries, _) => {
            if let DataType::Struct(fields) = entries.data_type()
                && let [key, value] = fields.as_ref()
            {
                return format!("Map({}, {})", type_of_field(key), type_of_field(value));
            }
            "String"
        }
        DataType::Struct(fields) => {
            let types: Vec<_> = fields.iter().map(|field| type_of_field(field)).collect();
            return format!("Tuple({})", types.join(", "));
        }
        _ => "String",
    };
    name.to_owned()
}
